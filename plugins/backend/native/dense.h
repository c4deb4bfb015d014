/* Dense convs: each input channel of a pixel meets all output channels. */

/* Sums in registers: of PIXELS pixels side by side, of HALF, of RUN. */
enum { RUN = 4, HALF = 2 * RUN < PIXELS ? 2 * RUN : RUN };

/* How many of those left to take: two halves are better than the maximum and a short run,
 * which has too few sums to fill its time. */
INLINE int64_t pixels_of(int64_t left)
{
	if (left <= RUN) return RUN;
	return left <= HALF || (left > PIXELS && left <= 2 * HALF) ? HALF : PIXELS;
}

struct run { /* output pixels side by side in a row, summed at once */
	int64_t row, col;
	int64_t n; /* pixels present: the last ones of a row may be fewer than are summed */
};

/* What is added to a run at once: `taps` adjacent taps where ALL pixels have them inside
 * of the image, else one. */
struct reach {
	const float *first; /* what pixel 0 reads, if it is inside, and its column */
	int64_t x, taps;
	enum { ALL, BUT_FIRST, BUT_LAST, SOME, NONE } inside;
};

INLINE struct reach reach_of(const struct native_conv *g, const struct native_tap *t,
			     const struct run *run, int64_t pixels, const float *in)
{
	const int64_t y = run->row * g->in_step + t->dy, x = run->col * g->in_step + t->dx;
	const int64_t last = x + (pixels - 1) * g->in_step;
	struct reach r = { in + (y * g->w + x) * g->c, x, 1, SOME };
	if ((uint64_t)y >= (uint64_t)g->h || last < 0 || x >= g->w) {
		r.inside = NONE;
	} else if (x >= 0 && last < g->w) {
		r.inside = ALL;
		if (last + t->beside <= g->w) r.taps = t->beside;
	} else if (x + g->in_step >= 0 && last < g->w) {
		r.inside = BUT_FIRST;
	} else if (x >= 0 && last - g->in_step < g->w) {
		r.inside = BUT_LAST;
	}
	return r;
}

/* Pixels that are `step` apart. Groups of four have a pointer each and share the offsets
 * from it: a pointer for each pixel would not fit into registers. */
struct pixels {
	const float *fours[(PIXELS + 3) / 4];
	int64_t step;
};

INLINE struct pixels pixels_at(const float *first, int64_t step)
{
	struct pixels at = { .step = step };
	UNROLL
	for (int64_t i = 0; i < (PIXELS + 3) / 4; i++)
		at.fours[i] = first + 4 * i * step;
	return at;
}

INLINE void load_weights(const float *w, int64_t vectors, vec weight[VECTORS])
{
	UNROLL
	for (int64_t v = 0; v < vectors; v++)
		weight[v] = load(w + v * LANES);
}

/* w: [c][vectors] of a column, c channels of adjacent taps; of the pixels, those from
 * `from` on */
INLINE void add_tap(int64_t c, struct pixels at, const float *w, int64_t from, int64_t pixels,
		    int64_t vectors, int pairs, vec sum[PIXELS][VECTORS])
{
	for (int64_t i = 0; i < c; i++, w += vectors * LANES) {
		vec weight[VECTORS];
		load_weights(w, vectors, weight);
		UNROLL
		for (int64_t p = from; p < pixels; p++)
			UNROLL
			for (int64_t v = 0; v < vectors; v++)
				sum[p][v] = add_products(at.fours[p / 4] + p % 4 * at.step,
							 weight[v], sum[p][v], pairs);
		UNROLL
		for (int64_t p = 0; p < pixels; p += 4)
			at.fours[p / 4]++;
	}
}

/* The same with zeros for the pixels of a tap that are outside of the image. */
INLINE void add_some(const struct native_conv *g, const struct reach *r, const float *w,
		     int64_t pixels, int64_t vectors, int pairs, vec sum[PIXELS][VECTORS])
{
	const float *pixel[PIXELS];
	UNROLL
	for (int64_t p = 0; p < pixels; p++)
		pixel[p] = (uint64_t)(r->x + p * g->in_step) < (uint64_t)g->w
			? r->first + p * g->in_step * g->c : g->zero;
	for (int64_t i = 0; i < g->c; i++, w += vectors * LANES) {
		vec weight[VECTORS];
		load_weights(w, vectors, weight);
		UNROLL
		for (int64_t p = 0; p < pixels; p++)
			UNROLL
			for (int64_t v = 0; v < vectors; v++)
				sum[p][v] = add_products(&pixel[p][i], weight[v],
							 sum[p][v], pairs);
	}
}

