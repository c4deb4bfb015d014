/* Grouped convs: rows of the input are laid out with zeros around them, a band at a time,
 * which stays in cache while all taps read it. They hold the input of one slice of output
 * channels. Where whole groups, of equal width in and out, fill a vector (g->even), these
 * are the same channels of the input, rows[rows][columns][slice], and a permutation
 * brings input j of its group to each lane. Else each lane's inputs are spread out:
 * rows[rows][columns][depth][slice]. */

struct band {
	const float *rows;
	int64_t k, width; /* channels k .. k + width of the output: a slice */
	int64_t y0, n;    /* first row, which may be outside of the image; how many */
	ints first;       /* which lane has input 0 of each lane's group, if even */
};

static struct band band_of(const struct native_conv *g, int64_t k, int64_t row0,
			   int64_t row1, const float *rows)
{
	const int64_t y0 = row0 * g->in_step + g->dy[0];
	const int64_t last = (row1 - 1) * g->in_step + g->dy[1];
	struct band b = { rows, k, least(g->slice, g->padded - k), y0, last - y0 + 1, { 0 } };
	for (int l = 0; g->even && l < LANES; l++)
		b.first[l] = l / (int)g->depth * (int)g->depth;
	return b;
}

/* Input j of each lane's group; zeros behind the last channel. */
static void spread_input(const struct native_conv *g, const struct band *b,
			 const float *input, float *lanes)
{
	const int64_t n = least(b->width, g->k - b->k);
	int64_t at = b->k / g->per * g->depth, left = g->per - b->k % g->per;
	for (int64_t i = 0; i < n; i++) {
		lanes[i] = input[at];
		if (--left) continue;
		left = g->per;
		at += g->depth;
	}
	for (int64_t i = n; i < b->width; i++)
		lanes[i] = 0;
}

static void spread_row(const struct native_conv *g, const struct band *b,
		       const float *row, float *to)
{
	for (int64_t x = 0; x < g->w; x++, row += g->c)
		for (int64_t j = 0; j < g->depth; j++, to += g->slice)
			spread_input(g, b, row + j, to);
}

static void copy_row(const struct native_conv *g, const struct band *b, const float *row,
		     float *to)
{
	for (int64_t x = 0; x < g->w; x++, row += g->c, to += g->pixel)
		for (int64_t i = 0; i < b->width; i += LANES)
			store(to + i, load(row + b->k + i));
}

static void lay_out(const struct native_conv *g, const struct band *b, const float *in,
		    float *rows)
{
	const int64_t row = g->columns * g->pixel;
	const int64_t from = g->left * g->pixel, to = (g->left + g->w) * g->pixel;
	for (int64_t y = b->y0; y < b->y0 + b->n; y++, rows += row) {
		const int inside = y >= 0 && y < g->h;
		memset(rows, 0, (size_t)(inside ? from : row) * sizeof *rows);
		if (!inside) continue;
		(g->even ? copy_row : spread_row)(g, b, in + y * g->w * g->c, rows + from);
		memset(rows + to, 0, (size_t)(row - to) * sizeof *rows);
	}
}

/* The pixel that the first one of the output's row reads; `in`: of the band's first. */
INLINE const float *band_row(const struct native_conv *g, const struct band *b,
			     const float *in, int64_t row)
{
	return in + ((row * g->in_step - b->y0) * g->columns + g->left) * g->pixel;
}

/* Load one of the inputs of each lane's group. */
INLINE vec group_input(const float *at, ints order, int even)
{
	const vec v = load(at);
	return even ? permute(v, order) : v;
}

enum { GROUPED_PIXELS = 8 };

/* One vector of channels, from k on, of output pixels side by side. */
struct lane {
	const float *in;  /* of the first pixel, in rows laid out */
	const float *w;   /* in rows of `width` */
	float *out;       /* of the first pixel */
	int64_t k, width;
	ints first; /* of the band */
};

