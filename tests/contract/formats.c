/* What every format must keep: it recognises its own files and no other's, returns the
 * bytes, shapes and texts that it was given, and stops when the core refuses. A read-only
 * one (write is NULL, format.h) is tested as far as that goes. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/status.h"
#include "lib/built.h"
#include "lib/program.h"

static const uint32_t odd_bits[] = { /* -0, denormal, inf, a NaN with a payload */
	0x80000000, 1, 0x7f800000, 0x7fc12345, 0x3f800000, 0xff7fffff, 0xbf000001,
};

static const struct { const char *name; int32_t rank; int64_t shape[8]; } odd_shapes[] = {
	{ "one/kernel", 1, { 1 } },
	{ "stage1_res_block1_conv1/kernel", 4, { 3, 5, 7, 11 } },
	{ "flat/bias", 1, { 13 } },
	{ "optimizer/momentum/flat/bias", 2, { 1, 17 } },
	{ "deep/kernel", 8, { 2, 1, 3, 1, 1, 2, 1, 3 } },
};
static const struct rnf_text texts[] = {
	{ "rnframe.name", "a \"name\"\nof \\ two lines, \xc3\xa9" }, { "empty", "" },
};
enum { TENSORS = TEST_ROWS(odd_shapes), TEXTS = TEST_ROWS(texts) };

struct kept { /* by a reader */
	struct rnf_tensor_sink sink; /* first */
	struct rnf_named_tensor tensors[TENSORS + 1];
	struct rnf_text texts[TEXTS + 1];
	size_t n, n_texts, refuse_at;
};

static size_t elements(int32_t rank, const int64_t *shape)
{
	size_t n = 1;
	for (int32_t d = 0; d < rank; d++)
		n *= (size_t)shape[d];
	return n;
}

static float *keep_tensor(struct rnf_tensor_sink *sink, const char *name, int32_t rank,
			  const int64_t *shape)
{
	struct kept *k = (struct kept *)sink;
	ck_assert_uint_lt(k->n, TENSORS);
	if (k->n == k->refuse_at) return NULL;
	float *data = rnf_alloc(elements(rank, shape) * sizeof *data);
	struct rnf_named_tensor *t = &k->tensors[k->n++];
	*t = (struct rnf_named_tensor){ .name = rnf_format("%s", name), .rank = rank,
					.data = data };
	memcpy(t->shape, shape, (size_t)rank * sizeof *shape);
	return data;
}

static rnf_status keep_text(struct rnf_tensor_sink *sink, const char *key, const char *value)
{
	struct kept *k = (struct kept *)sink;
	ck_assert_uint_lt(k->n_texts, TEXTS);
	k->texts[k->n_texts++] = (struct rnf_text){ rnf_format("%s", key),
						    rnf_format("%s", value) };
	return RNF_OK;
}

static struct kept odd_tensors(void)
{
	struct kept k = { .n = TENSORS, .n_texts = TEXTS };
	memcpy(k.texts, texts, sizeof texts);
	for (size_t i = 0; i < TENSORS; i++) {
		const size_t n = elements(odd_shapes[i].rank, odd_shapes[i].shape);
		uint32_t *data = rnf_alloc(n * sizeof *data);
		for (size_t j = 0; j < n; j++)
			data[j] = odd_bits[(i + j) % TEST_ROWS(odd_bits)];
		k.tensors[i] = (struct rnf_named_tensor){
			.name = odd_shapes[i].name, .rank = odd_shapes[i].rank,
			.data = (const float *)(const void *)data };
		memcpy(k.tensors[i].shape, odd_shapes[i].shape, sizeof k.tensors[i].shape);
	}
	return k;
}

static void write_file(const struct rnf_format_impl *impl, const char *path,
		       const struct kept *k)
{
	const int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_msg(impl->write(&rnf_host, fd, k->tensors, k->n, k->texts, k->n_texts) >= 0,
		      "%s", rnf_fail_words());
	ck_assert_int_eq(close(fd), 0);
}

static struct kept read_file(const struct rnf_format_impl *impl, const char *path,
			     size_t refuse_at, rnf_status want)
{
	struct kept k = { .sink = { keep_tensor, keep_text }, .refuse_at = refuse_at };
	const rnf_status status = impl->read(&rnf_host, path, &k.sink);
	ck_assert_msg(status == want, "%s: status %d, %s", path, status, rnf_fail_words());
	return k;
}

