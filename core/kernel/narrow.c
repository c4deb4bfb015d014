#include "kernel/narrow.h"

#include "kernel/clones.h"
#ifdef __x86_64__
#include <immintrin.h>
#endif

RNF_CLONES
void rnf_widen(int64_t n, const uint16_t *from, float *to)
{
	for (int64_t i = 0; i < n; i++) {
		const uint32_t bits = (uint32_t)from[i] << 16;
		__builtin_memcpy(&to[i], &bits, sizeof bits);
	}
}

RNF_CLONES
void rnf_narrow_plain(int64_t n, const float *from, uint16_t *to)
{
	for (int64_t i = 0; i < n; i++) {
		uint32_t bits;
		__builtin_memcpy(&bits, &from[i], sizeof bits);
		const uint32_t kept = bits & 0x7f800000u ? bits : bits & 0x80000000u;
		const uint32_t nan = (bits & 0x7fffffffu) > 0x7f800000u ? 0x400000u : 0;
		const uint32_t half = nan ? 0 : 0x7fffu + (kept >> 16 & 1);
		to[i] = (uint16_t)(((kept | nan) + half) >> 16);
	}
}

/* The processor's own instruction, which has the same bits, is a tenth of the work. */
#ifdef __x86_64__
static int has_instruction(void)
{
	return __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512f") &&
	       __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
}

__attribute__((target("avx512f,avx512bw,avx512vl,avx512bf16")))
static void narrow_sixteens(int64_t n, const float *from, uint16_t *to)
{
	for (int64_t i = 0; i < n; i += 16) {
		const uint32_t lanes = n - i < 16 ? (1u << (n - i)) - 1 : 0xffffu;
		const __mmask16 there = (__mmask16)lanes;
		const __m512 a = _mm512_maskz_loadu_ps(there, from + i);
		_mm256_mask_storeu_epi16(to + i, there, (__m256i)_mm512_cvtneps_pbh(a));
	}
}
#endif

void rnf_narrow(int64_t n, const float *from, uint16_t *to)
{
#ifdef __x86_64__
	if (has_instruction()) {
		narrow_sixteens(n, from, to);
		return;
	}
#endif
	rnf_narrow_plain(n, from, to);
}
