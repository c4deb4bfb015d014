/* Floating-point numbers: the mode that all threads compute in, and the search for
 * non-finite values. */
#ifndef RNF_BASE_FLOATS_H
#define RNF_BASE_FLOATS_H

#include <stdint.h>

/* The mode of the calling thread: rounding, treatment of denormals, traps. Always 0 on
 * processors other than x86 with SSE and aarch64. */
unsigned rnf_float_mode(void);
void rnf_float_mode_put(unsigned mode);
/* The C standard's default: round to nearest, keep denormals, no traps. */
unsigned rnf_float_mode_plain(void);
/* The mode that rnframe computes in: round to nearest, treat denormals as 0 in operands
 * and results, no traps. A denormal costs a hundred times a normal number. */
unsigned rnf_float_mode_policy(void);
/* What that mode does to denormals: "flushed", or "kept" where there is one mode only, as
 * in valgrind. */
const char *rnf_float_denormals(void);

/* Statistics of an array of floats or doubles. */
struct rnf_spread {
	int64_t count, nan, infinite;
	double min, max; /* of the finite values; min > max: there are none */
};
extern const struct rnf_spread rnf_spread_empty;
void rnf_spread_add(struct rnf_spread *spread, const float *x, int64_t n);
void rnf_spread_add_doubles(struct rnf_spread *spread, const double *x, int64_t n);
static inline int64_t rnf_spread_bad(const struct rnf_spread *spread)
{
	return spread->nan + spread->infinite;
}
/* Count the NaN and infinities in x[0 .. n-1]; faster than a spread. */
int64_t rnf_count_bad(const float *x, int64_t n);

#endif