/* In any order: found by name. */
static void check_tensor(const struct test_built *f, const struct kept *got,
			 const struct rnf_named_tensor *want)
{
	for (size_t i = 0; i < got->n; i++) {
		const struct rnf_named_tensor *t = &got->tensors[i];
		if (strcmp(t->name, want->name)) continue;
		ck_assert_msg(t->rank == want->rank &&
			      !memcmp(t->shape, want->shape, sizeof t->shape),
			      "%s: %s: another shape", f->name, t->name);
		ck_assert_msg(!memcmp(t->data, want->data,
				      elements(t->rank, t->shape) * sizeof(float)),
			      "%s: %s: other bits", f->name, t->name);
		return;
	}
	ck_abort_msg("%s: %s is lost", f->name, want->name);
}

static void check_texts(const struct test_built *f, const struct kept *got)
{
	ck_assert_msg(got->n_texts == TEXTS, "%s: %zu texts", f->name, got->n_texts);
	for (size_t i = 0; i < TEXTS; i++)
		for (size_t k = 0; k < TEXTS; k++)
			ck_assert_msg(strcmp(got->texts[i].key, texts[k].key) ||
				      !strcmp(got->texts[i].value, texts[k].value),
				      "%s: text %s", f->name, texts[k].key);
}

/* The file under test, and how many formats recognise it. */
static uint8_t head[64];
static size_t n_head, claims;
static uint64_t file_size;

static void probe(const struct test_built *f)
{
	const struct rnf_format_impl *impl = f->plugin->features[0].impl;
	claims += impl->probe(head, n_head, file_size) != 0;
}

static int identical(const char *path, const char *other)
{
	char command[1100];
	snprintf(command, sizeof command, "cmp '%s' '%s'", path, other);
	return system(command) == 0;
}

static void check_probe(const struct test_built *f, const char *path)
{
	const struct rnf_format_impl *impl = f->plugin->features[0].impl;
	FILE *file = fopen(path, "rb");
	ck_assert_ptr_nonnull(file);
	n_head = fread(head, 1, sizeof head, file);
	fseek(file, 0, SEEK_END);
	file_size = (uint64_t)ftell(file);
	fclose(file);
	ck_assert_msg(impl->probe(head, n_head, file_size), "%s: not its own", f->name);
	claims = 0;
	test_each("format", probe);
	ck_assert_msg(claims == 1, "%s: its file is of %zu formats", f->name, claims);
}

static void check_round_trip(const struct test_built *f, const char *folder)
{
	const struct rnf_format_impl *impl = f->plugin->features[0].impl;
	const char *first = rnf_format("%s/first%s", folder, impl->suffix);
	const char *second = rnf_format("%s/second%s", folder, impl->suffix);
	const struct kept odd = odd_tensors();
	write_file(impl, first, &odd);
	write_file(impl, second, &odd);
	ck_assert_msg(identical(first, second), "%s: two files of the same", f->name);
	const struct kept got = read_file(impl, first, TENSORS, RNF_OK);
	ck_assert_msg(got.n == TENSORS, "%s: %zu tensors", f->name, got.n);
	for (size_t i = 0; i < TENSORS; i++)
		check_tensor(f, &got, &odd.tensors[i]);
	check_texts(f, &got);
	write_file(impl, second, &got);
	ck_assert_msg(identical(first, second), "%s: written again, another file", f->name);
	read_file(impl, first, 2, RNF_EINVAL);
	check_probe(f, first);
}

static void check_format(const struct test_built *f)
{
	const struct rnf_format_impl *impl = f->plugin->features[0].impl;
	const char *folder = test_folder("formats");
	struct kept k = { .sink = { keep_tensor, keep_text } };
	ck_assert_msg(impl->suffix && impl->suffix[0] == '.', "%s: suffix", f->name);
	ck_assert_msg(!(impl->flags & RNF_FORMAT_NATIVE) || impl->write,
		      "%s: native, but cannot write", f->name);
	ck_assert_msg(!impl->probe((const uint8_t *)"", 0, 0), "%s: an empty file", f->name);
	ck_assert_msg(impl->read(&rnf_host, rnf_format("%s/none", folder), &k.sink) < 0,
		      "%s: reads what is not there", f->name);
	if (impl->write) check_round_trip(f, folder); /* NULL: reads only, format.h */
}

START_TEST(formats_give_back_what_they_took)
{
	test_each("format", check_format);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { formats_give_back_what_they_took, NULL };
	return test_run("formats", tests);
}
