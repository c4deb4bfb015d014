/* Winograd's convs: which convs are computed so, their sizes, and G w G' of the
 * weights. The transforms and products: winograd.h. */
#include <string.h>

#include "native.h"

enum { TILE = 4, POINTS = 36, GATHERED = 16, SCRATCH_FLOATS = 38 * 1024 };

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

static int64_t tile_floats(const struct native_conv *g)
{
	return native_tile(g->c_padded) + native_tile(g->padded);
}

/* As many tiles at once as SCRATCH_FLOATS hold, but some, since the weights are
 * read once for each such run. */
static int64_t at_once(const struct native_conv *g)
{
	const int64_t n = SCRATCH_FLOATS / tile_floats(g);
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
	return (size_t)(g->tiles_at_once * tile_floats(g)) * sizeof(float);
}

size_t native_winograd_leaf(const struct native_conv *g)
{
	return sizeof(struct native_leaf) + native_winograd_scratch(g) +
	       (size_t)(POINTS * native_plane(g)) * sizeof(float);
}

/* ---- weights: u[point][column of vectors][c][its width] ---- */

enum { SOME = 8 }; /* filters side by side, [..][SOME], which compilers vectorize */

/* G: 3 taps to 6 points; `step` and `out` floats from one to the next. */
static void to_points(const float *w, int64_t step, float *u, int64_t out)
{
	const float *middle = w + step, *end = w + 2 * step;
	for (int i = 0; i < SOME; i++) {
		const float even = (w[i] + end[i]) * (1.0f / 6);
		const float odd = middle[i] * (1.0f / 6);
		const float even4 = w[i] * (1.0f / 24) + end[i] * (1.0f / 6);
		const float odd4 = middle[i] * (1.0f / 12);
		u[i] = w[i] * 0.25f;
		u[out + i] = -even - odd;
		u[2 * out + i] = -even + odd;
		u[3 * out + i] = even4 + odd4;
		u[4 * out + i] = even4 - odd4;
		u[5 * out + i] = end[i];
	}
}

/* u[POINTS][SOME] of w[9][SOME] */
static void filter_points(const float *w, float *u)
{
	float t[6 * 3 * SOME]; /* [point][column of taps] */
	for (int x = 0; x < 3; x++)
		to_points(w + x * SOME, 3 * SOME, t + x * SOME, 3 * SOME);
	for (int y = 0; y < 6; y++)
		to_points(t + y * 3 * SOME, SOME, u + y * 6 * SOME, SOME);
}

/* Floats from where the weights have a tap for channel k to where for channel k + 1. */
static int64_t weight_step(const struct native_conv *g)
{
	return g->shape.kind == RNF_STEP_CONV_FWD ? 1 : g->shape.k;
}

/* Filters k .. k + n of the channel c that is read; zeros behind the last. */
static void load_filters(const struct native_conv *g, const float *weights, int64_t c,
			 int64_t k, int64_t n, float *w)
{
	const int64_t step = weight_step(g), there = n < g->k - k ? n : g->k - k;
	memset(w, 0, sizeof(float[9 * SOME]));
	for (int t = 0; t < 9 && there > 0; t++, w += SOME) {
		const float *from = weights + native_weight_at(g, t, c, k);
		for (int64_t i = 0; i < there; i++)
			w[i] = from[i * step];
	}
}

/* A column of `width` channels from `from` on. */
static void pack_column(const struct native_conv *g, const float *weights, int64_t from,
			int64_t width, float *packed)
{
	const int64_t plane = g->c * g->padded;
	for (int64_t c = 0; c < g->c; c++)
		for (int64_t k = 0; k < width; k += SOME) {
			const int64_t n = width - k < SOME ? width - k : SOME;
			float w[9 * SOME], u[POINTS * SOME];
			load_filters(g, weights, c, from + k, n, w);
			filter_points(w, u);
			for (int p = 0; p < POINTS; p++)
				memcpy(packed + p * plane + c * width + k, u + p * SOME,
				       (size_t)n * sizeof *u);
		}
}

void native_winograd_pack(const void *state, const float *weights, float *packed)
{
	const struct native_conv *g = state;
	for (int64_t from = 0; from < g->padded; from += g->column) {
		const int64_t left = g->padded - from;
		pack_column(g, weights, from, left < g->column ? left : g->column,
			    packed + from * g->c);
	}
}

size_t native_winograd_pack_floats(const struct native_conv *g)
{
	return (size_t)(POINTS * g->c * g->padded);
}
