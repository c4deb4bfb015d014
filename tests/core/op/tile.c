/* The tiles of chains against their formulas in double, at channel counts below, at
 * and between blocks; and in place where that is allowed. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/guard.h"
#include "lib/noise.h"
#include "lib/plugin.h"
#include "lib/rows.h"

static const int64_t channels[] = { 1, 3, 8, 15, 16, 17, 24, 32, 64, 70 };
enum { PIXELS = 7 };

struct tile {
	int64_t c, n;
	float *a, *b, *coef, *sum; /* [PIXELS][c], [PIXELS][c], [4][c], [2][c] */
};

static struct tile make(int64_t c)
{
	struct tile t = { .c = c, .n = PIXELS * c };
	t.a = test_noise(t.n, 1);
	t.b = test_noise(t.n, 2);
	t.coef = test_noise(4 * c, 3);
	float *sum = test_noise(2 * c, 4);
	t.sum = test_guarded((size_t)(2 * c), 0, sum);
	free(sum);
	return t;
}

static void destroy(struct tile *t)
{
	free(t->a);
	free(t->b);
	free(t->coef);
	test_guarded_free(t->sum, (size_t)(2 * t->c), 0, "sum");
}

static void near(const char *what, int64_t c, int64_t i, double got, double want)
{
	ck_assert_msg(fabs(got - want) <= 2e-6 * fmax(1, fabs(want)),
		      "%s, %d channels: [%d] is %.9g, not %.9g", what, (int)c, (int)i, got, want);
}

/* Operands up to the first NULL. */
static void run(const char *row, const struct tile *t, const float *a, const float *b,
		const float *coef, float *y)
{
	const float *const in[] = { a, b, coef };
	test_row_tile(row, PIXELS, t->c, in, 1 + (b != NULL) + (coef != NULL), y);
}

/* -- element by element -- */

static void bias(const struct tile *t, const float *a, float *y)
{
	run("bias", t, a, t->coef, NULL, y);
}

static double bias_of(const struct tile *t, int64_t i, int64_t k)
{
	return (double)t->a[i] + t->coef[k];
}

static void affine(const struct tile *t, const float *a, float *y)
{
	run("affine", t, a, t->coef, NULL, y);
}

static double affine_of(const struct tile *t, int64_t i, int64_t k)
{
	return t->coef[k] * ((double)t->a[i] - t->coef[2 * t->c + k]) + t->coef[t->c + k];
}

static void affine_bwd(const struct tile *t, const float *a, float *y)
{
	run("affine_bwd", t, a, t->b, t->coef, y);
}

static double affine_bwd_of(const struct tile *t, int64_t i, int64_t k)
{
	const float *f = t->coef + k;
	return (double)f[0] * t->a[i] + f[t->c] * ((double)t->b[i] - f[2 * t->c]) +
	       f[3 * t->c];
}

static void scale(const struct tile *t, const float *a, float *y)
{
	run("scale", t, a, t->coef, NULL, y);
}

static double scale_of(const struct tile *t, int64_t i, int64_t k)
{
	return (double)t->a[i] * t->coef[k];
}

static void add(const struct tile *t, const float *a, float *y)
{
	run("add", t, a, t->b, NULL, y);
}

static double add_of(const struct tile *t, int64_t i, int64_t k)
{
	(void)k;
	return (double)t->a[i] + t->b[i];
}

static void sub(const struct tile *t, const float *a, float *y)
{
	run("sub", t, a, t->b, NULL, y);
}

static double sub_of(const struct tile *t, int64_t i, int64_t k)
{
	(void)k;
	return (double)t->a[i] - t->b[i];
}

static void negate(const struct tile *t, const float *a, float *y)
{
	run("negate", t, a, NULL, NULL, y);
}

static double negate_of(const struct tile *t, int64_t i, int64_t k)
{
	(void)k;
	return -(double)t->a[i];
}

