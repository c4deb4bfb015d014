/* The files of a batch are a data set of their own, of images that the frames of the conf have
 * brought to the model's size; the rest is an evaluation. */
#include "run/predict.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/running.h"
#include "base/status.h"
#include "data/frames.h"
#include "data/picture.h"
#include "data/resample.h"
#include "train/eval.h"
#include "train/setup.h"
#include "train/weights.h"

struct rnf_predictor {
	struct rnf_experiment e;
	uint8_t *pixels; /* [batch][h][w][c] */
	int64_t image;   /* bytes of one */
};

/* -- the data set -- */

static void read_pixels(const void *self, int split, int64_t i, uint8_t *pixels, int32_t *label)
{
	const struct rnf_predictor *p = self;
	(void)split;
	if (pixels) memcpy(pixels, p->pixels + i * p->image, (size_t)p->image);
	*label = 0;
}

static const struct rnf_dataset_impl files = { .read = read_pixels };

static void become_data_set(struct rnf_predictor *p)
{
	struct rnf_experiment *e = &p->e;
	struct rnf_dataset *d = &e->data;
	const int64_t batch = e->conf.root.train.batch_size;
	p->image = e->model.hwc[0] * e->model.hwc[1] * e->model.hwc[2];
	p->pixels = rnf_alloc((size_t)(batch * p->image));
	d->impl = &files;
	d->self = p;
	d->info.h = e->model.hwc[0];
	d->info.w = e->model.hwc[1];
	for (int split = 0; split < RNF_SPLITS; split++)
		d->info.images[split] = batch;
	d->framed = rnf_frames_first(e->conf.data->augment, 0).n;
	d->n_train = 1;
	d->train = rnf_alloc(sizeof *d->train);
}

rnf_status rnf_predictor_open(const struct rnf_subject *subject, struct rnf_predictor **predictor)
{
	struct rnf_predictor *p = *predictor = rnf_alloc(sizeof *p);
	const char *weights;
	RNF_TRY(rnf_picture_decoders());
	RNF_TRY(rnf_subject_read(&p->e, subject, &weights));
	RNF_TRY(rnf_subject_shapes(&p->e, weights));
	if (p->e.model.hwc[2] != 1 && p->e.model.hwc[2] != 3)
		return rnf_fail(RNF_EUNSUP, "the model takes images of %" PRId64 " channels, image files "
				"give 3 or 1", p->e.model.hwc[2]);
	become_data_set(p);
	RNF_TRY(rnf_experiment_build(&p->e, 0));
	return rnf_weights_read(&p->e.session, weights);
}

/* -- from a file to pixels -- */

/* Without frames in the conf the model has seen images of its own size alone. */
static const uint8_t *resized(const struct rnf_picture *picture, int64_t h, int64_t w)
{
	const struct rnf_crop all = { picture->rgb, picture->h, picture->w, 3, picture->w * 3 };
	if (picture->h == h && picture->w == w) return picture->rgb;
	uint8_t *to = rnf_alloc((size_t)(h * w * 3));
	void *scratch = rnf_alloc(rnf_resample_scratch(all.h, all.w, 3, h, w));
	rnf_resample(&all, to, h, w, scratch);
	return to;
}

static rnf_status frame(const struct rnf_predictor *p, const struct rnf_picture *picture,
			const uint8_t **rgb)
{
	const int64_t *hwc = p->e.model.hwc;
	struct rnf_frames f = {
		.list = rnf_frames_first(p->e.conf.data->augment, 0), .from_h = picture->h,
		.from_w = picture->w, .c = 3, .out_h = hwc[0], .out_w = hwc[1] };
	if (f.list.n == 0) {
		*rgb = resized(picture, hwc[0], hwc[1]);
		return RNF_OK;
	}
	RNF_TRY(rnf_frames_plan(&f));
	if (f.h != hwc[0] || f.w != hwc[1])
		return rnf_fail(RNF_EINVAL, "data.augment makes it %" PRId64 " x %" PRId64 ", the model "
				"takes %" PRId64 " x %" PRId64, f.h, f.w, hwc[0], hwc[1]);
	uint8_t *a = rnf_alloc(f.bytes), *b = rnf_alloc(f.bytes);
	memcpy(a, picture->rgb, (size_t)(picture->h * picture->w * 3));
	*rgb = rnf_frames_apply(&f, NULL, a, b, rnf_alloc(f.scratch + 1));
	return RNF_OK;
}

/* As Pillow's convert("L") makes grey of colours. */
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

static rnf_status take(const struct rnf_predictor *p, const char *file, int64_t place)
{
	struct rnf_picture picture;
	const uint8_t *rgb = NULL;
	RNF_TRY(rnf_picture_read(file, &picture));
	const void *mark = rnf_arena_mark();
	const rnf_status status = frame(p, &picture, &rgb);
	if (status >= 0) keep(p, rgb, place);
	rnf_arena_release(mark);
	free(picture.rgb);
	return status;
}

/* -- predictions -- */

static rnf_status compute(struct rnf_predictor *p, int64_t n)
{
	struct rnf_experiment *e = &p->e;
	rnf_evaluation_fill(&e->session, &e->data, RNF_SPLIT_TEST, NULL, 0, n);
	rnf_exec_run(e->session.execs[0]);
	const char *breach = rnf_batcher_breach(e->data.batcher);
	return breach ? rnf_fail(RNF_EPLUGIN, "%s", breach) : RNF_OK;
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

/* Why, without the file's name, which the caller has. */
static const char *reason(const char *file)
{
	const char *words = rnf_fail_line();
	const size_t n = strlen(file);
	return !strncmp(words, file, n) && !strncmp(words + n, ": ", 2) ? words + n + 2 : words;
}

rnf_status rnf_predictor_run(struct rnf_predictor *p, const char *const *names, int64_t n,
			     float *probs, const char **bad)
{
	int64_t good = 0;
	for (int64_t i = 0; i < n; i++) {
		bad[i] = take(p, names[i], good) < 0 ? reason(names[i]) : NULL;
		good += !bad[i];
	}
	if (good == 0) return RNF_OK;
	RNF_TRY(compute(p, good));
	for (int64_t i = 0, place = 0; i < n; i++)
		if (!bad[i]) say(p, place++, probs + i * p->e.model.classes);
	return RNF_OK;
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

void rnf_predictor_close(struct rnf_predictor *p)
{
	if (p) rnf_experiment_finish(&p->e);
}
