/* Setting up an experiment: its share of the images, its weights. */
#include "train/setup.h"

#include <math.h>
#include <stdio.h>

#include "base/status.h"
#include "lib/experiment.h"
#include "lib/built.h"
#include "lib/plugin.h"

static struct rnf_experiment *planned(const char *const *sets, size_t n)
{
	return test_planned("synthetic.cfg", 1, sets, n);
}

static const struct {
	const char *part, *validation;
	int64_t train, val;
} parts[] = {
	{ "data.part=1", "data.validation=0", 400, 0 },
	{ "data.part=0.1", "data.validation=0", 40, 0 },
	{ "data.part=0.9", "data.validation=0", 360, 0 },
	{ "data.part=0.1", "data.validation=0.2", 32, 8 },
};

/* Of the classes in turn, so that rounding takes none away. */
START_TEST(a_part_is_that_share_of_the_images)
{
	const char *const sets[] = { "data.images=400", "data.classes=4", parts[_i].part,
				     parts[_i].validation };
	struct rnf_experiment *e = planned(sets, TEST_ROWS(sets));
	ck_assert_int_eq(e->data.n_train, parts[_i].train);
	ck_assert_int_eq(e->data.n_val, parts[_i].val);
	rnf_experiment_finish(e);
}
END_TEST

/* Numbers of one stream differ in their scale only. */
static int are_proportional(const float *a, const float *b, int64_t n)
{
	for (int64_t i = 1; i < n; i++)
		if (fabs((double)a[i] * b[0] - (double)b[i] * a[0]) >
		    1e-4 * (fabs((double)a[i] * b[0]) + fabs((double)b[i] * a[0])))
			return 0;
	return 1;
}

START_TEST(each_weight_is_drawn_from_a_stream_of_its_own)
{
	enum { DRAWN = 8 };
	struct rnf_experiment *e = planned(NULL, 0);
	const struct rnf_program *p = e->model.programs[0];
	int pairs = 0;
	for (size_t i = 0; i < p->n_weights; i++)
		for (size_t j = 0; j < i; j++) {
			const struct rnf_model_weight *a = &p->weights[i], *b = &p->weights[j];
			if (!a->initializer || !b->initializer || a->size < DRAWN ||
			    b->size < DRAWN)
				continue;
			ck_assert_msg(!are_proportional(e->session.weights + a->offset,
							e->session.weights + b->offset, DRAWN),
				      "%s and %s", a->name, b->name);
			pairs++;
		}
	ck_assert_int_gt(pairs, 10);
	rnf_experiment_finish(e);
}
END_TEST

/* What is counted before a run starts, besides the plans: state, and buffers of threads. */
static double bytes_of(const char *const *sets, size_t n)
{
	struct rnf_experiment *e = planned(sets, n);
	const double bytes = rnf_experiment_bytes(e, 1);
	rnf_experiment_finish(e);
	return bytes;
}

/* 8x8 colour images become 108 pixels high and wide, without a border 8: two buffers of
 * floats a thread. */
START_TEST(buffers_of_augmentations_are_counted)
{
	const char *const narrow[] = { "threads=3", "data.augment.pad.size=0" };
	const char *const wide[] = { "threads=3", "data.augment.pad.size=50" };
	const double more = bytes_of(wide, 2) - bytes_of(narrow, 2);
	ck_assert_double_eq(more, 3 * 2 * 4 * 3 * (108.0 * 108 - 8 * 8));
}
END_TEST

START_TEST(the_state_to_go_back_to_is_counted)
{
	const char *const sets[] = { "numerics.on_nonfinite=rollback" };
	struct rnf_experiment *e = planned(NULL, 0);
	const double blocks = (bytes_of(sets, 1) - bytes_of(NULL, 0)) /
			      (4 * (double)e->model.programs[0]->block);
	ck_assert_double_eq(blocks, 2); /* weights and momentum */
	rnf_experiment_finish(e);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ a_part_is_that_share_of_the_images, TEST_ROWS(parts) },
		{ each_weight_is_drawn_from_a_stream_of_its_own, 0 },
		{ buffers_of_augmentations_are_counted, 0 },
		{ the_state_to_go_back_to_is_counted, 0 },
		{ NULL, 0 },
	};
	return test_run_cases("setup", cases);
}
