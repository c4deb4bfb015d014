#include "lib/golden.h"
#include "lib/plugin.h"

#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/status.h"

#define PUBLISHED "../shared/data/seed/se-mxresnet20_180.h5"

/* Counts what a reader finds, and keeps one tensor. */
struct counted {
	struct rnf_tensor_sink sink; /* first */
	const char *wanted;
	int32_t rank;
	int64_t shape[8], values;
	float *data;
	int n, odd_names;
};

static float *count(struct rnf_tensor_sink *sink, const char *name, int32_t rank,
		    const int64_t *shape)
{
	struct counted *c = (struct counted *)sink;
	int64_t values = 1;
	for (int32_t d = 0; d < rank; d++)
		values *= shape[d];
	float *data = rnf_host.alloc((size_t)values * sizeof *data);
	c->n++;
	c->values += values;
	const char *slash = strchr(name, '/');
	c->odd_names += !slash || strchr(slash + 1, '/') || strchr(name, ':') != NULL;
	if (strcmp(name, c->wanted) != 0) return data;
	c->rank = rank;
	for (int32_t d = 0; d < rank; d++)
		c->shape[d] = shape[d];
	return c->data = data;
}

static rnf_status no_text(struct rnf_tensor_sink *sink, const char *key, const char *value)
{
	(void)sink, (void)key, (void)value;
	return RNF_OK;
}

static const struct rnf_format_impl *plugin(void)
{
	return test_feature("format", "keras_h5")->impl;
}

static rnf_status read_path(const char *path, struct counted *c)
{
	*c = (struct counted){ .sink = { count, no_text },
			       .wanted = "stage1_res_block1_conv1/kernel" };
	return plugin()->read(&rnf_host, path, &c->sink);
}

static int published(void)
{
	return test_needs(access(PUBLISHED, R_OK) == 0, PUBLISHED);
}

START_TEST(published_weights)
{
	struct counted c;
	double squares = 0;
	if (!published()) return;
	ck_assert_msg(read_path(PUBLISHED, &c) == RNF_OK, "%s", rnf_fail_words());
	ck_assert_int_eq(c.values, 276570);
	ck_assert_int_eq(c.odd_names, 0);
	ck_assert_int_eq(c.rank, 4);
	ck_assert_int_eq(c.shape[0] * 1000 + c.shape[1] * 100 + c.shape[2], 3316);
	ck_assert_int_eq(c.shape[3], 16);
	for (int i = 0; i < 3 * 3 * 16 * 16; i++)
		squares += (double)c.data[i] * (double)c.data[i];
	ck_assert(isfinite(squares) && squares > 0.1 && squares < 2304.0);
}
END_TEST

START_TEST(cut_files_are_refused_quietly)
{
	static const long sizes[] = { 0, 7, 100, 100000, 2000000 };
	static uint8_t bytes[2000000];
	char path[] = "/tmp/rnframe-keras-XXXXXX";
	struct counted c;
	if (!published()) return;
	FILE *from = fopen(PUBLISHED, "rb");
	ck_assert_uint_eq(fread(bytes, 1, sizeof bytes, from), sizeof bytes);
	fclose(from);
	close(mkstemp(path));
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		FILE *to = fopen(path, "wb");
		fwrite(bytes, 1, (size_t)sizes[i], to);
		fclose(to);
		ck_assert_int_lt(read_path(path, &c), 0);
		ck_assert_msg(strstr(rnf_fail_words(), path) != NULL, "%s", rnf_fail_words());
	}
	unlink(path);
	ck_assert_int_lt(read_path(path, &c), 0);
}
END_TEST

/* HDF5's own functions, reached through the plugin, which is linked with them:
 * tests need no package of their own. Ids are 64 bits since HDF5 1.10. */
static struct {
	int64_t (*create)(const char *, unsigned, int64_t, int64_t);
	int64_t (*group)(int64_t, const char *, int64_t, int64_t, int64_t);
	int64_t (*space)(int, const uint64_t *, const uint64_t *);
	int64_t (*dataset)(int64_t, const char *, int64_t, int64_t, int64_t, int64_t, int64_t);
	int (*write)(int64_t, int64_t, int64_t, int64_t, int64_t, const void *);
	int (*soft)(const char *, int64_t, const char *, int64_t, int64_t);
	int (*hard)(int64_t, const char *, int64_t, const char *, int64_t, int64_t);
	int (*external)(const char *, const char *, int64_t, const char *, int64_t, int64_t);
	int (*close_all)(void);
	int64_t (*list)(int64_t);
	int (*virtual)(int64_t, int64_t, const char *, const char *, int64_t);
	const int64_t *creation;
	const int64_t *floats, *doubles, *ints;
} h5;

