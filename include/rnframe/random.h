/* Counter-based random numbers: draw i of a stream is a function of (key, i)
 * alone, so results do not depend on threads, order or earlier streams.
 * Mixing: the finaliser of SplitMix64 (Steele, Lea, Flood 2014), twice. */
#ifndef RNFRAME_RANDOM_H
#define RNFRAME_RANDOM_H

#include <math.h>
#include <stdint.h>

struct rnf_random {
	uint64_t key, counter;
};

static inline uint64_t rnf_random_mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

/* The key of a stream within a stream: (seed), then (epoch), then (sample)... */
static inline uint64_t rnf_random_key(uint64_t key, uint64_t index)
{
	return rnf_random_mix(rnf_random_mix(key + 0x9e3779b97f4a7c15ull) +
			      (index + 1) * 0xd1342543de82ef95ull);
}

static inline uint64_t rnf_random_bits(struct rnf_random *r)
{
	return rnf_random_key(r->key, r->counter++);
}

/* Uniform in [0, 1), 53 bits. */
static inline double rnf_random_uniform(struct rnf_random *r)
{
	return (double)(rnf_random_bits(r) >> 11) * 0x1p-53;
}

/* Uniform in 0 .. n-1; n > 0 and far below 2^32, so the bias is negligible. */
static inline uint64_t rnf_random_below(struct rnf_random *r, uint64_t n)
{
	return (uint64_t)(rnf_random_uniform(r) * (double)n);
}

/* Standard normal, Box-Muller (one of the pair). */
static inline double rnf_random_normal(struct rnf_random *r)
{
	const double u = 1.0 - rnf_random_uniform(r);
	return sqrt(-2.0 * log(u)) *
	       cos(6.283185307179586 * rnf_random_uniform(r));
}

/* Gamma(shape, 1), shape > 0. Marsaglia and Tsang 2000; below 1 by boosting. */
static inline double rnf_random_gamma(struct rnf_random *r, double shape)
{
	const double boost = shape < 1.0
		? pow(1.0 - rnf_random_uniform(r), 1.0 / shape) : 1.0;
	const double d = (shape < 1.0 ? shape + 1.0 : shape) - 1.0 / 3.0;
	const double c = 1.0 / sqrt(9.0 * d);
	for (;;) {
		const double x = rnf_random_normal(r), t = 1.0 + c * x;
		if (t <= 0.0) continue;
		const double v = t * t * t, u = 1.0 - rnf_random_uniform(r);
		if (log(u) < 0.5 * x * x + d - d * v + d * log(v))
			return boost * d * v;
	}
}

/* Beta(a, b), a and b > 0. */
static inline double rnf_random_beta(struct rnf_random *r, double a, double b)
{
	const double x = rnf_random_gamma(r, a), y = rnf_random_gamma(r, b);
	return x / (x + y);
}

#endif