INLINE void put_grouped(const struct native_conv *g, const struct lane *at,
			const vec sum[GROUPED_PIXELS], int64_t pixels)
{
	UNROLL
	for (int64_t p = 0; p < pixels; p++)
		store_up_to(at->out + p * g->out_step * g->k, sum[p], g->k - at->k);
}

INLINE const float *tap_weights_of(const struct native_conv *g, const struct lane *at,
				   int64_t tap)
{
	return at->w + native_packed_at(g, tap, 0, g->depth, at->width);
}

INLINE void grouped_pixels(const struct native_conv *g, const struct native_sub *s,
			   const struct lane *at, int64_t pixels, int even)
{
	const int64_t stride = g->in_step * g->pixel, next = even ? 0 : g->slice;
	vec sum[GROUPED_PIXELS] = { 0 };
	for (int64_t t = 0; t < s->n_taps; t++) {
		const float *a = at->in + s->taps[t].lanes;
		const float *m = tap_weights_of(g, at, s->taps[t].weight);
		ints order = at->first;
		for (int64_t j = 0; j < g->depth; j++, a += next, m += at->width, order += 1) {
			const vec weight = load(m);
			UNROLL
			for (int64_t p = 0; p < pixels; p++)
				sum[p] = multiply_add(group_input(a + p * stride, order, even),
						      weight, sum[p]);
		}
	}
	put_grouped(g, at, sum, pixels);
}

/* GROUPED_PIXELS of them where taps come in adjacent threes (s->threes): each value is
 * loaded once for all three. Otherwise loads, two a cycle, would be the bottleneck. */
INLINE void grouped_threes(const struct native_conv *g, const struct native_sub *s,
			   const struct lane *at, int even)
{
	const int64_t next = even ? 0 : g->slice;
	vec sum[GROUPED_PIXELS] = { 0 };
	for (int64_t t = 0; t < s->n_taps; t += 3) {
		const float *a = at->in + s->taps[t].lanes;
		const float *m = tap_weights_of(g, at, s->taps[t].weight);
		const int64_t beside = native_packed_at(g, 1, 0, g->depth, at->width);
		ints order = at->first;
		for (int64_t j = 0; j < g->depth; j++, a += next, m += at->width, order += 1) {
			const vec weight[3] = { load(m), load(m + beside), load(m + 2 * beside) };
			UNROLL
			for (int64_t p = 0; p < GROUPED_PIXELS + 2; p++) {
				const vec x = group_input(a + p * g->pixel, order, even);
				UNROLL
				for (int64_t i = 0; i < 3; i++)
					if (p >= i && p - i < GROUPED_PIXELS)
						sum[p - i] = multiply_add(x, weight[i],
									  sum[p - i]);
			}
		}
	}
	put_grouped(g, at, sum, GROUPED_PIXELS);
}

INLINE void next_pixels(const struct native_conv *g, struct lane *at, int64_t pixels)
{
	at->in += pixels * g->in_step * g->pixel;
	at->out += pixels * g->out_step * g->k;
}

/* A whole row. */
INLINE void grouped_lane(const struct native_conv *g, const struct native_sub *s,
			 struct lane at, struct rnf_prefetch *ahead, int even)
{
	int64_t col = 0;
	for (; col + GROUPED_PIXELS <= s->cols; col += GROUPED_PIXELS) {
		rnf_prefetch_some(ahead);
		if (s->threes) grouped_threes(g, s, &at, even);
		else grouped_pixels(g, s, &at, GROUPED_PIXELS, even);
		next_pixels(g, &at, GROUPED_PIXELS);
	}
	if (col < s->cols) rnf_prefetch_some(ahead);
	for (; col < s->cols; col++) {
		grouped_pixels(g, s, &at, 1, even);
		next_pixels(g, &at, 1);
	}
}

