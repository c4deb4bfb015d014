/* drop_path: rate, scale, one factor an image, the same backward and in pieces, inference. */
#include <math.h>

#include "lib/plugin.h"

struct conf { double rate; }; /* as in the plugin */
static const struct rnf_row_impl *row;

static rnf_val rows(struct rnf_graph *g, const rnf_val *in, size_t n, int64_t channels,
		    const struct rnf_row_impl *impl, const void *self)
{
	(void)g, (void)n, (void)channels, (void)self;
	row = impl;
	return in[0] + 1;
}

static rnf_val lower(int training, const struct conf *conf)
{
	const struct rnf_layer_impl *impl = test_feature("layer", "drop_path")->impl;
	struct rnf_graph g = { .training = training, .rows = rows };
	return impl->lower(conf, &g, (const rnf_val[]){ 7 }, 1);
}

enum { N = 6 };
static const float x[N] = { 3, 3, 3, 3, 3, 3 };
static const float *const in[] = { x };

static float image(const struct conf *conf, uint64_t key, uint64_t sample, uint64_t offset)
{
	const struct rnf_tile tile = { .size = sizeof tile, .key = key, .sample = sample,
				       .offset = offset, .pixels = 2, .channels = 3 };
	const float *const nothing[] = { NULL };
	float y[N], dx[N];
	row->fwd(conf, &tile, in, y);
	row->bwd(conf, &tile, 0, nothing, x, dx);
	ck_assert_mem_eq(y, dx, sizeof y);
	for (int i = 1; i < N; i++)
		ck_assert_float_eq(y[i], y[0]);
	return y[0];
}

START_TEST(drops_images_at_its_rate)
{
	const struct conf conf = { 0.25 };
	int zeros = 0;
	ck_assert_int_eq(lower(1, &conf), 8);
	for (uint64_t sample = 0; sample < 4096; sample++) {
		const float y = image(&conf, 3, sample, 0);
		ck_assert(y == 0 || y == 4);
		zeros += y == 0;
	}
	ck_assert(zeros > 1024 - 140 && zeros < 1024 + 140); /* 5 sigma */
}
END_TEST

START_TEST(factor_depends_on_key_and_sample_alone)
{
	const struct conf conf = { 0.5 };
	int others = 0, all = 0;
	lower(1, &conf);
	for (uint64_t sample = 0; sample < 64; sample++) {
		const float y = image(&conf, 5, sample, 0);
		ck_assert_float_eq(image(&conf, 5, sample, 600), y);
		others += image(&conf, 6, sample, 0) != y;
		all += y != image(&conf, 5, 0, 0);
	}
	ck_assert(others > 16 && others < 48);
	ck_assert(all > 16 && all < 48);
}
END_TEST

START_TEST(nan_stays_nan)
{
	const struct conf conf = { 0.999 };
	const float nan[1] = { NAN };
	float y = 0;
	lower(1, &conf);
	const struct rnf_tile tile = { .size = sizeof tile, .pixels = 1, .channels = 1 };
	row->fwd(&conf, &tile, (const float *const[]){ nan }, &y);
	ck_assert(isnan(y));
}
END_TEST

START_TEST(inference_is_identity)
{
	const struct conf half = { 0.5 }, none = { 0 };
	ck_assert_int_eq(lower(0, &half), 7);
	ck_assert_int_eq(lower(1, &none), 7);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { drops_images_at_its_rate,
		factor_depends_on_key_and_sample_alone, nan_stays_nan, inference_is_identity,
		NULL };
	return test_run("layer/drop_path", tests);
}
