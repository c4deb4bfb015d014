#include "lib/plugin.h"

#include <math.h>
#include <string.h>

#include "base/status.h"
#include "base/stream.h"
#include "data/batcher.h"
#include "plugin/param.h"

enum { H = 5, W = 4, C = 3, OUT = 4, CLASSES = 3, N = 11, IMAGES = 20 };
enum { GAP = 4 }; /* floats between two images that belong to none */

/* -- a dataset and two augmentations of our own -- */

static rnf_status read_image(const void *self, int split, int64_t i, uint8_t *pixels,
		       int32_t *label)
{
	(void)self;
	for (int k = 0; k < H * W * C; k++)
		pixels[k] = (uint8_t)(split * 100 + i * 7 + k);
	*label = (int32_t)(i % CLASSES);
	return RNF_OK;
}

/* Drops the first row, adds noise, mixes a peer in, and swaps the buffers. */
static void apply_mix(const void *self, struct rnf_random *random,
		      struct rnf_image *image)
{
	(void)self;
	int32_t label = -1;
	const int64_t row = image->w * image->c;
	image->peer(image, (int64_t)rnf_random_below(random, (uint64_t)image->peers),
		    image->spare, &label);
	for (int64_t k = 0; k < image->classes; k++)
		image->target[k] *= 0.5f;
	image->target[label] += 0.5f;
	for (int64_t k = row; k < image->h * row; k++)
		image->spare[k - row] = image->pixels[k] + 1000.0f * image->spare[k] +
			(float)rnf_random_uniform(random);
	image->h--;
	float *swap = image->pixels;
	image->pixels = image->spare;
	image->spare = swap;
}

/* In evaluation too: crops the rows to what the model takes. */
static void apply_scale(const void *self, struct rnf_random *random,
			struct rnf_image *image)
{
	(void)random;
	image->h = OUT;
	for (int64_t k = 0; k < image->h * image->w * image->c; k++)
		image->pixels[k] *= *(const float *)self;
}

static const float half = 0.5f;
static const struct rnf_dataset_impl dataset = { .read = read_image };
static const struct rnf_augment_impl mix = { .flags = RNF_AUGMENT_MIXES, .apply = apply_mix };
static const struct rnf_augment_impl scale = {
	.flags = RNF_AUGMENT_ALWAYS, .apply = apply_scale };
static const struct rnf_feature features[] = {
	{ .kind = "augment", .name = "mix", .impl = &mix },
	{ .kind = "augment", .name = "scale", .impl = &scale } };
static const struct rnf_ref refs[] = {
	{ .feature = &features[0] }, { .feature = &features[1], .conf = &half } };
static const struct rnf_ref *const list[] = { &refs[0], &refs[1] };
static const struct rnf_dataset_info info = {
	.images = { IMAGES, IMAGES }, .h = H, .w = W, .c = C, .classes = CLASSES };
static const struct rnf_batcher_conf conf = {
	.dataset = &dataset, .info = &info, .augment = { list, 2 },
	.train_augment = 1, .seed = 42, .out_h = OUT, .out_w = W };

struct out {
	float x[N][OUT * W * C + GAP], target[N][CLASSES];
};

static const int64_t samples[N] = { 3, 1, 4, 15, 9, 2, 6, 5, 19, 8, 0 };
static const int64_t peers[] = { 7, 11, 13 };

static void fill(const struct rnf_batcher_conf *with, int threads, int64_t epoch,
		 int training, struct out *out)
{
	struct rnf_threads *pool = threads ? rnf_threads_create(threads) : NULL;
	struct rnf_batcher *batcher;
	ck_assert_msg(rnf_batcher_create(with, threads ? threads : 1, &batcher) == RNF_OK, "%s",
		      rnf_fail_words());
	memset(out, 0xff, sizeof *out);
	rnf_batch_fill(batcher, pool, samples, training ? RNF_SPLIT_TRAIN : RNF_SPLIT_TEST,
		       N, epoch, training, peers, 3, out->x[0], OUT * W * C + GAP,
		       out->target[0]);
	rnf_threads_destroy(pool);
}

