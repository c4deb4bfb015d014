/* The augmentations on small images with known pixels. */
#include "lib/plugin.h"

#include <math.h>
#include <string.h>

enum { CAPACITY = 4096 };

static float buffers[2][CAPACITY];
static float target[4];

/* An image whose pixels count up from 0, in the first buffer. */
static struct rnf_image image_of(int64_t h, int64_t w, int64_t c)
{
	for (int i = 0; i < CAPACITY; i++) {
		buffers[0][i] = (float)i;
		buffers[1][i] = -1;
	}
	memset(target, 0, sizeof target);
	target[1] = 1;
	return (struct rnf_image){
		.size = sizeof(struct rnf_image),
		.h = h, .w = w, .c = c, .out_h = h, .out_w = w,
		.capacity = CAPACITY,
		.pixels = buffers[0], .spare = buffers[1],
		.target = target, .classes = 4,
	};
}

static const struct rnf_augment_impl *subject(const char *name)
{
	return test_feature("augment", name)->impl;
}

static struct rnf_random apply(const char *name, const void *conf, uint64_t key,
			       struct rnf_image *image)
{
	struct rnf_random random = { .key = key };
	subject(name)->apply(conf, &random, image);
	return random;
}

static float at(const struct rnf_image *image, int64_t y, int64_t x, int64_t c)
{
	return image->pixels[(y * image->w + x) * image->c + c];
}

struct pad {
	int64_t size;
	int32_t mode; /* 0 zero, 1 reflect */
};

START_TEST(pad_with_zeros)
{
	const struct pad conf = { 2, 0 };
	struct rnf_image image = image_of(3, 4, 2);
	apply("pad", &conf, 1, &image);
	ck_assert_int_eq(subject("pad")->grows(&conf), 4);
	ck_assert_int_eq(image.h, 7);
	ck_assert_int_eq(image.w, 8);
	ck_assert_ptr_ne(image.pixels, image.spare);
	for (int y = 0; y < 7; y++)
		for (int x = 0; x < 8; x++) {
			const int in = y >= 2 && y < 5 && x >= 2 && x < 6;
			const float want = in ? (float)(((y - 2) * 4 + x - 2) * 2 + 1) : 0;
			ck_assert_float_eq(at(&image, y, x, 1), want);
		}
}
END_TEST

/* 0 1 2 3 becomes 3 2 1 | 0 1 2 3 | 2 1 0, and so down. */
START_TEST(pad_by_reflection)
{
	static const int columns[] = { 3, 2, 1, 0, 1, 2, 3, 2, 1, 0 };
	static const int rows[] = { 1, 2, 1, 0, 1, 2, 1, 0, 1 }; /* of 3 */
	const struct pad conf = { 3, 1 };
	struct rnf_image image = image_of(3, 4, 3);
	apply("pad", &conf, 1, &image);
	for (int y = 0; y < 9; y++)
		for (int x = 0; x < 10; x++)
			ck_assert_float_eq(at(&image, y, x, 2),
				(float)((rows[y] * 4 + columns[x]) * 3 + 2));
}
END_TEST

START_TEST(pad_reflects_a_single_pixel)
{
	const struct pad conf = { 2, 1 };
	struct rnf_image image = image_of(1, 1, 1);
	image.pixels[0] = 9;
	apply("pad", &conf, 1, &image);
	for (int i = 0; i < 25; i++)
		ck_assert_float_eq(image.pixels[i], 9);
}
END_TEST

START_TEST(pad_by_nothing)
{
	const struct pad conf = { 0, 1 };
	struct rnf_image image = image_of(3, 4, 2);
	apply("pad", &conf, 1, &image);
	for (int i = 0; i < 24; i++)
		ck_assert_float_eq(image.pixels[i], (float)i);
}
END_TEST

