/* Winograd's convs: which convs use it, and their sizes. The transforms and products:
 * winograd.h. */
#include "native.h"

enum { TILE = 4, POINTS = 36, GATHERED = 16, SCRATCH_FLOATS = 38 * 1024 };

int native_winograd_fits(const struct rnf_conv_shape *s)
{
	const struct rnf_window *w = &s->window;
	return w->kernel_h == 3 && w->kernel_w == 3 && w->stride == 1 && w->dilation == 1 &&
	       s->groups == 1 && w->pad_top <= 2 && w->pad_left <= 2;
}

static int64_t tile_floats(const struct native_conv *g)
{
	return native_tile(g->c_padded) + native_tile(g->padded);
}

/* As many tiles at once as SCRATCH_FLOATS hold, but at least a few, since the weights are
 * read once for each such run. */
static int64_t at_once(const struct native_conv *g)
{
	const int64_t n = SCRATCH_FLOATS / tile_floats(g);
	return n < 6 ? 6 : n > GATHERED ? GATHERED : n;
}

/* dx is a conv of dy with the flipped kernel, and the remaining border of zeros. */
void native_winograd_size(struct native_conv *g, int64_t lanes)
{
	const struct rnf_window *w = &g->shape.window;
	const int back = g->shape.kind == RNF_CONV_BWD_DATA;
	g->top = back ? 2 - w->pad_top : w->pad_top;
	g->left = back ? 2 - w->pad_left : w->pad_left;
	g->out_h = back ? g->shape.h : w->out_h;
	g->c_padded = native_pieces(g->depth, lanes) * lanes;
	if (g->shape.precision == RNF_PRECISION_BF16 &&
	    g->shape.kind != RNF_CONV_BWD_WEIGHTS) { /* pairs of channels */
		g->c = (g->depth + 1) / 2;
		g->c_padded /= 2;
	}
	g->tiles_x = native_pieces(g->out_w, TILE);
	g->tiles = native_pieces(g->out_h, TILE) * g->tiles_x;
	g->tiles_at_once = g->shape.kind == RNF_CONV_BWD_WEIGHTS ? GATHERED : at_once(g);
}

size_t native_winograd_scratch(const struct native_conv *g)
{
	return (size_t)(g->tiles_at_once * tile_floats(g)) * sizeof(float);
}

size_t native_winograd_leaf(const struct native_conv *g)
{
	const int64_t patches = native_pieces(g->c, PATCH) *
				native_pieces(g->padded, g->column);
	return sizeof(struct native_leaf) + native_winograd_scratch(g) +
	       (size_t)(patches * POINTS * native_patch_plane(g)) * sizeof(float);
}

size_t native_winograd_pack_floats(const struct native_conv *g)
{
	return (size_t)(POINTS * native_plane(g));
}
