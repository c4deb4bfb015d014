/* Formulas of images as ops: which ops they become, and what of a formula is refused. */
#include <string.h>

#include "base/status.h"
#include "lib/interpret.h"
#include "lib/plugin.h"
#include "lib/rows.h"

/* A layer's own image op, 4 x 3 x 2 in and out, that does nothing but have a formula. */
static void fwd(const void *self, const struct rnf_tile *tile, const float *const *in, float *y,
		float *scratch)
{
	(void)self, (void)tile, (void)in, (void)y, (void)scratch;
}

static void bwd(const void *self, const struct rnf_tile *tile, uint32_t i,
		const float *const *in, const float *dy, float *d, float *scratch)
{
	(void)self, (void)tile, (void)i, (void)in, (void)dy, (void)d, (void)scratch;
}

static const int64_t hwc[] = { 4, 3, 2 };
static const int64_t flat[] = { 1, 1, 24 };

typedef int32_t formula(const void *self, struct rnf_formula *f, const int32_t *in);

/* in[1] is a weight of two values. */
static rnf_status express(formula *of, struct rnf_view *v)
{
	static const uint32_t roles[] = { RNF_IN_IMAGE, RNF_IN_WEIGHT };
	static float numbers[] = { 3, 5 };
	static const struct rnf_named_tensor w = { .name = "w", .rank = 1, .shape = { 2 },
						   .data = numbers };
	static struct rnf_image_impl impl;
	struct rnf_builder *b = test_builder(0, 4, 3, 2);
	struct rnf_graph *g = &b->graph;
	impl = (struct rnf_image_impl){ .size = sizeof impl, .n_in = 2, .roles = roles, .fwd = fwd,
					.bwd = bwd, .formula = of };
	g->image(g, (rnf_val[]){ b->program->input, test_weight(g, "w", 2, 0) }, 2, hwc, &impl,
		 NULL);
	ck_assert_int_eq(g->status(g), RNF_OK);
	*v = (struct rnf_view){ .program = b->program, .what = "the test", .must = 1 };
	return rnf_view_fill(v, &w);
}

/* -- what it becomes -- */

static int64_t backwards(const void *n, int64_t i)
{
	return *(const int64_t *)n - 1 - i;
}

static int32_t turned(const void *self, struct rnf_formula *f, const int32_t *in)
{
	const int64_t n = 4;
	(void)self;
	return f->take(f, in[0], RNF_AXIS_ROWS, n, backwards, &n);
}

/* The op's own value is that of the call: no copy of it. */
START_TEST(a_call_at_the_end_is_the_result)
{
	struct rnf_view v;
	float x[24];
	for (int i = 0; i < 24; i++)
		x[i] = (float)i;
	ck_assert_int_eq(express(turned, &v), RNF_OK);
	ck_assert_uint_eq(v.n_ops, 1);
	ck_assert_str_eq(v.ops[0].call, "take");
	double **images = test_interpret(&v, x);
	for (int i = 0; i < 24; i++)
		ck_assert_double_eq(images[v.ops[0].out][i], (3 - i / 6) * 6 + i % 6);
}
END_TEST

static int32_t centred(const void *self, struct rnf_formula *f, const int32_t *in)
{
	const int32_t twice = f->apply(f, RNF_FN_ADD, in[0], in[0]);
	const int32_t mean = f->global_avgpool(f, twice);
	const int32_t root = f->apply(f, RNF_FN_SQRT, mean, 0);
	(void)self;
	return f->apply(f, RNF_FN_MUL, f->apply(f, RNF_FN_SUB, twice, root), in[1]);
}

/* What is of one pixel is not made again with each of many. */
START_TEST(elements_are_gathered_between_calls)
{
	static const char *const calls[] = { "image", "global_avgpool", "image", "image" };
	struct rnf_view v;
	float x[24];
	for (int i = 0; i < 24; i++)
		x[i] = (float)(i % 2 ? i : 8);
	ck_assert_int_eq(express(centred, &v), RNF_OK);
	ck_assert_uint_eq(v.n_ops, 4);
	for (int i = 0; i < 4; i++)
		ck_assert_str_eq(v.ops[i].call, calls[i]);
	const struct rnf_export_value *root = &v.values[v.ops[2].out];
	ck_assert(root->h == 1 && root->w == 1 && root->c == 2);
	double **images = test_interpret(&v, x);
	ck_assert_double_eq_tol(images[v.ops[3].out][0], 3 * (16 - 4), 1e-12);
	ck_assert_double_eq_tol(images[v.ops[3].out][3], 5 * (6 - 4.898979485566356), 1e-12);
}
END_TEST

static int32_t alone(const void *self, struct rnf_formula *f, const int32_t *in)
{
	(void)self;
	const int32_t one = f->take(f, in[0], RNF_AXIS_CHANNELS, 1, backwards, &(int64_t){ 1 });
	const int32_t same = f->apply(f, RNF_FN_MEAN, one, 0);
	const int32_t share = f->apply(f, RNF_FN_SOFTMAX, f->apply(f, RNF_FN_LARGEST, one, 0), 0);
	return f->apply(f, RNF_FN_ADD, in[0], f->apply(f, RNF_FN_MUL, same, share));
}

