#include "kernel/pool.h"

#include <string.h>

/* Rows (or columns) from <= i < to of output `o`'s window that are inside. */
static void inside(int64_t o, int64_t stride, int64_t before, int64_t kernel,
		   int64_t n, int64_t *from, int64_t *to)
{
	*from = o * stride - before;
	*to = *from + kernel;
	if (*from < 0) *from = 0;
	if (*to > n) *to = n;
}

struct box {
	int64_t y0, y1, x0, x1;
};

static struct box box_of(const struct rnf_window *w, int64_t oy, int64_t ox,
			 int64_t h, int64_t wd)
{
	struct box b;
	inside(oy, w->stride, w->pad_top, w->kernel_h, h, &b.y0, &b.y1);
	inside(ox, w->stride, w->pad_left, w->kernel_w, wd, &b.x0, &b.x1);
	return b;
}

static float share(const struct box *b)
{
	return 1.0f / (float)((b->y1 - b->y0) * (b->x1 - b->x0));
}

void rnf_avgpool_fwd(const struct rnf_window *w, int64_t h, int64_t wd, int64_t c,
		     const float *x, float *y)
{
	memset(y, 0, (size_t)(w->out_h * w->out_w * c) * sizeof *y);
	for (int64_t oy = 0; oy < w->out_h; oy++)
		for (int64_t ox = 0; ox < w->out_w; ox++, y += c) {
			const struct box b = box_of(w, oy, ox, h, wd);
			for (int64_t iy = b.y0; iy < b.y1; iy++)
				for (int64_t ix = b.x0; ix < b.x1; ix++)
					for (int64_t i = 0; i < c; i++)
						y[i] += x[(iy * wd + ix) * c + i];
			for (int64_t i = 0; i < c; i++)
				y[i] *= share(&b);
		}
}

void rnf_avgpool_bwd(const struct rnf_window *w, int64_t h, int64_t wd, int64_t c,
		     const float *dy, float *dx)
{
	memset(dx, 0, (size_t)(h * wd * c) * sizeof *dx);
	for (int64_t oy = 0; oy < w->out_h; oy++)
		for (int64_t ox = 0; ox < w->out_w; ox++, dy += c) {
			const struct box b = box_of(w, oy, ox, h, wd);
			const float factor = share(&b);
			for (int64_t iy = b.y0; iy < b.y1; iy++)
				for (int64_t ix = b.x0; ix < b.x1; ix++)
					for (int64_t i = 0; i < c; i++)
						dx[(iy * wd + ix) * c + i] +=
							dy[i] * factor;
		}
}

/* Offset of the first maximum of channel i; NaN counts as a maximum. */
static int64_t argmax(const struct box *b, int64_t wd, int64_t c, const float *x,
		      int64_t i)
{
	int64_t best = (b->y0 * wd + b->x0) * c + i;
	for (int64_t iy = b->y0; iy < b->y1; iy++)
		for (int64_t ix = b->x0; ix < b->x1; ix++) {
			const int64_t at = (iy * wd + ix) * c + i;
			if (x[at] > x[best] || (x[at] != x[at] && x[best] == x[best]))
				best = at;
		}
	return best;
}

void rnf_maxpool_fwd(const struct rnf_window *w, int64_t h, int64_t wd, int64_t c,
		     const float *x, float *y)
{
	for (int64_t oy = 0; oy < w->out_h; oy++)
		for (int64_t ox = 0; ox < w->out_w; ox++, y += c) {
			const struct box b = box_of(w, oy, ox, h, wd);
			for (int64_t i = 0; i < c; i++)
				y[i] = x[argmax(&b, wd, c, x, i)];
		}
}

void rnf_maxpool_bwd(const struct rnf_window *w, int64_t h, int64_t wd, int64_t c,
		     const float *x, const float *dy, float *dx)
{
	memset(dx, 0, (size_t)(h * wd * c) * sizeof *dx);
	for (int64_t oy = 0; oy < w->out_h; oy++)
		for (int64_t ox = 0; ox < w->out_w; ox++, dy += c) {
			const struct box b = box_of(w, oy, ox, h, wd);
			for (int64_t i = 0; i < c; i++)
				dx[argmax(&b, wd, c, x, i)] += dy[i];
		}
}
