/* The kernels, once for each instruction set: the file that includes this says
 * LANES, PIXELS, VECTORS, vec, ints, multiply_add, ISA and ISA_NAME.
 *
 * Functions whose arguments are called `pixels`, `vectors`, `channels` or `taps`
 * are inlined with constants there, so that their sums stay in registers. */
#include <string.h>

#include "native.h"

#define INLINE static inline __attribute__((always_inline))

/* Loops over an array of sums must be unrolled early, or it stays in memory. */
#ifdef __clang__
#define UNROLL _Pragma("unroll")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

typedef float unaligned __attribute__((vector_size(4 * LANES), aligned(4)));

INLINE vec load(const float *at)
{
	return (vec)*(const unaligned *)at;
}

INLINE void store(float *at, vec v)
{
	*(unaligned *)at = (unaligned)v;
}

INLINE vec all(float a)
{
	return a - (vec){ 0 };
}

/* Some lanes, at the end of a pixel's channels; the others are 0. */
static vec load_some(const float *at, int64_t n)
{
	vec v = { 0 };
	memcpy(&v, at, (size_t)n * sizeof *at);
	return v;
}

static void store_some(float *at, vec v, int64_t n)
{
	memcpy(at, &v, (size_t)n * sizeof *at);
}

INLINE void store_up_to(float *at, vec v, int64_t n)
{
	if (n >= LANES) store(at, v);
	else if (n > 0) store_some(at, v, n);
}

static inline int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* ---- dense: each input channel of a pixel meets all output channels ---- */

struct place { /* of the pixels that are summed side by side */
	int64_t row[PIXELS], col[PIXELS];
	int64_t n;
	int inner; /* all in one row, and no tap is left or right of the image */
};

INLINE int inner_pixels(const struct native_conv *g, const struct native_tap *t,
			const struct place *at, int64_t pixels, const float *in,
			const float *in_pixel[PIXELS])
{
	const int64_t y = at->row[0] * g->in_step + t->dy;
	const float *first = in + (y * g->w + at->col[0] * g->in_step + t->dx) * g->c;
	if ((uint64_t)y >= (uint64_t)g->h) return 0;
	UNROLL
	for (int64_t p = 0; p < pixels; p++)
		in_pixel[p] = first + p * g->in_step * g->c;
	return 1;
}

/* in_pixel[p]: the channels that tap t reads for pixel p; 0: none has any. */
INLINE int tap_pixels(const struct native_conv *g, const struct native_tap *t,
		      const struct place *at, int64_t pixels, const float *in,
		      const float *in_pixel[PIXELS])
{
	int any = 0;
	if (at->inner) return inner_pixels(g, t, at, pixels, in, in_pixel);
	UNROLL
	for (int64_t p = 0; p < pixels; p++) {
		const int64_t y = at->row[p] * g->in_step + t->dy;
		const int64_t x = at->col[p] * g->in_step + t->dx;
		const int inside = (uint64_t)y < (uint64_t)g->h &&
				   (uint64_t)x < (uint64_t)g->w;
		in_pixel[p] = inside ? in + (y * g->w + x) * g->c : g->zero;
		any |= inside;
	}
	return any;
}

/* w: channels [c][padded] of one tap, from the first vector on */
INLINE void add_tap(int64_t c, int64_t padded, const float *const in_pixel[PIXELS],
		    const float *w, int64_t pixels, int64_t vectors,
		    vec sum[PIXELS][VECTORS])
{
	for (int64_t i = 0; i < c; i++, w += padded) {
		vec weight[VECTORS];
		UNROLL
		for (int64_t v = 0; v < vectors; v++)
			weight[v] = load(w + v * LANES);
		UNROLL
		for (int64_t p = 0; p < pixels; p++)
			UNROLL
			for (int64_t v = 0; v < vectors; v++)
				sum[p][v] = multiply_add(all(in_pixel[p][i]),
							 weight[v], sum[p][v]);
	}
}