static const struct {
	const char *symbol;
	void *to;
} symbols[] = {
	{ "H5Fcreate", &h5.create }, { "H5Gcreate2", &h5.group },
	{ "H5Screate_simple", &h5.space }, { "H5Dcreate2", &h5.dataset },
	{ "H5Dwrite", &h5.write }, { "H5Lcreate_soft", &h5.soft },
	{ "H5Lcreate_hard", &h5.hard }, { "H5Lcreate_external", &h5.external },
	{ "H5close", &h5.close_all }, { "H5Pcreate", &h5.list },
	{ "H5Pset_virtual", &h5.virtual }, { "H5P_CLS_DATASET_CREATE_ID_g", &h5.creation },
	{ "H5T_NATIVE_FLOAT_g", &h5.floats },
	{ "H5T_NATIVE_DOUBLE_g", &h5.doubles }, { "H5T_NATIVE_INT_g", &h5.ints },
};

static char made[] = "/tmp/rnframe-keras-XXXXXX";

static int64_t make_file(void)
{
	char path[512];
	snprintf(path, sizeof path, "%s/plugins/format/keras_h5.so", test_build());
	void *library = dlopen(path, RTLD_NOW);
	ck_assert_msg(library != NULL, "%s", dlerror());
	int (*open_library)(void);
	*(void **)&open_library = dlsym(library, "H5open");
	ck_assert(open_library && open_library() >= 0);
	for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
		*(void **)symbols[i].to = dlsym(library, symbols[i].symbol);
		ck_assert_ptr_nonnull(*(void **)symbols[i].to);
	}
	close(mkstemp(made));
	const int64_t file = h5.create(made, 2, 0, 0); /* 2: truncate */
	ck_assert_int_ge(file, 0);
	return file;
}

/* A dataset of dims[rank], all 1.5. */
static void add_dataset(int64_t at, const char *name, int64_t type, int rank)
{
	static const uint64_t dims[5] = { 2, 3, 1, 1, 1 };
	const double ones[6] = { 1.5, 1.5, 1.5, 1.5, 1.5, 1.5 };
	const int64_t set = h5.dataset(at, name, type, h5.space(rank, dims, NULL), 0, 0, 0);
	ck_assert_int_ge(set, 0);
	ck_assert_int_ge(h5.write(set, *h5.doubles, 0, 0, 0, ones), 0);
}

START_TEST(weights_only_and_nested_names)
{
	static const char *const wanted[] = { "conv/kernel", "plain/bias", "inner/bn/gamma" };
	const int64_t file = make_file();
	const int64_t conv = h5.group(file, "conv", 0, 0, 0);
	const int64_t plain = h5.group(file, "plain", 0, 0, 0);
	const int64_t outer = h5.group(file, "outer", 0, 0, 0);
	const int64_t momentum = h5.group(file, "optimizer_weights", 0, 0, 0);
	add_dataset(h5.group(conv, "conv", 0, 0, 0), "kernel:0", *h5.doubles, 4);
	add_dataset(plain, "bias:0", *h5.floats, 1);
	add_dataset(h5.group(h5.group(outer, "inner", 0, 0, 0), "bn", 0, 0, 0), "gamma:0",
		    *h5.floats, 2);
	add_dataset(momentum, "iter:0", *h5.ints, 1);
	h5.close_all();
	for (int i = 0; i < 3; i++) {
		struct counted c = { .sink = { count, no_text }, .wanted = wanted[i] };
		ck_assert_msg(plugin()->read(&rnf_host, made, &c.sink) == RNF_OK, "%s",
			      rnf_fail_words());
		ck_assert_int_eq(c.n, 3);
		ck_assert_msg(c.data != NULL, "%s", wanted[i]);
		ck_assert(c.data[1] == 1.5f);
	}
	unlink(made);
}
END_TEST

static void add_virtual(int64_t at, const char *name)
{
	const uint64_t dims[1] = { 6 };
	const int64_t space = h5.space(1, dims, NULL), list = h5.list(*h5.creation);
	ck_assert_int_ge(h5.virtual(list, space, "/etc/passwd", "x", space), 0);
	ck_assert_int_ge(h5.dataset(at, name, *h5.floats, space, 0, list, 0), 0);
}

/* What may be wrong with layer "l" of a file, and the message. */
static const char *const wrongs[] = {
	"l/k:0 has more than 4 dimensions", "l/k:0 is not of floating point numbers",
	"l/k:0 is a link", "l/k:0 is a link", "lies too deep", "lies outside of a layer",
	"holds no weights", "l/k:0 lies in another file",
};

