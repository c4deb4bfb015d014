/* Statistics of differences, in double. Nothing is random: the bootstrap draws the same
 * resamples each time. [main] */
#ifndef RNF_STUDY_STATS_H
#define RNF_STUDY_STATS_H

#include <stddef.h>
#include <stdint.h>
#include "train/tally.h"

/* NAN for n = 0. */
double rnf_mean(const double *x, size_t n);
/* Standard deviation, divided by n - 1; NAN for n < 2. */
double rnf_deviation(const double *x, size_t n);

/* Welch's t-test of two means, n and m values of 2 or more, two-sided: p. If neither has
 * any scatter: 1 when the means are equal, else NAN, since the test is undefined. Source:
 * Welch 1947, Biometrika 34:28. */
double rnf_welch(const double *x, size_t n, const double *y, size_t m);
/* 95 % interval of mean(x) - mean(y), n and m values of 2 or more: percentiles of 10,000
 * resamples. Source: Efron 1979, Ann. Statist. 7:1. */
struct rnf_interval rnf_bootstrap(const double *x, size_t n, const double *y, size_t m);

/* McNemar's exact test: `b` images are right in one evaluation only, `c` in the other
 * only: two-sided p, 1 where b = c. Source: McNemar 1947, Psychometrika 12:153. */
double rnf_mcnemar(int64_t b, int64_t c);
/* 95 % interval of the difference (b - c) / n of two shares of the same n images, n > 0.
 * Source: Agresti and Min 2005, Stat. Med. 24:729. */
struct rnf_interval rnf_paired(int64_t b, int64_t c, int64_t n);

/* Correct n p-values for multiple comparisons, in place; NANs stay and do not count.
 * Source: Holm 1979, Scand. J. Statist. 6:65. */
void rnf_holm(const double *p, double *adjusted, size_t n);

/* Regularised incomplete beta function I_x(a, b); a, b > 0, x in [0, 1]. */
double rnf_incomplete_beta(double a, double b, double x);

#endif
