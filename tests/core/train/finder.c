/* The learning rates that a curve of losses suggests, and the steps that make the curve. */
#include "train/finder.h"

#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "lib/experiment.h"
#include "lib/plugin.h"

static double falls(double r, double l) { return 2.3 - 1.5 / (1 + exp(-3 * (l + 3))) + 0.5 * r * r; }
static double waves(double r, double l)
{
	return 2.3 - 0.4 * sin(l) * (l > -5) + 0.3 * r + 0.05 * cos(7 * l);
}
static double ripples(double r, double l)
{
	return 1 / (1 + r * 1e3) + 0.02 * cos(11 * l) + 0.1 * r;
}

/* Expected: fastai's rules in numpy (diff, gradient, argmin) on the same curves. */
static const struct {
	double (*loss)(double rate, double logarithm);
	size_t n;
	double picks[RNF_FINDER_PICKS];
} curves[] = {
	{ falls, 100, { 0.000158489319, 0.000831763771, 0.00831763771, 2.7542287e-06 } },
	{ waves, 100, { 2.08929613e-05, 1e-05, 1.20226443e-06, 0.0831763771 } },
	{ ripples, 92, { 0.00208929613, 0.000478630092, 0.0144543977, 0.0229086765 } },
};

static struct rnf_finder drawn(double (*loss)(double, double), size_t n)
{
	enum { STEPS = 100 };
	struct rnf_finder f = { .steps = STEPS, .n = n, .rates = rnf_alloc(STEPS * sizeof(double)),
				.smooth = rnf_alloc(STEPS * sizeof(double)) };
	for (size_t i = 0; i < STEPS; i++) {
		f.rates[i] = 1e-7 * pow(1e8, (double)i / STEPS);
		f.smooth[i] = i < n ? loss(f.rates[i], log10(f.rates[i])) : NAN;
	}
	return f;
}

START_TEST(picks_are_those_of_the_rules)
{
	const struct rnf_finder f = drawn(curves[_i].loss, curves[_i].n);
	struct rnf_finder_pick picks[RNF_FINDER_PICKS];
	rnf_finder_picks(&f, picks);
	for (int i = 0; i < RNF_FINDER_PICKS; i++)
		ck_assert_msg(fabs(picks[i].rate / curves[_i].picks[i] - 1) < 1e-6,
			      "%s is %.9g, must be %.9g", picks[i].name, picks[i].rate,
			      curves[_i].picks[i]);
}
END_TEST

/* Points that are cut away, and too few for a slope or a window. */
START_TEST(short_curves_suggest_nothing)
{
	struct rnf_finder_pick picks[RNF_FINDER_PICKS];
	for (size_t n = 0; n < 40; n++) {
		const struct rnf_finder f = drawn(falls, n);
		rnf_finder_picks(&f, picks);
		for (int i = 0; i < RNF_FINDER_PICKS; i++) {
			const size_t least = !strcmp(picks[i].name, "slide") ? 16 : 2;
			ck_assert_msg(isfinite(picks[i].rate) == (n >= 15 + least), "%s of %zu",
				      picks[i].name, n);
			ck_assert(!(picks[i].rate > 1e-3));
		}
	}
}
END_TEST

static struct rnf_experiment *planned(const char *a, const char *b)
{
	const char *const sets[] = { "data.validation=0", a, b };
	return test_planned("synthetic.cfg", 1, sets, 3);
}

/* Twice the same losses, with other threads too, and of other ones than at a constant rate. */
START_TEST(all_is_as_before)
{
	struct rnf_experiment *e = planned("threads=1", "data.images=64");
	struct rnf_experiment *other = planned("threads=3", "train.scheduler.type=cosine");
	const size_t bytes = (size_t)e->session.block * sizeof(float);
	const float *before = memcpy(rnf_alloc(bytes), e->session.weights, bytes);
	const float *zero = rnf_alloc(bytes);
	struct rnf_finder f, again, apart;
	ck_assert_int_eq(rnf_finder_run(e, 40, &f), RNF_OK);
	ck_assert_mem_eq(before, e->session.weights, bytes);
	ck_assert_mem_eq(zero, e->session.slots[0], bytes);
	ck_assert_int_eq(rnf_finder_run(e, 40, &again), RNF_OK);
	ck_assert_int_eq(rnf_finder_run(other, 40, &apart), RNF_OK);
	ck_assert_uint_gt(f.n, 20);
	ck_assert_uint_eq(f.n, again.n);
	ck_assert_uint_eq(f.n, apart.n);
	ck_assert_mem_eq(f.losses, again.losses, f.n * sizeof *f.losses);
	ck_assert_mem_eq(f.losses, apart.losses, f.n * sizeof *f.losses);
	ck_assert_double_eq_tol(f.smooth[0], f.losses[0], 1e-12);
	ck_assert_double_eq_tol(f.rates[0], 1e-7, 1e-15);
	ck_assert_double_eq_tol(f.rates[20], 1e-3, 1e-9);
	rnf_experiment_finish(e);
	rnf_experiment_finish(other);
}
END_TEST

/* The curve ends before, with a reason. */
START_TEST(what_is_not_finite_is_no_point)
{
	struct rnf_experiment *e = planned("train.optimizer.momentum=1", "data.images=64");
	struct rnf_finder_pick picks[RNF_FINDER_PICKS];
	struct rnf_finder f;
	ck_assert_int_eq(rnf_finder_run(e, 400, &f), RNF_OK);
	ck_assert_uint_lt(f.n, 400);
	ck_assert_ptr_nonnull(f.end);
	for (size_t i = 0; i < f.n; i++)
		ck_assert(isfinite(f.losses[i]) && isfinite(f.smooth[i]));
	rnf_finder_picks(&f, picks);
	for (int i = 0; i < RNF_FINDER_PICKS; i++)
		ck_assert_msg(picks[i].rate < f.rates[f.n - 1], "%s", picks[i].name);
	e->session.weights[e->model.weights.at[0].offset] = INFINITY;
	ck_assert_int_eq(rnf_finder_run(e, 400, &f), RNF_OK);
	ck_assert_uint_eq(f.n, 0);
	ck_assert_str_eq(f.end, "the loss is not finite");
	rnf_finder_picks(&f, picks);
	for (int i = 0; i < RNF_FINDER_PICKS; i++)
		ck_assert(isnan(picks[i].rate));
	rnf_experiment_finish(e);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ picks_are_those_of_the_rules, TEST_ROWS(curves) },
		{ short_curves_suggest_nothing, 0 }, { all_is_as_before, 0 },
		{ what_is_not_finite_is_no_point, 0 }, { NULL, 0 },
	};
	rnf_conf_dir = "conf";
	return test_run_cases("train/finder", cases);
}
