/* Convs on bf16: their sizes, and the weights in pairs. The kernels: bf16.h. */
#include "native.h"

enum { ROWS_FLOATS = 24 * 1024, PANEL_FLOATS = 16 * 1024 }; /* parts of L2 */

size_t native_bf16_size(struct native_conv *g)
{
	g->c = (g->depth + 1) / 2;
	return native_set_band(g, g->w * g->c, ROWS_FLOATS);
}

/* Pairs of a row that the taps reach. */
static int64_t pair_columns(const struct native_conv *g)
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
	g->c_padded = (g->c + lanes - 1) / lanes * lanes;
	g->columns = pair_columns(g);
	const int64_t x_row = 2 * g->in_step * g->columns * g->c_padded;
	const int64_t d_row = (s->cols + 1) / 2 * g->padded;
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

/* A tap of a column: [pair of channels that are read][width], from w[c][k]. */
static float *pack_tap(const struct native_conv *g, int64_t from, const float *w,
		       float *packed)
{
	const int back = g->shape.kind == RNF_STEP_CONV_BWD_DATA;
	const int64_t j_step = back ? 1 : g->shape.k, k_step = back ? g->shape.k : 1;
	const int64_t to = native_column_end(g, from);
	for (int64_t j = 0; j < g->depth; j += 2)
		for (int64_t k = from; k < to; k++) {
			const float *at = w + j * j_step + k * k_step;
			const uint32_t pair = k >= g->k ? 0
				: native_pair(*at, j + 1 < g->depth ? at[j_step] : 0);
			memcpy(packed++, &pair, sizeof pair);
		}
	return packed;
}

void native_bf16_pack(const void *conv, const float *weights, float *packed)
{
	const struct native_conv *g = conv;
	const struct rnf_window *w = &g->shape.window;
	for (int64_t k = 0; k < g->padded; k += g->column)
		for (int64_t t = 0; t < w->kernel_h * w->kernel_w; t++)
			packed = pack_tap(g, k, weights + t * g->shape.c * g->shape.k, packed);
}
