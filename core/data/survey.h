/* Looks at every image of a data set: sizes, colours, files that cannot be read, equal
 * pixels. */
#ifndef RNF_DATA_SURVEY_H
#define RNF_DATA_SURVEY_H

#include <rnframe/data.h>

enum { RNF_SURVEY_CHANNELS = 4 }; /* of more the first are looked at */

struct rnf_survey_image {
	int64_t h, w;
	uint64_t digest; /* of size and pixels */
	float mean[RNF_SURVEY_CHANNELS], square[RNF_SURVEY_CHANNELS]; /* means, of pixels in 0..1 */
	int32_t label;
	int32_t bad; /* its file cannot be decoded */
};

struct rnf_survey {
	const struct rnf_dataset_impl *dataset; /* as its plugin opened it */
	const void *self;
	const struct rnf_dataset_info *info;
	int64_t n, first[RNF_SPLITS + 1]; /* images of split s: first[s] .. first[s + 1] - 1 */
	struct rnf_survey_image *images;  /* [n], set by make() */
};

/* Read all images; if they are files, call rnf_picture_decoders() first. [main] */
void rnf_survey_make(struct rnf_survey *survey, int threads);
/* Get the RGB pixels of an image, for free() by the caller. Images of a data set without files
 * that do not have three channels come as grey: their first channel. */
rnf_status rnf_survey_pixels(const struct rnf_survey *survey, int64_t image, uint8_t **rgb,
			     int64_t *h, int64_t *w);
/* Its file; NULL: it has none. */
const char *rnf_survey_path(const struct rnf_survey *survey, int64_t image);
/* How many images cannot be decoded. */
int64_t rnf_survey_bad(const struct rnf_survey *survey);
/* Mean and deviation of a channel over the training images, each image weighted alike. */
void rnf_survey_colour(const struct rnf_survey *survey, int channel, double *mean,
		       double *deviation);
/* Images whose pixels another one before them has too: for each the first of them, else
 * -1. */
int64_t *rnf_survey_twins(const struct rnf_survey *survey);

#endif