static void make_wrong(size_t which, int64_t file)
{
	const int64_t layer = h5.group(file, "l", 0, 0, 0);
	switch (which) {
	case 0: add_dataset(layer, "k:0", *h5.floats, 5); break;
	case 1: add_dataset(layer, "k:0", *h5.ints, 1); break;
	case 2: h5.soft("/l", layer, "k:0", 0, 0); break;
	case 3: h5.external("other.h5", "/l", layer, "k:0", 0, 0); break;
	case 4: h5.hard(file, "l", layer, "again", 0, 0); break;
	case 5: add_dataset(file, "k:0", *h5.floats, 1); break;
	case 7: add_virtual(layer, "k:0"); break;
	}
}

START_TEST(wrong_files_are_refused)
{
	for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++) {
		struct counted c;
		strcpy(made, "/tmp/rnframe-keras-XXXXXX");
		make_wrong(i, make_file());
		h5.close_all();
		ck_assert_int_lt(read_path(made, &c), 0);
		ck_assert_msg(strstr(rnf_fail_words(), wrongs[i]) != NULL, "%s, not %s",
			      rnf_fail_words(), wrongs[i]);
		unlink(made);
	}
}
END_TEST

/* Files of other writers, and tricks of hostile ones. NULL: it is read. */
static const struct { const char *file, *words; } corpus[] = {
	{ "plain", NULL }, { "whole_model", NULL }, { "deflate", NULL }, { "halves", NULL },
	{ "control_name", NULL }, { "numbered", NULL }, { "numbered_norm", NULL },
	{ "numbered_name", NULL },
	{ "numbered_gap", "layers/dense/vars has variables without numbers" },
	{ "numbered_group", "has a variable that is not a dataset" },
	{ "numbered_integers", "is not of floating point numbers" },
	{ "numbered_link", "layers/dense/vars has a link, which is not followed" },
	{ "numbered_many", "layers/dense/vars has too many variables" },
	{ "numbered_name_is_number", "layers have no names in this file" },
	{ "numbered_name_long", "has too long a name" },
	{ "numbered_norm3", "the ranks of the 3 variables of a do not tell what they are: save the "
	  "model as .keras" },
	{ "numbered_odd", "the ranks of the 2 variables of a do not tell what they are" },
	{ "numbered_opaque", "is not of floating point numbers" },
	{ "numbered_outside", "layers/loose lies outside of a layer" },
	{ "numbered_unnamed", "layers have no names in this file" },
	{ "compound", "is not of floating point numbers" },
	{ "empty", "has no shape" },
	{ "external_link", "is a link, which is not followed" },
	{ "external_storage", "lies in another file" },
	{ "fletcher", "is packed by another filter than gzip" },
	{ "huge", "claims to be over 1,000 times the file" },
	{ "model_link", "model_weights is a link" },
	{ "named_type", "is neither a group nor a dataset" },
	{ "ring", "lies too deep" },
	{ "shuffle", "is packed by another filter than gzip" },
	{ "soft_link", "is a link, which is not followed" },
};

/* NULL: a file of the corpus is read, else this message. */
static void corpus_file(const char *name, const char *words)
{
	char path[256];
	struct counted c;
	snprintf(path, sizeof path, "tests/fuzz/corpus/keras_h5/%s", name);
	const rnf_status status = read_path(path, &c);
	if (!words) {
		ck_assert_msg(status == RNF_OK && c.n > 0, "%s", rnf_fail_words());
		return;
	}
	ck_assert_msg(status == RNF_EINVAL && strstr(rnf_fail_words(), words) &&
		      strstr(rnf_fail_words(), path), "%s", rnf_fail_words());
}

START_TEST(tricks_of_the_corpus)
{
	char name[128];
	snprintf(name, sizeof name, "%s.h5", corpus[_i].file);
	corpus_file(name, corpus[_i].words);
}
END_TEST

static const struct { const char *file, *words; } zips[] = {
	{ "zip_named", NULL }, { "zip_unnamed", NULL }, { "zip_keras2", NULL },
	{ "zip_bomb", "holds a config.json of more bytes than may be" },
	{ "zip_cut", "cannot be opened as a zip archive" },
	{ "zip_deep_json", "config.json is not JSON" },
	{ "zip_encrypted", "holds a model.weights.h5 that is damaged, cut or encrypted" },
	{ "zip_garbled", "holds a model.weights.h5 that is damaged, cut or encrypted" },
	{ "zip_link", "holds model.weights.h5 as a link" },
	{ "zip_no_h5", "cannot be opened as HDF5" },
	{ "zip_no_json", "config.json is not JSON" },
	{ "zip_none", "is a zip archive without model.weights.h5" },
	{ "zip_odd_json", "layers have no names in this file" },
	{ "zip_twice", "holds model.weights.h5 twice" },
};

