#include "op/tile.h"

#include "op/clones.h"
#include "op/op.h"

RNF_CLONES
void rnf_add_tile(int64_t n, const float *a, const float *b, float *y)
{
	for (int64_t i = 0; i < n; i++)
		y[i] = a[i] + b[i];
}

RNF_CLONES
void rnf_add_doubles(int64_t n, const double *a, const double *b, double *y)
{
	for (int64_t i = 0; i < n; i++)
		y[i] = a[i] + b[i];
}

RNF_INLINE void scale(int64_t pixels, int64_t c, int64_t n, const float *x, const float *s,
		      float *y)
{
	float by[RNF_BLOCK], v[RNF_BLOCK];
	rnf_copy(n, s, by);
	for (int64_t p = 0; p < pixels; p++, x += c, y += c) {
		for (int64_t i = 0; i < n; i++)
			v[i] = x[i] * by[i];
		rnf_copy(n, v, y);
	}
}

RNF_CLONES
void rnf_scale_tile(int64_t pixels, int64_t c, const float *x, const float *s,
		    float *y)
{
	int64_t i = 0;
	for (; i + RNF_BLOCK <= c; i += RNF_BLOCK)
		scale(pixels, c, RNF_BLOCK, x + i, s + i, y + i);
	if (i < c) scale(pixels, c, c - i, x + i, s + i, y + i);
}

RNF_INLINE void broadcast(int64_t pixels, int64_t c, int64_t n, const float *v,
			  float factor, float *y)
{
	float value[RNF_BLOCK];
	for (int64_t i = 0; i < n; i++)
		value[i] = v[i] * factor;
	for (int64_t p = 0; p < pixels; p++, y += c)
		rnf_copy(n, value, y);
}

RNF_CLONES
void rnf_broadcast_tile(int64_t pixels, int64_t c, const float *v, float factor,
			float *y)
{
	int64_t i = 0;
	for (; i + RNF_BLOCK <= c; i += RNF_BLOCK)
		broadcast(pixels, c, RNF_BLOCK, v + i, factor, y + i);
	if (i < c) broadcast(pixels, c, c - i, v + i, factor, y + i);
}

void rnf_copy_channels(int64_t pixels, int64_t n, const float *from, int64_t from_c, float *to,
		       int64_t to_c)
{
	for (int64_t p = 0; p < pixels; p++)
		memcpy(to + p * to_c, from + p * from_c, (size_t)n * sizeof *to);
}

/* Named vectors, since compilers split arrays of sums into scalars. */
RNF_INLINE void sum_block(int64_t pixels, int64_t c, const float *x, float *sum)
{
	rnf_vec s[RNF_BLOCK_VECTORS] = { 0 };
	for (int64_t p = 0; p < pixels; p++, x += c)
		for (int v = 0; v < RNF_BLOCK_VECTORS; v++)
			s[v] += ((const rnf_vec *)x)[v];
	for (int v = 0; v < RNF_BLOCK_VECTORS; v++)
		((rnf_vec *)sum)[v] += s[v];
}

RNF_CLONES
void rnf_sum_tile(int64_t pixels, int64_t c, const float *x, float *restrict sum)
{
	int64_t i = 0;
	for (; i + RNF_BLOCK <= c; i += RNF_BLOCK)
		sum_block(pixels, c, x + i, sum + i);
	for (; i < c; i++) {
		float s = 0;
		for (int64_t p = 0; p < pixels; p++)
			s += x[p * c + i];
		sum[i] += s;
	}
}

void rnf_sum_reduce(const struct rnf_sum_io *io)
{
	if (io->first) memcpy(io->to, io->sums, (size_t)io->n * sizeof *io->to);
	else rnf_add_tile(io->n, io->to, io->sums, io->to);
}
