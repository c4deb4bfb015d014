/* The answers of cleanlab 2.9's find_label_issues(filter_by="confident_learning"). */
#include "run/doubt.h"

#include <math.h>

#include "lib/plugin.h"

enum { CLASSES = 3 };

static const struct { float p[CLASSES]; int32_t label, likely; } images[] = {
	{ { 0.90f, 0.05f, 0.05f }, 0, -1 }, { { 0.80f, 0.10f, 0.10f }, 0, -1 },
	{ { 0.70f, 0.20f, 0.10f }, 0, -1 }, { { 0.10f, 0.60f, 0.30f }, 0, 1 },
	{ { 0.05f, 0.90f, 0.05f }, 1, -1 }, { { 0.30f, 0.40f, 0.30f }, 1, -1 }, /* reaches none */
	{ { 0.20f, 0.30f, 0.50f }, 1, -1 }, { { 0.72f, 0.20f, 0.08f }, 1, 0 },
	{ { 0.02f, 0.03f, 0.95f }, 2, -1 }, { { 0.10f, 0.10f, 0.80f }, 2, -1 },
	{ { 0.04f, 0.46f, 0.50f }, 2, -1 }, /* reaches 1 alone, but is predicted as labelled */
	{ { 0.64f, 0.00f, 0.36f }, 2, 0 },
};
enum { N = sizeof images / sizeof *images };

static void flatten(float *probs, int32_t *labels)
{
	for (int i = 0; i < N; i++) {
		labels[i] = images[i].label;
		for (int k = 0; k < CLASSES; k++)
			probs[i * CLASSES + k] = images[i].p[k];
	}
}

START_TEST(labels_are_doubted_as_cleanlab_does)
{
	float probs[N * CLASSES];
	int32_t labels[N], likely[N];
	double thresholds[CLASSES];
	flatten(probs, labels);
	rnf_doubt_labels(probs, labels, N, CLASSES, thresholds, likely);
	ck_assert_double_eq_tol(thresholds[0], 0.625, 1e-6);
	ck_assert_double_eq_tol(thresholds[1], 0.45, 1e-6);
	ck_assert_double_eq_tol(thresholds[2], 0.6525, 1e-6);
	for (int i = 0; i < N; i++)
		ck_assert_msg(likely[i] == images[i].likely, "image %d: %d", i, likely[i]);
}
END_TEST

/* A class without images has no threshold, and NaN reaches none. */
START_TEST(classes_without_images)
{
	const float probs[] = { 0.1f, 0.9f, 0.9f, 0.1f, NAN, NAN };
	const int32_t labels[] = { 0, 0, 0 };
	double thresholds[2];
	int32_t likely[3];
	rnf_doubt_labels(probs, labels, 2, 2, thresholds, likely);
	ck_assert_double_eq_tol(thresholds[0], 0.5, 1e-6);
	ck_assert(isnan(thresholds[1]));
	ck_assert(likely[0] == -1 && likely[1] == -1);
	rnf_doubt_labels(probs, labels, 3, 2, thresholds, likely);
	ck_assert(likely[0] == -1 && likely[1] == -1 && likely[2] == -1);
	ck_assert_double_eq_tol(thresholds[0], 0.5, 1e-6);
}
END_TEST

/* One image that the model fails on must not lower the threshold of its class. */
START_TEST(nan_is_left_out_of_thresholds)
{
	const float probs[] = { 0.4f, 0.6f, 0.1f, 0.9f, NAN, NAN };
	const int32_t labels[] = { 0, 1, 1 };
	double thresholds[2];
	int32_t likely[3];
	rnf_doubt_labels(probs, labels, 3, 2, thresholds, likely);
	ck_assert_double_eq_tol(thresholds[1], 0.9, 1e-6);
	ck_assert(likely[0] == -1 && likely[1] == -1 && likely[2] == -1);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ labels_are_doubted_as_cleanlab_does, 0 }, { classes_without_images, 0 },
		{ nan_is_left_out_of_thresholds, 0 }, { NULL, 0 },
	};
	return test_run_cases("run/doubt", cases);
}
