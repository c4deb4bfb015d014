/* Convs on bf16: the dense kernels over pairs, which the image is turned into band
 * by band. Sums are fp32. */

/* n floats to (n + 1) / 2 pairs; the last of an odd number meets 0. */
static void narrow_floats(const float *from, int64_t n, float *to)
{
	for (int64_t i = 0; i < n; i += 2 * LANES, to += LANES) {
		const vec low = load_up_to(from + i, n - i);
		const vec high = load_up_to(from + i + LANES, n - i - LANES);
		store_up_to(to, (vec)narrow(low, high), (n - i + 1) / 2);
	}
}

/* The rows of the image that sub-convs' rows row0 .. row1-1 read. */
static struct image narrow_rows(const struct native_conv *g, int64_t row0, int64_t row1,
				const struct rnf_step_io *io)
{
	const int64_t from = clamp(row0 * g->in_step + g->dy[0], 0, g->h);
	const int64_t to = clamp((row1 - 1) * g->in_step + g->dy[1] + 1, from, g->h);
	const float *pixel = io->in[0] + from * g->w * g->depth;
	const int64_t pixels = (to - from) * g->w;
	if (g->depth % 2 == 0)
		narrow_floats(pixel, pixels * g->depth, io->scratch);
	else
		for (int64_t i = 0; i < pixels; i++, pixel += g->depth)
			narrow_floats(pixel, g->depth, io->scratch + i * g->c);
	return (struct image){ io->scratch, from };
}

/* A part has whole rows. */
static void bf16(const struct native_conv *g, const struct rnf_step_io *io)
{
	struct rnf_prefetch ahead = dense_ahead(g, io);
	int64_t row0, end;
	rnf_part_of(io, g->subs[0].rows, &row0, &end);
	for (; row0 < end; row0 += g->band) {
		const int64_t row1 = least(row0 + g->band, end);
		const struct image in = narrow_rows(g, row0, row1, io);
		for (size_t i = 0; i < g->n_subs; i++) {
			const struct native_sub *s = &g->subs[i];
			const struct block b = { row0, least(row1, s->rows), 0, s->cols };
			dense_blocks(g, s, b, in, io, &ahead, 1);
		}
	}
}

/* ---- weight gradient: pairs of output pixels 2 i and 2 i + 1 of a row ----
 *
 * d[row][i][padded]: of dy; x[y][copy][i][c_padded]: of the image, `left` zeros
 * before each row. Which pixels of a row meet depends on the tap: copy f has
 * f + 2 in_step i and in_step more, for f below 2 in_step. */

struct panel {
	const float *x, *d;
	int64_t y0, row0, row1;
};

static int64_t copies(const struct native_conv *g)
{
	return 2 * g->in_step;
}

static int64_t pair_columns(const struct native_conv *g)
{
	return (g->subs[0].cols + 1) / 2;
}

static int copy_is_read(const struct native_conv *g, int64_t copy)
{
	const struct native_sub *s = &g->subs[0];
	for (int64_t t = 0; t < s->n_taps; t++)
		if ((g->left + s->taps[t].dx) % copies(g) == copy) return 1;
	return 0;
}

/* n channels of two pixels, up to whole vectors. */
static void narrow_pixels(const float *a, const float *b, int64_t n, float *to)
{
	for (int64_t i = 0; i < n; i += LANES) {
		const vec first = load_up_to(a + i, n - i), second = load_up_to(b + i, n - i);
		store(to + i, (vec)narrow_two(first, second));
	}
}

/* Pixel i of a row that begins with `left` zeros. */
static const float *pixel_or_zero(const struct native_conv *g, const float *row, int64_t i)
{
	return i >= g->left && i < g->left + g->w ? row + (i - g->left) * g->c : g->zero;
}

static void narrow_x(const struct native_conv *g, const float *row, float *x)
{
	for (int64_t f = 0; f < copies(g); f++, x += g->columns * g->c_padded) {
		if (!copy_is_read(g, f)) continue;
		for (int64_t i = 0; i < g->columns; i++) {
			const int64_t at = f + i * copies(g);
			narrow_pixels(pixel_or_zero(g, row, at),
				      pixel_or_zero(g, row, at + g->in_step), g->c,
				      x + i * g->c_padded);
		}
	}
}