INLINE void add_reach(const struct native_conv *g, const struct reach *r, const float *w,
		      int64_t pixels, int64_t vectors, int pairs, vec sum[PIXELS][VECTORS])
{
	const struct pixels at = pixels_at(r->first, g->in_step * g->c);
	switch (r->inside) {
	case ALL: add_tap(r->taps * g->c, at, w, 0, pixels, vectors, pairs, sum); break;
	case BUT_FIRST: add_tap(g->c, at, w, 1, pixels, vectors, pairs, sum); break;
	case BUT_LAST: add_tap(g->c, at, w, 0, pixels - 1, vectors, pairs, sum); break;
	case SOME: add_some(g, r, w, pixels, vectors, pairs, sum); break;
	case NONE: break;
	}
}

/* Store the sums of channels from k on, of which `left` are left. Whole vectors of all
 * pixels are stored from registers, others through memory. */
INLINE void put_pixels(const struct native_conv *g, int64_t n, int64_t left, float *out,
		       int64_t pixels, int64_t vectors, vec sum[PIXELS][VECTORS])
{
	const int64_t step = g->out_step * g->k;
	if (n == pixels && left >= vectors * LANES) {
		UNROLL
		for (int64_t p = 0; p < pixels; p++)
			UNROLL
			for (int64_t v = 0; v < vectors; v++)
				store(out + p * step + v * LANES, sum[p][v]);
		return;
	}
	vec kept[PIXELS][VECTORS];
	UNROLL
	for (int64_t p = 0; p < pixels; p++)
		UNROLL
		for (int64_t v = 0; v < vectors; v++)
			kept[p][v] = sum[p][v];
	for (int64_t p = 0; p < n; p++)
		for (int64_t v = 0; v < vectors; v++)
			store_up_to(out + p * step + v * LANES, kept[p][v], left - v * LANES);
}

INLINE void dense_run(const struct native_conv *g, const struct native_sub *s,
		      const struct run *run, int64_t k, const float *in, const float *w,
		      float *out, int64_t pixels, int64_t vectors, int pairs)
{
	const int64_t y = s->oy + run->row * g->out_step, x = s->ox + run->col * g->out_step;
	vec sum[PIXELS][VECTORS];
	UNROLL
	for (int64_t p = 0; p < pixels; p++)
		UNROLL
		for (int64_t v = 0; v < vectors; v++)
			sum[p][v] = (vec){ 0 };
	for (int64_t t = 0, n; t < s->n_taps; t += n) {
		const struct native_tap *tap = &s->taps[t];
		const struct reach r = reach_of(g, tap, run, pixels, in);
		n = r.taps;
		add_reach(g, &r,
			  w + native_packed_at(g, tap->weight, k, g->c, vectors * LANES),
			  pixels, vectors, pairs, sum);
	}
	put_pixels(g, run->n, g->k - k, out + (y * g->out_w + x) * g->k + k, pixels, vectors,
		   sum);
}

/* Pixels `at` .. to of a row, one column of vectors. */
INLINE void dense_row(const struct native_conv *g, const struct native_sub *s,
		      struct run at, int64_t to, int64_t k, const float *in,
		      const struct rnf_kernel_io *io, struct rnf_prefetch *ahead,
		      int64_t vectors, int pairs)
{
	while (at.col < to) {
		rnf_prefetch_some(ahead);
		const int64_t pixels = pixels_of(to - at.col);
		at.n = least(pixels, to - at.col);
		if (pixels == PIXELS)
			dense_run(g, s, &at, k, in, io->in[1], io->out, PIXELS, vectors, pairs);
		else if (pixels == HALF)
			dense_run(g, s, &at, k, in, io->in[1], io->out, HALF, vectors, pairs);
		else
			dense_run(g, s, &at, k, in, io->in[1], io->out, RUN, vectors, pairs);
		at.col += pixels;
	}
}

enum { BLOCK_FLOATS = 4 * 1024 };

/* Some rows of a sub-conv, or a part of a row. */
struct block {
	int64_t row0, row1, col0, col1;
};

/* All columns, whose weights stay in L1 meanwhile. */
INLINE void dense_block(const struct native_conv *g, const struct native_sub *s,
			struct block b, const float *in, const struct rnf_kernel_io *io,
			struct rnf_prefetch *ahead, int pairs)
{
	for (int64_t k = 0; k < g->k; k += VECTORS * LANES)
		for (int64_t row = b.row0; row < b.row1; row++) {
			const struct run from = { .row = row, .col = b.col0 };
			if (g->padded - k > LANES)
				dense_row(g, s, from, b.col1, k, in, io, ahead, VECTORS,
					  pairs);
			else
				dense_row(g, s, from, b.col1, k, in, io, ahead, 1, pairs);
		}
}

