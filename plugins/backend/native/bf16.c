/* Convs on bf16: their sizes, and weights stored in pairs. The kernels: bf16.h. */
#include "native.h"

enum { PANEL_FLOATS = 16 * 1024 }; /* a part of L2 */

size_t native_bf16_size(struct native_conv *g)
{
	g->c = (g->depth + 1) / 2;
	return g->depth % 2 ? (size_t)(g->h * g->w * g->c) * sizeof(float) : 0;
}

/* Pairs of a row within reach of the taps. */
static int64_t pairs_reached(const struct native_conv *g)
{
	const struct native_sub *s = &g->subs[0];
	int64_t most = 0;
	for (int64_t t = 0; t < s->n_taps; t++)
		if (g->left + s->taps[t].dx > most) most = g->left + s->taps[t].dx;
	return most / (2 * g->in_step) + (s->cols + 1) / 2;
}

size_t native_bf16_weights_size(struct native_conv *g, int64_t lanes)
{
	const struct native_sub *s = &g->subs[0];
	const int64_t extent = g->dy[1] - g->dy[0];
	g->c_padded = native_pieces(g->c, lanes) * lanes;
	g->columns = pairs_reached(g);
	const int64_t x_row = 2 * g->in_step * g->columns * g->c_padded;
	const int64_t d_row = native_output_pairs(g) * g->padded;
	const int64_t rows = (PANEL_FLOATS - extent * x_row) / (d_row + g->in_step * x_row);
	g->band = rows < 1 ? 1 : rows > s->rows ? s->rows : rows;
	return sizeof(float) * (size_t)(g->band * d_row +
					((g->band - 1) * g->in_step + extent + 1) * x_row);
}

size_t native_bf16_pack_floats(const struct native_conv *g)
{
	const struct rnf_window *w = &g->shape.window;
	return (size_t)(w->kernel_h * w->kernel_w * g->c * g->padded);
}

static uint32_t pair(const struct native_conv *g, const float *weights, int64_t tap,
		     int64_t j, int64_t k)
{
	const float *second = weights + native_weight_at(g, tap, j + 1, k);
	if (k >= g->k) return 0;
	return native_pair(weights[native_weight_at(g, tap, j, k)],
			   j + 1 < g->depth ? *second : 0);
}

/* A tap of the column that begins at `from`: [pair of input channels][width] */
static float *pack_tap(const struct native_conv *g, int64_t from, int64_t tap,
		       const float *weights, float *packed)
{
	const int64_t to = native_column_end(g, from);
	for (int64_t j = 0; j < g->depth; j += 2)
		for (int64_t k = from; k < to; k++) {
			const uint32_t bits = pair(g, weights, tap, j, k);
			memcpy(packed++, &bits, sizeof bits);
		}
	return packed;
}

void native_bf16_pack(const void *conv, const float *weights, float *packed)
{
	native_pack(conv, pack_tap, weights, packed);
}
