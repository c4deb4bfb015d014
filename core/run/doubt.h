/* Labels that are probably wrong, by confident learning. */
#ifndef RNF_RUN_DOUBT_H
#define RNF_RUN_DOUBT_H

#include <stdint.h>

/* The threshold of class j is the mean probability that images labelled j have for j (NaN if
 * there are none). Of the classes whose thresholds an image's probabilities reach, the most
 * probable one is what it should be called (the most probable of all, if it reaches several):
 * when that is not its label, nor what the model predicts, likely[i] is that class, else -1.
 * probs[n][k]; labels[n] in 0 .. k-1; thresholds[k] and likely[n] are filled.
 * Source: Northcutt, Jiang & Chuang 2021, J. Artif. Intell. Res. 70:1373; the choices are those
 * of cleanlab's find_label_issues(filter_by="confident_learning"). */
void rnf_doubt_labels(const float *probs, const int32_t *labels, int64_t n, int64_t k,
		      double *thresholds, int32_t *likely);

#endif
