#include "data/files.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "base/arena.h"
#include "base/meter.h"
#include "base/signal.h"
#include "base/status.h"
#include "data/cache.h"
#include "data/frames.h"
#include "data/picture.h"
#include "data/sources.h"
#include "exec/threads.h"

enum { CHANNELS = 3, NAMED_MAX = 10 };

/* What became of a file. */
enum state { GOOD, BAD, OTHER_SIZE, STATES };

/* Where an image is kept: [h][w][3] bytes at pixels + at. As it stands in the file, too. */
struct place {
	uint64_t at, sum; /* a checksum of the bytes; 0 in memory */
	int32_t h, w, state, reserved;
};

struct files {
	struct rnf_files_conf conf;
	struct rnf_frames frames; /* those that are applied; from_h and from_w are each image's */
	int64_t n, first[RNF_SPLITS + 1]; /* files of split s: first[s] .. first[s + 1] - 1 */
	int vary;        /* images may differ in size */
	int64_t h, w;    /* of all images, framed; the largest if they vary */
	size_t bytes;    /* of all */
	struct place *places; /* [n] */
	uint8_t *pixels; /* one image behind the other */
	uint64_t *stamps; /* [n], of the files, for the name of the cache */
	struct rnf_cache cache; /* data NULL: they are in memory */
	int64_t *kept;   /* of the images that are left, their files, by split */
	int64_t begin[RNF_SPLITS]; /* of a split, in kept */
};

static int split_of(const struct files *f, int64_t file)
{
	return file >= f->first[RNF_SPLIT_TEST] ? RNF_SPLIT_TEST : RNF_SPLIT_TRAIN;
}

static const char *path_of(const struct files *f, int64_t file)
{
	const int split = split_of(f, file);
	return f->conf.dataset->path(f->conf.self, split, file - f->first[split]);
}

/* -- one file -- */

/* Decoded and framed. */
static rnf_status read_file(const struct files *f, int64_t file, struct rnf_picture *picture)
{
	RNF_TRY(rnf_picture_read(path_of(f, file), picture));
	const rnf_status status = rnf_frames_picture(&f->frames, picture);
	if (status < 0) free(picture->rgb);
	return status;
}

static size_t bytes_of(const struct place *place)
{
	return (size_t)place->h * (size_t)place->w * CHANNELS;
}

static uint64_t sum_of(const struct files *f, int64_t file)
{
	return XXH3_64bits(f->pixels + f->places[file].at, bytes_of(&f->places[file]));
}

static enum state keep(struct files *f, int64_t file)
{
	struct rnf_picture picture;
	if (read_file(f, file, &picture) < 0) return BAD;
	const struct place *place = &f->places[file];
	const int same = picture.h == place->h && picture.w == place->w;
	if (same) memcpy(f->pixels + place->at, picture.rgb, bytes_of(place));
	if (same && f->cache.data) f->places[file].sum = sum_of(f, file);
	free(picture.rgb);
	return same ? GOOD : OTHER_SIZE;
}

/* The size that it will have, from its header. */
static enum state measure(struct files *f, int64_t file)
{
	struct rnf_frames frames = f->frames;
	if (rnf_picture_size(path_of(f, file), &frames.from_h, &frames.from_w) < 0) return BAD;
	if (rnf_frames_plan(&frames) < 0) return BAD;
	f->places[file].h = (int32_t)frames.h;
	f->places[file].w = (int32_t)frames.w;
	return GOOD;
}

struct pass {
	struct files *files;
	enum state (*work)(struct files *f, int64_t file);
	struct rnf_meter meter; /* of worker 0 */
};

/* Each file has its own place. */
static int work_on(void *arg, int64_t file, int worker)
{
	struct pass *pass = arg;
	struct place *place = &pass->files->places[file];
	if (rnf_signal_stop()) return 0;
	if (place->state == GOOD) place->state = pass->work(pass->files, file);
	if (worker == 0) rnf_meter_tell(&pass->meter, file);
	return 1;
}

static rnf_status work_on_all(struct files *f, const char *what,
			      enum state (*work)(struct files *f, int64_t file))
{
	struct pass pass = { .files = f, .work = work };
	struct rnf_threads *threads = rnf_threads_create(f->conf.threads);
	rnf_meter_begin(&pass.meter, what, f->n);
	const int64_t done = rnf_threads_each(threads, f->n, work_on, &pass);
	rnf_threads_destroy(threads);
	rnf_meter_end(&pass.meter, done);
	return rnf_signal_check("while images were decoded: nothing was saved");
}

