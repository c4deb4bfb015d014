/* Convs in groups: input channels are spread to the lanes that read them, a slice
 * of channels and a band of rows at a time, which stay in L1 while all taps read
 * them. */

/* Rows of the input, lanes[rows][columns][depth][slice], zeros around. */
struct band {
	int64_t k, width; /* channels k .. k + width of the output: a slice */
	int64_t y0, rows;
};

static struct band band_of(const struct native_conv *g, int64_t k, int64_t row0,
			   int64_t row1)
{
	const int64_t y0 = row0 * g->in_step + g->dy[0];
	const int64_t last = (row1 - 1) * g->in_step + g->dy[1];
	return (struct band){ k, least(g->slice, g->padded - k), y0, last - y0 + 1 };
}

/* One pixel when groups are as wide at both ends and fit a vector: a shuffle. */
INLINE void spread_even(const struct native_conv *g, const ints *masks, int64_t width,
			const float *pixel, float *lanes)
{
	for (int64_t k = 0; k < width; k += LANES) {
		const vec v = load(pixel + k);
		for (int64_t j = 0; j < g->depth; j++)
#ifdef __clang__
			for (int l = 0; l < LANES; l++)
				lanes[j * g->slice + k + l] = v[masks[j][l]];
#else
			store(lanes + j * g->slice + k, __builtin_shuffle(v, masks[j]));
#endif
	}
}

static void spread_any(const struct native_conv *g, const struct band *b,
		       const float *pixel, float *lanes)
{
	for (int64_t j = 0; j < g->depth; j++, lanes += g->slice)
		for (int64_t i = 0; i < b->width; i++) {
			const int64_t k = b->k + i;
			lanes[i] = k < g->k ? pixel[k / g->per * g->depth + j] : 0;
		}
}

static void spread_row(const struct native_conv *g, const struct band *b,
		       const float *row, float *lanes)
{
	const int64_t step = g->depth * g->slice;
	ints masks[LANES];
	if (g->depth != g->per || LANES % g->depth || g->k % LANES) {
		for (int64_t x = 0; x < g->w; x++)
			spread_any(g, b, row + x * g->c, lanes + x * step);
		return;
	}
	for (int j = 0; j < g->depth; j++)
		for (int l = 0; l < LANES; l++)
			masks[j][l] = l / (int)g->depth * (int)g->depth + j;
	for (int64_t x = 0; x < g->w; x++)
		spread_even(g, masks, b->width, row + x * g->c + b->k, lanes + x * step);
}

static void spread(const struct native_conv *g, const struct band *b, const float *in,
		   float *lanes)
{
	const int64_t step = g->depth * g->slice, row = g->columns * step;
	const int64_t from = g->left * step, to = (g->left + g->w) * step;
	for (int64_t y = b->y0; y < b->y0 + b->rows; y++, lanes += row) {
		const int inside = y >= 0 && y < g->h;
		memset(lanes, 0, (size_t)(inside ? from : row) * sizeof *lanes);
		if (!inside) continue;
		spread_row(g, b, in + y * g->w * g->c, lanes + from);
		memset(lanes + to, 0, (size_t)(row - to) * sizeof *lanes);
	}
}

enum { GROUPED_PIXELS = 8 };

INLINE void put_grouped(const struct native_conv *g, const vec sum[GROUPED_PIXELS],
			float *out, int64_t k, int64_t pixels)
{
	UNROLL
	for (int64_t p = 0; p < pixels; p++)
		store_up_to(out + p * g->out_step * g->k + k, sum[p], g->k - k);
}

/* lanes: of the first pixel, from channel k on; pixels are in_step * depth * slice
 * apart. w: from there too, in rows of `width` */
