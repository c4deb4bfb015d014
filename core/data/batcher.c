#include "data/batcher.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/running.h"
#include "base/status.h"
#include "base/stream.h"
#include "data/frames.h"

/* Buffers of one worker, and the batch that its image belongs to. */
struct worker {
	struct rnf_batcher *batcher;
	uint8_t *bytes, *more;  /* [h][w][c] as read; the same again if there are frames */
	void *scratch;          /* of the frames */
	const struct batch *batch;
	float *pixels, *spare;  /* capacity floats each, then the guard */
};

/* A step cannot fail while it runs, so a breach is kept until somebody asks. */
enum breach { BREACH_NONE, BREACH_LABEL, BREACH_PEER, BREACH_READ };

/* Behind the buffers of an image: a write here has overrun them. */
enum { GUARD = 16, GROWS_MAX = 65536 };
static const float guard = -0x1.2345p-100f;

struct rnf_batcher {
	struct rnf_batcher_conf conf;
	struct rnf_frames frames; /* the first of conf.augment; the others stand behind them */
	size_t capacity;
	int n_workers;
	struct worker *workers;
	_Atomic int breach;
	_Atomic int64_t number; /* the label, the peer or the status */
	char words[RNF_LINE_BYTES]; /* why an image was not read */
	const struct rnf_feature *_Atomic whose;
};

struct batch {
	struct rnf_batcher *batcher;
	const int64_t *samples, *peers;
	int64_t n, n_peers, epoch;
	int split, training, workers;
	float *x, *target;
	int64_t stride; /* floats of x from one image to the next */
};

static const struct rnf_augment_impl *augment_impl(const struct rnf_ref *ref)
{
	return ref->feature->impl;
}

/* Report the first breach only. It is asked for when no worker runs. */
static void note(struct rnf_batcher *b, enum breach breach, int64_t number)
{
	int none = BREACH_NONE;
	if (!atomic_compare_exchange_strong(&b->breach, &none, (int)breach)) return;
	if (breach == BREACH_READ) snprintf(b->words, sizeof b->words, "%s", rnf_fail_words());
	atomic_store(&b->number, number);
	atomic_store(&b->whose, rnf_running_feature());
}

rnf_status rnf_batcher_breach(struct rnf_batcher *b)
{
	const int breach = atomic_exchange(&b->breach, BREACH_NONE);
	if (breach == BREACH_NONE) return RNF_OK;
	const struct rnf_feature *f = atomic_load(&b->whose);
	const char *name = f ? rnf_format("%s.%s", f->kind, f->name) : "the data set";
	const int64_t n = atomic_load(&b->number);
	if (breach == BREACH_READ) return rnf_fail_again((rnf_status)n, b->words);
	if (breach == BREACH_LABEL)
		return rnf_fail(RNF_EPLUGIN, "%s: an image has the label %" PRId64 ", must be 0 .. %"
				PRId64, name, n, b->conf.info->classes - 1);
	return rnf_fail(RNF_EPLUGIN, "%s: asks for the peer %" PRId64 " of an image, must be below its "
			"`peers`, which are 0 without RNF_AUGMENT_MIXES", name, n);
}

static int all_take_part(const struct batch *batch)
{
	return batch->training && batch->batcher->conf.train_augment;
}

/* pixels[h][w][c] of a sample, 0..255, framed. */
static void read_raw(struct worker *w, int split, int64_t i, struct rnf_random *random,
		     float *pixels, int32_t *label)
{
	const struct rnf_batcher_conf *conf = &w->batcher->conf;
	const struct rnf_frames *frames = &w->batcher->frames;
	const struct rnf_dataset_info *info = conf->info;
	const struct rnf_feature *before = rnf_running_set(conf->feature);
	const rnf_status status = conf->dataset->read(conf->self, split, i, w->bytes, label);
	if (status < 0) note(w->batcher, BREACH_READ, status);
	if (*label < 0 || *label >= info->classes) {
		note(w->batcher, BREACH_LABEL, *label);
		*label = 0;
	}
	rnf_running_set(before);
	struct rnf_frames own = *frames;
	if (conf->dataset->size) conf->dataset->size(conf->self, split, i, &own.from_h, &own.from_w);
	const uint8_t *framed = rnf_frames_apply(&own, all_take_part(w->batch) ? random : NULL,
						 w->bytes, w->more, w->scratch);
	const int64_t n = frames->h * frames->w * info->c;
	for (int64_t k = 0; k < n; k++)
		pixels[k] = (float)framed[k];
}

