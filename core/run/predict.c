/* The files of a batch are a data set of their own, of images that the frames of the conf have
 * brought to the model's size; the rest is an evaluation. */
#include "run/predict.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/running.h"
#include "base/status.h"
#include "data/frames.h"
#include "data/picture.h"
#include "train/eval.h"
#include "train/setup.h"

struct rnf_predictor {
	struct rnf_subject subject;
	struct rnf_experiment e;
	struct rnf_frames frames; /* of the conf; without any, images are resized */
	int flip;
	uint8_t *pixels; /* [batch][h][w][c] */
	int64_t image;   /* bytes of one */
	char **why;      /* [batch]: NULL, or of malloc(): why the image has no pixels */
	int64_t *good;   /* [batch]: the images that have */
	float *mirrored; /* [classes]: scratch */
};

/* -- the data set -- */

static rnf_status read_pixels(const void *self, int split, int64_t i, uint8_t *pixels, int32_t *label)
{
	const struct rnf_predictor *p = self;
	(void)split;
	*label = 0;
	if (!pixels) return RNF_OK;
	if (p->pixels) memcpy(pixels, p->pixels + i * p->image, (size_t)p->image);
	else memset(pixels, 0, (size_t)p->image); /* the batcher tries one before there are any */
	return RNF_OK;
}

static const struct rnf_dataset_impl pixels_in_memory = { .read = read_pixels };

static void become_data_set(struct rnf_predictor *p)
{
	struct rnf_experiment *e = &p->e;
	struct rnf_dataset *d = &e->data;
	const int64_t batch = e->conf.root.train.batch_size;
	p->image = e->model.hwc[0] * e->model.hwc[1] * e->model.hwc[2];
	p->why = rnf_alloc((size_t)batch * sizeof *p->why);
	p->good = rnf_alloc((size_t)batch * sizeof *p->good);
	p->mirrored = rnf_alloc((size_t)e->model.classes * sizeof *p->mirrored);
	d->impl = &pixels_in_memory;
	d->self = p;
	d->info.h = e->model.hwc[0];
	d->info.w = e->model.hwc[1];
	for (int split = 0; split < RNF_SPLITS; split++)
		d->info.images[split] = batch;
	p->frames = (struct rnf_frames){ .list = rnf_frames_first(e->conf.data->augment, 0), .c = 3,
					 .out_h = d->info.h, .out_w = d->info.w };
	d->framed = p->frames.list.n;
	d->n_train = 1;
	d->train = rnf_alloc(sizeof *d->train);
}

/* After the start, which refuses what is too large for this machine. */
static void make_room(struct rnf_predictor *p)
{
	p->pixels = rnf_alloc((size_t)(rnf_predictor_batch(p) * p->image));
}

static rnf_status build(struct rnf_predictor *p)
{
	become_data_set(p);
	RNF_TRY(rnf_subject_build(&p->e, &p->subject));
	make_room(p);
	return RNF_OK;
}

static int is_picture(int64_t channels)
{
	return channels == 1 || channels == 3;
}

rnf_status rnf_predictor_open(const struct rnf_subject *subject, struct rnf_predictor **predictor)
{
	struct rnf_predictor *p = *predictor = rnf_alloc(sizeof *p);
	p->subject = *subject;
	RNF_TRY(rnf_picture_decoders());
	RNF_TRY(rnf_subject_read(&p->e, &p->subject));
	RNF_TRY(rnf_subject_shapes(&p->e, &p->subject));
	if (!is_picture(p->e.model.hwc[2]))
		return rnf_fail(RNF_EUNSUP, "the model takes images of %" PRId64 " channels, image files "
				"give 3 or 1", p->e.model.hwc[2]);
	return build(p);
}

rnf_status rnf_predictor_alone(const struct rnf_subject *subject, struct rnf_predictor **predictor)
{
	struct rnf_predictor *p = *predictor = rnf_alloc(sizeof *p);
	p->subject = *subject;
	RNF_TRY(rnf_subject_alone(&p->e, &p->subject));
	RNF_TRY(rnf_subject_shapes(&p->e, &p->subject));
	return build(p);
}

