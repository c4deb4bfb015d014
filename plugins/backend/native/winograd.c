/* Winograd's convs: which convs are computed so, their sizes, and G w G' of the
 * weights. The transforms and products: winograd.h. */
#include "native.h"

enum { TILE = 4, POINTS = 36, GATHERED = 16, SCRATCH_FLOATS = 24 * 1024 };

int native_winograd_fits(const struct rnf_conv_shape *s)
{
	const struct rnf_window *w = &s->window;
	return w->kernel_h == 3 && w->kernel_w == 3 && w->stride == 1 && s->groups == 1 &&
	       w->pad_top <= 2 && w->pad_left <= 2;
}

static int64_t up(int64_t n, int64_t unit)
{
	return (n + unit - 1) / unit * unit;
}

/* As many tiles at once as SCRATCH_FLOATS hold, but some, since the weights are
 * read once for each such run. */
static int64_t at_once(const struct native_conv *g)
{
	const int64_t n = SCRATCH_FLOATS / (POINTS * (g->c_padded + g->padded));
	return n < 6 ? 6 : n > GATHERED ? GATHERED : n;
}

/* dx is a conv of dy by the kernel turned around, with the zeros that are left. */
void native_winograd_size(struct native_conv *g, int64_t lanes)
{
	const struct rnf_window *w = &g->shape.window;
	const int back = g->shape.kind == RNF_STEP_CONV_BWD_DATA;
	g->top = back ? 2 - w->pad_top : w->pad_top;
	g->left = back ? 2 - w->pad_left : w->pad_left;
	g->out_h = back ? g->shape.h : w->out_h;
	g->c_padded = up(g->c, lanes);
	g->tiles_x = up(g->out_w, TILE) / TILE;
	g->tiles = up(g->out_h, TILE) / TILE * g->tiles_x;
	g->tiles_at_once = g->shape.kind == RNF_STEP_CONV_BWD_WEIGHTS ? GATHERED : at_once(g);
}

size_t native_winograd_scratch(const struct native_conv *g)
{
	return sizeof(float) * (size_t)(POINTS * (native_plane(g->tiles_at_once, g->c_padded) +
						  native_plane(g->tiles_at_once, g->padded)));
}

size_t native_winograd_leaf(const struct native_conv *g)
{
	return sizeof(struct native_leaf) + native_winograd_scratch(g) +
	       sizeof(float) * (size_t)(POINTS * native_plane(g->c, g->padded));
}

/* ---- weights: u[point][column of vectors][c][its width] ---- */

/* G: 3 taps to 6 points */
static void to_points(const float *w, int64_t step, float *u)
{
	const float even = (w[0] + w[2 * step]) * (1.0f / 6), odd = w[step] * (1.0f / 6);
	const float even2 = w[0] * (1.0f / 24) + w[2 * step] * (1.0f / 6);
	const float odd2 = w[step] * (1.0f / 12);
	u[0] = w[0] * 0.25f;
	u[1] = -even - odd;
	u[2] = -even + odd;
	u[3] = even2 + odd2;
	u[4] = even2 - odd2;
	u[5] = w[2 * step];
}

static void filter_points(const float w[9], float u[POINTS])
{
	float t[3 * 6]; /* [column of taps][point] */
	for (int x = 0; x < 3; x++)
		to_points(w + x, 3, t + 6 * x);
	for (int y = 0; y < 6; y++)
		to_points(t + y, 6, u + 6 * y);
}

static void load_filter(const struct native_conv *g, const float *weights, int64_t c,
			int64_t k, float w[9])
{
	const int back = g->shape.kind == RNF_STEP_CONV_BWD_DATA;
	for (int t = 0; t < 9; t++)
		w[t] = k < g->k ? weights[native_weight_at(g, back ? 8 - t : t, c, k)] : 0;
}

void native_winograd_pack(const void *state, const float *weights, float *packed)
{
	const struct native_conv *g = state;
	const int64_t plane = g->c * g->padded;
	for (int64_t from = 0; from < g->padded; from += g->column) {
		const int64_t left = g->padded - from;
		const int64_t width = left < g->column ? left : g->column;
		for (int64_t c = 0; c < g->c; c++)
			for (int64_t k = 0; k < width; k++) {
				float w[9], u[POINTS];
				load_filter(g, weights, c, from + k, w);
				filter_points(w, u);
				for (int p = 0; p < POINTS; p++)
					packed[p * plane + from * g->c + c * width + k] = u[p];
			}
	}
}

size_t native_winograd_pack_floats(const struct native_conv *g)
{
	return (size_t)(POINTS * g->c * g->padded);
}