INLINE void dense_pixels(const struct native_conv *g, const struct native_sub *s,
			 const struct place *at, int64_t k, const float *in,
			 const float *w, float *out, int64_t pixels, int64_t vectors)
{
	vec sum[PIXELS][VECTORS];
	UNROLL
	for (int64_t p = 0; p < pixels; p++)
		UNROLL
		for (int64_t v = 0; v < vectors; v++)
			sum[p][v] = (vec){ 0 };
	for (int64_t t = 0; t < s->n_taps; t++) {
		const float *in_pixel[PIXELS];
		if (!tap_pixels(g, &s->taps[t], at, pixels, in, in_pixel)) continue;
		add_tap(g->c, g->padded, in_pixel,
			w + s->taps[t].weight * g->c * g->padded + k, pixels, vectors,
			sum);
	}
	for (int64_t p = 0; p < at->n; p++) {
		const int64_t y = s->oy + at->row[p] * g->out_step;
		const int64_t x = s->ox + at->col[p] * g->out_step;
		float *to = out + (y * g->out_w + x) * g->k + k;
		UNROLL
		for (int64_t v = 0; v < vectors; v++)
			store_up_to(to + v * LANES, sum[p][v], g->k - k - v * LANES);
	}
}

/* The next pixels in the order of the rows; the last one fills what is left. */
INLINE void next_place(const struct native_sub *s, int64_t first, struct place *at)
{
	const int64_t all_pixels = s->rows * s->cols;
	int64_t row = first / s->cols, col = first % s->cols;
	at->n = least(PIXELS, all_pixels - first);
	at->inner = at->n == PIXELS && col >= s->inner[0] &&
		    col + PIXELS <= s->inner[1];
	UNROLL
	for (int64_t p = 0; p < PIXELS; p++) {
		at->row[p] = row;
		at->col[p] = col;
		if (p + 1 >= at->n || ++col < s->cols) continue;
		col = 0;
		row++;
	}
}

/* A column of vectors at a time: its weights stay in L1. */
static void dense_sub(const struct native_conv *g, const struct native_sub *s,
		      const float *in, const float *w, float *out)
{
	for (int64_t k = 0; k < g->k; k += VECTORS * LANES)
		for (int64_t i = 0; i < s->rows * s->cols; i += PIXELS) {
			struct place at;
			next_place(s, i, &at);
			if (g->padded - k > LANES)
				dense_pixels(g, s, &at, k, in, w, out, PIXELS, VECTORS);
			else
				dense_pixels(g, s, &at, k, in, w, out, PIXELS, 1);
		}
}

static void dense(const struct native_conv *g, const float *in, const float *w,
		  float *out)
{
	for (size_t i = 0; i < g->n_subs; i++)
		dense_sub(g, &g->subs[i], in, w, out);
}

/* ---- dense weights: dw[tap][c][k] = sum over pixels of x[c] dy[k] ---- */

enum { CHANNELS = 4, L1_FLOATS = 6 * 1024 };

/* The pixels of one tap in rows y0 .. y1-1 that lie inside of x. */
struct range {
	int64_t row0, row1, col0, col1;
};

static int64_t clamp(int64_t v, int64_t low, int64_t high)
{
	return v < low ? low : v > high ? high : v;
}

static struct range range_of(const struct native_conv *g, const struct native_tap *t,
			     int64_t row0, int64_t row1)
{
	const struct native_sub *s = &g->subs[0];
	return (struct range){
		.row0 = clamp(native_first(g->in_step, t->dy, 0), row0, row1),
		.row1 = clamp(native_first(g->in_step, t->dy, g->h), row0, row1),
		.col0 = clamp(native_first(g->in_step, t->dx, 0), 0, s->cols),
		.col1 = clamp(native_first(g->in_step, t->dx, g->w), 0, s->cols),
	};
}

