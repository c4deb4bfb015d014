#include "run/doubt.h"

#include <math.h>
#include <rnframe/training.h>
#include <string.h>

#include "base/arena.h"

/* Probabilities within this of a threshold reach it; no threshold is below twice that. */
static const double slack = 1e-6;

static void find_thresholds(const float *probs, const int32_t *labels, int64_t n, int64_t k,
			    double *thresholds)
{
	int64_t *count = rnf_alloc((size_t)k * sizeof *count);
	memset(thresholds, 0, (size_t)k * sizeof *thresholds);
	for (int64_t i = 0; i < n; i++) {
		const double p = (double)probs[i * k + labels[i]];
		if (isnan(p)) continue;
		thresholds[labels[i]] += p;
		count[labels[i]]++;
	}
	for (int64_t j = 0; j < k; j++)
		thresholds[j] = count[j] ? fmax(thresholds[j] / (double)count[j], 2 * slack) : NAN;
}

static int32_t likely_class(const float *p, int32_t label, int64_t k, const double *thresholds)
{
	const int64_t most = rnf_largest(k, p);
	int64_t reached = 0, guess = -1;
	for (int64_t j = 0; j < k; j++) {
		if (!((double)p[j] >= thresholds[j] - slack)) continue;
		guess = reached++ ? most : j;
	}
	const int as_predicted = (double)p[label] >= (double)p[most] - slack;
	return guess == label || as_predicted ? -1 : (int32_t)guess;
}

void rnf_doubt_labels(const float *probs, const int32_t *labels, int64_t n, int64_t k,
		      double *thresholds, int32_t *likely)
{
	find_thresholds(probs, labels, n, k, thresholds);
	for (int64_t i = 0; i < n; i++)
		likely[i] = likely_class(probs + i * k, labels[i], k, thresholds);
}
