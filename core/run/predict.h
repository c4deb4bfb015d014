/* Predictions for image files: decoded, brought to the model's size and normalised as in
 * training. [main] */
#ifndef RNF_RUN_PREDICT_H
#define RNF_RUN_PREDICT_H

#include "data/picture.h"
#include "run/subject.h"

struct rnf_predictor;

/* Read the model and start its threads; needs no data set. */
rnf_status rnf_predictor_open(const struct rnf_subject *subject, struct rnf_predictor **predictor);
/* How many images it takes at once, how many classes there are, and what they are called. */
int64_t rnf_predictor_batch(const struct rnf_predictor *p);
int64_t rnf_predictor_classes(const struct rnf_predictor *p);
const char *rnf_predictor_class(const struct rnf_predictor *p, int64_t i);
/* From here on: the mean of the probabilities of each image and of its mirror image. */
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
/* What it is made of: the conf, the classes, the input; the file of weights, whose texts stay. */
const struct rnf_experiment *rnf_predictor_experiment(const struct rnf_predictor *p);
const struct rnf_loaded *rnf_predictor_file(const struct rnf_predictor *p);
/* End the threads. NULL is fine. */
void rnf_predictor_close(struct rnf_predictor *p);

#endif
