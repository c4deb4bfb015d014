#include "data/survey.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/arena.h"
#include "base/meter.h"
#include "base/status.h"
#include "data/picture.h"
#include "exec/threads.h"

struct work {
	struct rnf_survey *survey;
	struct rnf_meter meter; /* of worker 0 */
};

static int split_of(const struct rnf_survey *s, int64_t image)
{
	return image >= s->first[RNF_SPLIT_TEST] ? RNF_SPLIT_TEST : RNF_SPLIT_TRAIN;
}

const char *rnf_survey_path(const struct rnf_survey *s, int64_t image)
{
	const int split = split_of(s, image);
	return s->dataset->path ? s->dataset->path(s->self, split, image - s->first[split]) : NULL;
}

/* Its own channels, of malloc(). */
static rnf_status read_image(const struct rnf_survey *s, int64_t image, uint8_t **pixels,
			     int64_t hwc[3])
{
	const int split = split_of(s, image);
	const char *path = rnf_survey_path(s, image);
	struct rnf_picture picture;
	int32_t label;
	hwc[0] = s->info->h, hwc[1] = s->info->w, hwc[2] = s->info->c;
	if (path) {
		RNF_TRY(rnf_picture_read(path, &picture));
		*pixels = picture.rgb;
		hwc[0] = picture.h, hwc[1] = picture.w, hwc[2] = 3;
		return RNF_OK;
	}
	*pixels = malloc((size_t)(hwc[0] * hwc[1] * hwc[2]));
	if (!*pixels) return rnf_fail(RNF_ENOMEM, "no memory for an image");
	const rnf_status status = s->dataset->read(s->self, split, image - s->first[split], *pixels,
						   &label);
	if (status < 0) free(*pixels);
	return status;
}

static void measure(struct rnf_survey_image *image, const uint8_t *pixels, int64_t c)
{
	const int64_t n = image->h * image->w;
	for (int64_t k = 0; k < c && k < RNF_SURVEY_CHANNELS; k++) {
		uint64_t sum = 0, squares = 0; /* below 2^43 for the largest image */
		for (int64_t i = 0; i < n; i++) {
			const uint64_t value = pixels[i * c + k];
			sum += value;
			squares += value * value;
		}
		image->mean[k] = (float)((double)sum / (255.0 * (double)n));
		image->square[k] = (float)((double)squares / (255.0 * 255.0 * (double)n));
	}
}

static void look_at(struct rnf_survey *s, int64_t i)
{
	struct rnf_survey_image *image = &s->images[i];
	const int split = split_of(s, i);
	uint8_t *pixels;
	int64_t hwc[3];
	image->bad = s->dataset->read(s->self, split, i - s->first[split], NULL, &image->label) < 0 ||
		     read_image(s, i, &pixels, hwc) < 0;
	if (image->bad) return;
	image->h = hwc[0];
	image->w = hwc[1];
	image->digest = XXH3_64bits_withSeed(pixels, (size_t)(hwc[0] * hwc[1] * hwc[2]),
					     (uint64_t)hwc[1]);
	measure(image, pixels, hwc[2]);
	free(pixels);
}

static int look_at_one(void *arg, int64_t i, int worker)
{
	struct work *work = arg;
	look_at(work->survey, i);
	if (worker == 0) rnf_meter_tell(&work->meter, i);
	return 1;
}

void rnf_survey_make(struct rnf_survey *s, int threads)
{
	struct work work = { .survey = s };
	s->first[0] = 0;
	for (int i = 0; i < RNF_SPLITS; i++)
		s->first[i + 1] = s->first[i] + s->info->images[i];
	s->n = s->first[RNF_SPLITS];
	s->images = rnf_alloc((size_t)(s->n + 1) * sizeof *s->images);
	struct rnf_threads *pool = rnf_threads_create(threads);
	rnf_meter_begin(&work.meter, "looking at images", s->n);
	rnf_threads_each(pool, s->n, look_at_one, &work);
	rnf_threads_destroy(pool);
	rnf_meter_end(&work.meter, s->n);
}

rnf_status rnf_survey_pixels(const struct rnf_survey *s, int64_t image, uint8_t **rgb,
			     int64_t *h, int64_t *w)
{
	uint8_t *pixels;
	int64_t hwc[3];
	RNF_TRY(read_image(s, image, &pixels, hwc));
	*h = hwc[0];
	*w = hwc[1];
	*rgb = pixels;
	if (hwc[2] == 3) return RNF_OK;
	*rgb = malloc((size_t)(*h * *w * 3));
	for (int64_t i = 0; *rgb && i < *h * *w; i++)
		memset(*rgb + 3 * i, pixels[i * hwc[2]], 3);
	free(pixels);
	return *rgb ? RNF_OK : rnf_fail(RNF_ENOMEM, "no memory for an image");
}

int64_t rnf_survey_bad(const struct rnf_survey *s)
{
	int64_t n = 0;
	for (int64_t i = 0; i < s->n; i++)
		n += s->images[i].bad;
	return n;
}

void rnf_survey_colour(const struct rnf_survey *s, int channel, double *mean, double *deviation)
{
	double sum = 0, squares = 0, n = 0;
	for (int64_t i = 0; i < s->first[RNF_SPLIT_TEST]; i++) {
		if (s->images[i].bad) continue;
		sum += (double)s->images[i].mean[channel];
		squares += (double)s->images[i].square[channel];
		n++;
	}
	*mean = n > 0 ? sum / n : 0;
	*deviation = n > 0 ? sqrt(fmax(0, squares / n - *mean * *mean)) : 0;
}

/* -- twins -- */

struct place {
	uint64_t digest;
	int64_t image;
};

static int by_digest(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	if (x->digest != y->digest) return x->digest < y->digest ? -1 : 1;
	return x->image < y->image ? -1 : x->image > y->image;
}

int64_t *rnf_survey_twins(const struct rnf_survey *s)
{
	struct place *places = rnf_alloc((size_t)(s->n + 1) * sizeof *places);
	int64_t *twins = rnf_alloc((size_t)(s->n + 1) * sizeof *twins), first = 0, n = 0;
	for (int64_t i = 0; i < s->n; i++) {
		twins[i] = -1;
		if (!s->images[i].bad) places[n++] = (struct place){ s->images[i].digest, i };
	}
	qsort(places, (size_t)n, sizeof *places, by_digest);
	for (int64_t i = 1; i < n; i++) {
		if (places[i].digest != places[first].digest) first = i;
		else twins[places[i].image] = places[first].image;
	}
	return twins;
}
