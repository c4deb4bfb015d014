/* Arrays of numpy: the bytes are as numpy.save writes them. */
#include "lib/plugin.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/status.h"

struct conf {
	int32_t layout;
	struct rnf_floats range;
	int64_t classes;
	struct rnf_strings names;
	double test;
};

static const struct rnf_dataset_impl *impl(void)
{
	return test_feature("dataset", "npy")->impl;
}

/* An array in a file of its own: `version` 1 or 2, the header's text, then the numbers. */
static struct rnf_blob array(const char *name, int version, const char *header,
			     const void *numbers, size_t n)
{
	const size_t length = strlen(header), from = version == 1 ? 10 : 12;
	uint8_t *bytes = rnf_alloc(from + length + n);
	memcpy(bytes, "\x93NUMPY", 6);
	bytes[6] = (uint8_t)version;
	bytes[8] = (uint8_t)length;
	memcpy(bytes + from, header, length);
	if (n) memcpy(bytes + from + length, numbers, n);
	return (struct rnf_blob){ name, bytes, from + length + n };
}

#define HEADER(type, shape) \
	"{'descr': '" type "', 'fortran_order': False, 'shape': " shape ", }          \n"

static const uint8_t pixels[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
				  16, 17, 18, 19, 20, 21, 22, 23 };
static const int64_t labels[] = { 1, 0, 1, 1 };
static const struct conf usual = { .test = 0.25 };

static struct rnf_blob x_of(const char *shape)
{
	return array("X.npy", 1, rnf_format("{'descr': '|u1', 'fortran_order': False, 'shape': "
					    "%s, }\n", shape), pixels, sizeof pixels);
}

static rnf_status open_arrays(const struct conf *conf, struct rnf_blob x, struct rnf_blob y,
			      void **self, struct rnf_dataset_info *info)
{
	const struct rnf_blob blobs[] = { x, y, { .name = "X_test.npy" }, { .name = "y_test.npy" } };
	*info = (struct rnf_dataset_info){ .h = 0 };
	return impl()->open(&rnf_host, conf, blobs, self, info);
}

/* The shape, how channels lie, what the image is, and the pixels of image 1 by their place. */
static const struct { const char *shape; int32_t layout; int64_t h, w, c; uint8_t want[6]; } shapes[] = {
	{ "(4, 2, 3)", 0, 2, 3, 1, { 6, 7, 8, 9, 10, 11 } },
	{ "(4, 1, 3, 2)", 0, 1, 3, 2, { 6, 7, 8, 9, 10, 11 } },
	{ "(4, 2, 1, 3)", 1, 1, 3, 2, { 6, 9, 7, 10, 8, 11 } },
	{ "(4,2,3)", 1, 2, 3, 1, { 6, 7, 8, 9, 10, 11 } },
};

START_TEST(bytes_of_any_shape)
{
	struct conf conf = usual;
	struct rnf_dataset_info info;
	void *self;
	uint8_t got[6];
	int32_t label;
	conf.layout = shapes[_i].layout;
	ck_assert_msg(open_arrays(&conf, x_of(shapes[_i].shape),
				  array("y.npy", 1, HEADER("<i8", "(4,)"), labels, sizeof labels),
				  &self, &info) == RNF_OK, "%s", rnf_fail_words());
	ck_assert(info.h == shapes[_i].h && info.w == shapes[_i].w && info.c == shapes[_i].c);
	ck_assert(info.images[0] == 4 && info.images[1] == 0 && info.classes == 2);
	ck_assert_double_eq(info.test, 0.25);
	impl()->read(self, RNF_SPLIT_TRAIN, 1, got, &label);
	ck_assert_int_eq(label, 0);
	ck_assert(memcmp(got, shapes[_i].want, 6) == 0);
	impl()->read(self, RNF_SPLIT_TRAIN, 3, NULL, &label);
	ck_assert_int_eq(label, 1);
}
END_TEST

static const int8_t y_i1[] = { 1, 0, 2, 1 };
static const uint16_t y_u2[] = { 1, 0, 300, 1 };
static const int32_t y_i4[] = { 1, 0, 2, 1 };
static const float y_f4[] = { 1, 0, 2, 1 };
static const double y_f8[] = { 1, 0, 2, 1 };
static const struct { const char *header; const void *at; size_t n; int64_t classes; } ys[] = {
	{ HEADER("|i1", "(4,)"), y_i1, sizeof y_i1, 3 }, { HEADER("<u2", "(4,)"), y_u2, sizeof y_u2, 301 },
	{ HEADER("<i4", "(4, 1)"), y_i4, sizeof y_i4, 3 }, { HEADER("<f4", "(4,)"), y_f4, sizeof y_f4, 3 },
	{ HEADER("<f8", "(4,)"), y_f8, sizeof y_f8, 3 },
	{ "{\"shape\": (4,), \"descr\": \"<i4\", \"fortran_order\": False}", y_i4, sizeof y_i4, 3 },
};

