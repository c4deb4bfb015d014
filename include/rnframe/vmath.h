/* Vector maths for authors of tile kernels: plain C which the compiler turns
 * into vector code, with the same bits on every CPU (no contraction). */
#ifndef RNFRAME_VMATH_H
#define RNFRAME_VMATH_H

#include <stdint.h>
#include <string.h>

/* Compile a function for several instruction sets and pick one when loaded.
 * Empty where the loader or a sanitizer cannot. */
#if defined(__x86_64__) && defined(__gnu_linux__) && !defined(__clang__) && \
	!defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define RNF_MULTIARCH \
	__attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define RNF_MULTIARCH
#endif

/* exp(x), relative error below 2e-7 in [-87, 88], clamped outside.
 * x = r ln2 + t with whole r, |t| <= ln2 / 2; e^t by its Taylor polynomial of
 * degree 7 (remainder below 6e-9), 2^r by the exponent bits. */
static inline float rnf_expf(float x)
{
	x = x < -87.0f ? -87.0f : x;
	x = x > 88.0f ? 88.0f : x;
	const float r = (x * 1.44269504f + 12582912.0f) - 12582912.0f;
	const float t = (x - r * 0.693359375f) + r * 2.12194440e-4f;
	float p = 1.0f / 5040;
	p = p * t + 1.0f / 720;
	p = p * t + 1.0f / 120;
	p = p * t + 1.0f / 24;
	p = p * t + 1.0f / 6;
	p = p * t + 0.5f;
	p = p * t + 1.0f;
	p = p * t + 1.0f;
	const int32_t bits = (int32_t)((uint32_t)((int32_t)r + 127) << 23);
	float power;
	memcpy(&power, &bits, sizeof power);
	return p * power;
}

#endif