/* -- sizes -- */

/* The first file that can be decoded says which size all have. */
static rnf_status find_size(struct files *f)
{
	rnf_status status = RNF_OK;
	for (int64_t i = 0; i < f->n; i++) {
		struct rnf_picture picture;
		status = read_file(f, i, &picture);
		if (status == RNF_ENOMEM) return status;
		if (status < 0) continue; /* judge() refuses it */
		f->h = picture.h;
		f->w = picture.w;
		free(picture.rgb);
		return RNF_OK;
	}
	return status < 0 ? rnf_fail_in(status, "none of %" PRId64 " images can be read; the last: ", f->n)
			  : RNF_OK;
}

/* One place behind the other. */
static rnf_status lay_out(struct files *f)
{
	if (f->vary) RNF_TRY(work_on_all(f, "reading sizes of images", measure));
	for (int64_t i = 0; i < f->n; i++) {
		struct place *p = &f->places[i];
		if (!f->vary) {
			p->h = (int32_t)f->h;
			p->w = (int32_t)f->w;
		}
		p->at = f->bytes;
		f->bytes += bytes_of(p);
		if (p->h > f->h) f->h = p->h;
		if (p->w > f->w) f->w = p->w;
	}
	return RNF_OK;
}

static int fits_memory(const struct files *f)
{
	return (double)f->bytes <= f->conf.memory;
}

/* -- the file -- */

/* Its beginning; the places follow, then the pixels. */
struct head {
	char mark[8];
	uint64_t sum; /* a checksum of the head, in which it is 0, and of the places */
	int64_t n, vary, h, w;
	uint64_t bytes;
	char padding[8];
};
static const char mark[8] = "rnfpix1";

static size_t size_of_head(const struct files *f)
{
	return sizeof(struct head) + (size_t)f->n * sizeof(struct place);
}

static struct head head_of(const struct files *f)
{
	struct head head = { .n = f->n, .vary = f->vary, .h = f->h, .w = f->w, .bytes = f->bytes };
	memcpy(head.mark, mark, sizeof mark);
	head.sum = XXH3_64bits_withSeed(f->places, (size_t)f->n * sizeof *f->places,
					XXH3_64bits(&head, sizeof head));
	return head;
}

/* The checksum is right, so this fails only for a file of another version of the program. */
static int places_are_right(const struct files *f)
{
	uint64_t at = 0;
	for (int64_t i = 0; i < f->n; i++) {
		const struct place *p = &f->places[i];
		if (p->at != at || p->h < 0 || p->h > f->h || p->w < 0 || p->w > f->w ||
		    p->state < 0 || p->state >= STATES)
			return 0;
		at += bytes_of(p);
	}
	return at == f->bytes;
}

static int take_over(struct files *f)
{
	const struct rnf_cache *c = &f->cache;
	struct head head, want;
	if (c->bytes < size_of_head(f)) return 0;
	memcpy(&head, c->data, sizeof head);
	f->places = (struct place *)(c->data + sizeof head);
	f->pixels = c->data + size_of_head(f);
	f->h = head.h;
	f->w = head.w;
	f->bytes = head.bytes;
	want = head_of(f);
	return !memcmp(&head, &want, sizeof head) && c->bytes - size_of_head(f) == f->bytes &&
	       f->h <= RNF_PICTURE_SIDE_MAX && f->w <= RNF_PICTURE_SIDE_MAX && places_are_right(f);
}

/* Has another run decoded the same files? */
static int find(struct files *f)
{
	const struct files before = *f;
	if (rnf_cache_find(&f->cache) < 0) return 0;
	if (take_over(f)) return 1;
	rnf_log(RNF_LOG_WARNING, "%s is damaged and is made again", f->cache.path);
	rnf_cache_forget(&f->cache);
	const struct rnf_cache cache = f->cache;
	*f = before;
	f->cache = cache;
	return 0;
}

