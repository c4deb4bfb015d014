#include "lib/plugin.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/status.h"

static char path[] = "/tmp/rnframe-safetensors-XXXXXX";

/* Keeps what a reader finds. */
struct kept {
	struct rnf_tensor_sink sink; /* first */
	struct rnf_named_tensor tensors[8];
	char names[8][64], keys[4][64], values[4][64];
	float data[8][64];
	int n, n_texts;
};

static float *keep(struct rnf_tensor_sink *sink, const char *name, int32_t rank,
		   const int64_t *shape)
{
	struct kept *k = (struct kept *)sink;
	if (k->n == 8 || strcmp(name, "unwanted") == 0) return NULL;
	struct rnf_named_tensor *t = &k->tensors[k->n];
	snprintf(k->names[k->n], 64, "%s", name);
	t->rank = rank;
	for (int32_t d = 0; d < rank; d++)
		t->shape[d] = shape[d];
	return k->data[k->n++];
}

static rnf_status keep_text(struct rnf_tensor_sink *sink, const char *key,
			    const char *value)
{
	struct kept *k = (struct kept *)sink;
	snprintf(k->keys[k->n_texts], 64, "%s", key);
	snprintf(k->values[k->n_texts++], 64, "%s", value);
	return RNF_OK;
}

static rnf_status no_text(struct rnf_tensor_sink *sink, const char *key, const char *value)
{
	(void)sink, (void)key, (void)value;
	return RNF_OK;
}

static const struct rnf_format_impl *plugin(void)
{
	return test_feature("format", "safetensors")->impl;
}

static rnf_status read_back(struct kept *kept)
{
	*kept = (struct kept){ .sink = { keep, keep_text } };
	return plugin()->read(&rnf_host, path, &kept->sink);
}

static const float values[30] = { 1.0f, -2.5f, 3e-30f, 4.0f, 5.0f, 6.0f, 7.0f };

static const struct rnf_named_tensor two[] = {
	{ .name = "b/kernel", .rank = 4, .shape = { 1, 2, 3, 4 }, .data = values },
	{ .name = "a/bias \"q\"", .rank = 1, .shape = { 5 }, .data = values + 1 },
	{ .name = "step", .rank = 0, .data = values + 3 },
};

static const struct rnf_text texts[] = { { "model", "se\n\"x\"" }, { "epoch", "7" } };

/* The file of `two`, at `path`. */
static void write_two(void)
{
	const int fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(plugin()->write(&rnf_host, fd, two, 3, texts, 2), RNF_OK);
	close(fd);
}

/* A file with this header, padded by `blanks`, and n_data bytes of data. */
static void write_raw(const char *header, size_t blanks, size_t n_data)
{
	const uint64_t length = strlen(header) + blanks;
	FILE *file = fopen(path, "wb");
	ck_assert_ptr_nonnull(file);
	fwrite(&length, sizeof length, 1, file);
	fprintf(file, "%s%*s", header, (int)blanks, "");
	for (size_t i = 0; i < n_data; i++)
		fputc(0, file);
	fclose(file);
}

static void refused(const char *words)
{
	struct kept kept;
	ck_assert_msg(read_back(&kept) < 0, "read, but should fail: %s", words);
	ck_assert_msg(strstr(rnf_fail_words(), words) != NULL, "%s\nnot: %s",
		      rnf_fail_words(), words);
	ck_assert_int_eq(kept.n, 0);
}

START_TEST(write_then_read)
{
	struct kept kept;
	write_two();
	ck_assert_msg(read_back(&kept) == RNF_OK, "%s", rnf_fail_words());
	ck_assert_int_eq(kept.n, 3);
	for (int i = 0; i < 3; i++) {
		ck_assert_str_eq(kept.names[i], two[i].name);
		ck_assert_int_eq(kept.tensors[i].rank, two[i].rank);
		ck_assert_mem_eq(kept.tensors[i].shape, two[i].shape, sizeof two[i].shape);
	}
	ck_assert_mem_eq(kept.data[0], values, 24 * sizeof(float));
	ck_assert_mem_eq(kept.data[1], values + 1, 5 * sizeof(float));
	ck_assert_mem_eq(kept.data[2], values + 3, sizeof(float));
	ck_assert_int_eq(kept.n_texts, 2);
	ck_assert_str_eq(kept.keys[0], "model");
	ck_assert_str_eq(kept.values[0], "se\n\"x\"");
	ck_assert_str_eq(kept.values[1], "7");
	unlink(path);
}
END_TEST