/* Pixels of a block, which stays in cache while all columns read it, and is written whole
 * before the next one. */
INLINE int64_t block_pixels(const struct native_conv *g)
{
	return (BLOCK_FLOATS / (g->c * PIXELS) + 1) * PIXELS;
}

INLINE void dense_blocks(const struct native_conv *g, const struct native_sub *s,
			 struct block all, const float *in, const struct rnf_kernel_io *io,
			 struct rnf_prefetch *ahead, int pairs)
{
	const int64_t cols = block_pixels(g), rows = cols / s->cols + 1;
	for (int64_t row = all.row0; row < all.row1; row += rows)
		for (int64_t col = all.col0; col < all.col1; col += cols) {
			const struct block b = { row, least(row + rows, all.row1), col,
						 least(col + cols, all.col1) };
			dense_block(g, s, b, in, io, ahead, pairs);
		}
}

/* The least number of times that dense_row() prefetches. */
static struct rnf_prefetch dense_ahead(const struct native_conv *g,
				       const struct rnf_kernel_io *io)
{
	const struct native_sub *s = &g->subs[0];
	const int64_t columns = native_pieces(g->k, g->column);
	const int64_t runs = native_pieces(s->cols, PIXELS);
	return rnf_prefetch_begin(io, s->rows * runs * columns * (int64_t)g->n_subs);
}

/* A part has whole rows, or whole runs if there is one row only. */
static struct block part_of(const struct native_sub *s, const struct rnf_kernel_io *io)
{
	struct block b = { 0, s->rows, 0, s->cols };
	if (s->rows > 1) {
		rnf_part_of(io, s->rows, &b.row0, &b.row1);
		return b;
	}
	rnf_part_of(io, native_pieces(s->cols, PIXELS), &b.col0, &b.col1);
	b.col0 *= PIXELS;
	b.col1 = least(b.col1 * PIXELS, s->cols);
	return b;
}

/* Convolve the image at `in`, floats or pairs, into io->out. */
INLINE void dense_image(const struct native_conv *g, const float *in,
			const struct rnf_kernel_io *io, int pairs)
{
	struct rnf_prefetch ahead = dense_ahead(g, io);
	for (size_t i = 0; i < g->n_subs; i++)
		dense_blocks(g, &g->subs[i], part_of(&g->subs[i], io), in, io, &ahead,
			     pairs);
}

static void dense(const struct native_conv *g, const struct rnf_kernel_io *io)
{
	dense_image(g, io->in[0], io, 0);
}

/* ---- weight gradient: dw[tap][c][k] = sum over pixels of x[c] dy[k] ---- */

enum { L1_FLOATS = 6 * 1024 };

/* The pixels of one tap in rows row0 .. row1-1 that lie inside of x. */
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

/* sum[c] += a[c] d over n pixels, which are a_step and d_step apart; d's vectors
 * are d_vector apart */
INLINE void add_outer(int64_t n, const float *a, int64_t a_step, const float *d,
		      int64_t d_step, int64_t d_vector, vec sum[CHANNELS][VECTORS],
		      int64_t channels, int64_t vectors, int pairs)
{
	for (int64_t i = 0; i < n; i++, a += a_step, d += d_step) {
		vec e[VECTORS];
		UNROLL
		for (int64_t v = 0; v < vectors; v++)
			e[v] = load(d + v * d_vector);
		UNROLL
		for (int64_t c = 0; c < channels; c++)
			UNROLL
			for (int64_t v = 0; v < vectors; v++)
				sum[c][v] = add_products(&a[c], e[v], sum[c][v],
							 pairs);
	}
}

/* The same, where the last vector of d has only `left` valid lanes. */
INLINE void add_outer_end(int64_t n, const float *a, int64_t a_step, const float *d,
			  int64_t d_step, int64_t left, vec sum[CHANNELS][VECTORS],
			  int64_t channels, int64_t vectors)
{
	for (int64_t i = 0; i < n; i++, a += a_step, d += d_step)
		UNROLL
		for (int64_t v = 0; v < vectors; v++) {
			const vec e = load_up_to(d + v * LANES, left - v * LANES);
			UNROLL
			for (int64_t c = 0; c < channels; c++)
				sum[c][v] = multiply_add(all(a[c]), e, sum[c][v]);
		}
}