START_TEST(a_single_channel_is_its_own_mean)
{
	struct rnf_view v;
	float x[24] = { 2, 7 };
	ck_assert_int_eq(express(alone, &v), RNF_OK);
	double **images = test_interpret(&v, x);
	ck_assert_double_eq(images[v.ops[v.n_ops - 1].out][0], 4);
	ck_assert_double_eq(images[v.ops[v.n_ops - 1].out][1], 9);
}
END_TEST

static int64_t again(const void *n, int64_t i)
{
	return i % *(const int64_t *)n;
}

static int32_t widened(const void *self, struct rnf_formula *f, const int32_t *in)
{
	static const int64_t n = 2;
	(void)self;
	const int32_t four = f->take(f, in[0], RNF_AXIS_CHANNELS, 4, again, &n);
	const int32_t scaled = f->apply(f, RNF_FN_MUL, four, f->apply(f, RNF_FN_MEAN, in[0], 0));
	return f->take(f, scaled, RNF_AXIS_CHANNELS, 2, again, &n);
}

/* The mean is over 2 channels, not over the 4 that it scales. */
START_TEST(a_mean_meets_other_channels)
{
	struct rnf_view v;
	float x[24] = { 2, 7, 1, 5 };
	ck_assert_int_eq(express(widened, &v), RNF_OK);
	double **images = test_interpret(&v, x);
	const double want[] = { 2 * 4.5, 7 * 4.5, 1 * 3, 5 * 3 };
	for (int i = 0; i < 4; i++)
		ck_assert_double_eq_tol(images[v.ops[v.n_ops - 1].out][i], want[i], 1e-12);
}
END_TEST

/* -- what is refused -- */

#define WRONG(name, expression)                                                              \
	static int32_t name(const void *self, struct rnf_formula *f, const int32_t *in)      \
	{                                                                                    \
		(void)self, (void)f, (void)in;                                               \
		return expression;                                                           \
	}
WRONG(far, 99)
WRONG(of_far, f->apply(f, RNF_FN_ADD, in[0], 99))
WRONG(before, f->apply(f, RNF_FN_ADD, -2, in[0]))
WRONG(no_function, f->apply(f, RNF_FUNCTIONS, in[0], 0))
WRONG(other_shape, f->reshape(f, in[0], flat))
WRONG(not_all, f->reshape(f, in[0], (int64_t[]){ 4, 3, 1 }))
WRONG(below, f->reshape(f, in[0], (int64_t[]){ -4, -3, 2 }))
WRONG(huge, f->reshape(f, in[0], (int64_t[]){ (int64_t)1 << 62, (int64_t)1 << 62, 24 }))
WRONG(other_pixels, f->apply(f, RNF_FN_ADD, in[0], f->reshape(f, in[0], (int64_t[]){ 3, 4, 2 })))
WRONG(other_channels, f->apply(f, RNF_FN_ADD, in[0], f->reshape(f, in[0], flat)))
WRONG(twice, f->permute(f, in[0], 3, hwc, (int32_t[]){ 0, 0, 2 }, hwc))
WRONG(no_axis, f->permute(f, in[0], 3, hwc, (int32_t[]){ 0, 1, 3 }, hwc))
WRONG(seven, f->permute(f, in[0], 7, hwc, (int32_t[]){ 0, 1, 2, 3, 4, 5, 6 }, hwc))
WRONG(behind, f->take(f, in[0], RNF_AXIS_ROWS, 4, backwards, &(int64_t){ 5 }))
WRONG(none_taken, f->take(f, in[0], RNF_AXIS_ROWS, 0, backwards, hwc))
WRONG(fourth, f->take(f, in[0], (enum rnf_axis)3, 4, backwards, hwc))
WRONG(no_match, f->product(f, in[0], in[0]))
WRONG(pooled_weight, f->global_avgpool(f, in[1]))
WRONG(pooled_far, f->global_avgpool(f, 77))

static formula *const wrong[] = {
	far, of_far, before, no_function, other_shape, not_all, below, huge, other_pixels,
	other_channels, twice, no_axis, seven, behind, none_taken, fourth, no_match, pooled_weight,
	pooled_far,
};

START_TEST(mistakes_are_those_of_the_plugin)
{
	struct rnf_view v;
	ck_assert_int_eq(express(wrong[_i], &v), RNF_EPLUGIN);
	ck_assert_msg(strstr(rnf_fail_words(), "test: its formula ") != NULL, "%s",
		      rnf_fail_words());
}
END_TEST

WRONG(nothing, -1)

START_TEST(no_formula_is_refused_by_name)
{
	static formula *const none[] = { NULL, nothing };
	struct rnf_view v;
	ck_assert_int_eq(express(none[_i], &v), RNF_EUNSUP);
	ck_assert_msg(strstr(rnf_fail_words(), "has no formula, so the test cannot hold") != NULL,
		      "%s", rnf_fail_words());
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ a_call_at_the_end_is_the_result, 0 },
		{ elements_are_gathered_between_calls, 0 },
		{ a_single_channel_is_its_own_mean, 0 },
		{ a_mean_meets_other_channels, 0 },
		{ mistakes_are_those_of_the_plugin, TEST_ROWS(wrong) },
		{ no_formula_is_refused_by_name, 2 },
		{ NULL, 0 },
	};
	return test_run_cases("express", cases);
}
