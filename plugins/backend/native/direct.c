/* Convs on floats, tap by tap: their sizes, and weights in the layout of
 * native_packed_at(). The kernels: dense.h, grouped.h. */
#include "native.h"

enum {
	PANEL_PIXELS = 128,
	SLICE = 16, /* channels: the output is written a cache line at a time */
	ROWS_FLOATS = 24 * 1024, /* of rows laid out for a grouped conv: a part of L2 */
};

/* As many rows as have their input in ROWS_FLOATS, and its bytes. Rows between two bands
 * are laid out twice. */
static size_t set_band(struct native_conv *g)
{
	const int64_t extent = g->dy[1] - g->dy[0], row = g->columns * g->pixel;
	const int64_t rows = ROWS_FLOATS / row - extent - 1;
	g->band = rows > 0 ? rows / g->in_step + 1 : 1;
	return (size_t)(((g->band - 1) * g->in_step + extent + 1) * row) * sizeof(float);
}

/* Do the taps come in threes over adjacent pixels? A stride separates these. */
static int come_in_threes(const struct native_conv *g, const struct native_sub *s)
{
	if (g->in_step != 1 || s->n_taps == 0 || s->n_taps % 3 != 0) return 0;
	for (int64_t i = 0; i < s->n_taps; i += 3)
		if (s->taps[i].beside < 3) return 0;
	return 1;
}

static void set_lanes(struct native_conv *g, struct native_sub *s)
{
	s->threes = come_in_threes(g, s);
	for (int64_t i = 0; i < s->n_taps; i++) {
		struct native_tap *t = &s->taps[i];
		t->lanes = (t->dy * g->columns + t->dx) * g->pixel;
	}
}

/* Whole vectors, and all channels if they fit: then a pixel's are copied at once. */
static int64_t even_slice(const struct native_conv *g, int64_t lanes)
{
	const int64_t rows = g->dy[1] - g->dy[0] + 1;
	const int64_t vectors = ROWS_FLOATS / (rows * g->columns * lanes);
	const int64_t slice = vectors > 1 ? vectors * lanes : lanes;
	return slice < g->padded ? slice : g->padded;
}

size_t native_grouped_size(struct native_conv *g, const struct native_isa *isa)
{
	if (g->columns < g->w) g->columns = g->w;
	g->columns += g->left;
	g->even = isa->permutes && g->depth == g->per && isa->lanes % g->depth == 0 &&
		  g->k == g->padded;
	g->slice = g->even ? even_slice(g, isa->lanes) : g->padded < SLICE ? g->padded : SLICE;
	g->column = g->slice;
	g->pixel = g->even ? g->slice : g->depth * g->slice;
	for (size_t i = 0; i < g->n_subs; i++)
		set_lanes(g, &g->subs[i]);
	return set_band(g);
}

/* Rows whose pixels are arranged at once: a part of L2. */
size_t native_points_size(struct native_conv *g, const struct native_isa *isa)
{
	const struct native_sub *s = &g->subs[0];
	const int64_t bundles = native_pieces(g->c, isa->channels);
	g->band = s->cols < PANEL_PIXELS ? PANEL_PIXELS / s->cols : 1;
	if (g->band > s->rows) g->band = s->rows;
	const int64_t pixels = g->band * s->cols;
	return (size_t)(bundles * native_bundle(pixels, isa->channels) + pixels * g->column) *
	       sizeof(float);
}

size_t native_direct_pack_floats(const struct native_conv *g)
{
	const struct rnf_window *w = &g->shape.window;
	return (size_t)(w->kernel_h * w->kernel_w * g->depth * g->padded);
}

static float *pack_tap(const struct native_conv *g, int64_t from, int64_t tap,
		       const float *weights, float *packed)
{
	const int64_t to = native_column_end(g, from);
	for (int64_t j = 0; j < g->depth; j++)
		for (int64_t k = from; k < to; k++)
			*packed++ = k < g->k ? weights[native_weight_at(g, tap, j, k)] : 0;
	return packed;
}

void native_direct_pack(const void *conv, const float *weights, float *packed)
{
	native_pack(conv, pack_tap, weights, packed);
}
