/* AVX-512 with AVX512_BF16: the same fp32 kernels, and those on bf16. */
/* x86 flags: -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512bf16 -mfma */
/* x86 flags: -mprefer-vector-width=512 -mtune=skylake-avx512 */
#ifdef __x86_64__
#include "avx512.h"

/* As in pairs.h. Denormals, of operands and of sums, are 0. */
static inline vec add_pairs(vec sum, ints a, ints b)
{
	return (vec)_mm512_dpbf16_ps((__m512)sum, (__m512bh)a, (__m512bh)b);
}

static inline ints narrow_two(vec first, vec second)
{
	ints order; /* halves l and 16 + l */
	for (int l = 0; l < LANES; l++)
		order[l] = l | (LANES + l) << 16;
	const __m512i halves = (__m512i)_mm512_cvtne2ps_pbh((__m512)second, (__m512)first);
	return (ints)_mm512_permutexvar_epi16((__m512i)order, halves);
}

static inline void narrow_half(float *to, vec v)
{
	_mm256_storeu_ps(to, (__m256)_mm512_cvtneps_pbh((__m512)v));
}

#define HAS_PAIRS
#define ISA native_avx512bf16
#define ISA_NAME "avx512bf16"
#include "kernels.h"
#endif