/* dw: channels [c][k] of the tap, at the first channel and vector */
INLINE void outer(const struct native_conv *g, const struct native_tap *t,
		  struct range r, const float *x, const float *dy, float *dw,
		  int overwrite, int64_t left, int64_t channels, int64_t vectors)
{
	vec sum[CHANNELS][VECTORS] = { 0 };
	const int some = left < vectors * LANES;
	const int64_t x_step = g->in_step * g->c;
	for (int64_t row = r.row0; row < r.row1; row++) {
		const float *a = x + ((row * g->in_step + t->dy) * g->w +
				      r.col0 * g->in_step + t->dx) * g->c;
		const float *b = dy + (row * g->subs[0].cols + r.col0) * g->k;
		for (int64_t col = r.col0; col < r.col1; col++, a += x_step, b += g->k) {
			vec d[VECTORS];
			UNROLL
			for (int64_t v = 0; v < vectors; v++)
				d[v] = some && v == vectors - 1
					? load_some(b + v * LANES, left - v * LANES)
					: load(b + v * LANES);
			UNROLL
			for (int64_t i = 0; i < channels; i++)
				UNROLL
				for (int64_t v = 0; v < vectors; v++)
					sum[i][v] = multiply_add(all(a[i]), d[v], sum[i][v]);
		}
	}
	UNROLL
	for (int64_t i = 0; i < channels; i++)
		UNROLL
		for (int64_t v = 0; v < vectors; v++) {
			float *to = dw + i * g->k + v * LANES;
			const int64_t n = least(left - v * LANES, LANES);
			const vec before = overwrite ? (vec){ 0 } : load_some(to, n);
			store_up_to(to, sum[i][v] + before, n);
		}
}

/* All channels of one tap, `channels` rows at a time, then those that are left. */
static void tap_weights(const struct native_conv *g, const struct native_tap *t,
			struct range r, const float *x, const float *dy, float *dw,
			int overwrite)
{
	for (int64_t c = 0; c < g->c; ) {
		const int64_t n = g->c - c >= CHANNELS ? CHANNELS : 1;
		for (int64_t k = 0; k < g->k; k += VECTORS * LANES) {
			const int64_t left = g->k - k;
			const int wide = left > LANES;
			float *to = dw + c * g->k + k;
			if (n == CHANNELS && wide)
				outer(g, t, r, x + c, dy + k, to, overwrite, left,
				      CHANNELS, VECTORS);
			else if (n == CHANNELS)
				outer(g, t, r, x + c, dy + k, to, overwrite, left,
				      CHANNELS, 1);
			else if (wide)
				outer(g, t, r, x + c, dy + k, to, overwrite, left, 1,
				      VECTORS);
			else
				outer(g, t, r, x + c, dy + k, to, overwrite, left, 1, 1);
		}
		c += n;
	}
}

/* Band by band, whose pixels stay in L1 while all taps and channels read them. */
static void dense_weights(const struct native_conv *g, const float *x,
			  const float *dy, float *dw, int first)
{
	const struct native_sub *s = &g->subs[0];
	const int64_t row = s->cols * (g->k + g->c * g->in_step * g->in_step);
	const int64_t band = L1_FLOATS > row ? L1_FLOATS / row : 1;
	for (int64_t y = 0; y < s->rows; y += band)
		for (int64_t t = 0; t < s->n_taps; t++)
			tap_weights(g, &s->taps[t],
				    range_of(g, &s->taps[t], y, least(y + band, s->rows)),
				    x, dy, dw + s->taps[t].weight * g->c * g->k,
				    first && y == 0);
}

/* ---- grouped: input channels are spread to the lanes that read them ---- */

/* A band of input rows: lanes[rows][columns][depth][padded], zeros around. */
struct band {
	int64_t y0, rows;
};

static struct band band_of(const struct native_conv *g, int64_t row0, int64_t row1)
{
	const int64_t y0 = row0 * g->in_step + g->dy[0];
	const int64_t last = (row1 - 1) * g->in_step + g->dy[1];
	return (struct band){ y0, last - y0 + 1 };
}

