#include "data/loader.h"

#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/hands.h"
#include "base/status.h"
#include "base/stream.h"
#include "plugin/param.h"

/* Buffers of one worker, and the batch that its image belongs to. */
struct worker {
	const struct rnf_batcher *batcher;
	uint8_t *bytes;         /* [h][w][c] as read */
	float *pixels, *spare;  /* capacity floats each */
	const int64_t *peers;
};

struct rnf_batcher {
	struct rnf_loader_conf conf;
	size_t capacity;
	int n_workers;
	struct worker *workers;
};

struct batch {
	struct rnf_batcher *batcher;
	const int64_t *samples, *peers;
	int64_t n, n_peers, epoch;
	int split, training, workers;
	float *x, *target;
	int64_t stride; /* floats of x from an image to the next */
};

static const struct rnf_augment_impl *augment_impl(const struct rnf_ref *ref)
{
	return ref->feature->impl;
}

/* pixels[h][w][c] of a sample, 0..255. */
static void read_raw(struct worker *w, int split, int64_t i, float *pixels,
		     int32_t *label)
{
	const struct rnf_loader_conf *conf = &w->batcher->conf;
	const struct rnf_dataset_info *info = conf->info;
	const struct rnf_feature *before = rnf_hands_lend(conf->feature);
	conf->dataset->read(conf->self, split, i, w->bytes, label);
	rnf_hands_lend(before);
	const int64_t n = info->h * info->w * info->c;
	for (int64_t k = 0; k < n; k++)
		pixels[k] = (float)w->bytes[k];
}

static void read_peer(const struct rnf_image *image, int64_t i, float *pixels,
		      int32_t *label)
{
	/* The image's context is this worker's alone. */
	struct worker *w = (struct worker *)(uintptr_t)image->context;
	int32_t ignored;
	read_raw(w, RNF_SPLIT_TRAIN, w->peers[i], pixels, label ? label : &ignored);
}

static struct rnf_image new_image(struct worker *w, const struct batch *batch,
				  float *target)
{
	const struct rnf_loader_conf *conf = &w->batcher->conf;
	return (struct rnf_image){
		.size = sizeof(struct rnf_image),
		.h = conf->info->h, .w = conf->info->w, .c = conf->info->c,
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
	rnf_hands_lend(ref->feature);
	impl->apply(ref->conf, random, image);
	rnf_hands_lend(NULL);
	image->peers = peers;
}

static void augment(const struct batch *batch, int64_t sample,
		    struct rnf_image *image)
{
	const struct rnf_loader_conf *conf = &batch->batcher->conf;
	const int all = batch->training && conf->train_augment;
	const uint64_t epoch = rnf_stream_key(conf->seed, RNF_STREAM_IMAGE,
					      (uint64_t)batch->epoch);
	struct rnf_random random = { rnf_random_key(epoch, (uint64_t)sample), 0 };
	for (size_t i = 0; i < conf->augment.n; i++) {
		const struct rnf_ref *ref = conf->augment.at[i];
		if (all || augment_impl(ref)->flags & RNF_AUGMENT_ALWAYS)
			apply(ref, &random, image);
	}
}

static struct rnf_image read_image(const struct batch *batch, struct worker *w,
				   int64_t sample, float *target)
{
	struct rnf_image image = new_image(w, batch, target);
	int32_t label = -1;
	w->peers = batch->peers;
	read_raw(w, batch->split, sample, image.pixels, &label);
	set_target(&image, label);
	return image;
}

static struct rnf_image load(const struct batch *batch, struct worker *w,
			     int64_t sample, float *target)
{
	struct rnf_image image = read_image(batch, w, sample, target);
	augment(batch, sample, &image);
	return image;
}

/* The image's pixels to x[out_h][out_w][c]. create() has seen that the sizes
 * agree; should one image differ all the same, the rest of it is black. */
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
	const struct rnf_loader_conf *conf = &batch->batcher->conf;
	int64_t i, to;
	rnf_pool_share(batch->n, index, batch->workers, &i, &to);
	for (; i < to; i++) {
		const struct rnf_image image =
			load(batch, &batch->batcher->workers[index],
			     batch->samples[i],
			     batch->target + i * conf->info->classes);
		emit(&image, batch->x + i * batch->stride);
	}
}

void rnf_batch_fill(struct rnf_batcher *batcher, struct rnf_pool *pool,
		    const int64_t *samples, int split, int64_t n, int64_t epoch,
		    int training, const int64_t *peers, int64_t n_peers,
		    float *x, int64_t stride, float *target)
{
	struct batch batch = {
		.batcher = batcher, .samples = samples, .split = split, .n = n,
		.epoch = epoch, .training = training, .peers = peers,
		.n_peers = peers ? n_peers : 0, .x = x, .stride = stride, .target = target,
		.workers = pool ? rnf_pool_threads(pool) : 1,
	};
	if (pool && n > 1 && batch.workers <= batcher->n_workers) {
		rnf_pool_run(pool, fill_share, &batch);
		return;
	}
	batch.workers = 1; /* fewer images or buffers than threads */
	fill_share(&batch, 0);
}