START_TEST(header_is_aligned_and_probed)
{
	uint8_t head[16];
	uint64_t length;
	write_two();
	const int fd = open(path, O_RDONLY);
	ck_assert_int_eq(read(fd, head, sizeof head), sizeof head);
	const uint64_t size = (uint64_t)lseek(fd, 0, SEEK_END);
	memcpy(&length, head, sizeof length);
	ck_assert_uint_eq(length % 8, 0);
	ck_assert_uint_eq(size, 8 + length + 30 * sizeof(float));
	ck_assert(plugin()->probe(head, sizeof head, size));
	head[8] = '[';
	ck_assert(!plugin()->probe(head, sizeof head, size));
	ck_assert(!plugin()->probe((const uint8_t *)"\x89HDF\r\n\x1a\n{", 9, 9));
	close(fd);
	unlink(path);
}
END_TEST

START_TEST(other_writers_order_is_read)
{
	/* Data in another order than the header, no metadata, no padding. */
	struct kept kept;
	close(mkstemp(path));
	write_raw("{\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]},"
		  "\"y\":{\"data_offsets\":[0,4],\"shape\":[1,1],\"dtype\":\"F32\"}}", 0, 12);
	ck_assert_msg(read_back(&kept) == RNF_OK, "%s", rnf_fail_words());
	ck_assert_str_eq(kept.names[0], "x");
	ck_assert_int_eq(kept.tensors[1].rank, 2);
	unlink(path);
}
END_TEST

/* The file has halves of two types and, computed by numpy, their float values. */
struct pair {
	struct rnf_tensor_sink sink; /* first */
	const char *type; /* "f16" */
	float half[512], expected[512], other[512];
	int64_t n, n_expected;
};

static float *keep_pair(struct rnf_tensor_sink *sink, const char *name, int32_t rank,
			const int64_t *shape)
{
	struct pair *p = (struct pair *)sink;
	const char *slash = strchr(name, '/');
	ck_assert(rank == 1 && shape[0] <= 512 && slash);
	if (strncmp(name, p->type, (size_t)(slash - name)) != 0) return p->other;
	const int half = strcmp(slash, "/half") == 0;
	*(half ? &p->n : &p->n_expected) = shape[0];
	return half ? p->half : p->expected;
}

static const char *const half_types[] = { "f16", "bf16" };

START_TEST(halves_are_their_floats)
{
	struct pair p = { .sink = { keep_pair, no_text }, .type = half_types[_i] };
	ck_assert_msg(plugin()->read(&rnf_host, "tests/golden/halves.safetensors", &p.sink) ==
		      RNF_OK, "%s", rnf_fail_words());
	ck_assert_int_gt(p.n, 160);
	ck_assert_int_eq(p.n, p.n_expected);
	for (int64_t i = 0; i < p.n; i++)
		ck_assert_msg(memcmp(&p.half[i], &p.expected[i], sizeof(float)) == 0,
			      "%d: %a, not %a", (int)i, (double)p.half[i], (double)p.expected[i]);
}
END_TEST

#define T(name, dtype, shape, begin, end) \
	"\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":" shape \
	",\"data_offsets\":[" begin "," end "]}"