static void grouped_row(const struct native_conv *g, const struct native_sub *s,
			const struct band *b, int64_t row,
			const struct rnf_kernel_io *io, struct rnf_prefetch *ahead)
{
	struct lane at = {
		.in = band_row(g, b, b->rows, row),
		.w = io->in[1] + native_packed_at(g, 0, b->k, g->depth, b->width),
		.out = io->out + ((s->oy + row * g->out_step) * g->out_w + s->ox) * g->k +
		       b->k,
		.k = b->k, .width = b->width, .first = b->first };
	for (int64_t i = 0; i < b->width; i += LANES) {
		if (g->even) grouped_lane(g, s, at, ahead, 1);
		else grouped_lane(g, s, at, ahead, 0);
		at.in += LANES;
		at.w += LANES;
		at.out += LANES;
		at.k += LANES;
	}
}

/* A part has whole rows. */
static void grouped_slice(const struct native_conv *g, int64_t k,
			  const struct rnf_kernel_io *io, struct rnf_prefetch *ahead)
{
	int64_t row0, end;
	rnf_part_of(io, g->subs[0].rows, &row0, &end);
	for (; row0 < end; row0 += g->band) {
		const int64_t row1 = least(row0 + g->band, end);
		const struct band b = band_of(g, k, row0, row1, io->scratch);
		lay_out(g, &b, io->in[0], io->scratch);
		for (size_t i = 0; i < g->n_subs; i++)
			for (int64_t row = row0; row < least(row1, g->subs[i].rows); row++)
				grouped_row(g, &g->subs[i], &b, row, io, ahead);
	}
}

static void grouped(const struct native_conv *g, const struct rnf_kernel_io *io)
{
	const struct native_sub *s = &g->subs[0];
	const int64_t runs = s->rows * native_pieces(s->cols, GROUPED_PIXELS);
	struct rnf_prefetch ahead = rnf_prefetch_begin(
		io, runs * (int64_t)g->n_subs * (g->padded / LANES));
	for (int64_t k = 0; k < g->padded; k += g->slice)
		grouped_slice(g, k, io, &ahead);
}

/* ---- weight gradient: dw[tap][j][k] = sum over pixels of x[input j of k] dy[k] ---- */

enum { TAPS = 9 };

/* One vector of channels of dy and dw, of which `left` are left, with input j. */
struct gradient {
	const struct band *b;
	int64_t row0, row1;
	const float *in, *dy; /* in: of the band's first pixel */
	float *dw;
	int64_t left;
	ints order; /* which lane has input j, if even */
	int overwrite;
	struct rnf_prefetch *ahead; /* continued in each row */
};

INLINE void put_taps(const struct native_conv *g, const struct gradient *at,
		     const struct native_tap *tap, const vec sum[TAPS], int64_t left,
		     int64_t taps)
{
	const int64_t n = least(left, LANES);
	UNROLL
	for (int64_t t = 0; t < taps; t++) {
		float *to = at->dw + tap[t].weight * g->depth * g->k;
		const vec before = at->overwrite ? (vec){ 0 } : load_some(to, n);
		store_up_to(to, sum[t] + before, n);
	}
}

INLINE void grouped_outer(const struct native_conv *g, const struct gradient *at,
			  const struct native_tap *tap, int64_t left, int64_t taps, int even)
{
	const struct native_sub *s = &g->subs[0];
	vec sum[TAPS] = { 0 };
	for (int64_t row = at->row0; row < at->row1; row++) {
		rnf_prefetch_some(at->ahead);
		const float *a = band_row(g, at->b, at->in, row);
		const float *d = at->dy + row * s->cols * g->k;
		for (int64_t col = 0; col < s->cols;
		     col++, a += g->in_step * g->pixel, d += g->k) {
			const vec e = load_up_to(d, left);
			UNROLL
			for (int64_t t = 0; t < taps; t++)
				sum[t] = multiply_add(group_input(a + tap[t].lanes, at->order,
								  even), e, sum[t]);
		}
	}
	put_taps(g, at, tap, sum, left, taps);
}

/* The values x of a column in each of three rows meet dy of the output pixel in the same
 * column by the left tap, and those one and two columns before by the next ones. */
