/* For layers y = f(x, p), element by element, whose parameter p is learned: one for all
 * channels, or each its own. For functions that are RNF_MULTIARCH; f is inlined. */
#ifndef RNFRAME_LEARNED_H
#define RNFRAME_LEARNED_H

#include <rnframe/layer.h>
#include <rnframe/vmath.h>

/* Of p, the one of channel i is p[i * step], step 0 or 1. */
RNF_INLINE void rnf_learned_y(float (*f)(float x, float p), const struct rnf_tile *tile,
			      const float *x, const float *p, int64_t step, float *y)
{
	const int64_t c = tile->channels;
	for (int64_t k = 0; k < tile->pixels; k++, x += c, y += c)
		for (int64_t i = 0; i < c; i++)
			y[i] = f(x[i], p[i * step]);
}

RNF_INLINE void rnf_learned_dx(float (*dx)(float x, float p, float dy),
			       const struct rnf_tile *tile, const float *x, const float *p,
			       int64_t step, const float *dy, float *d)
{
	const int64_t c = tile->channels;
	for (int64_t k = 0; k < tile->pixels; k++, x += c, dy += c, d += c)
		for (int64_t i = 0; i < c; i++)
			d[i] = dx(x[i], p[i * step], dy[i]);
}

RNF_INLINE void rnf_learned_dp(float (*dp)(float x, float p, float dy),
			       const struct rnf_tile *tile, const float *x, const float *p,
			       int64_t step, const float *dy, float *d)
{
	const int64_t c = tile->channels;
	for (int64_t k = 0; k < tile->pixels; k++, x += c, dy += c)
		for (int64_t i = 0; i < c; i++)
			d[i * step] += dp(x[i], p[i * step], dy[i]);
}

/* fwd of a row with the operands x and p. */
RNF_INLINE void rnf_learned_fwd(float (*f)(float x, float p), int shared,
				const struct rnf_tile *tile, const float *const *in, float *y)
{
	if (shared) rnf_learned_y(f, tile, in[0], in[1], 0, y);
	else rnf_learned_y(f, tile, in[0], in[1], 1, y);
}

/* Its bwd: dx and dp give what an element hands to x, and to the sum of p. */
RNF_INLINE void rnf_learned_bwd(float (*dx)(float x, float p, float dy),
				float (*dp)(float x, float p, float dy), int shared,
				const struct rnf_tile *tile, uint32_t i, const float *const *in,
				const float *dy, float *d)
{
	if (i == 0 && shared) rnf_learned_dx(dx, tile, in[0], in[1], 0, dy, d);
	else if (i == 0) rnf_learned_dx(dx, tile, in[0], in[1], 1, dy, d);
	else if (shared) rnf_learned_dp(dp, tile, in[0], in[1], 0, dy, d);
	else rnf_learned_dp(dp, tile, in[0], in[1], 1, dy, d);
}

static const uint32_t rnf_learned_roles[] = { RNF_IN_TILE, RNF_IN_WEIGHT };

/* y of x, with the weight `name` that starts with `value`; self has `shared`, too. [main] */
static inline rnf_val rnf_learned_lower(struct rnf_graph *graph, rnf_val x, const char *name,
					double value, int shared, const struct rnf_row_impl *row,
					const void *self)
{
	int64_t nhwc[4] = { 0 };
	if (x < 0) return x;
	graph->shape(graph, x, nhwc);
	const rnf_val in[] = { x, rnf_vector(graph, name, shared ? 1 : nhwc[3], value) };
	return graph->rows(graph, in, 2, 0, row, self);
}

#endif