static const struct {
	const char *header;
	size_t n_data;
	const char *words;
} malformed[] = {
	{ "{" T("x", "F64", "[1]", "0", "8") "}", 8, "x is F64, only F32, F16 and BF16 can be read" },
	{ "{" T("y", "I64", "[1]", "0", "8") "}", 8, "y is I64, only F32, F16 and BF16" },
	{ "{" T("x", "F8_E4M3", "[4]", "0", "4") "}", 4, "x is F8_E4M3, only F32" },
	{ "{" T("x", "F16", "[2]", "0", "8") "}", 8, "x has 8 bytes, its shape says 4" },
	{ "{" T("x", "F32", "[2]", "0", "4") "}", 4, "x has 4 bytes, its shape says 8" },
	{ "{" T("x", "F32", "[2]", "0", "12") "}", 12, "x has 12 bytes, its shape says 8" },
	{ "{" T("x", "F32", "[1]", "0", "4") "," T("y", "F32", "[1]", "8", "12") "}", 12,
	  "y begins at 8, behind a hole from 4" },
	{ "{" T("x", "F32", "[2]", "0", "8") "," T("y", "F32", "[1]", "4", "8") "}", 8,
	  "y begins at 4, inside the tensor before it" },
	{ "{" T("x", "F32", "[1]", "4", "8") "}", 8, "behind a hole from 0" },
	{ "{" T("x", "F32", "[1]", "0", "4") "}", 5, "1 bytes behind the last tensor" },
	{ "{" T("x", "F32", "[1,1,1,1,1,1,1,1,1]", "0", "4") "}", 4, "more than 8 dimensions" },
	{ "{" T("x", "F32", "[0]", "0", "0") "}", 0, "dimension 0 must be" },
	{ "{" T("x", "F32", "[1.5]", "0", "4") "}", 4, "dimension 0 must be a whole number" },
	{ "{" T("x", "F32", "[4294967296,4294967296]", "0", "0") "}", 0, "too large" },
	{ "{" T("x", "F32", "[1]", "-4", "0") "}", 4, "must be [begin, end]" },
	{ "{" T("x", "F32", "[1]", "4", "0") "}", 4, "must be [begin, end]" },
	{ "{\"x\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, "data_offsets only" },
	{ "{\"x\":3}", 4, "data_offsets only" },
	{ "{\"__metadata__\":{\"a\":1}}", 0, "a must be a string" },
	{ "{\"__metadata__\":[]}", 0, "must be an object" },
	{ "[]", 0, "does not start with {" },
	{ "{\"x\":", 0, "data_offsets only" },
	{ "{" T("x", "F32", "[1]", "0", "4"), 4, "header at byte 53: no \"}\"" },
	{ "{} x", 0, "header at byte 3: more behind" },
	{ "{},", 0, "header at byte 2: more behind" },
	{ "{\"\xff\":{}}", 0, "header at byte 2: no UTF-8" },
	{ "{\"\xed\xa0\x80\":{}}", 0, "header at byte 2: no UTF-8" },
	{ "{\"\xc0\x80\":{}}", 0, "header at byte 2: no UTF-8" },
	{ "{\"\":{}}", 0, "an empty name" },
	{ "{\"a\\u001b[2J\":{}}", 0, "a control character in a name" },
	{ "{\"a\nb\":{}}", 0, "a control character in a string" },
	{ "{\"\\ud800\":{}}", 0, "without a character" },
	{ "{\"\\ud800\\u0041\":{}}", 0, "without a character" },
	{ "{\"\\udc00\":{}}", 0, "without a character" },
	{ "{\"\\u0000\":{}}", 0, "without a character" },
	{ "{\"\\u12g4\":{}}", 0, "without a character" },
	{ "{\"\\x\":{}}", 0, "before a character that takes none" },
	{ "{\"x", 0, "a string without end" },
	{ "{\"x\\", 0, "before a character that takes none" },
	{ "{x:1}", 0, "no \"\"\"" },
	{ "{" T("x", "F32", "[1,]", "0", "4") "}", 4, "dimension 1 must be" },
	{ "{" T("x", "F32", "[1", "0", "4") "}", 4, "dimension 1 must be" },
	{ "{" T("x", "F32", "[1 2]", "0", "4") "}", 4, "no \"]\"" },
	{ "{" T("x", "F32", "[01]", "0", "4") "}", 4, "dimension 0 must be" },
	{ "{" T("x", "F32", "[1]", "0", "4.0") "}", 4, "must be [begin, end]" },
	{ "{" T("x", "F32", "[9223372036854775808]", "0", "4") "}", 4, "dimension 0 must be" },
	{ "{" T("x", "F32", "[1]", "0", "4") ",}", 4, "no \"\"\"" },
	{ "{" T("x", "\\u001b[2J", "[1]", "0", "4") "}", 4, "x is of no known type, only F32" },
	{ "{\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"more\":}}", 4,
	  "data_offsets only" },
	{ "{\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"shape\":[1]}}", 4,
	  "data_offsets only" },
	{ "{\"x\":[[[[[[[[[[[[]]]]]]]]]]]]}", 0, "data_offsets only" },
	{ "{\"__metadata__\":{},\"__metadata__\":{}}", 0, "two __metadata__" },
	{ "{\"__metadata__\":{\"a\":\"\",\"a\":\"\"}}", 0, "has two keys a" },
	{ "{\"__metadata__\":{\"a\":\"\"", 0, "no \"}\"" },
};

/* Everything that JSON can write differently. */
START_TEST(escapes_and_blanks)
{
	struct kept kept;
	close(mkstemp(path));
	write_raw("{ \t\r\n\"__metadata__\" : { \"k\" : \"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\u20AC"
		  "\\ud83d\\ude00\\u0041\" } ,\n\"\\u0078/\xc3\xa9\" : { \"shape\" : [ 1 , 2 ] ,"
		  " \"dtype\" : \"F\\u00332\" , \"data_offsets\" : [ 0 , 8 ] } }", 5, 8);
	ck_assert_msg(read_back(&kept) == RNF_OK, "%s", rnf_fail_words());
	ck_assert_str_eq(kept.values[0], "\"\\/\b\f\n\r\t\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80" "A");
	ck_assert_str_eq(kept.names[0], "x/\xc3\xa9");
	ck_assert_int_eq(kept.tensors[0].shape[1], 2);
	write_raw("{\"__metadata__\":{}}", 0, 0);
	ck_assert_msg(read_back(&kept) == RNF_OK, "%s", rnf_fail_words());
	write_raw("{}", 0, 0);
	ck_assert_msg(read_back(&kept) == RNF_OK, "%s", rnf_fail_words());
	unlink(path);
}
END_TEST

START_TEST(malformed_files_are_refused)
{
	close(mkstemp(path));
	for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++) {
		write_raw(malformed[i].header, 0, malformed[i].n_data);
		refused(malformed[i].words);
	}
	unlink(path);
}
END_TEST