/* One pixel when groups are as wide at both ends and fit a vector: a shuffle. */
INLINE void spread_even(const struct native_conv *g, const ints *masks,
			const float *pixel, float *lanes)
{
	for (int64_t k = 0; k < g->k; k += LANES) {
		const vec v = load(pixel + k);
		for (int64_t j = 0; j < g->depth; j++)
#ifdef __clang__
			for (int l = 0; l < LANES; l++)
				lanes[j * g->padded + k + l] = v[masks[j][l]];
#else
			store(lanes + j * g->padded + k, __builtin_shuffle(v, masks[j]));
#endif
	}
}

static void spread_any(const struct native_conv *g, const float *pixel, float *lanes)
{
	for (int64_t j = 0; j < g->depth; j++, lanes += g->padded) {
		for (int64_t k = 0; k < g->k; k++)
			lanes[k] = pixel[k / g->per * g->depth + j];
		for (int64_t k = g->k; k < g->padded; k++)
			lanes[k] = 0;
	}
}

static void spread_row(const struct native_conv *g, const float *row, float *lanes)
{
	const int64_t step = g->depth * g->padded;
	ints masks[LANES];
	if (g->depth != g->per || LANES % g->depth || g->k % LANES) {
		for (int64_t x = 0; x < g->w; x++)
			spread_any(g, row + x * g->c, lanes + x * step);
		return;
	}
	for (int j = 0; j < g->depth; j++)
		for (int l = 0; l < LANES; l++)
			masks[j][l] = l / (int)g->depth * (int)g->depth + j;
	for (int64_t x = 0; x < g->w; x++)
		spread_even(g, masks, row + x * g->c, lanes + x * step);
}

static void spread(const struct native_conv *g, struct band b, const float *in,
		   float *lanes)
{
	const int64_t step = g->depth * g->padded, row = g->columns * step;
	const int64_t from = g->left * step, to = (g->left + g->w) * step;
	for (int64_t y = b.y0; y < b.y0 + b.rows; y++, lanes += row) {
		const int inside = y >= 0 && y < g->h;
		memset(lanes, 0, (size_t)(inside ? from : row) * sizeof *lanes);
		if (!inside) continue;
		spread_row(g, in + y * g->w * g->c, lanes + from);
		memset(lanes + to, 0, (size_t)(row - to) * sizeof *lanes);
	}
}

enum { GROUPED_PIXELS = 8 };

/* lanes: of the first pixel; they are in_step * depth * padded apart */
INLINE void grouped_pixels(const struct native_conv *g, const struct native_sub *s,
			   const float *lanes, const float *w, float *out, int64_t k,
			   int64_t pixels)
{
	const int64_t step = g->depth * g->padded, stride = g->in_step * step;
	vec sum[GROUPED_PIXELS] = { 0 };
	for (int64_t t = 0; t < s->n_taps; t++) {
		const struct native_tap *tap = &s->taps[t];
		const float *a = lanes + (tap->dy * g->columns + tap->dx) * step + k;
		const float *m = w + tap->weight * step + k;
		for (int64_t j = 0; j < g->depth; j++, a += g->padded, m += g->padded) {
			const vec weight = load(m);
			UNROLL
			for (int64_t p = 0; p < pixels; p++)
				sum[p] = multiply_add(load(a + p * stride), weight,
						      sum[p]);
		}
	}
	UNROLL
	for (int64_t p = 0; p < pixels; p++)
		store_up_to(out + p * g->out_step * g->k + k, sum[p], g->k - k);
}

static void grouped_row(const struct native_conv *g, const struct native_sub *s,
			struct band b, int64_t row, const float *lanes, const float *w,
			float *out)
{
	const int64_t step = g->depth * g->padded;
	const float *a = lanes + ((row * g->in_step - b.y0) * g->columns + g->left) * step;
	float *to = out + ((s->oy + row * g->out_step) * g->out_w + s->ox) * g->k;
	for (int64_t k = 0; k < g->k; k += LANES)
		for (int64_t col = 0; col < s->cols; ) {
			const int64_t n = s->cols - col >= GROUPED_PIXELS
				? GROUPED_PIXELS : 1;
			const float *at = a + col * g->in_step * step;
			float *pixel = to + col * g->out_step * g->k;
			if (n == 1) grouped_pixels(g, s, at, w, pixel, k, 1);
			else grouped_pixels(g, s, at, w, pixel, k, GROUPED_PIXELS);
			col += n;
		}
}

