#include "dtype.h"

#include <string.h>

static float from_bits(uint32_t bits)
{
	float value;
	memcpy(&value, &bits, sizeof value);
	return value;
}

/* IEEE 754 binary16: 1 bit of sign, 5 of exponent, 10 of fraction. No intermediate float
 * is denormal, since denormals count as zero here. */
static float from_f16(uint16_t half)
{
	const uint32_t sign = (half & 0x8000u) << 16, rest = half & 0x7fff;
	if (rest < 0x400) return (sign ? -0x1p-24f : 0x1p-24f) * (float)rest;
	if (rest < 0x7c00) return from_bits(sign | (rest + ((127 - 15) << 10)) << 13);
	return from_bits(sign | 0x7f800000 | (rest & 0x3ff) << 13);
}

/* The upper half of a float. */
static float from_bf16(uint16_t half)
{
	return from_bits((uint32_t)half << 16);
}

static const struct dtype dtypes[] = {
	{ "F32", 4, NULL },
	{ "F16", 2, from_f16 },
	{ "BF16", 2, from_bf16 },
};

const struct dtype *dtype_find(const char *name)
{
	for (size_t i = 0; i < sizeof dtypes / sizeof *dtypes; i++)
		if (strcmp(dtypes[i].name, name) == 0) return &dtypes[i];
	return NULL;
}

void *dtype_place(const struct dtype *dtype, float *data, size_t n)
{
	return (char *)data + n * (sizeof *data - dtype->bytes);
}

/* Backwards in place: a float never overwrites halves that are still needed. */
void dtype_widen(const struct dtype *dtype, float *data, size_t n)
{
	const char *from = dtype_place(dtype, data, n);
	for (size_t i = 0; dtype->widen && i < n; i++) {
		uint16_t half;
		memcpy(&half, from + i * sizeof half, sizeof half);
		data[i] = dtype->widen(half);
	}
}