START_TEST(labels_of_any_type)
{
	struct rnf_dataset_info info;
	void *self;
	int32_t label;
	for (int version = 1; version <= 2; version++) {
		const struct rnf_blob y = array("y.npy", version, ys[_i].header, ys[_i].at, ys[_i].n);
		ck_assert_msg(open_arrays(&usual, x_of("(4, 2, 3)"), y, &self, &info) == RNF_OK, "%s",
			      rnf_fail_words());
		ck_assert_int_eq(info.classes, ys[_i].classes);
		impl()->read(self, RNF_SPLIT_TRAIN, 2, NULL, &label);
		ck_assert_int_eq(label, ys[_i].classes - 1);
	}
}
END_TEST

START_TEST(floats_become_bytes)
{
	static const float x[] = { 0, 0.25f, 0.5f, 1 };
	static const double wide[] = { -1, 0, 0.5, 1 };
	static const double range[] = { -1, 1 };
	struct conf conf = usual;
	struct rnf_dataset_info info;
	void *self;
	uint8_t got[4];
	int32_t label;
	const struct rnf_blob y = array("y.npy", 1, HEADER("|i1", "(1,)"), y_i1, 1);
	ck_assert_int_eq(open_arrays(&conf, array("X.npy", 1, HEADER("<f4", "(1, 2, 2)"), x, sizeof x),
				     y, &self, &info), RNF_OK);
	impl()->read(self, RNF_SPLIT_TRAIN, 0, got, &label);
	ck_assert(got[0] == 0 && got[1] == 64 && got[2] == 128 && got[3] == 255);
	const struct rnf_blob w = array("X.npy", 1, HEADER("<f8", "(1, 2, 2)"), wide, sizeof wide);
	ck_assert_int_eq(open_arrays(&conf, w, y, &self, &info), RNF_EINVAL);
	ck_assert_str_eq(rnf_fail_words(), "X.npy: image 0 has the value -1, must be in the range "
			 "0 .. 1: see data.range");
	conf.range = (struct rnf_floats){ range, 2 };
	ck_assert_int_eq(open_arrays(&conf, w, y, &self, &info), RNF_OK);
	impl()->read(self, RNF_SPLIT_TRAIN, 0, got, &label);
	ck_assert(got[0] == 0 && got[1] == 128 && got[2] == 191 && got[3] == 255);
}
END_TEST

START_TEST(a_test_split_of_its_own)
{
	struct rnf_dataset_info info = { 0 };
	void *self;
	int32_t label;
	const struct rnf_blob y = array("y.npy", 1, HEADER("|i1", "(4,)"), y_i1, 4);
	const struct rnf_blob good[] = { x_of("(4, 2, 3)"), y, x_of("(4, 2, 3)"), y };
	const struct rnf_blob other[] = { x_of("(4, 2, 3)"), y, x_of("(4, 3, 2)"), y };
	const struct rnf_blob half[] = { x_of("(4, 2, 3)"), y, x_of("(4, 2, 3)"), { .name = "y_test.npy" } };
	ck_assert_int_eq(impl()->open(&rnf_host, &usual, good, &self, &info), RNF_OK);
	ck_assert_int_eq(info.images[RNF_SPLIT_TEST], 4);
	ck_assert_double_eq(info.test, 0);
	impl()->read(self, RNF_SPLIT_TEST, 2, NULL, &label);
	ck_assert_int_eq(label, 2);
	ck_assert_int_eq(impl()->open(&rnf_host, &usual, other, &self, &info), RNF_EINVAL);
	ck_assert_ptr_nonnull(strstr(rnf_fail_words(), "images of another shape than X.npy"));
	ck_assert_int_eq(impl()->open(&rnf_host, &usual, half, &self, &info), RNF_ENOENT);
	ck_assert_ptr_nonnull(strstr(rnf_fail_words(), "y_test.npy is missing"));
}
END_TEST

