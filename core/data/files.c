#include "data/files.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "data/frames.h"
#include "data/map.h"
#include "data/picture.h"
#include "exec/threads.h"

enum { CHANNELS = 3, NAMED_MAX = 10 };

/* What became of a file. */
enum state { GOOD, BAD, OTHER_SIZE };

/* Where an image is kept: [h][w][3] bytes. */
struct place {
	size_t at;
	int32_t h, w;
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
	uint8_t *states; /* [n] */
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

static enum state keep(struct files *f, int64_t file)
{
	struct rnf_picture picture;
	if (read_file(f, file, &picture) < 0) return BAD;
	const struct place *place = &f->places[file];
	const int same = picture.h == place->h && picture.w == place->w;
	if (same) memcpy(f->pixels + place->at, picture.rgb, bytes_of(place));
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

/* A file a time, whoever is free; each has its own place. */
struct pass {
	struct files *files;
	enum state (*work)(struct files *f, int64_t file);
	_Atomic int64_t next;
};

static void work_on_some(void *arg, int worker)
{
	struct pass *pass = arg;
	struct files *f = pass->files;
	(void)worker;
	for (int64_t i; (i = atomic_fetch_add(&pass->next, 1)) < f->n;)
		if (f->states[i] == GOOD) f->states[i] = (uint8_t)pass->work(f, i);
}

static void work_on_all(struct files *f, enum state (*work)(struct files *f, int64_t file))
{
	struct pass pass = { .files = f, .work = work };
	struct rnf_threads *threads = rnf_threads_create(f->conf.threads);
	rnf_threads_run(threads, work_on_some, &pass);
	rnf_threads_destroy(threads);
}

/* -- sizes -- */

/* The first file that can be decoded says which size all have. */
static rnf_status find_size(struct files *f)
{
	rnf_status status = RNF_OK;
	for (int64_t i = 0; i < f->n; i++) {
		struct rnf_picture picture;
		status = read_file(f, i, &picture);
		if (status < 0 && (status == RNF_ENOMEM || !f->conf.skip)) return status;
		if (status < 0) continue;
		f->h = picture.h;
		f->w = picture.w;
		free(picture.rgb);
		break;
	}
	return status; /* of the last one, if all are bad */
}

/* One place behind the other. */
static void lay_out(struct files *f)
{
	if (f->vary) work_on_all(f, measure);
	for (int64_t i = 0; i < f->n; i++) {
		struct place *p = &f->places[i];
		if (!f->vary) *p = (struct place){ .h = (int32_t)f->h, .w = (int32_t)f->w };
		p->at = f->bytes;
		f->bytes += bytes_of(p);
		if (p->h > f->h) f->h = p->h;
		if (p->w > f->w) f->w = p->w;
	}
}

static int fits_memory(const struct files *f)
{
	return (double)f->bytes <= f->conf.most;
}

static rnf_status make_room(struct files *f)
{
	if (fits_memory(f)) {
		f->pixels = rnf_alloc(f->bytes);
		return RNF_OK;
	}
	rnf_status status = RNF_EINVAL;
	const char *why = "there is no folder for them (HOME and XDG_CACHE_HOME are not set)";
	if (f->conf.folder) {
		status = rnf_map_scratch(f->conf.folder, f->bytes, &f->pixels);
		if (status >= 0) return RNF_OK;
		why = rnf_fail_line();
	}
	return rnf_fail(status, "data.cache: %" PRId64 " images of at most %" PRId64 "x%" PRId64 " take "
			"%.1f GB, of %.1f GB in memory, and %s: put a smaller resize into data.augment", f->n,
			f->w, f->h, (double)f->bytes * 1e-9, f->conf.most * 1e-9, why);
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
		if (f->states[i] == OTHER_SIZE) return refuse_size(f, i);
		if (f->states[i] != BAD) continue;
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
			if (f->states[i] != GOOD) continue;
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
	f->states = rnf_alloc((size_t)f->n + 1);
	f->places = rnf_alloc((size_t)(f->n + 1) * sizeof *f->places);
	return f;
}

rnf_status rnf_files_open(const struct rnf_files_conf *conf, struct rnf_dataset_info *info,
			  void **self, size_t *framed)
{
	struct files *f = make(conf, info);
	RNF_TRY(find_size(f));
	lay_out(f);
	RNF_TRY(make_room(f));
	work_on_all(f, keep);
	RNF_TRY(judge(f));
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
	return fits_memory(f) ? (double)f->bytes : 0;
}

static void read_kept(const void *self, int split, int64_t i, uint8_t *pixels, int32_t *label)
{
	const struct files *f = self;
	const int64_t file = f->kept[f->begin[split] + i];
	f->conf.dataset->read(f->conf.self, split, file - f->first[split], NULL, label);
	if (pixels) memcpy(pixels, f->pixels + f->places[file].at, bytes_of(&f->places[file]));
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