START_TEST(same_bits_on_any_threads)
{
	struct out want, got;
	fill(&conf, 0, 1, 1, &want);
	for (int threads = 1; threads <= 3; threads++) {
		fill(&conf, threads, 1, 1, &got);
		ck_assert(memcmp(&want, &got, sizeof got) == 0);
	}
}
END_TEST

START_TEST(other_by_epoch_and_seed)
{
	struct out want, got;
	struct rnf_batcher_conf other = conf;
	other.seed++;
	fill(&conf, 2, 1, 1, &want);
	fill(&conf, 2, 2, 1, &got);
	ck_assert(memcmp(&want, &got, sizeof got) != 0);
	fill(&other, 2, 1, 1, &got);
	ck_assert(memcmp(&want, &got, sizeof got) != 0);
}
END_TEST

static void check_raw(const struct out *out, int split)
{
	for (int64_t i = 0; i < N; i++) {
		for (int k = 0; k < OUT * W * C; k++)
			ck_assert_float_eq(out->x[i][k], 0.5f *
				(float)(uint8_t)(split * 100 + samples[i] * 7 + k));
		for (int k = OUT * W * C; k < OUT * W * C + GAP; k++)
			ck_assert_msg(isnan(out->x[i][k]), "written behind image %d", (int)i);
		for (int k = 0; k < CLASSES; k++)
			ck_assert_float_eq(out->target[i][k],
					   (float)(samples[i] % CLASSES == k));
	}
}

START_TEST(evaluation_only_normalises)
{
	struct out out;
	fill(&conf, 2, 1, 0, &out);
	check_raw(&out, RNF_SPLIT_TEST);
	struct rnf_batcher_conf plain = conf;
	plain.train_augment = 0;
	fill(&plain, 2, 1, 1, &out);
	check_raw(&out, RNF_SPLIT_TRAIN);
}
END_TEST

/* The stream is that of (seed, epoch, sample): a peer index, then noise. */
START_TEST(the_stream_and_the_peers)
{
	struct out out;
	fill(&conf, 3, 6, 1, &out);
	for (int64_t i = 0; i < N; i++) {
		struct rnf_random random = { rnf_random_key(rnf_stream_key(
			42, RNF_STREAM_IMAGE, 6), (uint64_t)samples[i]), 0 };
		const int64_t peer = peers[rnf_random_below(&random, 3)];
		for (int k = 0; k < OUT * W * C; k++) {
			const float noise = (float)rnf_random_uniform(&random);
			const float own = (float)(uint8_t)(samples[i] * 7 + k + W * C);
			const float mixed = (float)(uint8_t)(peer * 7 + k + W * C);
			ck_assert_float_eq(out.x[i][k],
					   0.5f * (own + 1000.0f * mixed + noise));
		}
		ck_assert_float_eq(out.target[i][peer % CLASSES],
				   peer % CLASSES == samples[i] % CLASSES ? 1 : 0.5f);
	}
}
END_TEST

START_TEST(wrong_size_is_told)
{
	struct rnf_batcher_conf wrong = conf;
	wrong.augment.n = 0;
	struct rnf_batcher *batcher;
	ck_assert_int_eq(rnf_batcher_create(&wrong, 1, &batcher), RNF_EINVAL);
	ck_assert_ptr_nonnull(strstr(rnf_fail_words(), "5x4"));
}
END_TEST

static void apply_nothing(const void *self, struct rnf_random *random, struct rnf_image *image)
{
	(void)self, (void)random;
	ck_assert_int_eq(image->peers, 0); /* it did not say that it mixes */
}

static const struct rnf_augment_impl nothing = { .apply = apply_nothing };
static const struct rnf_feature more_features[] = {
	{ .kind = "augment", .name = "nothing", .impl = &nothing } };
static const struct rnf_ref harmless = { .feature = &more_features[0] };

/* A peer is raw and of the data set's size: behind scale, which also runs in evaluation,
 * the image is not, nor behind mix, which drops a row. */