START_TEST(tricks_of_zips)
{
	char name[128];
	snprintf(name, sizeof name, "%s.keras", zips[_i].file);
	corpus_file(name, zips[_i].words);
}
END_TEST

/* Files of Keras 3: every number must be the one that Keras reports. */
static const struct { const char *file; int tensors; } keras3[] = {
	{ "keras3.keras", 12 },         /* gamma is left out of its norm */
	{ "keras3_unnamed.keras", 12 }, /* by Keras 3.3, and packed */
	{ "keras3.weights.h5", 13 },
};

/* The last tensor requested is complete when the next one is requested. */
static struct { char name[64]; float *data; int64_t n; } last;

static void compare_last(void)
{
	int64_t n = 1, shape[8];
	int rank;
	if (!last.data) return;
	const float *expected = golden_tensor("keras3.safetensors", last.name, shape, &rank);
	for (int d = 0; d < rank; d++)
		n *= shape[d];
	ck_assert_int_eq(n, last.n);
	ck_assert_msg(memcmp(expected, last.data, (size_t)n * sizeof *expected) == 0, "%s",
		      last.name);
}

static float *compare(struct rnf_tensor_sink *sink, const char *name, int32_t rank,
		      const int64_t *shape)
{
	struct counted *c = (struct counted *)sink;
	const int64_t before = c->values;
	compare_last();
	snprintf(last.name, sizeof last.name, "%s", name);
	last.data = count(sink, name, rank, shape);
	last.n = c->values - before;
	return last.data;
}

START_TEST(numbers_of_keras_3)
{
	char path[128];
	struct counted c = { .sink = { compare, no_text }, .wanted = "stem/kernel" };
	snprintf(path, sizeof path, "tests/golden/%s", keras3[_i].file);
	ck_assert_msg(plugin()->read(&rnf_host, path, &c.sink) == RNF_OK, "%s",
		      rnf_fail_words());
	compare_last();
	ck_assert_int_eq(c.n, keras3[_i].tensors);
	ck_assert_int_eq(c.odd_names, 0);
	ck_assert_int_eq(c.rank, 4);
	ck_assert_int_eq(c.shape[0] * 1000 + c.shape[1] * 100 + c.shape[2] * 10 + c.shape[3], 3332);
}
END_TEST

/* A node that lists a group begins with "TREE"; the root's comes first. */
static void damage_root(void)
{
	static char bytes[1 << 16];
	FILE *file = fopen(made, "r+b");
	ck_assert_ptr_nonnull(file);
	const size_t n = fread(bytes, 1, sizeof bytes, file);
	size_t at = 0;
	while (at + 4 < n && memcmp(bytes + at, "TREE", 4) != 0)
		at++;
	ck_assert_uint_lt(at + 4, n);
	fseek(file, (long)at, SEEK_SET);
	fputc('X', file);
	fclose(file);
}

START_TEST(damaged_root_has_a_name)
{
	struct counted c;
	strcpy(made, "/tmp/rnframe-keras-XXXXXX");
	make_wrong(0, make_file());
	h5.close_all();
	damage_root();
	ck_assert_int_lt(read_path(made, &c), 0);
	ck_assert_msg(strstr(rnf_fail_words(), ": / cannot be listed") != NULL, "%s",
		      rnf_fail_words());
	unlink(made);
}
END_TEST

START_TEST(probe_by_signature)
{
	ck_assert(plugin()->probe((const uint8_t *)"\x89HDF\r\n\x1a\n", 8, 8));
	ck_assert(!plugin()->probe((const uint8_t *)"\x89HDF\r\n\x1a\n", 7, 7));
	ck_assert(!plugin()->probe((const uint8_t *)"\x89PNG\r\n\x1a\n", 8, 8));
	ck_assert(plugin()->probe((const uint8_t *)"PK\3\4", 4, 4));
	ck_assert(!plugin()->probe((const uint8_t *)"PK\5\6", 4, 4));
	ck_assert_ptr_null(plugin()->write);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ published_weights, 0 }, { cut_files_are_refused_quietly, 0 },
		{ weights_only_and_nested_names, 0 }, { wrong_files_are_refused, 0 },
		{ tricks_of_the_corpus, TEST_ROWS(corpus) },
		{ tricks_of_zips, TEST_ROWS(zips) }, { numbers_of_keras_3, TEST_ROWS(keras3) },
		{ damaged_root_has_a_name, 0 },
		{ probe_by_signature, 0 }, { NULL, 0 },
	};
	return test_run_cases("format/keras_h5", cases);
}