INLINE void add_or_store(float *to, vec sum, int overwrite, int64_t left)
{
	if (left <= 0) return;
	store_up_to(to, overwrite ? sum : sum + load_up_to(to, left), left);
}

INLINE void clear_sums(vec sum[CHANNELS][VECTORS], int64_t channels, int64_t vectors)
{
	UNROLL
	for (int64_t c = 0; c < channels; c++)
		UNROLL
		for (int64_t v = 0; v < vectors; v++)
			sum[c][v] = (vec){ 0 };
}

INLINE void put_outer(const struct native_conv *g, vec sum[CHANNELS][VECTORS], float *dw,
		      int overwrite, int64_t left, int64_t channels, int64_t vectors)
{
	UNROLL
	for (int64_t c = 0; c < channels; c++)
		UNROLL
		for (int64_t v = 0; v < vectors; v++)
			add_or_store(dw + c * g->k + v * LANES, sum[c][v], overwrite,
				     left - v * LANES);
}

/* dw: channels [c][k] of the tap, at the first channel and vector */
INLINE void outer(const struct native_conv *g, const struct native_tap *t,
		  struct range r, const float *x, const float *dy, float *dw,
		  int overwrite, struct rnf_prefetch *ahead, int64_t left,
		  int64_t channels, int64_t vectors)
{
	vec sum[CHANNELS][VECTORS];
	const int64_t x_step = g->in_step * g->c, cols = r.col1 - r.col0;
	clear_sums(sum, channels, vectors);
	for (int64_t row = r.row0; row < r.row1; row++) {
		rnf_prefetch_some(ahead);
		const float *a = x + ((row * g->in_step + t->dy) * g->w +
				      r.col0 * g->in_step + t->dx) * g->c;
		const float *b = dy + (row * g->subs[0].cols + r.col0) * g->k;
		if (left < vectors * LANES)
			add_outer_end(cols, a, x_step, b, g->k, left, sum, channels, vectors);
		else
			add_outer(cols, a, x_step, b, g->k, LANES, sum, channels, vectors, 0);
	}
	put_outer(g, sum, dw, overwrite, left, channels, vectors);
}

/* Sums of CHANNELS by one column: the tile into which all channels and columns are cut. */
static int64_t count_outers(const struct native_conv *g)
{
	return native_pieces(g->c, CHANNELS) * native_pieces(g->k, g->column);
}

/* `channels` channels of one tap with all columns. */
INLINE void tap_channels(const struct native_conv *g, const struct native_tap *t,
			 struct range r, const float *x, const float *dy, float *dw,
			 int overwrite, struct rnf_prefetch *ahead, int64_t channels)
{
	for (int64_t k = 0; k < g->k; k += VECTORS * LANES) {
		const int64_t left = g->k - k;
		if (left > LANES)
			outer(g, t, r, x, dy + k, dw + k, overwrite, ahead, left, channels,
			      VECTORS);
		else
			outer(g, t, r, x, dy + k, dw + k, overwrite, ahead, left, channels, 1);
	}
}

/* Three at the end are an image's colours. */
static void tap_weights(const struct native_conv *g, const struct native_tap *t,
			struct range r, const float *x, const float *dy, float *dw,
			int overwrite, struct rnf_prefetch *ahead)
{
	int64_t c = 0;
	for (; c + CHANNELS <= g->c; c += CHANNELS)
		tap_channels(g, t, r, x + c, dy, dw + c * g->k, overwrite, ahead, CHANNELS);
	for (; c + 3 <= g->c; c += 3)
		tap_channels(g, t, r, x + c, dy, dw + c * g->k, overwrite, ahead, 3);
	for (; c < g->c; c++)
		tap_channels(g, t, r, x + c, dy, dw + c * g->k, overwrite, ahead, 1);
}

/* Band by band: its pixels stay in L1 while all taps and channels read them. */
static void dense_weights(const struct native_conv *g, const struct rnf_kernel_io *io)
{
	const struct native_sub *s = &g->subs[0];
	const int64_t row = s->cols * (g->k + g->c * g->in_step * g->in_step);
	const int64_t band = L1_FLOATS > row ? L1_FLOATS / row : 1;
	struct rnf_prefetch ahead =
		rnf_prefetch_begin(io, s->rows * s->n_taps * count_outers(g));
	for (int64_t y = 0; y < s->rows; y += band)
		for (int64_t t = 0; t < s->n_taps; t++)
			tap_weights(g, &s->taps[t],
				    range_of(g, &s->taps[t], y, least(y + band, s->rows)),
				    io->in[0], io->in[1],
				    io->out + s->taps[t].weight * g->c * g->k,
				    io->first && y == 0, &ahead);
}

