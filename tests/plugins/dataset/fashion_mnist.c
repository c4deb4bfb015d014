#include "lib/plugin.h"

#include <string.h>

#include "base/status.h"

enum { N = 3, PIXELS = 784, FILES = 4 };

static uint8_t images[2][16 + N * PIXELS], labels[2][8 + N];

static const struct rnf_dataset_impl *plugin(void)
{
	return test_feature("dataset", "fashion_mnist")->impl;
}

/* Split s has labels s .. s + 2; pixel p of image i is p + i + 100 s. */
static void make(struct rnf_blob blobs[FILES])
{
	static const uint8_t head3[16] = { 0, 0, 8, 3, 0, 0, 0, N, 0, 0, 0, 28, 0, 0, 0, 28 };
	static const uint8_t head1[8] = { 0, 0, 8, 1, 0, 0, 0, N };
	const char *const *files = plugin()->files;
	for (int s = 0; s < 2; s++) {
		memcpy(images[s], head3, sizeof head3);
		memcpy(labels[s], head1, sizeof head1);
		for (int i = 0; i < N * PIXELS; i++)
			images[s][16 + i] = (uint8_t)(i % PIXELS + i / PIXELS + 100 * s);
		for (int i = 0; i < N; i++)
			labels[s][8 + i] = (uint8_t)(s + i);
		blobs[2 * s] = (struct rnf_blob){ files[2 * s], images[s], sizeof images[s] };
		blobs[2 * s + 1] = (struct rnf_blob){ files[2 * s + 1], labels[s], sizeof labels[s] };
	}
}

static void refused(const struct rnf_blob *blobs, const char *words)
{
	void *self = NULL;
	struct rnf_dataset_info info = { 0 };
	ck_assert_int_lt(plugin()->open(&rnf_host, NULL, blobs, &self, &info), 0);
	ck_assert_msg(strstr(rnf_fail_words(), words) != NULL, "%s", rnf_fail_words());
}

START_TEST(reads_both_splits)
{
	struct rnf_blob blobs[FILES];
	void *self = NULL;
	struct rnf_dataset_info info = { 0 };
	uint8_t pixels[PIXELS];
	int32_t label = -1;
	make(blobs);
	plugin()->describe(NULL, &info);
	ck_assert_int_eq(plugin()->open(&rnf_host, NULL, blobs, &self, &info), RNF_OK);
	ck_assert_int_eq(info.images[0], N);
	ck_assert_int_eq(info.images[1], N);
	ck_assert_int_eq(info.h * 10000 + info.w * 100 + info.c, 282801);
	ck_assert_str_eq(info.names[0], "T-shirt/top");
	plugin()->read(self, RNF_SPLIT_TEST, 2, pixels, &label);
	ck_assert_int_eq(label, 3);
	for (int p = 0; p < PIXELS; p++)
		ck_assert_int_eq(pixels[p], (p + 2 + 100) & 255);
}
END_TEST

START_TEST(refuses_wrong_headers)
{
	struct rnf_blob blobs[FILES];
	make(blobs);
	images[0][3] = 1;
	refused(blobs, "train-images-idx3-ubyte is not an IDX file of bytes with 3 dimensions");
	make(blobs);
	images[1][11] = 32;
	refused(blobs, "t10k-images-idx3-ubyte: dimension 1 is 32, must be 28");
	make(blobs);
	blobs[1].size = 7;
	refused(blobs, "train-labels-idx1-ubyte is not an IDX file");
}
END_TEST

START_TEST(refuses_sizes_that_do_not_fit)
{
	struct rnf_blob blobs[FILES];
	make(blobs);
	blobs[0].size--;
	refused(blobs, "train-images-idx3-ubyte: file is truncated: 2367 of 2368 bytes for its 3 "
		"items");
	make(blobs);
	labels[1][7] = N - 1;
	blobs[3].size--;
	refused(blobs, "t10k-images-idx3-ubyte has 3 images, t10k-labels-idx1-ubyte has 2 labels");
	make(blobs);
	blobs[2].data = NULL;
	refused(blobs, "t10k-images-idx3-ubyte is missing");
}
END_TEST

START_TEST(refuses_a_bad_label)
{
	struct rnf_blob blobs[FILES];
	make(blobs);
	labels[0][8 + 2] = 10;
	refused(blobs, "train-labels-idx1-ubyte: record 2 has label 10");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		reads_both_splits, refuses_wrong_headers, refuses_sizes_that_do_not_fit,
		refuses_a_bad_label, NULL,
	};
	return test_run("dataset/fashion_mnist", tests);
}