INLINE void grouped_pixels(const struct native_conv *g, const struct native_sub *s,
			   const float *lanes, const float *w, int64_t width, float *out,
			   int64_t k, int64_t pixels)
{
	const int64_t stride = g->in_step * g->depth * g->slice;
	vec sum[GROUPED_PIXELS] = { 0 };
	for (int64_t t = 0; t < s->n_taps; t++) {
		const float *a = lanes + s->taps[t].lanes;
		const float *m = w + native_packed_at(g, s->taps[t].weight, 0, g->depth, width);
		for (int64_t j = 0; j < g->depth; j++, a += g->slice, m += width) {
			const vec weight = load(m);
			UNROLL
			for (int64_t p = 0; p < pixels; p++)
				sum[p] = multiply_add(load(a + p * stride), weight, sum[p]);
		}
	}
	put_grouped(g, sum, out, k, pixels);
}

/* GROUPED_PIXELS of them where taps lie in threes side by side (s->threes): a value
 * that is read meets all three. Loads, two a cycle, would else be what lasts. */
static void grouped_threes(const struct native_conv *g, const struct native_sub *s,
			   const float *lanes, const float *w, int64_t width, float *out,
			   int64_t k)
{
	const int64_t step = g->depth * g->slice;
	vec sum[GROUPED_PIXELS] = { 0 };
	for (int64_t t = 0; t < s->n_taps; t += 3) {
		const float *a = lanes + s->taps[t].lanes;
		const float *m = w + native_packed_at(g, s->taps[t].weight, 0, g->depth, width);
		const int64_t next = native_packed_at(g, 1, 0, g->depth, width);
		for (int64_t j = 0; j < g->depth; j++, a += g->slice, m += width) {
			const vec weight[3] = { load(m), load(m + next), load(m + 2 * next) };
			UNROLL
			for (int64_t p = 0; p < GROUPED_PIXELS + 2; p++) {
				const vec x = load(a + p * step);
				UNROLL
				for (int64_t i = 0; i < 3; i++)
					if (p >= i && p - i < GROUPED_PIXELS)
						sum[p - i] = multiply_add(x, weight[i],
									  sum[p - i]);
			}
		}
	}
	put_grouped(g, sum, out, k, GROUPED_PIXELS);
}

/* One vector of a row, from channel k on. */
static void grouped_lane(const struct native_conv *g, const struct native_sub *s,
			 const float *lanes, const float *w, int64_t width, float *out,
			 int64_t k)
{
	const int64_t in = g->in_step * g->depth * g->slice, to = g->out_step * g->k;
	int64_t col = 0;
	for (; s->threes && col + GROUPED_PIXELS <= s->cols; col += GROUPED_PIXELS)
		grouped_threes(g, s, lanes + col * in, w, width, out + col * to, k);
	for (; col + GROUPED_PIXELS <= s->cols; col += GROUPED_PIXELS)
		grouped_pixels(g, s, lanes + col * in, w, width, out + col * to, k,
			       GROUPED_PIXELS);
	for (; col < s->cols; col++)
		grouped_pixels(g, s, lanes + col * in, w, width, out + col * to, k, 1);
}

static void grouped_row(const struct native_conv *g, const struct native_sub *s,
			const struct band *b, int64_t row, const float *lanes,
			const float *w, float *out)
{
	const int64_t step = g->depth * g->slice;
	const float *a = lanes + ((row * g->in_step - b->y0) * g->columns + g->left) * step;
	float *to = out + ((s->oy + row * g->out_step) * g->out_w + s->ox) * g->k;
	w += native_packed_at(g, 0, b->k, g->depth, b->width);
	for (int64_t i = 0; i < b->width; i += LANES)
		grouped_lane(g, s, a + i, w + i, b->width, to, b->k + i);
}

