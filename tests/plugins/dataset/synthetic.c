#include "lib/plugin.h"

#include <stdlib.h>
#include <string.h>

#include "base/status.h"

enum { SIDE = 16, CHANNELS = 3, SIZE = SIDE * SIDE * CHANNELS, CLASSES = 4 };

/* As the plugin's own; its table is checked against these offsets below. */
struct synthetic {
	int64_t images, test_images, height, width, channels, classes, seed;
};

static const struct synthetic small = { 400, 100, SIDE, SIDE, CHANNELS, CLASSES, 7 };

static const struct rnf_dataset_impl *plugin(void)
{
	return test_feature("dataset", "synthetic")->impl;
}

static void *opened(const struct synthetic *conf, struct rnf_dataset_info *info)
{
	void *self = NULL;
	plugin()->describe(conf, info);
	ck_assert_int_eq(plugin()->open(&rnf_host, conf, NULL, &self, info), RNF_OK);
	return self;
}

START_TEST(table_and_info)
{
	static const char *const keys[] = { "images", "test_images", "height", "width",
					    "channels", "classes", "seed" };
	const struct rnf_params *params = test_feature("dataset", "synthetic")->params;
	struct rnf_dataset_info info = { 0 };
	ck_assert_uint_eq(params->conf_size, sizeof(struct synthetic));
	ck_assert_uint_eq(params->n, 7);
	for (size_t i = 0; i < params->n; i++) {
		ck_assert_str_eq(params->rows[i].key, keys[i]);
		ck_assert_uint_eq(params->rows[i].offset, i * sizeof(int64_t));
	}
	opened(&small, &info);
	ck_assert_int_eq(info.images[RNF_SPLIT_TRAIN], 400);
	ck_assert_int_eq(info.images[RNF_SPLIT_TEST], 100);
	ck_assert_int_eq(info.h * 10000 + info.w * 100 + info.c, 161603);
	ck_assert_int_eq(info.classes, CLASSES);
}
END_TEST

START_TEST(a_function_of_seed_split_and_index)
{
	struct rnf_dataset_info info;
	struct synthetic other = small;
	other.seed = 8;
	void *a = opened(&small, &info), *b = opened(&small, &info), *c = opened(&other, &info);
	uint8_t x[SIZE], y[SIZE];
	int32_t label;
	plugin()->read(a, RNF_SPLIT_TRAIN, 1, y, &label); /* order must not matter */
	plugin()->read(a, RNF_SPLIT_TRAIN, 5, x, &label);
	plugin()->read(b, RNF_SPLIT_TRAIN, 5, y, &label);
	ck_assert_mem_eq(x, y, SIZE);
	plugin()->read(b, RNF_SPLIT_TRAIN, 9, y, &label);
	ck_assert_mem_ne(x, y, SIZE);
	plugin()->read(b, RNF_SPLIT_TEST, 5, y, &label);
	ck_assert_mem_ne(x, y, SIZE);
	plugin()->read(c, RNF_SPLIT_TRAIN, 5, y, &label);
	ck_assert_mem_ne(x, y, SIZE);
}
END_TEST

static int64_t distance(const uint8_t *x, const float *mean)
{
	double sum = 0;
	for (int p = 0; p < SIZE; p++)
		sum += ((double)x[p] - (double)mean[p]) * ((double)x[p] - (double)mean[p]);
	return (int64_t)sum;
}

START_TEST(classes_can_be_told_apart)
{
	/* The nearest mean of the training images identifies most: chance is 25. */
	struct rnf_dataset_info info;
	const void *self = opened(&small, &info);
	static float means[CLASSES][SIZE];
	uint8_t x[SIZE];
	int32_t label, right = 0;
	for (int64_t i = 0; i < small.images; i++) {
		plugin()->read(self, RNF_SPLIT_TRAIN, i, x, &label);
		ck_assert(label >= 0 && label < CLASSES);
		for (int p = 0; p < SIZE; p++)
			means[label][p] += (float)x[p] * CLASSES / (float)small.images;
	}
	for (int64_t i = 0; i < small.test_images; i++) {
		int32_t best = 0;
		plugin()->read(self, RNF_SPLIT_TEST, i, x, &label);
		for (int32_t k = 1; k < CLASSES; k++)
			if (distance(x, means[k]) < distance(x, means[best])) best = k;
		right += best == label;
	}
	ck_assert_int_ge(right, 60);
}
END_TEST

START_TEST(refuses_patterns_too_large)
{
	struct synthetic large = { 1, 1, 1024, 1024, 64, 1000, 1 };
	struct rnf_dataset_info info;
	void *self = NULL;
	ck_assert_int_eq(plugin()->open(&rnf_host, &large, NULL, &self, &info), RNF_EINVAL);
	ck_assert_ptr_nonnull(strstr(rnf_fail_words(), "must be at most 268435456"));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		table_and_info, a_function_of_seed_split_and_index,
		classes_can_be_told_apart, refuses_patterns_too_large, NULL,
	};
	return test_run("dataset/synthetic", tests);
}