static struct rnf_random image_random(const struct batch *batch, int64_t sample)
{
	const uint64_t epoch = rnf_stream_key(batch->batcher->conf.seed, RNF_STREAM_IMAGE,
					      (uint64_t)batch->epoch);
	return (struct rnf_random){ rnf_random_key(epoch, (uint64_t)sample), 0 };
}

static void read_peer(const struct rnf_image *image, int64_t i, float *pixels,
		      int32_t *label)
{
	/* The image's context belongs to this worker alone. */
	struct worker *w = (struct worker *)(uintptr_t)image->context;
	const struct batch *batch = w->batch;
	int32_t ignored;
	if (i < 0 || i >= image->peers || i >= batch->n_peers) {
		note(w->batcher, BREACH_PEER, i);
		if (batch->n_peers <= 0) return;
		i = 0;
	}
	struct rnf_random random = image_random(batch, batch->peers[i]); /* its own of the epoch */
	read_raw(w, RNF_SPLIT_TRAIN, batch->peers[i], &random, pixels, label ? label : &ignored);
}

static struct rnf_image new_image(struct worker *w, const struct batch *batch,
				  float *target)
{
	const struct rnf_batcher_conf *conf = &w->batcher->conf;
	return (struct rnf_image){
		.size = sizeof(struct rnf_image),
		.h = w->batcher->frames.h, .w = w->batcher->frames.w, .c = conf->info->c,
		.out_h = conf->out_h, .out_w = conf->out_w,
		.capacity = w->batcher->capacity,
		.pixels = w->pixels, .spare = w->spare,
		.target = target, .classes = conf->info->classes,
		.peers = batch->n_peers, .peer = read_peer, .context = w,
	};
}

static void set_target(struct rnf_image *image, int32_t label)
{
	memset(image->target, 0, (size_t)image->classes * sizeof *image->target);
	if (label >= 0 && label < image->classes) image->target[label] = 1.0f;
}

static void apply(const struct rnf_ref *ref, struct rnf_random *random,
		  struct rnf_image *image)
{
	const struct rnf_augment_impl *impl = augment_impl(ref);
	const int64_t peers = image->peers;
	if (!(impl->flags & RNF_AUGMENT_MIXES)) image->peers = 0;
	rnf_running_set(ref->feature);
	impl->apply(ref->conf, random, image);
	rnf_running_set(NULL);
	image->peers = peers;
}

static int takes_part(const struct batch *batch, const struct rnf_ref *ref)
{
	return all_take_part(batch) || augment_impl(ref)->flags & RNF_AUGMENT_ALWAYS;
}

static void augment(const struct batch *batch, struct rnf_random *random,
		    struct rnf_image *image)
{
	const struct rnf_batcher *b = batch->batcher;
	for (size_t i = b->frames.list.n; i < b->conf.augment.n; i++)
		if (takes_part(batch, b->conf.augment.at[i]))
			apply(b->conf.augment.at[i], random, image);
}

static struct rnf_image read_image(const struct batch *batch, struct worker *w,
				   int64_t sample, struct rnf_random *random, float *target)
{
	struct rnf_image image = new_image(w, batch, target);
	int32_t label = -1;
	w->batch = batch;
	read_raw(w, batch->split, sample, random, image.pixels, &label);
	set_target(&image, label);
	return image;
}

static struct rnf_image load(const struct batch *batch, struct worker *w,
			     int64_t sample, float *target)
{
	struct rnf_random random = image_random(batch, sample);
	struct rnf_image image = read_image(batch, w, sample, &random, target);
	augment(batch, &random, &image);
	return image;
}

/* Copy the image's pixels to x[out_h][out_w][c]. create() has checked that the sizes
 * agree; if an image differs all the same, the rest of it is black. */
static void emit(const struct rnf_image *image, float *x)
{
	const int64_t row = image->out_w * image->c, own = image->w * image->c;
	const int64_t rows = image->h < image->out_h ? image->h : image->out_h;
	const int64_t width = own < row ? own : row;
	if (rows < image->out_h || width < row)
		memset(x, 0, (size_t)(image->out_h * row) * sizeof *x);
	for (int64_t y = 0; y < rows; y++)
		memcpy(x + y * row, image->pixels + y * own,
		       (size_t)width * sizeof *x);
}

