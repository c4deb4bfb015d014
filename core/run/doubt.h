/* Labels that are probably wrong, by confident learning. */
#ifndef RNF_RUN_DOUBT_H
#define RNF_RUN_DOUBT_H

#include <stdint.h>

/* The threshold of class j is the mean probability of j over the images labelled j; images
 * whose probability is NaN do not count, and without any others the threshold is NaN. The
 * likely class of an image is the one whose threshold its probability reaches, or, if it
 * reaches several, the most probable class of all. likely[i] is that class; it is -1 if that
 * is the label, if the label is as probable as the most probable class, or if no threshold is
 * reached. probs[n][k]; labels[n] in 0 .. k-1; fills thresholds[k] and likely[n].
 * Source: Northcutt, Jiang & Chuang 2021, J. Artif. Intell. Res. 70:1373; the choices are those
 * of cleanlab's find_label_issues(filter_by="confident_learning"). */
void rnf_doubt_labels(const float *probs, const int32_t *labels, int64_t n, int64_t k,
		      double *thresholds, int32_t *likely);

#endif
