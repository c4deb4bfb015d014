/* Floating-point numbers: the mode that all threads compute in, and the search
 * for values that are not finite. */
#ifndef RNF_BASE_FLOATS_H
#define RNF_BASE_FLOATS_H

#include <stdint.h>

/* Of a thread: rounding, what becomes of denormals, traps. Processors other than
 * x86 with SSE and aarch64 have one mode, 0. */
unsigned rnf_float_mode(void);
void rnf_float_mode_put(unsigned mode);
/* As the C standard has it: to nearest, denormals are kept, no traps. */
unsigned rnf_float_mode_plain(void);
/* The one that rnframe computes in: to nearest, denormals count and come out as
 * 0, no traps. A denormal costs a hundred times a normal number. */
unsigned rnf_float_mode_policy(void);
/* What that does to denormals: "flushed", or "kept" where there is one mode, as in valgrind. */
const char *rnf_float_denormals(void);

/* What lies in some floats, or doubles. */
struct rnf_spread {
	int64_t count, nan, infinite;
	double min, max; /* of the finite ones; min > max: there is none */
};
extern const struct rnf_spread rnf_spread_empty;
void rnf_spread_add(struct rnf_spread *spread, const float *x, int64_t n);
void rnf_spread_add_doubles(struct rnf_spread *spread, const double *x, int64_t n);
static inline int64_t rnf_spread_bad(const struct rnf_spread *spread)
{
	return spread->nan + spread->infinite;
}
/* How many of x[0 .. n-1] are NaN or infinite; faster than a spread. */
int64_t rnf_count_bad(const float *x, int64_t n);

#endif