static const float half_label[] = { 1, 0, 0.5f, 1 };
static const struct { const char *header; const void *at; size_t n; const char *words; } bad[] = {
	{ HEADER("<i8", "(4,)"), labels, 31, "y.npy is cut: it has 31 bytes of numbers, its header says 32" },
	{ HEADER("<i8", "(3,)"), labels, 32, "y.npy is padded: it has 32 bytes" },
	{ HEADER("<i8", "(3,)"), labels, 24, "y.npy must have a label for each of the 4 images of X.npy" },
	{ HEADER(">i8", "(4,)"), labels, 32, "y.npy: the type of its numbers is not one of u1" },
	{ HEADER("|O", "(4,)"), labels, 32, "y.npy: the type of its numbers" },
	{ HEADER("<c8", "(4,)"), labels, 32, "y.npy: the type of its numbers" },
	{ HEADER("<i8", "()"), labels, 32, "y.npy: its shape is not one of 1 to 4 numbers" },
	{ HEADER("<i8", "(0,)"), labels, 0, "y.npy: its shape" },
	{ HEADER("<i8", "(-4,)"), labels, 32, "y.npy: its shape" },
	{ HEADER("<i8", "(1,1,1,1,4)"), labels, 32, "y.npy: its shape" },
	{ HEADER("<i8", "(9999999999,9999999999)"), labels, 32, "y.npy: its shape" },
	{ HEADER("<i8", "(4"), labels, 32, "y.npy: its shape" },
	{ "{'descr': '<i8', 'fortran_order': True, 'shape': (4,), }", labels, 32,
	  "y.npy is in Fortran's order" },
	{ "{'descr': '<i8', 'shape': (4,), }", labels, 32, "y.npy is in Fortran's order" },
	{ "", labels, 32, "y.npy: the type of its numbers" },
	{ HEADER("<f4", "(4,)"), half_label, 16,
	  "y.npy: label 2 is 0.5, must be a whole number of 0 .. 1048575" },
	{ HEADER("<i4", "(4,)"), "\xff\xff\xff\xff\0\0\0\0\0\0\0\0\0\0\0\0", 16, "y.npy: label 0 is -1" },
	{ HEADER("<u8", "(4,)"), "\xff\xff\xff\xff\xff\xff\xff\xff" "12345678" "12345678" "12345678", 32,
	  "y.npy: label 0 is 1.84467e+19" },
};

START_TEST(broken_arrays_are_refused)
{
	struct rnf_dataset_info info;
	void *self;
	const struct rnf_blob y = array("y.npy", 1, bad[_i].header, bad[_i].at, bad[_i].n);
	ck_assert_int_eq(open_arrays(&usual, x_of("(4, 2, 3)"), y, &self, &info), RNF_EINVAL);
	ck_assert_msg(strstr(rnf_fail_words(), bad[_i].words) != NULL, "%s", rnf_fail_words());
}
END_TEST

START_TEST(other_mistakes)
{
	static const double same[] = { 1, 1 };
	static const char *const names[] = { "a" };
	struct rnf_dataset_info info;
	void *self;
	const struct rnf_blob y = array("y.npy", 1, HEADER("<i8", "(4,)"), labels, 32);
	struct rnf_blob x = x_of("(4, 2, 3)");
	struct conf conf = usual;
	conf.range = (struct rnf_floats){ same, 2 };
	ck_assert_int_eq(open_arrays(&conf, x, y, &self, &info), RNF_EINVAL);
	ck_assert_ptr_nonnull(strstr(rnf_fail_words(), "range must have two numbers"));
	conf = usual;
	conf.classes = 1;
	ck_assert_int_eq(open_arrays(&conf, x, y, &self, &info), RNF_EINVAL);
	ck_assert_ptr_nonnull(strstr(rnf_fail_words(), "classes is 1, but there is a label 1"));
	conf = usual;
	conf.names = (struct rnf_strings){ names, 1 };
	ck_assert_int_eq(open_arrays(&conf, x, y, &self, &info), RNF_EINVAL);
	ck_assert_ptr_nonnull(strstr(rnf_fail_words(), "names has 1 entries, must have 2"));
	ck_assert_int_eq(open_arrays(&usual, x_of("(4, 6)"), y, &self, &info), RNF_EINVAL);
	ck_assert_ptr_nonnull(strstr(rnf_fail_words(), "X.npy has rank 2, must have 3"));
	ck_assert_int_eq(open_arrays(&usual, y, y, &self, &info), RNF_EINVAL);
	x.size = 8;
	ck_assert_int_eq(open_arrays(&usual, x, y, &self, &info), RNF_EINVAL);
	ck_assert_ptr_nonnull(strstr(rnf_fail_words(), "X.npy has no header of numpy"));
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ bytes_of_any_shape, TEST_ROWS(shapes) }, { labels_of_any_type, TEST_ROWS(ys) },
		{ floats_become_bytes, 0 }, { a_test_split_of_its_own, 0 },
		{ broken_arrays_are_refused, TEST_ROWS(bad) }, { other_mistakes, 0 }, { NULL, 0 },
	};
	return test_run_cases("dataset/npy", cases);
}