/* ---- weight gradient of one tap: no other reads a band, so it is put in order ----
 *
 * a[bundle of channels][pixel][CHANNELS], d[pixel][column of vectors] */

static void pack_channels(const struct native_conv *g, struct range r, const float *x,
			  float *a)
{
	const struct native_tap *t = &g->subs[0].taps[0];
	const int64_t bundle = native_bundle((r.row1 - r.row0) * (r.col1 - r.col0),
					     CHANNELS);
	for (int64_t row = r.row0; row < r.row1; row++)
		for (int64_t col = r.col0; col < r.col1; col++, a += CHANNELS) {
			const float *pixel = x + ((row * g->in_step + t->dy) * g->w +
						  col * g->in_step + t->dx) * g->c;
			for (int64_t c = 0; c < g->c; c += CHANNELS)
				store_bundle(a + c / CHANNELS * bundle, pixel + c, g->c - c);
		}
}

static void pack_column(const struct native_conv *g, struct range r, const float *dy,
			int64_t n, float *d)
{
	for (int64_t row = r.row0; row < r.row1; row++)
		for (int64_t col = r.col0; col < r.col1; col++, d += VECTORS * LANES) {
			const float *pixel = dy + (row * g->subs[0].cols + col) * g->k;
			for (int64_t v = 0; v < VECTORS; v++)
				store(d + v * LANES, load_up_to(pixel + v * LANES,
								n - v * LANES));
		}
}

enum { SLICE_PIXELS = 16 }; /* one prefetch for this many */

/* When all channels and lanes are present, the sums stay in registers. */
static void outer_panel(const struct native_conv *g, int64_t pixels, const float *a,
			const float *d, float *dw, int overwrite,
			struct rnf_prefetch *ahead, int64_t rows, int64_t n)
{
	vec sum[CHANNELS][VECTORS];
	clear_sums(sum, CHANNELS, VECTORS);
	for (int64_t p = 0; p < pixels; p += SLICE_PIXELS) {
		rnf_prefetch_some(ahead);
		add_outer(least(SLICE_PIXELS, pixels - p), a + p * CHANNELS, CHANNELS,
			  d + p * VECTORS * LANES, VECTORS * LANES, LANES, sum, CHANNELS,
			  VECTORS, 0);
	}
	if (rows == CHANNELS && n >= VECTORS * LANES) {
		put_outer(g, sum, dw, overwrite, n, CHANNELS, VECTORS);
		return;
	}
	vec kept[CHANNELS][VECTORS];
	memcpy(kept, sum, sizeof kept);
	for (int64_t i = 0; i < rows; i++)
		for (int64_t v = 0; v < VECTORS; v++)
			add_or_store(dw + i * g->k + v * LANES, kept[i][v], overwrite,
				     n - v * LANES);
}

static void tap_weights_packed(const struct native_conv *g, struct range r,
			       const struct rnf_kernel_io *io, struct rnf_prefetch *ahead,
			       int overwrite)
{
	const int64_t pixels = (r.row1 - r.row0) * (r.col1 - r.col0);
	float *d = io->scratch, *a = d + pixels * VECTORS * LANES;
	pack_channels(g, r, io->in[0], a);
	for (int64_t k = 0; k < g->k; k += VECTORS * LANES) {
		pack_column(g, r, io->in[1] + k, g->k - k, d);
		for (int64_t c = 0; c < g->c; c += CHANNELS)
			outer_panel(g, pixels, a + c / CHANNELS * native_bundle(pixels, CHANNELS), d,
				    io->out + c * g->k + k, overwrite, ahead,
				    least(g->c - c, CHANNELS), g->k - k);
	}
}

static void point_weights(const struct native_conv *g, const struct rnf_kernel_io *io)
{
	const struct native_sub *s = &g->subs[0];
	const int64_t panels = native_pieces(s->rows, g->band);
	const int64_t slices = native_pieces(g->band * s->cols, SLICE_PIXELS);
	struct rnf_prefetch ahead =
		rnf_prefetch_begin(io, panels * count_outers(g) * slices);
	for (int64_t y = 0; y < s->rows; y += g->band)
		tap_weights_packed(g, range_of(g, &s->taps[0], y, least(y + g->band, s->rows)),
				   io, &ahead, io->first && y == 0);
}