INLINE void meet(const float *x, int64_t row, ints order, const vec d[3], int64_t from,
		 int64_t taps, vec sum[TAPS], int even)
{
	UNROLL
	for (int64_t r = 0; r < 3; r++) {
		const vec value = group_input(x + r * row, order, even);
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

/* A whole 3x3 kernel over adjacent pixels (s->threes), in rows of at least two pixels:
 * each value is loaded once for three taps. */
INLINE void grouped_nine(const struct native_conv *g, const struct gradient *at,
			 int64_t left, int even)
{
	const struct native_sub *s = &g->subs[0];
	const int64_t step = g->pixel, pitch = g->columns * step;
	vec sum[TAPS] = { 0 };
	for (int64_t row = at->row0; row < at->row1; row++) {
		rnf_prefetch_some(at->ahead);
		const float *a = band_row(g, at->b, at->in, row) + s->taps[0].lanes;
		const float *e = at->dy + row * s->cols * g->k;
		vec d[3] = { load_up_to(e, left) };
		meet(a, pitch, at->order, d, 0, 1, sum, even);
		next_dy(d, load_up_to(e += g->k, left));
		meet(a += step, pitch, at->order, d, 0, 2, sum, even);
		for (int64_t col = 2; col < s->cols; col++) {
			next_dy(d, load_up_to(e += g->k, left));
			meet(a += step, pitch, at->order, d, 0, 3, sum, even);
		}
		next_dy(d, d[0]);
		meet(a += step, pitch, at->order, d, 1, 3, sum, even);
		next_dy(d, d[0]);
		meet(a + step, pitch, at->order, d, 2, 3, sum, even);
	}
	put_taps(g, at, s->taps, sum, left, TAPS);
}

INLINE void grouped_taps(const struct native_conv *g, const struct gradient *at,
			 int64_t left, int even)
{
	const struct native_sub *s = &g->subs[0];
	if (s->threes && s->n_taps == TAPS && g->shape.window.kernel_h == 3 &&
	    s->cols > 1) {
		grouped_nine(g, at, left, even);
		return;
	}
	for (int64_t t = 0; t < s->n_taps; ) {
		const int64_t n = s->n_taps - t >= TAPS ? TAPS : 1;
		if (n == TAPS) grouped_outer(g, at, &s->taps[t], left, TAPS, even);
		else grouped_outer(g, at, &s->taps[t], left, 1, even);
		t += n;
	}
}

/* All inputs of a vector's groups. `left` is a constant here: a call that loads a part of
 * a vector would push sums out of registers. */
static void grouped_inputs(const struct native_conv *g, struct gradient at)
{
	for (int64_t j = 0; j < g->depth; j++) {
		if (g->even) grouped_taps(g, &at, LANES, 1);
		else if (at.left >= LANES) grouped_taps(g, &at, LANES, 0);
		else grouped_taps(g, &at, at.left, 0);
		at.in += g->even ? 0 : g->slice;
		at.order += 1;
		at.dw += g->k;
	}
}

static void grouped_weights_slice(const struct native_conv *g, int64_t k,
				  const struct rnf_kernel_io *io,
				  struct rnf_prefetch *ahead)
{
	for (int64_t row0 = 0; row0 < g->subs[0].rows; row0 += g->band) {
		const int64_t row1 = least(row0 + g->band, g->subs[0].rows);
		const struct band b = band_of(g, k, row0, row1, io->scratch);
		lay_out(g, &b, io->in[0], io->scratch);
		for (int64_t i = 0; i < b.width; i += LANES)
			grouped_inputs(g, (struct gradient){
				.b = &b, .row0 = row0, .row1 = row1, .in = b.rows + i,
				.dy = io->in[1] + k + i, .dw = io->out + k + i,
				.left = g->k - k - i, .order = b.first,
				.overwrite = io->first && row0 == 0, .ahead = ahead });
	}
}

static void grouped_weights(const struct native_conv *g, const struct rnf_kernel_io *io)
{
	struct rnf_prefetch ahead =
		rnf_prefetch_begin(io, g->subs[0].rows * (g->padded / LANES) * g->depth);
	for (int64_t k = 0; k < g->padded; k += g->slice)
		grouped_weights_slice(g, k, io, &ahead);
}
