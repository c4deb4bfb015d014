#include "study/stats.h"

#include <math.h>
#include <rnframe/random.h>
#include <stdlib.h>

#include "base/arena.h"

static const double z95 = 1.959963984540054; /* leaves 2.5 % on either side */

/* Relative to the first value, so that equal values have exactly that mean. */
double rnf_mean(const double *x, size_t n)
{
	double sum = 0;
	for (size_t i = 1; i < n; i++)
		sum += x[i] - x[0];
	return n ? x[0] + sum / (double)n : NAN;
}

static double variance(const double *x, size_t n)
{
	const double mean = rnf_mean(x, n);
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += (x[i] - mean) * (x[i] - mean);
	return n > 1 ? sum / (double)(n - 1) : NAN;
}

double rnf_deviation(const double *x, size_t n)
{
	return sqrt(variance(x, n));
}

/* -- the incomplete beta function -- */

/* Its continued fraction by Lentz's method. Source: Abramowitz and Stegun 1964, 26.5.8;
 * Lentz 1976, Appl. Opt. 15:668. */
static double fraction(double a, double b, double x)
{
	enum { MOST = 100000 };
	const double tiny = 1e-300;
	double d = 1 - (a + b) * x / (a + 1), c = 1;
	d = 1 / (fabs(d) < tiny ? tiny : d);
	double value = d;
	for (int m = 1; m < MOST; m++) {
		double step = 1;
		for (int odd = 0; odd < 2; odd++) {
			const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
			const double term = odd ? -(a + m) * (a + b + m) * x /
						  ((a + 2 * m) * (a + 2 * m + 1)) : even;
			d = 1 + term * d;
			c = 1 + term / c;
			d = 1 / (fabs(d) < tiny ? tiny : d);
			if (fabs(c) < tiny) c = tiny;
			step = d * c;
			value *= step;
		}
		if (fabs(step - 1) < 1e-16) break;
	}
	return value;
}

/* The fraction converges fast below the mean; beyond it the other tail is taken. */
double rnf_incomplete_beta(double a, double b, double x)
{
	if (x <= 0) return 0;
	if (x >= 1) return 1;
	if (x > (a + 1) / (a + b + 2)) return 1 - rnf_incomplete_beta(b, a, 1 - x);
	const double front = lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x);
	return exp(front) * fraction(a, b, x) / a;
}

/* -- several seeds -- */

/* P(|T| > |t|) = I_{df / (df + t^2)}(df / 2, 1 / 2), and by the other tail where that
 * argument is next to 1. */
static double student(double t, double df)
{
	const double square = t * t;
	return square > df ? rnf_incomplete_beta(df / 2, 0.5, df / (df + square))
			   : 1 - rnf_incomplete_beta(0.5, df / 2, square / (df + square));
}

double rnf_welch(const double *x, size_t n, const double *y, size_t m)
{
	const double u = variance(x, n) / (double)n, v = variance(y, m) / (double)m;
	const double difference = rnf_mean(x, n) - rnf_mean(y, m);
	if (!(n > 1 && m > 1)) return NAN;
	if (u + v == 0) return difference == 0 ? 1 : NAN;
	const double df = (u + v) * (u + v) / (u * u / (double)(n - 1) + v * v / (double)(m - 1));
	return student(difference / sqrt(u + v), df);
}

enum { RESAMPLES = 10000 };

static int by_size(const void *a, const void *b)
{
	const double *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

static double mean_of_resample(struct rnf_random *random, const double *x, size_t n)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += x[rnf_random_below(random, n)];
	return sum / (double)n;
}

/* Interpolate linearly between the two nearest values. */
static double quantile(const double *sorted, size_t n, double q)
{
	const double place = q * (double)(n - 1);
	const size_t i = (size_t)place;
	const double t = place - (double)i;
	return i + 1 < n ? sorted[i] + t * (sorted[i + 1] - sorted[i]) : sorted[i];
}

struct rnf_interval rnf_bootstrap(const double *x, size_t n, const double *y, size_t m)
{
	double *differences = malloc(RESAMPLES * sizeof *differences);
	if (!differences) rnf_no_memory(RESAMPLES * sizeof *differences);
	for (size_t i = 0; i < RESAMPLES; i++) {
		struct rnf_random random = { .key = i };
		const double mean = mean_of_resample(&random, x, n);
		differences[i] = mean - mean_of_resample(&random, y, m);
	}
	qsort(differences, RESAMPLES, sizeof *differences, by_size);
	const struct rnf_interval interval = { quantile(differences, RESAMPLES, 0.025),
					       quantile(differences, RESAMPLES, 0.975) };
	free(differences);
	return interval;
}

/* -- the same images -- */

/* Twice the lower tail of b + c throws of a coin: P(X <= k) = I_{1/2}(n - k, k + 1). */
double rnf_mcnemar(int64_t b, int64_t c)
{
	const double k = (double)(b < c ? b : c), n = (double)(b + c);
	if (b == c) return 1;
	return fmin(1, 2 * rnf_incomplete_beta(n - k, k + 1, 0.5));
}

struct rnf_interval rnf_paired(int64_t b, int64_t c, int64_t n)
{
	const double p = (double)b + 0.5, q = (double)c + 0.5, all = (double)n + 2;
	const double difference = (p - q) / all;
	const double half = z95 * sqrt((p + q - (p - q) * (p - q) / all)) / all;
	return (struct rnf_interval){ fmax(difference - half, -1), fmin(difference + half, 1) };
}

/* -- several at once -- */

/* Holm: the i-th smallest is multiplied by the number of those left, and never falls
 * below the one before. */
void rnf_holm(const double *p, double *adjusted, size_t n)
{
	size_t left = 0;
	double most = 0;
	for (size_t i = 0; i < n; i++) {
		left += !isnan(p[i]);
		adjusted[i] = NAN;
	}
	for (; left > 0; left--) {
		size_t least = n;
		for (size_t i = 0; i < n; i++)
			if (!isnan(p[i]) && isnan(adjusted[i]) && (least == n || p[i] < p[least]))
				least = i;
		most = fmax(most, fmin(1, (double)left * p[least]));
		adjusted[least] = most;
	}
}
