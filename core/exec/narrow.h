/* bf16, the upper half of a float: what stored tensors are kept in where a program
 * asks for it. */
#ifndef RNF_EXEC_NARROW_H
#define RNF_EXEC_NARROW_H

#include <stdint.h>

/* to[n] = from[n], exact. */
void rnf_widen(int64_t n, const uint16_t *from, float *to);
/* To the nearest, ties to even; NaN stays NaN, what is too large becomes infinite, and
 * denormals zero. */
void rnf_narrow(int64_t n, const float *from, uint16_t *to);
/* The same, without the processor's own instruction. */
void rnf_narrow_plain(int64_t n, const float *from, uint16_t *to);

#endif
