/* Sums over neighbours, such as the channels of a pixel: RNF_LANES side by side, then in
 * order, so that they have the same bits whatever vectors the processor has. For functions
 * that are RNF_MULTIARCH. [worker] */
#ifndef RNFRAME_SUMS_H
#define RNFRAME_SUMS_H

#include <rnframe/vmath.h>

RNF_INLINE float rnf_lanes_sum(const rnf_vec *lanes)
{
	float sum = 0;
	for (int l = 0; l < RNF_LANES; l++)
		sum += (*lanes)[l];
	return sum;
}

/* x[0] + .. + x[n - 1] */
RNF_INLINE float rnf_sum(int64_t n, const float *x)
{
	rnf_vec lanes = { 0 };
	int64_t i = 0;
	for (; i + RNF_LANES <= n; i += RNF_LANES)
		lanes += *(const rnf_vec *)(x + i);
	float sum = rnf_lanes_sum(&lanes);
	for (; i < n; i++)
		sum += x[i];
	return sum;
}

/* a[0] b[0] + .. + a[n - 1] b[n - 1] */
RNF_INLINE float rnf_dot(int64_t n, const float *a, const float *b)
{
	rnf_vec lanes = { 0 };
	int64_t i = 0;
	for (; i + RNF_LANES <= n; i += RNF_LANES)
		lanes += *(const rnf_vec *)(a + i) * *(const rnf_vec *)(b + i);
	float sum = rnf_lanes_sum(&lanes);
	for (; i < n; i++)
		sum += a[i] * b[i];
	return sum;
}

#endif
