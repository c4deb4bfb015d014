/* Predictions for images, in files or in memory: brought to the model's size and normalised
 * as in training. [main] */
#ifndef RNF_RUN_PREDICT_H
#define RNF_RUN_PREDICT_H

#include "data/picture.h"
#include "run/subject.h"

struct rnf_predictor;

/* Read the model and start its threads; needs no data set. */
rnf_status rnf_predictor_open(const struct rnf_subject *subject, struct rnf_predictor **predictor);
/* The same for images in memory alone, of any number of channels: loads no decoders. The
 * model must be a complete file (rnf_subject_alone). */
rnf_status rnf_predictor_alone(const struct rnf_subject *subject, struct rnf_predictor **predictor);
/* A second one with the same weights and threads of its own, which may run beside the first;
 * it ends before the first does. */
rnf_status rnf_predictor_twin(const struct rnf_predictor *p, struct rnf_predictor **twin);
/* How many images it takes at once, how many classes there are, and what they are called. */
int64_t rnf_predictor_batch(const struct rnf_predictor *p);
int64_t rnf_predictor_classes(const struct rnf_predictor *p);
const char *rnf_predictor_class(const struct rnf_predictor *p, int64_t i);
/* From here on, predictions are the mean over an image and its mirror image. */
void rnf_predictor_flip(struct rnf_predictor *p);
/* Up to batch() files, read by all threads: probs[n][classes]. bad[i] is NULL, or why image i
 * has none, until the next call. */
rnf_status rnf_predictor_run(struct rnf_predictor *p, const char *const *files, int64_t n,
			     float *probs, const char **bad);
/* Of a decoded picture, which is freed: probs[classes]. */
rnf_status rnf_predictor_picture(struct rnf_predictor *p, struct rnf_picture *picture, float *probs);
/* Of up to batch() images of the model's own size, pixels[n][h][w][c]. */
rnf_status rnf_predictor_pixels(struct rnf_predictor *p, const uint8_t *pixels, int64_t n,
				float *probs);
/* Its conf, classes and input; and its file of weights, whose texts remain. */
const struct rnf_experiment *rnf_predictor_experiment(const struct rnf_predictor *p);
const struct rnf_loaded *rnf_predictor_file(const struct rnf_predictor *p);
/* An image in memory, 0..255; row y is at at + y * stride. Stride 0: there are no gaps. */
struct rnf_pixels {
	const uint8_t *at;
	int64_t h, w, c, stride;
};
/* Bring one to a place below batch(). It has as many channels as the model, or, where that
 * takes 1 or 3, any of 1, 3 and 4 (alpha, which is dropped). RNF_EINVAL: it cannot be used. */
rnf_status rnf_predictor_put(const struct rnf_predictor *p, const struct rnf_pixels *image,
			     int64_t place);
/* Of the images at places 0 .. n-1, as many as batch(): probs[n][classes]. */
rnf_status rnf_predictor_compute(struct rnf_predictor *p, int64_t n, float *probs);
/* End the threads. NULL is fine. */
void rnf_predictor_close(struct rnf_predictor *p);

#endif