rnf_status rnf_predictor_twin(const struct rnf_predictor *p, struct rnf_predictor **twin)
{
	struct rnf_predictor *t = *twin = rnf_alloc(sizeof *t);
	t->e = p->e;
	t->flip = p->flip;
	become_data_set(t);
	RNF_TRY(rnf_experiment_twin(&p->e, &t->e));
	make_room(t);
	return RNF_OK;
}

void rnf_predictor_flip(struct rnf_predictor *p)
{
	p->flip = 1;
}

/* -- from a file to pixels -- */

/* A model whose conf has no frames was trained on images of its own size. */
static rnf_status frame(const struct rnf_predictor *p, struct rnf_picture *picture)
{
	const int64_t *hwc = p->e.model.hwc;
	if (p->frames.list.n == 0) return rnf_picture_resize(picture, hwc[0], hwc[1]);
	RNF_TRY(rnf_frames_picture(&p->frames, picture));
	if (picture->h == hwc[0] && picture->w == hwc[1]) return RNF_OK;
	return rnf_fail(RNF_EINVAL, "data.augment makes it %" PRId64 " x %" PRId64 ", the model takes %"
			PRId64 " x %" PRId64, picture->h, picture->w, hwc[0], hwc[1]);
}

/* Grey by the weights of Pillow's convert("L"). */
static void keep(const struct rnf_predictor *p, const uint8_t *rgb, int64_t place)
{
	uint8_t *to = p->pixels + place * p->image;
	if (p->e.model.hwc[2] == 3) {
		memcpy(to, rgb, (size_t)p->image);
		return;
	}
	for (int64_t i = 0; i < p->image; i++, rgb += 3)
		to[i] = (uint8_t)((19595 * rgb[0] + 38470 * rgb[1] + 7471 * rgb[2] + 0x8000) >> 16);
}

/* Frees the picture. */
static rnf_status take(const struct rnf_predictor *p, struct rnf_picture *picture, int64_t place)
{
	const rnf_status status = frame(p, picture);
	if (status >= 0) keep(p, picture->rgb, place);
	free(picture->rgb);
	return status;
}

/* -- from memory to pixels -- */

static rnf_status check_pixels(const struct rnf_predictor *p, const struct rnf_pixels *from)
{
	const int64_t most = RNF_PICTURE_SIDE_MAX, own = p->e.model.hwc[2];
	if (!from->at) return rnf_fail(RNF_EINVAL, "there are no pixels: the pointer is NULL");
	if (from->h < 1 || from->w < 1 || from->h > most || from->w > most ||
	    from->h * from->w > RNF_PICTURE_PIXELS_MAX)
		return rnf_fail(RNF_EINVAL, "%" PRId64 "x%" PRId64 " pixels, may have 1 to %d a side and %d "
				"in all", from->w, from->h, RNF_PICTURE_SIDE_MAX, RNF_PICTURE_PIXELS_MAX);
	if (from->c != own && !(is_picture(own) && (is_picture(from->c) || from->c == 4)))
		return rnf_fail(RNF_EINVAL, "%" PRId64 " channels, must have %s%" PRId64, from->c,
				is_picture(own) ? "1, 3 or 4: the model takes " : "", own);
	if (from->stride && from->stride < from->w * from->c)
		return rnf_fail(RNF_EINVAL, "a stride of %" PRId64 " bytes, must be at least the %" PRId64
				" of a row", from->stride, from->w * from->c);
	return RNF_OK;
}

/* Is it as the model takes it? */
static int is_own(const struct rnf_predictor *p, const struct rnf_pixels *from)
{
	const int64_t *hwc = p->e.model.hwc;
	return p->frames.list.n == 0 && from->h == hwc[0] && from->w == hwc[1] && from->c == hwc[2];
}

