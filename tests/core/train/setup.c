/* An experiment that is set up: its share of the images, its weights. */
#include "train/setup.h"

#include <math.h>
#include <stdio.h>

#include "base/status.h"
#include "lib/experiment.h"
#include "lib/found.h"
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
	ck_assert_int_eq(e->n_train, parts[_i].train);
	ck_assert_int_eq(e->n_val, parts[_i].val);
	rnf_experiment_finish(e);
}
END_TEST

/* Numbers of one stream differ in their scale alone. */
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
	const struct rnf_program *p = e->programs[0];
	int pairs = 0;
	for (size_t i = 0; i < p->n_weights; i++)
		for (size_t j = 0; j < i; j++) {
			const struct rnf_model_weight *a = &p->weights[i], *b = &p->weights[j];
			if (!a->initializer || !b->initializer || a->size < DRAWN ||
			    b->size < DRAWN)
				continue;
			ck_assert_msg(!are_proportional(e->weights + a->offset,
							e->weights + b->offset, DRAWN),
				      "%s and %s", a->name, b->name);
			pairs++;
		}
	ck_assert_int_gt(pairs, 10);
	rnf_experiment_finish(e);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ a_part_is_that_share_of_the_images, TEST_ROWS(parts) },
		{ each_weight_is_drawn_from_a_stream_of_its_own, 0 },
		{ NULL, 0 },
	};
	return test_run_cases("setup", cases);
}
