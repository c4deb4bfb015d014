/* shake: which shares are drawn, for whom, and what inference takes. */
#include <math.h>

#include <rnframe/random.h>

#include "lib/plugin.h"

enum { RANDOM, EVEN, SAME }; /* as in the plugin */
struct conf { int32_t forward, backward; };

static const struct rnf_row_impl *row; /* that the layer asked for */

static rnf_val take_row(struct rnf_graph *g, const rnf_val *in, size_t n, int64_t channels,
			const struct rnf_row_impl *impl, const void *self)
{
	(void)g, (void)self;
	ck_assert_int_eq(in[0], 4);
	ck_assert_uint_eq(n, 2);
	ck_assert_int_eq(channels, 0);
	row = impl;
	return 5;
}

static void lower(const struct conf *conf)
{
	const struct rnf_layer_impl *impl = test_feature("layer", "shake")->impl;
	struct rnf_graph g = { .rows = take_row };
	ck_assert_int_eq(impl->lower(conf, &g, (const rnf_val[]){ 4, 6 }, 2), 5);
}

static struct rnf_tile tile(uint64_t key, uint64_t sample, int training)
{
	return (struct rnf_tile){ .size = sizeof(struct rnf_tile), .key = key, .sample = sample,
				  .pixels = 1, .channels = 1, .training = training };
}

/* Of x1 = 1 and x2 = 0, or of dy = 1: the share itself. */
static double forward(const struct conf *conf, const struct rnf_tile *t)
{
	const float one = 1, zero = 0, *const in[] = { &one, &zero }, *const back[] = { &zero, &one };
	float y, other;
	row->fwd(conf, t, in, &y);
	row->fwd(conf, t, back, &other);
	ck_assert_float_eq_tol(y + other, 1, 1e-6f);
	return y;
}

static double backward(const struct conf *conf, const struct rnf_tile *t)
{
	const float dy = 1, *const in[] = { NULL, NULL };
	float d[2];
	for (uint32_t i = 0; i < 2; i++)
		row->bwd(conf, t, i, in, &dy, &d[i]);
	ck_assert_float_eq_tol(d[0] + d[1], 1, 1e-6f);
	return d[0];
}

/* Of n images: mean and variance of a uniform number, and how it goes with another one. */
START_TEST(each_image_draws_two_shares)
{
	enum { N = 4000 };
	const struct conf conf = { RANDOM, RANDOM };
	double a = 0, b = 0, aa = 0, ab = 0;
	lower(&conf);
	for (uint64_t i = 0; i < N; i++) {
		const struct rnf_tile t = tile(rnf_random_key(3, 4), i, 1);
		const double f = forward(&conf, &t) - 0.5, d = backward(&conf, &t) - 0.5;
		ck_assert(fabs(f) <= 0.5 && fabs(d) <= 0.5);
		ck_assert_double_eq(forward(&conf, &t) - 0.5, f);
		a += f, b += d, aa += f * f, ab += f * d;
	}
	ck_assert_double_eq_tol(a / N, 0, 0.02);
	ck_assert_double_eq_tol(b / N, 0, 0.02);
	ck_assert_double_eq_tol(aa / N, 1.0 / 12, 0.005);
	ck_assert_double_eq_tol(ab / N, 0, 0.005);
}
END_TEST

START_TEST(another_epoch_draws_others)
{
	const struct conf conf = { RANDOM, RANDOM };
	const struct rnf_tile one = tile(7, 1, 1), two = tile(8, 1, 1);
	lower(&conf);
	ck_assert_double_ne(forward(&conf, &one), forward(&conf, &two));
	ck_assert_double_ne(backward(&conf, &one), backward(&conf, &two));
}
END_TEST

START_TEST(shares_follow_the_conf)
{
	const struct conf even = { EVEN, EVEN }, same = { RANDOM, SAME };
	const struct rnf_tile t = tile(7, 1, 1);
	lower(&even);
	ck_assert_double_eq(forward(&even, &t), 0.5);
	ck_assert_double_eq(backward(&even, &t), 0.5);
	ck_assert_double_ne(forward(&same, &t), 0.5);
	ck_assert_double_eq(backward(&same, &t), forward(&same, &t));
}
END_TEST

START_TEST(inference_takes_the_mean)
{
	const struct conf conf = { RANDOM, RANDOM };
	const struct rnf_tile t = tile(7, 1, 0);
	lower(&conf);
	ck_assert_double_eq(forward(&conf, &t), 0.5);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { each_image_draws_two_shares, another_epoch_draws_others,
		shares_follow_the_conf, inference_takes_the_mean, NULL };
	return test_run("shake", tests);
}