static void grouped(const struct native_conv *g, const float *in, const float *w,
		    float *out, float *scratch)
{
	for (int64_t row0 = 0; row0 < g->subs[0].rows; row0 += g->band) {
		const int64_t row1 = least(row0 + g->band, g->subs[0].rows);
		const struct band b = band_of(g, row0, row1);
		spread(g, b, in, scratch);
		for (size_t i = 0; i < g->n_subs; i++)
			for (int64_t row = row0; row < least(row1, g->subs[i].rows); row++)
				grouped_row(g, &g->subs[i], b, row, scratch, w, out);
	}
}

/* ---- grouped weights: dw[tap][j][k] = sum over pixels of lanes[j][k] dy[k] ---- */

enum { TAPS = 9 };

INLINE void grouped_outer(const struct native_conv *g, struct band b, int64_t row0,
			  int64_t row1, const struct native_tap *tap,
			  const float *lanes, const float *dy, float *dw,
			  int overwrite, int64_t left, int64_t taps)
{
	const struct native_sub *s = &g->subs[0];
	const int64_t step = g->depth * g->padded;
	vec sum[TAPS] = { 0 };
	for (int64_t row = row0; row < row1; row++) {
		const float *a[TAPS], *d = dy + row * s->cols * g->k;
		UNROLL
		for (int64_t t = 0; t < taps; t++)
			a[t] = lanes + ((row * g->in_step - b.y0 + tap[t].dy) * g->columns +
					g->left + tap[t].dx) * step;
		for (int64_t col = 0, i = 0; col < s->cols;
		     col++, i += g->in_step * step, d += g->k) {
			const vec e = left >= LANES ? load(d) : load_some(d, left);
			UNROLL
			for (int64_t t = 0; t < taps; t++)
				sum[t] = multiply_add(load(a[t] + i), e, sum[t]);
		}
	}
	UNROLL
	for (int64_t t = 0; t < taps; t++) {
		float *to = dw + tap[t].weight * g->depth * g->k;
		const int64_t n = least(left, LANES);
		const vec before = overwrite ? (vec){ 0 } : load_some(to, n);
		store_up_to(to, sum[t] + before, n);
	}
}

static void grouped_band(const struct native_conv *g, struct band b, int64_t row0,
			 int64_t row1, const float *lanes, const float *dy, float *dw,
			 int overwrite)
{
	const struct native_sub *s = &g->subs[0];
	for (int64_t k = 0; k < g->k; k += LANES)
		for (int64_t j = 0; j < g->depth; j++)
			for (int64_t t = 0; t < s->n_taps; ) {
				const float *a = lanes + j * g->padded + k;
				float *to = dw + j * g->k + k;
				const int64_t n = s->n_taps - t >= TAPS ? TAPS : 1;
				if (n == TAPS)
					grouped_outer(g, b, row0, row1, &s->taps[t], a,
						      dy + k, to, overwrite, g->k - k, TAPS);
				else
					grouped_outer(g, b, row0, row1, &s->taps[t], a,
						      dy + k, to, overwrite, g->k - k, 1);
				t += n;
			}
}

static void grouped_weights(const struct native_conv *g, const float *x,
			    const float *dy, float *dw, int first, float *scratch)
{
	for (int64_t row0 = 0; row0 < g->subs[0].rows; row0 += g->band) {
		const int64_t row1 = least(row0 + g->band, g->subs[0].rows);
		const struct band b = band_of(g, row0, row1);
		spread(g, b, x, scratch);
		grouped_band(g, b, row0, row1, scratch, dy, dw, first && row0 == 0);
	}
}

const struct native_isa ISA = {
	.name = ISA_NAME, .lanes = LANES, .dense = dense,
	.dense_weights = dense_weights, .grouped = grouped,
	.grouped_weights = grouped_weights,
};