static const struct {
	const struct rnf_ref *at[3];
	const char *words;
} orders[] = {
	{ { &harmless, &refs[0], &refs[1] }, NULL },
	{ { &refs[1], &harmless, &refs[0] },
	  "data.augment: mix mixes in images as the data set has them, so it must stand before "
	  "scale, which changes them" },
	{ { &refs[0], &refs[0], &refs[1] }, "it must stand before mix" },
};

START_TEST(mixing_comes_before_what_changes_sizes)
{
	struct rnf_batcher_conf other = conf;
	other.augment = (struct rnf_refs){ (const struct rnf_ref *const *)orders[_i].at, 3 };
	struct rnf_batcher *batcher;
	const rnf_status status = rnf_batcher_create(&other, 1, &batcher);
	if (!orders[_i].words) {
		ck_assert_msg(status == RNF_OK, "%s", rnf_fail_words());
		return;
	}
	ck_assert_int_eq(status, RNF_EINVAL);
	ck_assert_msg(strstr(rnf_fail_words(), orders[_i].words) != NULL, "%s",
		      rnf_fail_words());
	other.train_augment = 0; /* then only scale runs, and all is well */
	ck_assert_msg(rnf_batcher_create(&other, 1, &batcher) == RNF_OK, "%s", rnf_fail_words());
}
END_TEST

/* -- frames -- */

/* In evaluation the last rows, in training from a drawn row on. */
static void frame_rows(const void *self, struct rnf_random *random, struct rnf_frame *frame)
{
	(void)self;
	frame->height = frame->h = OUT;
	frame->top = random ? (int64_t)rnf_random_below(random, H - OUT + 1) : H - OUT;
}

static void add_noise(const void *self, struct rnf_random *random, struct rnf_image *image)
{
	(void)self;
	image->pixels[0] += (float)rnf_random_uniform(random);
}

/* The second pixel of the last peer in the place of its own. */
static void peek(const void *self, struct rnf_random *random, struct rnf_image *image)
{
	(void)self, (void)random;
	int32_t label;
	image->peer(image, image->peers - 1, image->spare, &label);
	image->pixels[1] = image->spare[1];
}

static const struct rnf_augment_impl rows = {
	.frame = frame_rows, .flags = RNF_AUGMENT_DRAWS | RNF_AUGMENT_ALWAYS };
static const struct rnf_augment_impl noise = { .apply = add_noise };
static const struct rnf_augment_impl peeks = { .apply = peek, .flags = RNF_AUGMENT_MIXES };
static const struct rnf_feature framing[] = {
	{ .kind = "augment", .name = "rows", .impl = &rows },
	{ .kind = "augment", .name = "noise", .impl = &noise },
	{ .kind = "augment", .name = "peek", .impl = &peeks } };
static const struct rnf_ref framing_refs[] = {
	{ .feature = &framing[0] }, { .feature = &framing[1] }, { .feature = &framing[2] } };
static const struct rnf_ref *const framed[] = { &framing_refs[0], &framing_refs[1],
						&framing_refs[2] };
static const struct rnf_ref *const behind[] = { &framing_refs[1], &framing_refs[0] };

/* The number that an image's stream draws first. */
static int64_t top_of(int64_t sample, struct rnf_random *random)
{
	*random = (struct rnf_random){ rnf_random_key(rnf_stream_key(
		42, RNF_STREAM_IMAGE, 3), (uint64_t)sample), 0 };
	return (int64_t)rnf_random_below(random, H - OUT + 1);
}

/* The stream goes on behind the frame; a peer comes in the frame that is its own. */
START_TEST(frames_come_first)
{
	struct rnf_batcher_conf other = conf;
	struct out out;
	int64_t tops[2] = { 0 };
	other.augment = (struct rnf_refs){ framed, 3 };
	fill(&other, 2, 3, 1, &out);
	for (int64_t i = 0; i < N; i++) {
		struct rnf_random random, peers_own;
		const int64_t top = top_of(samples[i], &random), row = W * C;
		const float own = (float)(uint8_t)(samples[i] * 7 + top * row);
		const float other_one = (float)(uint8_t)(13 * 7 + top_of(13, &peers_own) * row + 1);
		ck_assert_float_eq(out.x[i][0], own + (float)rnf_random_uniform(&random));
		ck_assert_float_eq(out.x[i][1], other_one);
		ck_assert_float_eq(out.x[i][2], own + 2);
		tops[top]++;
	}
	ck_assert(tops[0] > 0 && tops[1] > 0);
	fill(&other, 2, 3, 0, &out);
	for (int64_t i = 0; i < N; i++)
		ck_assert_float_eq(out.x[i][0], (float)(uint8_t)(100 + samples[i] * 7 + W * C));
}
END_TEST