START_TEST(lengths_are_limited)
{
	close(mkstemp(path));
	const uint64_t lengths[] = { 0, 1, (16 << 20) + 1, UINT64_MAX };
	for (size_t i = 0; i < 4; i++) {
		FILE *file = fopen(path, "wb");
		fwrite(&lengths[i], 8, 1, file);
		fputs("{}", file);
		fclose(file);
		refused("must be 2..16777216");
	}
	char *many = malloc(100001 * 80), *at = many;
	for (int i = 0; i <= 100000; i++)
		at += sprintf(at, "%c" "\"x%d\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[%d,%d]}",
			      i ? ',' : '{', i, 4 * i, 4 * i + 4);
	strcpy(at, "}");
	write_raw(many, 0, 100001 * 4);
	refused("more than 100000 tensors");
	at = many + sprintf(many, "{\"__metadata__\":{");
	for (int i = 0; i <= 256; i++)
		at += sprintf(at, "%s\"k%d\":\"\"", i ? "," : "", i);
	strcpy(at, "}}");
	write_raw(many, 0, 0);
	refused("__metadata__ has more than 256 keys");
	free(many);
	unlink(path);
}
END_TEST

START_TEST(every_cut_is_refused)
{
	write_two();
	const int fd = open(path, O_RDWR);
	const off_t whole = lseek(fd, 0, SEEK_END);
	for (off_t n = whole - 1; n >= 0; n--) {
		ck_assert_int_eq(ftruncate(fd, n), 0);
		refused("file is truncated: ");
	}
	close(fd);
	write_raw("{" T("x", "F32", "[262144]", "0", "1048576") "}", 0, 5);
	refused("file is truncated: 78 of 1,048,649 bytes");
	unlink(path);
	refused("No such file");
}
END_TEST

START_TEST(sink_and_writer_refusals)
{
	struct kept kept;
	struct rnf_named_tensor bad[2] = { two[0], two[0] };
	close(mkstemp(path));
	write_raw("{" T("unwanted", "F32", "[1]", "0", "4") "}", 0, 4);
	ck_assert_int_eq(read_back(&kept), RNF_EINVAL);
	const int fd = open(path, O_WRONLY);
	ck_assert_int_lt(plugin()->write(&rnf_host, fd, bad, 2, NULL, 0), 0);
	ck_assert_ptr_nonnull(strstr(rnf_fail_words(), "two tensors are named b/kernel"));
	bad[1].name = "\xff";
	ck_assert_int_lt(plugin()->write(&rnf_host, fd, bad, 2, NULL, 0), 0);
	close(fd);
	const int full = open("/dev/full", O_WRONLY);
	ck_assert_int_eq(plugin()->write(&rnf_host, full, two, 3, NULL, 0), RNF_EIO);
	close(full);
	unlink(path);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ write_then_read, 0 }, { header_is_aligned_and_probed, 0 },
		{ other_writers_order_is_read, 0 }, { halves_are_their_floats, TEST_ROWS(half_types) },
		{ escapes_and_blanks, 0 }, { malformed_files_are_refused, 0 },
		{ lengths_are_limited, 0 }, { every_cut_is_refused, 0 },
		{ sink_and_writer_refusals, 0 }, { NULL, 0 },
	};
	return test_run_cases("format/safetensors", cases);
}
