#include "kernel/narrow.h"

#include <rnframe/vmath.h>

RNF_MULTIARCH
void rnf_widen(int64_t n, const uint16_t *from, float *to)
{
	for (int64_t i = 0; i < n; i++) {
		const uint32_t bits = (uint32_t)from[i] << 16;
		__builtin_memcpy(&to[i], &bits, sizeof bits);
	}
}

RNF_MULTIARCH
void rnf_narrow(int64_t n, const float *from, uint16_t *to)
{
	for (int64_t i = 0; i < n; i++) {
		uint32_t bits;
		__builtin_memcpy(&bits, &from[i], sizeof bits);
		const uint32_t nan = (bits & 0x7fffffffu) > 0x7f800000u ? 0x400000u : 0;
		const uint32_t half = nan ? 0 : 0x7fffu + (bits >> 16 & 1);
		to[i] = (uint16_t)(((bits | nan) + half) >> 16);
	}
}
