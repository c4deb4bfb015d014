#include "lib/plugin.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"

enum { RECORD = 3073, FILES = 6 };

static uint8_t bytes[FILES][2 * RECORD];

/* Two records a file; labels count up, pixel p of channel c is p + 50 c. */
static void make(struct rnf_blob blobs[FILES])
{
	const struct rnf_dataset_impl *impl = test_feature("dataset", "cifar10")->impl;
	for (int f = 0; f < FILES; f++) {
		blobs[f] = (struct rnf_blob){ impl->files[f], bytes[f], sizeof bytes[f] };
		for (int i = 0; i < 2; i++) {
			uint8_t *record = bytes[f] + i * RECORD;
			record[0] = (uint8_t)((2 * f + i) % 10);
			for (int p = 0; p < 3072; p++)
				record[1 + p] = (uint8_t)(p % 1024 + 50 * (p / 1024));
		}
	}
}

static int warnings;
static char warning[256];

static void keep_log(enum rnf_level level, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(warning, sizeof warning, format, args);
	va_end(args);
	warnings += level == RNF_LOG_WARNING;
}

static rnf_status open_blobs(const struct rnf_blob *blobs, void **self,
			     struct rnf_dataset_info *info)
{
	const struct rnf_dataset_impl *impl = test_feature("dataset", "cifar10")->impl;
	impl->describe(NULL, info);
	struct rnf_host host = rnf_host;
	host.log = keep_log;
	warnings = 0;
	return impl->open(&host, NULL, blobs, self, info);
}

static void refused(const struct rnf_blob *blobs, const char *words)
{
	void *self = NULL;
	struct rnf_dataset_info info = { 0 };
	ck_assert_int_lt(open_blobs(blobs, &self, &info), 0);
	ck_assert_msg(strstr(rnf_fail_words(), words) != NULL, "%s", rnf_fail_words());
}

START_TEST(reads_records_of_both_splits)
{
	const struct rnf_dataset_impl *impl = test_feature("dataset", "cifar10")->impl;
	struct rnf_blob blobs[FILES];
	void *self = NULL;
	struct rnf_dataset_info info = { 0 };
	uint8_t pixels[3072];
	int32_t label = -1;
	make(blobs);
	blobs[1].size = RECORD; /* files may differ in length */
	ck_assert_int_eq(open_blobs(blobs, &self, &info), RNF_OK);
	ck_assert_int_eq(info.images[RNF_SPLIT_TRAIN], 9);
	ck_assert_int_eq(info.images[RNF_SPLIT_TEST], 2);
	ck_assert_int_eq(info.h * 10000 + info.w * 100 + info.c, 323203);
	ck_assert_str_eq(info.names[9], "truck");
	impl->read(self, RNF_SPLIT_TRAIN, 3, pixels, &label);
	ck_assert_int_eq(label, 4); /* the first of data_batch_3 */
	impl->read(self, RNF_SPLIT_TEST, 1, pixels, &label);
	ck_assert_int_eq(label, 1);
	for (int p = 0; p < 1024; p++)
		for (int c = 0; c < 3; c++)
			ck_assert_int_eq(pixels[p * 3 + c], (p + 50 * c) & 255);
}
END_TEST

START_TEST(warns_once_of_short_files)
{
	static uint8_t whole[10000 * RECORD];
	struct rnf_blob blobs[FILES];
	void *self = NULL;
	struct rnf_dataset_info info = { 0 };
	make(blobs);
	ck_assert_int_eq(open_blobs(blobs, &self, &info), RNF_OK);
	ck_assert_int_eq(warnings, 1);
	for (int f = 0; f < FILES; f++) {
		blobs[f].data = whole;
		blobs[f].size = sizeof whole;
	}
	ck_assert_int_eq(open_blobs(blobs, &self, &info), RNF_OK);
	ck_assert_int_eq(warnings, 0);
	blobs[3].size = RECORD;
	ck_assert_int_eq(open_blobs(blobs, &self, &info), RNF_OK);
	ck_assert_int_eq(warnings, 1);
	ck_assert_str_eq(warning, "data_batch_4.bin has 1 images, "
			 "the published one has 10000");
}
END_TEST

START_TEST(refuses_a_cut_file)
{
	struct rnf_blob blobs[FILES];
	make(blobs);
	blobs[2].size--;
	refused(blobs, "data_batch_3.bin has 6145 bytes, must be a multiple of 3073 "
			"(30730000 as published): record 1");
	blobs[2].size = 0;
	refused(blobs, "data_batch_3.bin has 0 bytes");
	blobs[2].data = NULL;
	refused(blobs, "data_batch_3.bin is missing");
}
END_TEST

START_TEST(refuses_a_bad_label)
{
	struct rnf_blob blobs[FILES];
	make(blobs);
	bytes[5][RECORD] = 10;
	refused(blobs, "test_batch.bin: record 1 has label 10");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		reads_records_of_both_splits, warns_once_of_short_files,
		refuses_a_cut_file, refuses_a_bad_label, NULL,
	};
	return test_run("dataset/cifar10", tests);
}