static void mul(const struct tile *t, const float *a, float *y)
{
	run("mul", t, a, t->b, NULL, y);
}

static double mul_of(const struct tile *t, int64_t i, int64_t k)
{
	(void)k;
	return (double)t->a[i] * t->b[i];
}

static void quotient(const struct tile *t, const float *a, float *y)
{
	run("div", t, a, t->b, NULL, y);
}

static double quotient_of(const struct tile *t, int64_t i, int64_t k)
{
	(void)k;
	return (double)t->a[i] / t->b[i];
}

static void max(const struct tile *t, const float *a, float *y)
{
	run("max", t, a, t->b, NULL, y);
}

static double max_of(const struct tile *t, int64_t i, int64_t k)
{
	(void)k;
	return fmax((double)t->a[i], t->b[i]);
}

static void broadcast(const struct tile *t, const float *a, float *y)
{
	(void)a;
	run("broadcast", t, t->coef, NULL, NULL, y);
}

static double broadcast_of(const struct tile *t, int64_t i, int64_t k)
{
	(void)i;
	return 0.25 * t->coef[k];
}

static const struct {
	const char *name;
	void (*run)(const struct tile *, const float *a, float *y);
	double (*of)(const struct tile *, int64_t i, int64_t k);
} maps[] = {
	{ "bias", bias, bias_of }, { "affine", affine, affine_of },
	{ "affine_bwd", affine_bwd, affine_bwd_of }, { "scale", scale, scale_of },
	{ "add", add, add_of }, { "broadcast", broadcast, broadcast_of },
	{ "sub", sub, sub_of }, { "negate", negate, negate_of }, { "mul", mul, mul_of },
	{ "div", quotient, quotient_of }, { "max", max, max_of },
};

static void check_map(int m, int64_t c, int in_place)
{
	struct tile t = make(c);
	float *y = test_guarded((size_t)t.n, 0, in_place ? t.a : NULL);
	maps[m].run(&t, in_place ? y : t.a, y);
	for (int64_t i = 0; i < t.n; i++)
		near(maps[m].name, c, i, y[i], maps[m].of(&t, i, i % c));
	test_guarded_free(y, (size_t)t.n, 0, maps[m].name);
	destroy(&t);
}

START_TEST(maps_follow_their_formulas)
{
	for (int i = 0; i < TEST_ROWS(channels); i++) {
		check_map(_i, channels[i], 0);
		check_map(_i, channels[i], 1);
	}
}
END_TEST

/* Which of two is the larger, and so has the gradient: ties go to the first, NaN stays. */
static const struct { float a, b, y; int second; } larger[] = {
	{ 1, 2, 2, 1 }, { 2, 1, 2, 0 }, { 3, 3, 3, 0 }, { -1, -2, -1, 0 },
	{ INFINITY, 1, INFINITY, 0 }, { 1, NAN, NAN, 1 }, { NAN, 1, NAN, 0 },
};

START_TEST(a_maximum_gives_its_gradient_to_one)
{
	const float dy = 5;
	float y, d[2];
	const float *const in[] = { &larger[_i].a, &larger[_i].b };
	test_row_tile("max", 1, 1, in, 2, &y);
	for (int i = 0; i < 2; i++)
		test_row_tile_of("max_bwd", 1, 1, (const float *const[]){ &dy, in[0], in[1] }, 3, i,
				 &d[i]);
	ck_assert(isnan(larger[_i].y) ? isnan(y) : y == larger[_i].y);
	ck_assert_float_eq(d[larger[_i].second], dy);
	ck_assert_float_eq(d[!larger[_i].second], 0);
}
END_TEST

/* db = -dy a / b^2; b^2 of the last ones is no float. */
static const struct { float dy, a, b, db; } quotients[] = {
	{ 5, 3, 2, -3.75f }, { 1, -8, 4, 0.5f }, { 1, 0, 3, -0.0f }, { 1, 1, 0, -INFINITY },
	{ 3, 0x1p70f, 0x1p70f, -3 * 0x1p-70f }, { 3, 0x1p-75f, 0x1p-75f, -3 * 0x1p75f },
};

