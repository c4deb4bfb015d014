/* bf16, the upper half of a float: the form of stored tensors in programs that ask for it. */
#ifndef RNF_EXEC_NARROW_H
#define RNF_EXEC_NARROW_H

#include <stdint.h>

/* to[n] = from[n], exact. */
void rnf_widen(int64_t n, const uint16_t *from, float *to);
/* Rounds to nearest, ties to even. NaN stays NaN, too large values become infinite,
 * denormals become zero. */
void rnf_narrow(int64_t n, const float *from, uint16_t *to);
/* The same without the processor's instruction. */
void rnf_narrow_plain(int64_t n, const float *from, uint16_t *to);

#endif
