/* Convs as lists of taps: the images that are read and written, the sub-convs, and where
 * each tap's weight is. */
#include "native.h"

enum { ZEROS = 6 }; /* pixels of them side by side, for Winograd's rows */

/* A class of output pixels along one axis: those at `at` + i * step. */
struct axis {
	int64_t at, n, taps, tap[64], offset[64];
};

/* Forward: one class, in = i * stride + offset. */
static struct axis forward_axis(int64_t out, int64_t kernel, int64_t dilation, int64_t pad)
{
	struct axis a = { .n = out, .taps = kernel };
	for (int64_t t = 0; t < kernel; t++) {
		a.tap[t] = t;
		a.offset[t] = t * dilation - pad;
	}
	return a;
}

/* Backward: pixel at + i * stride of x was read by tap t for output
 * (at + pad - t dilation) / stride + i, where that is whole. */
static struct axis backward_axis(int64_t at, int64_t size, int64_t stride,
				 int64_t kernel, int64_t dilation, int64_t pad)
{
	struct axis a = { .at = at };
	if (at < size) a.n = native_pieces(size - at, stride);
	for (int64_t t = kernel - 1; t >= 0; t--) {
		if ((at + pad - t * dilation) % stride != 0) continue;
		a.tap[a.taps] = kernel - 1 - t;
		a.offset[a.taps++] = (at + pad - t * dilation) / stride;
	}
	return a;
}

static void widen(struct native_conv *g, const struct native_sub *s,
		  const struct native_tap *t)
{
	const int64_t right = (s->cols - 1) * g->in_step + t->dx + 1;
	if (t->dy < g->dy[0]) g->dy[0] = t->dy;
	if (t->dy > g->dy[1]) g->dy[1] = t->dy;
	if (-t->dx > g->left) g->left = -t->dx;
	if (right > g->columns) g->columns = right;
}

static int follows(const struct native_tap *t, const struct native_tap *before)
{
	return t->dy == before->dy && t->dx == before->dx + 1 &&
	       t->weight == before->weight + 1;
}

static void set_beside(struct native_sub *s)
{
	for (int64_t i = s->n_taps - 1; i >= 0; i--) {
		struct native_tap *t = &s->taps[i];
		const int more = i + 1 < s->n_taps && follows(t + 1, t);
		t->beside = more ? t[1].beside + 1 : 1;
	}
}

static int add_sub(struct native_conv *g, const struct rnf_host *host,
		   const struct axis *y, const struct axis *x)
{
	struct native_sub *s = &g->subs[g->n_subs++];
	struct native_tap *taps = host->alloc((size_t)(y->taps * x->taps + 1) * sizeof *taps);
	if (!taps) return 0;
	*s = (struct native_sub){ .taps = taps, .rows = y->n, .cols = x->n,
				  .oy = y->at, .ox = x->at };
	for (int64_t i = 0; i < y->taps; i++)
		for (int64_t j = 0; j < x->taps; j++) {
			struct native_tap *t = &taps[s->n_taps++];
			*t = (struct native_tap){
				.dy = y->offset[i], .dx = x->offset[j],
				.weight = y->tap[i] * g->shape.window.kernel_w + x->tap[j] };
			widen(g, s, t);
		}
	set_beside(s);
	return 1;
}

static int add_subs(struct native_conv *g, const struct rnf_host *host)
{
	const struct rnf_conv_shape *s = &g->shape;
	const struct rnf_window *w = &s->window;
	const int64_t classes = g->out_step;
	g->subs = host->alloc((size_t)(classes * classes) * sizeof *g->subs);
	if (!g->subs) return 0;
	if (s->kind != RNF_CONV_BWD_DATA) {
		const struct axis y = forward_axis(w->out_h, w->kernel_h, w->dilation,
						   w->pad_top);
		const struct axis x = forward_axis(w->out_w, w->kernel_w, w->dilation,
						   w->pad_left);
		return add_sub(g, host, &y, &x);
	}
	for (int64_t i = 0; i < classes; i++)
		for (int64_t j = 0; j < classes; j++) {
			const struct axis y = backward_axis(i, s->h, w->stride, w->kernel_h,
							    w->dilation, w->pad_top);
			const struct axis x = backward_axis(j, s->w, w->stride, w->kernel_w,
							    w->dilation, w->pad_left);
			if (y.n && x.n && !add_sub(g, host, &y, &x)) return 0;
		}
	return 1;
}

/* If each pixel meets only itself, the image is equivalent to one long row. */
static void join_rows(struct rnf_conv_shape *s)
{
	struct rnf_window *w = &s->window;
	if (w->kernel_h * w->kernel_w != 1 || w->stride != 1 || w->pad_top || w->pad_left ||
	    w->out_h != s->h || w->out_w != s->w)
		return;
	s->w = w->out_w = s->h * s->w;
	s->h = w->out_h = 1;
}

/* The image that is read and the one that is written. */
static void set_images(struct native_conv *g, const struct native_isa *isa)
{
	const int64_t lanes = isa->lanes;
	const struct rnf_conv_shape *s = &g->shape;
	const struct rnf_window *w = &s->window;
	const int back = s->kind == RNF_CONV_BWD_DATA;
	g->h = back ? w->out_h : s->h;
	g->w = back ? w->out_w : s->w;
	g->c = back ? s->k : s->c;
	g->k = back ? s->c : s->k;
	g->out_w = back ? s->w : w->out_w;
	g->padded = native_pieces(g->k, lanes) * lanes;
	g->column = isa->lanes * isa->vectors;
	g->in_step = back ? 1 : w->stride;
	g->out_step = back ? w->stride : 1;
	g->depth = g->c / s->groups;
	g->per = g->k / s->groups;
}

int native_taps_set(struct native_conv *g, const struct rnf_host *host,
		    const struct native_isa *isa, const struct rnf_conv_shape *shape)
{
	g->shape = *shape;
	/* the others work in bands of rows */
	if (shape->kind != RNF_CONV_BWD_WEIGHTS && shape->groups == 1)
		join_rows(&g->shape);
	g->dy[0] = INT64_MAX;
	g->dy[1] = INT64_MIN;
	set_images(g, isa);
	g->zero = host->alloc((size_t)(ZEROS * (g->c + g->k) + isa->lanes) * sizeof(float));
	if (!g->zero || !add_subs(g, host)) return 0;
	if (g->dy[0] > g->dy[1]) g->dy[0] = g->dy[1] = 0; /* without any tap */
	return 1;
}

int64_t native_weight_at(const struct native_conv *g, int64_t tap, int64_t j, int64_t k)
{
	const struct rnf_conv_shape *s = &g->shape;
	const int64_t depth = s->c / s->groups, taps = s->window.kernel_h * s->window.kernel_w;
	if (s->kind == RNF_CONV_FWD) return (tap * depth + j) * s->k + k;
	/* backward, k is a channel of x, and j one of its group's outputs */
	return ((taps - 1 - tap) * depth + k % g->per) * s->k + k / g->per * g->depth + j;
}

void native_pack(const struct native_conv *g, native_pack_tap *pack_tap, const float *weights,
		 float *packed)
{
	const struct rnf_window *w = &g->shape.window;
	for (int64_t k = 0; k < g->padded; k += g->column)
		for (int64_t t = 0; t < w->kernel_h * w->kernel_w; t++)
			packed = pack_tap(g, k, t, weights, packed);
}
