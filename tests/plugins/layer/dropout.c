/* dropout: rate, scale, the same mask backward and in pieces, inference. */
#include "lib/plugin.h"

struct conf { double rate; }; /* as in the plugin */
static const struct rnf_activation_impl *kernels;

static rnf_val pointwise(struct rnf_graph *g, rnf_val x,
			 const struct rnf_activation_impl *impl, const void *self)
{
	(void)g, (void)self;
	kernels = impl;
	return x + 1;
}

static rnf_val lower(int training, const struct conf *conf)
{
	const struct rnf_layer_impl *impl = test_feature("layer", "dropout")->impl;
	struct rnf_graph g = { .training = training, .pointwise = pointwise };
	return impl->lower(conf, &g, (const rnf_val[]){ 7 }, 1);
}

enum { N = 4096 };
static float x[N], y[N], dy[N], dx[N], again[N];

START_TEST(drops_at_its_rate)
{
	const struct conf conf = { 0.25 };
	const struct rnf_tile tile = { .size = sizeof tile, .key = 3, .sample = 9 };
	size_t zeros = 0;
	ck_assert_int_eq(lower(1, &conf), 8);
	for (size_t i = 0; i < N; i++) x[i] = 3;
	kernels->fwd(&conf, &tile, N, x, y);
	for (size_t i = 0; i < N; i++) {
		zeros += y[i] == 0;
		ck_assert(y[i] == 0 || y[i] == 4);
	}
	ck_assert(zeros > N / 4 - 140 && zeros < N / 4 + 140); /* 5 sigma */
}
END_TEST

START_TEST(backward_has_the_mask_of_forward)
{
	const struct conf conf = { 0.5 };
	const struct rnf_tile tile = { .size = sizeof tile, .key = 4, .sample = 1, .offset = 64 };
	lower(1, &conf);
	for (size_t i = 0; i < N; i++) x[i] = dy[i] = 1.0f + (float)i;
	kernels->fwd(&conf, &tile, N, x, y);
	kernels->bwd(&conf, &tile, N, x, dy, dx);
	ck_assert_mem_eq(y, dx, sizeof y);
	kernels->fwd_bwd(&conf, &tile, N, x, dy, again, dx);
	ck_assert_mem_eq(y, dx, sizeof y);
	ck_assert_mem_eq(y, again, sizeof y);
}
END_TEST

START_TEST(mask_depends_on_the_place_alone)
{
	const struct conf conf = { 0.5 };
	const struct rnf_tile tile = { .size = sizeof tile, .key = 5, .sample = 2 };
	struct rnf_tile rest = tile, other = tile;
	lower(1, &conf);
	for (size_t i = 0; i < N; i++) x[i] = 1;
	kernels->fwd(&conf, &tile, N, x, y);
	rest.offset = 100;
	kernels->fwd(&conf, &tile, 100, x, again);
	kernels->fwd(&conf, &rest, N - 100, x + 100, again + 100);
	ck_assert_mem_eq(y, again, sizeof y);
	other.sample = 3;
	kernels->fwd(&conf, &other, N, x, again);
	ck_assert_mem_ne(y, again, sizeof y);
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
	const TTest *const tests[] = {
		drops_at_its_rate, backward_has_the_mask_of_forward,
		mask_depends_on_the_place_alone, inference_is_identity, NULL
	};
	return test_run("layer/dropout", tests);
}
