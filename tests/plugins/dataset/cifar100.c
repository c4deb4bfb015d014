#include "lib/plugin.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/status.h"

enum { RECORD = 3074 };

static uint8_t bytes[2][3 * RECORD];
static char warning[256];

static void keep_log(enum rnf_level level, const char *format, ...)
{
	va_list args;
	(void)level;
	va_start(args, format);
	vsnprintf(warning, sizeof warning, format, args);
	va_end(args);
}

static const struct rnf_dataset_impl *impl(void)
{
	return test_feature("dataset", "cifar100")->impl;
}

/* Record i of split s has the labels i + 3 s and 90 + i, and in plane k of pixel p p + 50 k. */
static void make(struct rnf_blob blobs[2])
{
	for (int s = 0; s < 2; s++) {
		blobs[s] = (struct rnf_blob){ impl()->files[s], bytes[s], s ? RECORD : 3 * RECORD };
		for (int i = 0; i < 3; i++) {
			uint8_t *record = bytes[s] + i * RECORD;
			record[0] = (uint8_t)(i + 3 * s);
			record[1] = (uint8_t)(90 + i);
			for (int p = 0; p < 3072; p++)
				record[2 + p] = (uint8_t)(p % 1024 + 50 * (p / 1024));
		}
	}
}

static rnf_status open_blobs(const struct rnf_blob *blobs, int32_t coarse, void **self,
			     struct rnf_dataset_info *info)
{
	static int32_t conf;
	struct rnf_host host = rnf_host;
	host.log = keep_log;
	conf = coarse;
	impl()->describe(&conf, info);
	return impl()->open(&host, &conf, blobs, self, info);
}

static const struct { int32_t classes, first; const char *last; } kinds[] = {
	{ 100, 90, "worm" }, { 20, 0, "vehicles_2" },
};

START_TEST(reads_records_with_either_label)
{
	struct rnf_blob blobs[2];
	struct rnf_dataset_info info = { 0 };
	void *self;
	uint8_t pixels[3072];
	int32_t label;
	make(blobs);
	ck_assert_msg(open_blobs(blobs, _i, &self, &info) == RNF_OK, "%s", rnf_fail_words());
	ck_assert_int_eq(info.images[RNF_SPLIT_TRAIN], 3);
	ck_assert_int_eq(info.images[RNF_SPLIT_TEST], 1);
	ck_assert_int_eq(info.classes, kinds[_i].classes);
	ck_assert_str_eq(info.names[info.classes - 1], kinds[_i].last);
	for (int64_t k = 1; k < info.classes; k++)
		ck_assert_int_lt(strcmp(info.names[k - 1], info.names[k]), 0);
	impl()->read(self, RNF_SPLIT_TRAIN, 2, NULL, &label);
	ck_assert_int_eq(label, kinds[_i].first + 2);
	impl()->read(self, RNF_SPLIT_TEST, 0, pixels, &label);
	ck_assert_int_eq(label, _i ? 3 : 90);
	for (int p = 0; p < 1024; p++)
		for (int c = 0; c < 3; c++)
			ck_assert_int_eq(pixels[p * 3 + c], (p + 50 * c) & 255);
	ck_assert_str_eq(warning, "test.bin has 1 images, the published one has 10000");
}
END_TEST

static void refused(const struct rnf_blob *blobs, const char *words)
{
	struct rnf_dataset_info info = { 0 };
	void *self;
	ck_assert_int_lt(open_blobs(blobs, 0, &self, &info), 0);
	ck_assert_msg(strstr(rnf_fail_words(), words) != NULL, "%s", rnf_fail_words());
}

START_TEST(refuses_what_is_cut_or_out_of_range)
{
	struct rnf_blob blobs[2];
	make(blobs);
	blobs[0].size--;
	refused(blobs, "train.bin has 9221 bytes, must be a multiple of 3074 (153700000 as "
		"published): record 2 is cut");
	make(blobs);
	bytes[1][0] = 20;
	refused(blobs, "test.bin: record 0 has label 20, must be 0..19");
	make(blobs);
	bytes[0][RECORD + 1] = 100;
	refused(blobs, "train.bin: record 1 has label 100, must be 0..99");
	blobs[0].data = NULL;
	refused(blobs, "train.bin is missing");
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ reads_records_with_either_label, TEST_ROWS(kinds) },
		{ refuses_what_is_cut_or_out_of_range, 0 }, { NULL, 0 },
	};
	return test_run_cases("dataset/cifar100", cases);
}