static void narrow_dy(const struct native_conv *g, const float *row, float *d)
{
	const int64_t cols = g->subs[0].cols;
	for (int64_t i = 0; i < cols; i += 2, row += 2 * g->k, d += g->padded)
		narrow_pixels(row, i + 1 < cols ? row + g->k : g->zero, g->k, d);
}

static struct panel narrow_panel(const struct native_conv *g, int64_t row0, int64_t row1,
				 const struct rnf_step_io *io)
{
	const int64_t from = clamp(row0 * g->in_step + g->dy[0], 0, g->h);
	const int64_t to = clamp((row1 - 1) * g->in_step + g->dy[1] + 1, from, g->h);
	float *d = io->scratch, *x = d + g->band * pair_columns(g) * g->padded;
	const struct panel p = { x, d, from, row0, row1 };
	for (int64_t row = row0; row < row1; row++, d += pair_columns(g) * g->padded)
		narrow_dy(g, io->in[1] + row * g->subs[0].cols * g->k, d);
	for (int64_t y = from; y < to; y++, x += copies(g) * g->columns * g->c_padded)
		narrow_x(g, io->in[0] + y * g->w * g->c, x);
	return p;
}

/* dw: [c][k] of the tap, at the first of `rows` channels and `left` columns */
INLINE void pair_outer(const struct native_conv *g, const struct native_tap *t,
		       const struct panel *p, struct range r, int64_t c, int64_t k,
		       float *dw, int overwrite, struct rnf_prefetch *ahead,
		       int64_t vectors)
{
	vec sum[CHANNELS][VECTORS] = { 0 };
	const int64_t at = g->left + t->dx, x_row = copies(g) * g->columns * g->c_padded;
	const int64_t d_row = pair_columns(g) * g->padded;
	const float *x = p->x + (at % copies(g) * g->columns + at / copies(g)) * g->c_padded;
	for (int64_t row = r.row0; row < r.row1; row++) {
		rnf_prefetch_some(ahead);
		add_outer(pair_columns(g),
			  x + (row * g->in_step + t->dy - p->y0) * x_row + c, g->c_padded,
			  p->d + (row - p->row0) * d_row + k, g->padded, LANES, sum, CHANNELS,
			  vectors, 1);
	}
	UNROLL
	for (int64_t i = 0; i < CHANNELS; i++)
		UNROLL
		for (int64_t v = 0; v < vectors; v++)
			add_or_store(dw + (c + i) * g->k + k + v * LANES, sum[i][v], overwrite,
				     c + i < g->c ? g->k - k - v * LANES : 0);
}

static void tap_pairs(const struct native_conv *g, const struct native_tap *t,
		      const struct panel *p, float *dw, int overwrite,
		      struct rnf_prefetch *ahead)
{
	const struct range r = range_of(g, t, p->row0, p->row1);
	if (r.row0 >= r.row1 && !overwrite) return;
	for (int64_t c = 0; c < g->c; c += CHANNELS)
		for (int64_t k = 0; k < g->k; k += VECTORS * LANES) {
			if (g->padded - k > LANES)
				pair_outer(g, t, p, r, c, k, dw, overwrite, ahead, VECTORS);
			else
				pair_outer(g, t, p, r, c, k, dw, overwrite, ahead, 1);
		}
}

static void bf16_weights(const struct native_conv *g, const struct rnf_step_io *io)
{
	const struct native_sub *s = &g->subs[0];
	struct rnf_prefetch ahead =
		rnf_prefetch_begin(io, s->rows * s->n_taps * count_outers(g));
	for (int64_t row0 = 0; row0 < s->rows; row0 += g->band) {
		const struct panel p =
			narrow_panel(g, row0, least(row0 + g->band, s->rows), io);
		for (int64_t t = 0; t < s->n_taps; t++)
			tap_pairs(g, &s->taps[t], &p,
				  io->out + s->taps[t].weight * g->c * g->k,
				  io->first && row0 == 0, &ahead);
	}
}