/* Image i has 4 + i % 3 rows and 4 + i % 2 columns, here; the first row is of its number. */
static rnf_status read_one(const void *self, int split, int64_t i, uint8_t *pixels, int32_t *label)
{
	(void)self, (void)split;
	const int64_t n = (4 + i % 3) * (4 + i % 2) * C, row = (4 + i % 2) * C;
	*label = 0;
	for (int64_t k = 0; pixels && k < n; k++)
		pixels[k] = (uint8_t)(k < row ? i : 100 + i);
	return RNF_OK;
}

static void size_one(const void *self, int split, int64_t i, int64_t *h, int64_t *w)
{
	(void)self, (void)split;
	*h = 4 + i % 3;
	*w = 4 + i % 2;
}

/* The upper left corner, of the model's size; or, by its conf, the image but for a row. */
static void frame_corner(const void *self, struct rnf_random *random, struct rnf_frame *frame)
{
	(void)random;
	frame->height = frame->h = self ? frame->from_h - 1 : frame->out_h;
	frame->width = frame->w = self ? frame->from_w : frame->out_w;
}

START_TEST(images_of_several_sizes)
{
	static const struct rnf_augment_impl corner = { .frame = frame_corner };
	static const struct rnf_feature feature = { .kind = "augment", .name = "corner", .impl = &corner };
	static const struct rnf_ref good = { .feature = &feature }, bad = { .feature = &feature,
									     .conf = &half };
	static const struct rnf_ref *const corners[] = { &good }, *const rests[] = { &bad };
	static const struct rnf_dataset_impl sizes = { .read = read_one, .size = size_one };
	struct rnf_batcher_conf other = conf;
	struct out out;
	other.dataset = &sizes;
	other.augment = (struct rnf_refs){ corners, 1 };
	fill(&other, 3, 1, 1, &out);
	for (int64_t i = 0; i < N; i++)
		for (int k = 0; k < OUT * W * C; k++)
			ck_assert_float_eq(out.x[i][k], (float)(samples[i] + (k < W * C ? 0 : 100)));
	other.augment = (struct rnf_refs){ rests, 1 };
	ck_assert_int_eq(rnf_batcher_check(&other), RNF_EINVAL);
	ck_assert_str_eq(rnf_fail_words(), "data.augment: images of 4x4 and of 5x5 come out of its "
			 "first steps in two sizes: add resize or center_crop");
}
END_TEST

START_TEST(frames_behind_others_are_refused)
{
	struct rnf_batcher_conf other = conf;
	other.augment = (struct rnf_refs){ behind, 2 };
	ck_assert_int_eq(rnf_batcher_check(&other), RNF_EINVAL);
	ck_assert_str_eq(rnf_fail_words(), "data.augment: rows takes images as the data set has "
			 "them, so it must stand before noise");
	other.augment = (struct rnf_refs){ framed, 3 };
	ck_assert_int_eq(rnf_batcher_check(&other), RNF_OK);
	ck_assert_double_gt(rnf_batcher_bytes(&other, 1), rnf_batcher_bytes(&conf, 1));
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ same_bits_on_any_threads, 0 }, { other_by_epoch_and_seed, 0 },
		{ evaluation_only_normalises, 0 }, { the_stream_and_the_peers, 0 },
		{ wrong_size_is_told, 0 },
		{ mixing_comes_before_what_changes_sizes, TEST_ROWS(orders) },
		{ frames_come_first, 0 }, { images_of_several_sizes, 0 },
		{ frames_behind_others_are_refused, 0 }, { NULL, 0 },
	};
	return test_run_cases("data/batcher", cases);
}