static void fill_share(void *arg, int index)
{
	const struct batch *batch = arg;
	const struct rnf_batcher_conf *conf = &batch->batcher->conf;
	int64_t i, to;
	rnf_threads_share(batch->n, index, batch->workers, &i, &to);
	for (; i < to; i++) {
		const struct rnf_image image =
			load(batch, &batch->batcher->workers[index],
			     batch->samples[i],
			     batch->target + i * conf->info->classes);
		emit(&image, batch->x + i * batch->stride);
	}
}

void rnf_batch_fill(struct rnf_batcher *batcher, struct rnf_threads *threads,
		    const int64_t *samples, int split, int64_t n, int64_t epoch,
		    int training, const int64_t *peers, int64_t n_peers,
		    float *x, int64_t stride, float *target)
{
	struct batch batch = {
		.batcher = batcher, .samples = samples, .split = split, .n = n,
		.epoch = epoch, .training = training, .peers = peers,
		.n_peers = peers ? n_peers : 0, .x = x, .stride = stride, .target = target,
		.workers = threads ? rnf_threads_count(threads) : 1,
	};
	if (threads && n > 1 && batch.workers <= batcher->n_workers) {
		rnf_threads_run(threads, fill_share, &batch);
		return;
	}
	batch.workers = 1; /* fewer images or buffers than threads */
	fill_share(&batch, 0);
}

static struct rnf_frames frames_of(const struct rnf_batcher_conf *conf)
{
	return (struct rnf_frames){
		.list = rnf_frames_first(conf->augment, 0),
		.from_h = conf->info->h, .from_w = conf->info->w, .c = conf->info->c,
		.out_h = conf->out_h, .out_w = conf->out_w };
}

static rnf_status refuse_sizes(const struct rnf_frames *frames, const struct rnf_frames *other)
{
	return rnf_fail(RNF_EINVAL, "data.augment: images of %" PRId64 "x%" PRId64 " and of %" PRId64 "x%"
			PRId64 " come out of its first steps in two sizes: add resize or center_crop",
			frames->from_w, frames->from_h, other->from_w, other->from_h);
}

/* One more image, if images differ in size: room for it, too. */
static rnf_status plan_one(const struct rnf_batcher_conf *conf, int split, int64_t i,
			   struct rnf_frames *frames)
{
	struct rnf_frames own = *frames;
	conf->dataset->size(conf->self, split, i, &own.from_h, &own.from_w);
	if (own.from_h == frames->from_h && own.from_w == frames->from_w) return RNF_OK;
	RNF_TRY(rnf_frames_plan(&own));
	if (own.h != frames->h || own.w != frames->w) return refuse_sizes(frames, &own);
	if (own.bytes > frames->bytes) frames->bytes = own.bytes;
	if (own.scratch > frames->scratch) frames->scratch = own.scratch;
	return RNF_OK;
}

/* What all images come out as, and room for the largest. */
static rnf_status plan_frames(const struct rnf_batcher_conf *conf, struct rnf_frames *frames)
{
	*frames = frames_of(conf);
	if (conf->dataset->size && conf->info->images[RNF_SPLIT_TRAIN] > 0)
		conf->dataset->size(conf->self, RNF_SPLIT_TRAIN, 0, &frames->from_h, &frames->from_w);
	RNF_TRY(rnf_frames_plan(frames));
	for (int s = 0; conf->dataset->size && s < RNF_SPLITS; s++)
		for (int64_t i = 0; i < conf->info->images[s]; i++)
			RNF_TRY(plan_one(conf, s, i, frames));
	return RNF_OK;
}

/* Floats of the largest image on the way; a double, since it may exceed every integer. */
static double capacity(const struct rnf_batcher_conf *conf, const struct rnf_frames *frames)
{
	double h = (double)(frames->h > conf->out_h ? frames->h : conf->out_h);
	double w = (double)(frames->w > conf->out_w ? frames->w : conf->out_w);
	for (size_t i = 0; i < conf->augment.n; i++) {
		const struct rnf_ref *ref = conf->augment.at[i];
		if (!augment_impl(ref)->grows) continue;
		const double more = (double)augment_impl(ref)->grows(ref->conf);
		h += more;
		w += more;
	}
	return h * w * (double)conf->info->c;
}

