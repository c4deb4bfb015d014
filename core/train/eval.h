/* Evaluation: the inference plan over a list of images, with scores. [main] */
#ifndef RNF_TRAIN_EVAL_H
#define RNF_TRAIN_EVAL_H

#include "train/setup.h"
#include "train/tally.h"

struct rnf_scores { /* means over the images */
	double loss, plain; /* with and without what the loss adds (smoothing) */
	double accuracy;
	double metrics[RNF_METRICS_MAX]; /* in the order of the conf */
	double seconds;
	int64_t count;
};
struct rnf_answers { /* what to keep besides the means; each may be NULL */
	float *probs; /* [n][classes] */
	struct rnf_tally *tally;
};
/* Evaluate `n` samples of a split (NULL: 0 .. n-1); `keep` may be NULL. RNF_ESTOPPED when
 * a signal asked for the end. */
rnf_status rnf_evaluate(struct rnf_experiment *e, int split,
			const int64_t *samples, int64_t n,
			const struct rnf_answers *keep, struct rnf_scores *scores);
/* Fill its batch: samples[from .. from + n-1] into the inference plan's input, for
 * rnf_exec_run() of the session's execs[0]. */
void rnf_evaluation_fill(struct rnf_session *s, const struct rnf_dataset *d, int split,
			 const int64_t *samples, int64_t from, int64_t n);
/* Mean of a metric over the images of an executor that has run. */
double rnf_metric_mean(const struct rnf_ref *metric, const struct rnf_exec *x);

#endif