static void copy(const struct rnf_predictor *p, const struct rnf_pixels *from, int64_t place)
{
	const int64_t row = from->w * from->c;
	uint8_t *to = p->pixels + place * p->image;
	for (int64_t y = 0; y < from->h; y++)
		memcpy(to + y * row, from->at + y * from->stride, (size_t)row);
}

/* Grey has three equal channels, alpha is dropped, as in image files. */
static rnf_status make_picture(const struct rnf_pixels *from, struct rnf_picture *picture)
{
	uint8_t *to = malloc((size_t)(from->h * from->w * 3));
	*picture = (struct rnf_picture){ .h = from->h, .w = from->w, .rgb = to };
	if (!to) return rnf_fail(RNF_ENOMEM, "no memory for %" PRId64 "x%" PRId64 " pixels", from->w,
				 from->h);
	for (int64_t y = 0; y < from->h; y++)
		for (int64_t x = 0; x < from->w; x++, to += 3) {
			const uint8_t *at = from->at + y * from->stride + x * from->c;
			for (int64_t i = 0; i < 3; i++)
				to[i] = at[from->c == 1 ? 0 : i];
		}
	return RNF_OK;
}

rnf_status rnf_predictor_put(const struct rnf_predictor *p, const struct rnf_pixels *image,
			     int64_t place)
{
	struct rnf_picture picture;
	struct rnf_pixels from = *image;
	RNF_TRY(check_pixels(p, image));
	if (from.stride == 0) from.stride = from.w * from.c;
	if (is_own(p, &from)) {
		copy(p, &from, place);
		return RNF_OK;
	}
	if (!is_picture(p->e.model.hwc[2]))
		return rnf_fail(RNF_EINVAL, "%" PRId64 "x%" PRId64 " pixels: with other channels than 1 or "
				"3 nothing is resized", from.w, from.h);
	RNF_TRY(make_picture(&from, &picture));
	return take(p, &picture, place);
}

/* Without the file's name, which the caller has. */
static char *reason(const char *file)
{
	const char *words = rnf_fail_words();
	const size_t n = strlen(file);
	const int named = !strncmp(words, file, n) && !strncmp(words + n, ": ", 2);
	char *copy = strdup(named ? words + n + 2 : words);
	if (!copy) rnf_no_memory(n);
	copy[strcspn(copy, "\n")] = 0;
	return copy;
}

struct reading {
	const struct rnf_predictor *p;
	const char *const *files;
};

/* Each file has its own place. */
static int read_one(void *arg, int64_t i, int worker)
{
	const struct reading *r = arg;
	struct rnf_picture picture;
	rnf_status status = rnf_picture_read(r->files[i], &picture);
	(void)worker;
	if (status >= 0) status = take(r->p, &picture, i);
	r->p->why[i] = status < 0 ? reason(r->files[i]) : NULL;
	return 1;
}

static void forget_reasons(struct rnf_predictor *p)
{
	for (int64_t i = 0; p->why && i < rnf_predictor_batch(p); i++) {
		free(p->why[i]);
		p->why[i] = NULL;
	}
}

/* -- predictions -- */

static rnf_status compute(struct rnf_predictor *p, int64_t n)
{
	struct rnf_experiment *e = &p->e;
	rnf_evaluation_fill(&e->session, &e->data, RNF_SPLIT_TEST, p->good, 0, n);
	rnf_exec_run(e->session.execs[0]);
	return rnf_batcher_breach(e->data.batcher);
}

static void say(const struct rnf_predictor *p, int64_t place, float *probs)
{
	const struct rnf_config *c = &p->e.conf;
	const struct rnf_exec *x = p->e.session.execs[0];
	const struct rnf_ref *loss = c->root.train.loss;
	const struct rnf_feature *before = rnf_running_set(loss->feature);
	c->loss->predict(loss->conf, (size_t)p->e.model.classes,
			 rnf_exec_value(x, x->plan->program->logits, place), probs);
	rnf_running_set(before);
}

