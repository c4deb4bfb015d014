#include "lib/plugin.h"

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
	float *data = calloc((size_t)values, sizeof *data);
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

/* Whether the published file is there; without it CI fails and others skip. */
static int published(void)
{
	if (access(PUBLISHED, R_OK) == 0) return 1;
	const char *ci = getenv("CI");
	ck_assert_msg(!ci || strcmp(ci, "true") != 0, "%s is missing", PUBLISHED);
	fprintf(stderr, "skipped: %s is not there\n", PUBLISHED);
	return 0;
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

START_TEST(probe_by_signature)
{
	ck_assert(plugin()->probe((const uint8_t *)"\x89HDF\r\n\x1a\n", 8, 8));
	ck_assert(!plugin()->probe((const uint8_t *)"\x89HDF\r\n\x1a\n", 7, 7));
	ck_assert(!plugin()->probe((const uint8_t *)"\x89PNG\r\n\x1a\n", 8, 8));
	ck_assert_ptr_null(plugin()->write);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		published_weights, cut_files_are_refused_quietly, probe_by_signature, NULL,
	};
	return test_run("format/keras_h5", tests);
}