/* A part has whole rows. */
static void grouped_slice(const struct native_conv *g, int64_t k,
			  const struct rnf_step_io *io, struct rnf_prefetch *ahead)
{
	int64_t row0, end;
	rnf_part_of(io, g->subs[0].rows, &row0, &end);
	for (; row0 < end; row0 += g->band) {
		const int64_t row1 = least(row0 + g->band, end);
		const struct band b = band_of(g, k, row0, row1);
		spread(g, &b, io->in[0], io->scratch);
		for (size_t i = 0; i < g->n_subs; i++)
			for (int64_t row = row0; row < least(row1, g->subs[i].rows); row++) {
				rnf_prefetch_some(ahead);
				grouped_row(g, &g->subs[i], &b, row, io->scratch,
					    io->in[1], io->out);
			}
	}
}

static void grouped(const struct native_conv *g, const struct rnf_step_io *io)
{
	const int64_t slices = (g->padded + g->slice - 1) / g->slice;
	struct rnf_prefetch ahead =
		rnf_prefetch_begin(io, g->subs[0].rows * (int64_t)g->n_subs * slices);
	for (int64_t k = 0; k < g->padded; k += g->slice)
		grouped_slice(g, k, io, &ahead);
}

/* ---- weight gradient: dw[tap][j][k] = sum over pixels of lanes[j][k] dy[k] ---- */

enum { TAPS = 9 };

INLINE void put_taps(const struct native_conv *g, const struct native_tap *tap,
		     const vec sum[TAPS], float *dw, int overwrite, int64_t left,
		     int64_t taps)
{
	const int64_t n = least(left, LANES);
	UNROLL
	for (int64_t t = 0; t < taps; t++) {
		float *to = dw + tap[t].weight * g->depth * g->k;
		const vec before = overwrite ? (vec){ 0 } : load_some(to, n);
		store_up_to(to, sum[t] + before, n);
	}
}

/* lanes, dy and dw: from channel k, of which `left` are left; lanes and dw: at j */
INLINE void grouped_outer(const struct native_conv *g, const struct band *b,
			  int64_t row0, int64_t row1, const struct native_tap *tap,
			  const float *lanes, const float *dy, float *dw,
			  int overwrite, int64_t left, int64_t taps)
{
	const struct native_sub *s = &g->subs[0];
	const int64_t step = g->depth * g->slice;
	vec sum[TAPS] = { 0 };
	for (int64_t row = row0; row < row1; row++) {
		const float *a[TAPS], *d = dy + row * s->cols * g->k;
		UNROLL
		for (int64_t t = 0; t < taps; t++)
			a[t] = lanes + ((row * g->in_step - b->y0 + tap[t].dy) * g->columns +
					g->left + tap[t].dx) * step;
		for (int64_t col = 0, i = 0; col < s->cols;
		     col++, i += g->in_step * step, d += g->k) {
			const vec e = load_up_to(d, left);
			UNROLL
			for (int64_t t = 0; t < taps; t++)
				sum[t] = multiply_add(load(a[t] + i), e, sum[t]);
		}
	}
	put_taps(g, tap, sum, dw, overwrite, left, taps);
}

/* The values x of a column in each of three rows meet dy of the output pixel of the
 * same column by the left tap, and those of one and two columns before by the next. */
INLINE void meet(const float *x, int64_t row, const vec d[3], int64_t from, int64_t taps,
		 vec sum[TAPS])
{
	UNROLL
	for (int64_t r = 0; r < 3; r++) {
		const vec value = load(x + r * row);
		UNROLL
		for (int64_t t = from; t < taps; t++)
			sum[3 * r + t] = multiply_add(value, d[t], sum[3 * r + t]);
	}
}

INLINE void next_dy(vec d[3], vec next)
{
	d[2] = d[1];
	d[1] = d[0];
	d[0] = next;
}

/* All of a 3x3 kernel over neighbours (s->threes), in rows of two pixels at
 * least: each value is loaded once for three taps. */