static void mirror(const struct rnf_predictor *p, int64_t image)
{
	const int64_t h = p->e.model.hwc[0], w = p->e.model.hwc[1], c = p->e.model.hwc[2];
	uint8_t *row = p->pixels + image * p->image;
	for (int64_t y = 0; y < h; y++, row += w * c)
		for (int64_t left = 0, right = w - 1; left < right; left++, right--)
			for (int64_t i = 0; i < c; i++) {
				const uint8_t kept = row[left * c + i];
				row[left * c + i] = row[right * c + i];
				row[right * c + i] = kept;
			}
}

static rnf_status add_mirrored(struct rnf_predictor *p, int64_t n, float *probs)
{
	const int64_t k = p->e.model.classes;
	for (int64_t i = 0; i < n; i++)
		mirror(p, p->good[i]);
	RNF_TRY(compute(p, n));
	for (int64_t i = 0; i < n; i++) {
		float *to = probs + p->good[i] * k;
		say(p, i, p->mirrored);
		for (int64_t j = 0; j < k; j++)
			to[j] = 0.5f * (to[j] + p->mirrored[j]);
	}
	return RNF_OK;
}

/* Predict the first n images of p->good. */
static rnf_status answer(struct rnf_predictor *p, int64_t n, float *probs)
{
	if (n == 0) return RNF_OK;
	RNF_TRY(compute(p, n));
	for (int64_t i = 0; i < n; i++)
		say(p, i, probs + p->good[i] * p->e.model.classes);
	return p->flip ? add_mirrored(p, n, probs) : RNF_OK;
}

static int is_number(const float *probs, int64_t k)
{
	for (int64_t i = 0; i < k; i++)
		if (!isfinite(probs[i])) return 0;
	return 1;
}

rnf_status rnf_predictor_run(struct rnf_predictor *p, const char *const *files, int64_t n,
			     float *probs, const char **bad)
{
	struct reading reading = { p, files };
	int64_t good = 0;
	forget_reasons(p);
	rnf_threads_each(p->e.session.threads, n, read_one, &reading);
	for (int64_t i = 0; i < n; i++)
		if (!(bad[i] = p->why[i])) p->good[good++] = i;
	RNF_TRY(answer(p, good, probs));
	for (int64_t i = 0; i < good; i++)
		if (!is_number(probs + p->good[i] * p->e.model.classes, p->e.model.classes))
			bad[p->good[i]] = "the model gives no numbers for it";
	return RNF_OK;
}

rnf_status rnf_predictor_picture(struct rnf_predictor *p, struct rnf_picture *picture, float *probs)
{
	p->good[0] = 0;
	RNF_TRY(take(p, picture, 0));
	return answer(p, 1, probs);
}

rnf_status rnf_predictor_compute(struct rnf_predictor *p, int64_t n, float *probs)
{
	for (int64_t i = 0; i < n; i++)
		p->good[i] = i;
	return answer(p, n, probs);
}

rnf_status rnf_predictor_pixels(struct rnf_predictor *p, const uint8_t *pixels, int64_t n,
				float *probs)
{
	memcpy(p->pixels, pixels, (size_t)(n * p->image));
	return rnf_predictor_compute(p, n, probs);
}

int64_t rnf_predictor_batch(const struct rnf_predictor *p)
{
	return p->e.conf.root.train.batch_size;
}

int64_t rnf_predictor_classes(const struct rnf_predictor *p)
{
	return p->e.model.classes;
}

const char *rnf_predictor_class(const struct rnf_predictor *p, int64_t i)
{
	const char *const *names = p->e.data.info.names;
	return names ? names[i] : rnf_format("%" PRId64, i);
}

const struct rnf_experiment *rnf_predictor_experiment(const struct rnf_predictor *p)
{
	return &p->e;
}

const struct rnf_loaded *rnf_predictor_file(const struct rnf_predictor *p)
{
	return &p->subject.file;
}

void rnf_predictor_close(struct rnf_predictor *p)
{
	if (!p) return;
	forget_reasons(p);
	rnf_loaded_drop(&p->subject.file);
	rnf_experiment_finish(&p->e);
}