double rnf_batcher_bytes(const struct rnf_batcher_conf *conf, int workers)
{
	struct rnf_frames frames;
	if (plan_frames(conf, &frames) < 0) return 0; /* refused by rnf_batcher_check() */
	const double pixels = 2 * sizeof(float) * (capacity(conf, &frames) + GUARD); /* and spare */
	const double framed = frames.list.n ? (double)(frames.bytes + frames.scratch) : 0;
	return workers * (pixels + (double)frames.bytes + framed);
}

/* Frames take bytes as they were read: behind another augmentation there are none. */
static rnf_status check_frames(const struct rnf_batcher_conf *conf)
{
	struct rnf_frames frames = frames_of(conf);
	for (size_t i = frames.list.n; i < conf->augment.n; i++)
		if (augment_impl(conf->augment.at[i])->frame)
			return rnf_fail(RNF_EINVAL, "data.augment: %s takes images as the data set has "
				"them, so it must stand before %s",
				conf->augment.at[i]->feature->name,
				conf->augment.at[frames.list.n]->feature->name);
	return plan_frames(conf, &frames);
}

rnf_status rnf_batcher_check(const struct rnf_batcher_conf *conf)
{
	for (size_t i = 0; i < conf->augment.n; i++) {
		const struct rnf_ref *ref = conf->augment.at[i];
		const int64_t more = augment_impl(ref)->grows ? augment_impl(ref)->grows(ref->conf) : 0;
		if (more < 0 || more > GROWS_MAX)
			return rnf_fail(RNF_EPLUGIN, "augment.%s: grows() is %" PRId64 ", must be "
					"0 .. %d", ref->feature->name, more, GROWS_MAX);
	}
	return check_frames(conf);
}

/* -- one image is tried -- */

static float *guarded(size_t n)
{
	float *at = rnf_alloc((n + GUARD) * sizeof *at);
	for (int i = 0; i < GUARD; i++)
		at[n + (size_t)i] = guard;
	return at;
}

static int guard_holds(const float *at, size_t n)
{
	for (int i = 0; i < GUARD; i++)
		if (at[n + (size_t)i] != guard) return 0;
	return 1;
}

static double target_sum(const struct rnf_image *image)
{
	double sum = 0;
	for (int64_t i = 0; i < image->classes; i++)
		sum += image->target[i];
	return sum;
}

static const char *wrong_memory(const struct worker *w, const struct rnf_image *image)
{
	const size_t n = w->batcher->capacity;
	const int same = image->pixels == w->pixels && image->spare == w->spare;
	const int swapped = image->pixels == w->spare && image->spare == w->pixels;
	if (!same && !swapped) return "changes the pointers to the pixels, which may be swapped only";
	if (image->h < 1 || image->w < 1 || image->c != w->batcher->conf.info->c ||
	    image->h > (int64_t)n || image->w > (int64_t)n ||
	    (size_t)(image->h * image->w * image->c) > n)
		return rnf_format("makes an image of %" PRId64 " x %" PRId64 " x %" PRId64 ", for "
				  "which grows() has asked no room", image->h, image->w, image->c);
	return guard_holds(w->pixels, n) && guard_holds(w->spare, n)
		? NULL : "writes behind the pixels of an image";
}

/* What an augmentation left of an image. */
static rnf_status check_kept(const struct rnf_ref *ref, const struct worker *w,
			     const struct rnf_image *image)
{
	const char *wrong = wrong_memory(w, image);
	const double sum = target_sum(image);
	if (!wrong && !(sum > 0.999 && sum < 1.001))
		wrong = rnf_format("makes a target that sums to %g, must be 1", sum);
	if (wrong) return rnf_fail(RNF_EPLUGIN, "augment.%s: %s", ref->feature->name, wrong);
	return rnf_batcher_breach(w->batcher);
}

/* For the trial of the first image of a split. */
static struct batch one_image(struct rnf_batcher *batcher, int split, int training)
{
	static const int64_t first = 0;
	return (struct batch){
		.batcher = batcher, .split = split, .training = training, .peers = &first,
		.n_peers = batcher->conf.info->images[RNF_SPLIT_TRAIN] > 0,
	};
}

static float *new_target(const struct rnf_batcher_conf *conf)
{
	return rnf_alloc((size_t)conf->info->classes * sizeof(float));
}