INLINE void grouped_nine(const struct native_conv *g, const struct band *b, int64_t row0,
			 int64_t row1, const float *lanes, const float *dy, float *dw,
			 int overwrite, int64_t left)
{
	const struct native_sub *s = &g->subs[0];
	const int64_t step = g->depth * g->slice, pitch = g->columns * step;
	vec sum[TAPS] = { 0 };
	for (int64_t row = row0; row < row1; row++) {
		const float *a = lanes + (row - b->y0) * pitch + g->left * step + s->taps[0].lanes;
		const float *e = dy + row * s->cols * g->k;
		vec d[3] = { load_up_to(e, left) };
		meet(a, pitch, d, 0, 1, sum);
		next_dy(d, load_up_to(e += g->k, left));
		meet(a += step, pitch, d, 0, 2, sum);
		for (int64_t col = 2; col < s->cols; col++) {
			next_dy(d, load_up_to(e += g->k, left));
			meet(a += step, pitch, d, 0, 3, sum);
		}
		next_dy(d, d[0]);
		meet(a += step, pitch, d, 1, 3, sum);
		next_dy(d, d[0]);
		meet(a + step, pitch, d, 2, 3, sum);
	}
	put_taps(g, s->taps, sum, dw, overwrite, left, TAPS);
}

INLINE void grouped_taps(const struct native_conv *g, const struct band *b, int64_t row0,
			 int64_t row1, const float *lanes, const float *dy, float *dw,
			 int overwrite, int64_t left)
{
	const struct native_sub *s = &g->subs[0];
	if (s->threes && s->n_taps == TAPS && g->shape.window.kernel_h == 3 &&
	    s->cols > 1) {
		grouped_nine(g, b, row0, row1, lanes, dy, dw, overwrite, left);
		return;
	}
	for (int64_t t = 0; t < s->n_taps; ) {
		const int64_t n = s->n_taps - t >= TAPS ? TAPS : 1;
		if (n == TAPS)
			grouped_outer(g, b, row0, row1, &s->taps[t], lanes, dy, dw,
				      overwrite, left, TAPS);
		else
			grouped_outer(g, b, row0, row1, &s->taps[t], lanes, dy, dw,
				      overwrite, left, 1);
		t += n;
	}
}

/* One vector of channels from k + i on. With a constant for those that are left, or
 * sums would make room for the call that loads a part of a vector. */
static void grouped_lanes(const struct native_conv *g, const struct band *b, int64_t row0,
			  int64_t row1, int64_t i, const struct rnf_step_io *io,
			  int overwrite)
{
	const int64_t k = b->k + i, left = g->k - k;
	const float *dy = io->in[1] + k, *lanes = io->scratch + i;
	for (int64_t j = 0; j < g->depth; j++, lanes += g->slice) {
		float *dw = io->out + j * g->k + k;
		if (left >= LANES)
			grouped_taps(g, b, row0, row1, lanes, dy, dw, overwrite, LANES);
		else
			grouped_taps(g, b, row0, row1, lanes, dy, dw, overwrite, left);
	}
}

static void grouped_weights_slice(const struct native_conv *g, int64_t k,
				  const struct rnf_step_io *io,
				  struct rnf_prefetch *ahead)
{
	for (int64_t row0 = 0; row0 < g->subs[0].rows; row0 += g->band) {
		const int64_t row1 = least(row0 + g->band, g->subs[0].rows);
		const struct band b = band_of(g, k, row0, row1);
		rnf_prefetch_some(ahead);
		spread(g, &b, io->in[0], io->scratch);
		for (int64_t i = 0; i < b.width; i += LANES)
			grouped_lanes(g, &b, row0, row1, i, io, io->first && row0 == 0);
	}
}

static void grouped_weights(const struct native_conv *g, const struct rnf_step_io *io)
{
	const int64_t bands = (g->subs[0].rows + g->band - 1) / g->band;
	struct rnf_prefetch ahead =
		rnf_prefetch_begin(io, bands * ((g->padded + g->slice - 1) / g->slice));
	for (int64_t k = 0; k < g->padded; k += g->slice)
		grouped_weights_slice(g, k, io, &ahead);
}