static rnf_status no_room(const struct files *f, rnf_status status, const char *why)
{
	const char *memory = f->conf.memory <= 0 ? ""
		: rnf_format(", may take %.1f GB of memory", f->conf.memory * 1e-9);
	return rnf_fail(status, "data.cache: %" PRId64 " images of at most %" PRId64 "x%" PRId64 " take "
			"%.1f GB%s, and %s: %s", f->n, f->w, f->h, (double)f->bytes * 1e-9, memory, why,
			status == RNF_EIO ? "name another folder by XDG_CACHE_HOME"
					  : "put a smaller resize into data.augment");
}

static rnf_status keep_file(struct files *f)
{
	const struct head head = head_of(f);
	memcpy(f->cache.data, &head, sizeof head);
	memcpy(f->cache.data + sizeof head, f->places, (size_t)f->n * sizeof *f->places);
	return rnf_cache_keep(&f->cache);
}

static enum state stamp(struct files *f, int64_t file)
{
	f->stamps[file] = rnf_source_file(path_of(f, file));
	return GOOD;
}

static rnf_status refuse_size(const struct files *f, int64_t file)
{
	struct rnf_picture picture;
	RNF_TRY(read_file(f, file, &picture));
	free(picture.rgb);
	return rnf_fail(RNF_EINVAL, "%s comes as %" PRId64 "x%" PRId64 ", other images as %" PRId64
			"x%" PRId64 ": put \"resize\" first into data.augment, with model.input "
			"= [height, width, 3]", path_of(f, file), picture.w, picture.h, f->w, f->h);
}

/* -- what is left -- */

static rnf_status refuse_bad(const struct files *f, int64_t file, int64_t n_bad)
{
	struct rnf_picture picture;
	const rnf_status status = read_file(f, file, &picture); /* for its message */
	if (status >= 0) {
		free(picture.rgb);
		return rnf_fail(RNF_EIO, "%s could not be read before, and can be now", path_of(f, file));
	}
	const char *line = rnf_fail_line();
	return n_bad == 1 ? rnf_fail(status, "%s (data.on_bad_image = \"skip\" leaves it out)", line)
			  : rnf_fail(status, "%s, and %" PRId64 " more (rnframe data check lists "
				     "them; data.on_bad_image = \"skip\" leaves them out)", line, n_bad - 1);
}

static void name_bad(const struct files *f, int64_t file)
{
	struct rnf_picture picture;
	if (read_file(f, file, &picture) < 0) rnf_log(RNF_LOG_WARNING, "left out: %s", rnf_fail_words());
	else free(picture.rgb);
}

static rnf_status judge(const struct files *f)
{
	int64_t n_bad = 0, first_bad = -1;
	for (int64_t i = 0; i < f->n; i++) {
		if (f->places[i].state == OTHER_SIZE) return refuse_size(f, i);
		if (f->places[i].state != BAD) continue;
		if (n_bad++ == 0) first_bad = i;
		if (f->conf.skip && n_bad <= NAMED_MAX) name_bad(f, i);
	}
	if (n_bad > 0 && !f->conf.skip) return refuse_bad(f, first_bad, n_bad);
	if (n_bad > 0)
		rnf_log(RNF_LOG_WARNING, "%" PRId64 " of %" PRId64 " images cannot be read and are left "
			"out", n_bad, f->n);
	return RNF_OK;
}

/* The last training files are for validation, of which some may be bad. */
static void count_kept(struct files *f, struct rnf_dataset_info *info)
{
	const int64_t validation = f->first[RNF_SPLIT_TEST] - info->validation;
	int64_t n = 0, held = 0;
	f->kept = rnf_alloc((size_t)(f->n + 1) * sizeof *f->kept);
	for (int s = 0; s < RNF_SPLITS; s++) {
		f->begin[s] = n;
		for (int64_t i = f->first[s]; i < f->first[s + 1]; i++) {
			if (f->places[i].state != GOOD) continue;
			f->kept[n++] = i;
			held += i >= validation && i < f->first[RNF_SPLIT_TEST];
		}
		info->images[s] = n - f->begin[s];
	}
	info->validation = held;
}