START_TEST(a_quotient_gives_its_divisor_a_gradient)
{
	float db;
	const float *const in[] = { &quotients[_i].dy, &quotients[_i].a, &quotients[_i].b };
	test_row_tile("div_bwd", 1, 1, in, 3, &db);
	ck_assert_float_eq(db, quotients[_i].db);
}
END_TEST

/* -- sums, added to what is there -- */

static void sum(struct tile *t)
{
	run("SUM", t, t->a, NULL, NULL, t->sum);
}

static void stats(struct tile *t)
{
	/* the pixel around which it sums lies behind the sums */
	const size_t both = (size_t)(2 * t->c) * sizeof(float), pixel = both / 2;
	float *sums = malloc(both + pixel);
	memcpy(sums, t->sum, both);
	memcpy(sums + 2 * t->c, t->coef, pixel);
	run("STATS", t, t->a, NULL, NULL, sums);
	memcpy(t->sum, sums, both);
	free(sums);
}

static void bn_sums(struct tile *t)
{
	/* the mean is the third of the coefficients */
	run("BN_SUMS", t, t->a, t->b, t->coef - 2 * t->c, t->sum);
}

static void dot(struct tile *t)
{
	run("DOT", t, t->a, t->b, NULL, t->sum);
}

/* What one pixel adds to the first and the second sum of channel k. */
static void sum_of(const struct tile *t, int64_t i, int64_t k, double add_[2])
{
	(void)k;
	add_[0] += t->a[i];
}

static void stats_of(const struct tile *t, int64_t i, int64_t k, double add_[2])
{
	const double d = (double)t->a[i] - t->coef[k];
	add_[0] += d;
	add_[1] += d * d;
}

static void bn_sums_of(const struct tile *t, int64_t i, int64_t k, double add_[2])
{
	add_[0] += t->a[i];
	add_[1] += t->a[i] * ((double)t->b[i] - t->coef[k]);
}

static void dot_of(const struct tile *t, int64_t i, int64_t k, double add_[2])
{
	(void)k;
	add_[0] += (double)t->a[i] * t->b[i];
}

static const struct {
	const char *name;
	void (*run)(struct tile *);
	void (*of)(const struct tile *, int64_t i, int64_t k, double add_[2]);
} sums[] = {
	{ "sum", sum, sum_of }, { "stats", stats, stats_of },
	{ "bn_sums", bn_sums, bn_sums_of }, { "dot", dot, dot_of },
};

START_TEST(sums_follow_their_formulas)
{
	for (int j = 0; j < TEST_ROWS(channels); j++) {
		struct tile t = make(channels[j]);
		double *want = calloc((size_t)(2 * t.c), sizeof *want);
		for (int64_t k = 0; k < t.c; k++) {
			double both[2] = { t.sum[k], t.sum[t.c + k] };
			for (int64_t p = 0; p < PIXELS; p++)
				sums[_i].of(&t, p * t.c + k, k, both);
			want[k] = both[0];
			want[t.c + k] = both[1];
		}
		sums[_i].run(&t);
		for (int64_t k = 0; k < 2 * t.c; k++)
			near(sums[_i].name, t.c, k, t.sum[k], want[k]);
		free(want);
		destroy(&t);
	}
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ maps_follow_their_formulas, TEST_ROWS(maps) },
		{ a_maximum_gives_its_gradient_to_one, TEST_ROWS(larger) },
		{ a_quotient_gives_its_divisor_a_gradient, TEST_ROWS(quotients) },
		{ sums_follow_their_formulas, TEST_ROWS(sums) },
		{ NULL, 0 },
	};
	return test_run_cases("tile", cases);
}