/* Floats that the largest image on the way may have; more than there are, as any double. */
static double capacity(const struct rnf_loader_conf *conf)
{
	const struct rnf_dataset_info *info = conf->info;
	double h = (double)(info->h > conf->out_h ? info->h : conf->out_h);
	double w = (double)(info->w > conf->out_w ? info->w : conf->out_w);
	for (size_t i = 0; i < conf->augment.n; i++) {
		const struct rnf_ref *ref = conf->augment.at[i];
		if (!augment_impl(ref)->grows) continue;
		const double more = (double)augment_impl(ref)->grows(ref->conf);
		h += more;
		w += more;
	}
	return h * w * (double)info->c;
}

static int64_t raw_bytes(const struct rnf_dataset_info *info)
{
	return info->h * info->w * info->c;
}

double rnf_batcher_bytes(const struct rnf_loader_conf *conf, int workers)
{
	const double pixels = 2 * sizeof(float) * capacity(conf); /* and as many to spare */
	return workers * (pixels + (double)raw_bytes(conf->info));
}

/* For trying the first image of a split. */
static struct batch one_image(struct rnf_batcher *batcher, int split, int training)
{
	static const int64_t first = 0;
	return (struct batch){
		.batcher = batcher, .split = split, .training = training, .peers = &first,
		.n_peers = batcher->conf.info->images[RNF_SPLIT_TRAIN] > 0,
	};
}

static float *new_target(const struct rnf_loader_conf *conf)
{
	return rnf_alloc((size_t)conf->info->classes * sizeof(float));
}

/* One image through everything: its size must be what the model takes. */
static rnf_status try_one(struct rnf_batcher *batcher, int split, int training)
{
	const struct rnf_loader_conf *conf = &batcher->conf;
	if (conf->info->images[split] <= 0) return RNF_OK;
	const struct batch batch = one_image(batcher, split, training);
	const struct rnf_image image =
		load(&batch, &batcher->workers[0], 0, new_target(conf));
	if (image.h == conf->out_h && image.w == conf->out_w) return RNF_OK;
	return rnf_fail(RNF_EINVAL, "images of %" PRId64 "x%" PRId64 " come out of "
			"the %saugmentations as %" PRId64 "x%" PRId64
			", but the model takes %" PRId64 "x%" PRId64,
			conf->info->h, conf->info->w,
			training ? "" : "evaluation's ", image.h, image.w,
			conf->out_h, conf->out_w);
}

/* A peer comes as the data set has it: an image that was changed in size or in range
 * before does not fit to it. One image is sent through to see. */
static rnf_status check_order(struct rnf_batcher *batcher)
{
	const struct rnf_loader_conf *conf = &batcher->conf;
	const struct batch batch = one_image(batcher, RNF_SPLIT_TRAIN, 1);
	const struct rnf_ref *changes = NULL;
	struct rnf_random random = { 0, 0 };
	if (batch.n_peers == 0 || !conf->train_augment) return RNF_OK;
	struct rnf_image image = read_image(&batch, &batcher->workers[0], 0, new_target(conf));
	for (size_t i = 0; i < conf->augment.n; i++) {
		const struct rnf_ref *ref = conf->augment.at[i];
		const int64_t h = image.h, w = image.w;
		if (changes && augment_impl(ref)->flags & RNF_AUGMENT_MIXES)
			return rnf_fail(RNF_EINVAL, "data.augment: %s mixes in images as the data "
				"set has them, so it must stand before %s, which changes them",
				ref->feature->name, changes->feature->name);
		apply(ref, &random, &image);
		if (!changes && (augment_impl(ref)->flags & RNF_AUGMENT_ALWAYS ||
				 image.h != h || image.w != w))
			changes = ref;
	}
	return RNF_OK;
}

struct rnf_batcher *rnf_batcher_create(const struct rnf_loader_conf *conf,
				       int workers)
{
	struct rnf_batcher *batcher = rnf_alloc(sizeof *batcher);
	const struct rnf_dataset_info *info = conf->info;
	batcher->conf = *conf;
	batcher->capacity = (size_t)capacity(conf);
	batcher->n_workers = workers;
	batcher->workers = rnf_alloc((size_t)workers * sizeof *batcher->workers);
	for (int i = 0; i < workers; i++)
		batcher->workers[i] = (struct worker){
			.batcher = batcher,
			.bytes = rnf_alloc((size_t)raw_bytes(info)),
			.pixels = rnf_alloc(batcher->capacity * sizeof(float)),
			.spare = rnf_alloc(batcher->capacity * sizeof(float)),
		};
	if (check_order(batcher) < 0 ||
	    try_one(batcher, RNF_SPLIT_TRAIN, 1) < 0 ||
	    try_one(batcher, RNF_SPLIT_TRAIN, 0) < 0 ||
	    try_one(batcher, RNF_SPLIT_TEST, 0) < 0)
		return NULL;
	return batcher;
}