START_TEST(flip_mirrors)
{
	const struct { double p; } always = { 1 }, never = { 0 };
	struct rnf_image image = image_of(2, 5, 3);
	apply("flip", &always, 1, &image);
	for (int y = 0; y < 2; y++)
		for (int x = 0; x < 5; x++)
			ck_assert_float_eq(at(&image, y, x, 1),
				(float)((y * 5 + 4 - x) * 3 + 1));
	image = image_of(2, 5, 3);
	apply("flip", &never, 1, &image);
	ck_assert_float_eq(at(&image, 0, 0, 0), 0);
}
END_TEST

START_TEST(flip_happens_as_often_as_told)
{
	const struct { double p; } conf = { 0.3 };
	int flipped = 0;
	for (uint64_t key = 0; key < 4000; key++) {
		struct rnf_image image = image_of(1, 2, 1);
		apply("flip", &conf, rnf_random_key(5, key), &image);
		flipped += image.pixels[0] > 0;
	}
	ck_assert_int_ge(flipped, 1200 - 150);
	ck_assert_int_le(flipped, 1200 + 150);
}
END_TEST

/* Each of the 3 x 4 places occurs, and each is a window. */
START_TEST(crop_takes_each_window)
{
	int met[3][4] = { { 0 } };
	for (uint64_t key = 0; key < 600; key++) {
		struct rnf_image image = image_of(6, 8, 2);
		image.out_h = 4, image.out_w = 5;
		apply("crop", NULL, rnf_random_key(9, key), &image);
		ck_assert_int_eq(image.h, 4);
		ck_assert_int_eq(image.w, 5);
		const int first = (int)image.pixels[0] / 2, top = first / 8, left = first % 8;
		ck_assert(top < 3 && left < 4);
		met[top][left]++;
		for (int y = 0; y < 4; y++)
			for (int x = 0; x < 5; x++)
				ck_assert_float_eq(at(&image, y, x, 1),
					(float)(((top + y) * 8 + left + x) * 2 + 1));
	}
	for (int i = 0; i < 12; i++)
		ck_assert_int_ge(met[i / 4][i % 4], 20);
}
END_TEST

START_TEST(crop_leaves_the_right_size)
{
	struct rnf_image image = image_of(3, 4, 2);
	const struct rnf_random random = apply("crop", NULL, 1, &image);
	ck_assert_uint_eq(random.counter, 0);
	ck_assert_float_eq(at(&image, 2, 3, 1), 23);
}
END_TEST

struct normalize {
	struct rnf_floats mean, std;
};

START_TEST(normalize_each_channel)
{
	const double mean[] = { 0.4914, 0.4822, 0.4465 }, std[] = { 0.247, 0.2435, 0.2616 };
	const struct normalize conf = { { mean, 3 }, { std, 3 } };
	struct rnf_image image = image_of(4, 5, 3);
	apply("normalize", &conf, 1, &image);
	for (int i = 0; i < 60; i++)
		ck_assert_double_eq_tol(image.pixels[i],
			(i / 255.0 - mean[i % 3]) / std[i % 3], 1e-6);
	ck_assert_uint_eq(subject("normalize")->flags, RNF_AUGMENT_ALWAYS);
}
END_TEST

START_TEST(normalize_with_one_value_or_none)
{
	const double mean = 0.5, std = 0.25;
	const struct normalize one = { { &mean, 1 }, { &std, 1 } };
	const struct normalize none = { { NULL, 0 }, { NULL, 0 } };
	struct rnf_image image = image_of(2, 2, 3);
	apply("normalize", &one, 1, &image);
	for (int i = 0; i < 12; i++)
		ck_assert_double_eq_tol(image.pixels[i], (i / 255.0 - 0.5) / 0.25, 1e-6);
	image = image_of(2, 2, 3);
	apply("normalize", &none, 1, &image);
	for (int i = 0; i < 12; i++)
		ck_assert_double_eq_tol(image.pixels[i], i / 255.0, 1e-6);
}
END_TEST

