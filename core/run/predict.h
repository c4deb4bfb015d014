/* Predictions for image files: decoded, brought to the model's size and normalised as in
 * training. [main] */
#ifndef RNF_RUN_PREDICT_H
#define RNF_RUN_PREDICT_H

#include "run/subject.h"

struct rnf_predictor;

/* Read the model and start its threads; needs no data set. */
rnf_status rnf_predictor_open(const struct rnf_subject *subject, struct rnf_predictor **predictor);
/* How many images it takes at once, how many classes there are, and what they are called. */
int64_t rnf_predictor_batch(const struct rnf_predictor *p);
int64_t rnf_predictor_classes(const struct rnf_predictor *p);
const char *rnf_predictor_class(const struct rnf_predictor *p, int64_t i);
/* Up to batch() files: probs[n][classes]. bad[i] is NULL, or why image i has none. */
rnf_status rnf_predictor_run(struct rnf_predictor *p, const char *const *files, int64_t n,
			     float *probs, const char **bad);
/* End the threads. NULL is fine. */
void rnf_predictor_close(struct rnf_predictor *p);

#endif