/* Image 0, checked after each augmentation. */
static rnf_status load_tried(const struct batch *batch, struct worker *w,
			     struct rnf_image *image)
{
	const struct rnf_batcher_conf *conf = &batch->batcher->conf;
	struct rnf_random random = image_random(batch, 0);
	*image = read_image(batch, w, 0, &random, new_target(conf));
	RNF_TRY(rnf_batcher_breach(w->batcher));
	for (size_t i = w->batcher->frames.list.n; i < conf->augment.n; i++) {
		if (!takes_part(batch, conf->augment.at[i])) continue;
		apply(conf->augment.at[i], &random, image);
		RNF_TRY(check_kept(conf->augment.at[i], w, image));
	}
	return RNF_OK;
}

/* Send one image through all augmentations: its size must be what the model takes. */
static rnf_status try_one(struct rnf_batcher *batcher, int split, int training)
{
	const struct rnf_batcher_conf *conf = &batcher->conf;
	if (conf->info->images[split] <= 0) return RNF_OK;
	const struct batch batch = one_image(batcher, split, training);
	struct rnf_image image;
	RNF_TRY(load_tried(&batch, &batcher->workers[0], &image));
	if (image.h == conf->out_h && image.w == conf->out_w) return RNF_OK;
	return rnf_fail(RNF_EINVAL, "images of %" PRId64 "x%" PRId64 " come out of "
			"the %saugmentations as %" PRId64 "x%" PRId64
			", but the model takes %" PRId64 "x%" PRId64,
			conf->info->h, conf->info->w,
			training ? "" : "evaluation's ", image.h, image.w,
			conf->out_h, conf->out_w);
}

/* A peer comes raw from the data set, so it does not fit an image whose size or range has
 * changed before. Send one image through to check. */
static rnf_status check_order(struct rnf_batcher *batcher)
{
	const struct rnf_batcher_conf *conf = &batcher->conf;
	const struct batch batch = one_image(batcher, RNF_SPLIT_TRAIN, 1);
	const struct rnf_ref *changes = NULL;
	struct rnf_random random = { 0, 0 };
	if (batch.n_peers == 0 || !conf->train_augment) return RNF_OK;
	struct rnf_image image = read_image(&batch, &batcher->workers[0], 0, &random,
					    new_target(conf));
	for (size_t i = batcher->frames.list.n; i < conf->augment.n; i++) {
		const struct rnf_ref *ref = conf->augment.at[i];
		const int64_t h = image.h, w = image.w;
		if (changes && augment_impl(ref)->flags & RNF_AUGMENT_MIXES)
			return rnf_fail(RNF_EINVAL, "data.augment: %s mixes in images as the data "
				"set has them, so it must stand before %s, which changes them",
				ref->feature->name, changes->feature->name);
		apply(ref, &random, &image);
		RNF_TRY(check_kept(ref, &batcher->workers[0], &image));
		if (!changes && (augment_impl(ref)->flags & RNF_AUGMENT_ALWAYS ||
				 image.h != h || image.w != w))
			changes = ref;
	}
	return RNF_OK;
}

rnf_status rnf_batcher_create(const struct rnf_batcher_conf *conf, int workers,
			      struct rnf_batcher **created)
{
	struct rnf_batcher *batcher = *created = rnf_alloc(sizeof *batcher);
	struct rnf_frames *frames = &batcher->frames;
	batcher->conf = *conf;
	RNF_TRY(plan_frames(conf, frames));
	batcher->capacity = (size_t)capacity(conf, frames);
	batcher->n_workers = workers;
	batcher->workers = rnf_alloc((size_t)workers * sizeof *batcher->workers);
	for (int i = 0; i < workers; i++)
		batcher->workers[i] = (struct worker){
			.batcher = batcher,
			.bytes = rnf_alloc(frames->bytes),
			.more = frames->list.n ? rnf_alloc(frames->bytes) : NULL,
			.scratch = frames->list.n ? rnf_alloc(frames->scratch) : NULL,
			.pixels = guarded(batcher->capacity),
			.spare = guarded(batcher->capacity),
		};
	RNF_TRY(check_order(batcher));
	RNF_TRY(try_one(batcher, RNF_SPLIT_TRAIN, 1));
	RNF_TRY(try_one(batcher, RNF_SPLIT_TRAIN, 0));
	return try_one(batcher, RNF_SPLIT_TEST, 0);
}