/* Peer i is an image of 100 + i everywhere, of class 3. */
static void peer(const struct rnf_image *image, int64_t i, float *pixels,
		 int32_t *label)
{
	ck_assert(i >= 0 && i < image->peers);
	for (int64_t j = 0; j < image->h * image->w * image->c; j++)
		pixels[j] = (float)(100 + i);
	*label = 3;
}

struct mixup {
	double alpha;
	int32_t labels; /* 0 dominant, 1 mixed */
};

static struct rnf_image mixable(void)
{
	struct rnf_image image = image_of(2, 2, 3);
	for (int i = 0; i < 12; i++)
		image.pixels[i] = 0;
	image.peers = 1;
	image.peer = peer;
	return image;
}

START_TEST(mixup_mixes_pixels_and_labels)
{
	const struct mixup conf = { 0.4, 1 };
	struct rnf_image image = mixable();
	apply("mixup", &conf, 3, &image);
	const float other = image.pixels[0] / 100;
	ck_assert_float_gt(other, 0);
	for (int i = 0; i < 12; i++)
		ck_assert_float_eq(image.pixels[i], image.pixels[0]);
	ck_assert_float_eq_tol(target[1], 1 - other, 1e-6f);
	ck_assert_float_eq_tol(target[3], other, 1e-6f);
}
END_TEST

/* l ~ Beta(1.4, 0.4) folded at 1/2: its mean by the midpoint rule in the
 * test, the peer's share never above a half, the target untouched. */
START_TEST(mixup_draws_from_its_distribution)
{
	const struct mixup conf = { 0.4, 0 };
	const int draws = 20000, steps = 200000;
	double sum = 0, mass = 0, want = 0;
	for (int i = 0; i < draws; i++) {
		struct rnf_image image = mixable();
		apply("mixup", &conf, rnf_random_key(11, (uint64_t)i), &image);
		const double other = image.pixels[0] / 100;
		ck_assert(other >= 0 && other <= 0.5);
		ck_assert_float_eq(target[1], 1);
		sum += other;
	}
	/* 1 - l = u^2.5 takes the pole at l = 1 out of the density. */
	for (int i = 0; i < steps; i++) {
		const double rest = pow((i + 0.5) / steps, 2.5);
		const double density = pow(1 - rest, 0.4);
		mass += density;
		want += density * fmin(rest, 1 - rest);
	}
	ck_assert_double_eq_tol(sum / draws, want / mass, 0.005);
}
END_TEST

START_TEST(mixup_meets_every_peer)
{
	const struct mixup conf = { 0.4, 1 };
	int met[3] = { 0 };
	for (uint64_t key = 0; key < 300; key++) {
		struct rnf_image image = mixable();
		image.peers = 3;
		apply("mixup", &conf, rnf_random_key(2, key), &image);
		met[(int)image.spare[0] - 100]++;
	}
	for (int i = 0; i < 3; i++)
		ck_assert_int_ge(met[i], 60);
}
END_TEST

START_TEST(mixup_alone_does_nothing)
{
	const struct mixup conf = { 0.4, 1 };
	struct rnf_image image = image_of(2, 2, 3);
	const struct rnf_random random = apply("mixup", &conf, 3, &image);
	ck_assert_uint_eq(random.counter, 0);
	for (int i = 0; i < 12; i++)
		ck_assert_float_eq(image.pixels[i], (float)i);
	ck_assert_float_eq(target[1], 1);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		pad_with_zeros,
		pad_by_reflection,
		pad_reflects_a_single_pixel,
		pad_by_nothing,
		flip_mirrors,
		flip_happens_as_often_as_told,
		crop_takes_each_window,
		crop_leaves_the_right_size,
		normalize_each_channel,
		normalize_with_one_value_or_none,
		mixup_mixes_pixels_and_labels,
		mixup_draws_from_its_distribution,
		mixup_meets_every_peer,
		mixup_alone_does_nothing,
		NULL,
	};
	return test_run("augment", tests);
}