static struct files *make(const struct rnf_files_conf *conf, const struct rnf_dataset_info *info)
{
	struct files *f = rnf_alloc(sizeof *f);
	f->conf = *conf;
	f->frames = (struct rnf_frames){
		.list = rnf_frames_first(conf->augment, 1), .c = CHANNELS,
		.out_h = conf->out_h, .out_w = conf->out_w };
	f->vary = rnf_frames_first(conf->augment, 0).n > f->frames.list.n;
	for (int s = 0; s < RNF_SPLITS; s++)
		f->first[s + 1] = f->first[s] + info->images[s];
	f->n = f->first[RNF_SPLITS];
	f->places = rnf_alloc((size_t)(f->n + 1) * sizeof *f->places);
	f->stamps = rnf_alloc((size_t)(f->n + 1) * sizeof *f->stamps);
	return f;
}

static rnf_status decode(struct files *f)
{
	RNF_TRY(work_on_all(f, "decoding images", keep));
	return judge(f);
}

/* Another run may have made it while this one waited. */
static rnf_status fill_file(struct files *f)
{
	rnf_status status = rnf_cache_lock(&f->cache);
	if (status >= 0 && find(f)) {
		rnf_cache_drop(&f->cache);
		return judge(f);
	}
	if (status >= 0) status = rnf_cache_make(&f->cache, size_of_head(f) + f->bytes, f->conf.disk);
	if (status < 0 && status != RNF_ESTOPPED) status = no_room(f, status, rnf_fail_line());
	if (status >= 0) f->pixels = f->cache.data + size_of_head(f);
	if (status >= 0) status = decode(f);
	if (status >= 0) status = keep_file(f);
	if (status < 0) rnf_cache_drop(&f->cache);
	return status;
}

/* Take what another run has decoded; or decode into memory, if it has room; or into a file for
 * the next run. */
static rnf_status fill(struct files *f)
{
	const int file = f->conf.folder && !f->conf.only_memory;
	if (file) {
		RNF_TRY(work_on_all(f, "checking files of images", stamp));
		rnf_cache_begin(&f->cache, f->conf.folder, rnf_sources_name(f->stamps, f->n, &f->frames));
	}
	if (file && find(f)) return judge(f);
	RNF_TRY(find_size(f));
	RNF_TRY(lay_out(f));
	if (file && !fits_memory(f)) return fill_file(f);
	if (!fits_memory(f)) return no_room(f, RNF_EINVAL, f->conf.only_memory ? "data.cache is \"memory\""
		: "there is no folder for them (HOME and XDG_CACHE_HOME are not set)");
	f->pixels = rnf_alloc(f->bytes);
	return decode(f);
}

rnf_status rnf_files_open(const struct rnf_files_conf *conf, struct rnf_dataset_info *info,
			  void **self, size_t *framed)
{
	struct files *f = make(conf, info);
	RNF_TRY(fill(f));
	count_kept(f, info);
	info->h = f->h;
	info->w = f->w;
	info->c = CHANNELS;
	*self = f;
	*framed = f->frames.list.n;
	return RNF_OK;
}

double rnf_files_bytes(const void *self)
{
	const struct files *f = self;
	return f->cache.data ? 0 : (double)f->bytes;
}

static rnf_status refuse_damaged(const struct files *f)
{
	rnf_cache_remove(&f->cache);
	return rnf_fail(RNF_EIO, "%s was damaged and is removed: the next run decodes the images again",
			f->cache.path);
}

static rnf_status read_kept(const void *self, int split, int64_t i, uint8_t *pixels, int32_t *label)
{
	const struct files *f = self;
	const int64_t file = f->kept[f->begin[split] + i];
	const struct place *place = &f->places[file];
	RNF_TRY(f->conf.dataset->read(f->conf.self, split, file - f->first[split], NULL, label));
	if (!pixels) return RNF_OK;
	if (f->cache.data && sum_of(f, file) != place->sum) return refuse_damaged(f);
	memcpy(pixels, f->pixels + place->at, bytes_of(place));
	return RNF_OK;
}

static void size_kept(const void *self, int split, int64_t i, int64_t *h, int64_t *w)
{
	const struct files *f = self;
	const struct place *place = &f->places[f->kept[f->begin[split] + i]];
	*h = place->h;
	*w = place->w;
}

static const char *path_kept(const void *self, int split, int64_t i)
{
	const struct files *f = self;
	return path_of(f, f->kept[f->begin[split] + i]);
}

const struct rnf_dataset_impl rnf_files_dataset = {
	.read = read_kept, .path = path_kept, .size = size_kept };
