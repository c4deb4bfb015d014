/* Convs on bf16: the dense kernels over pairs of channels, which are adjacent in a tensor
 * of bf16. Sums are fp32. */

/* For an odd number of channels: the last one's partner is 0. */
static const float *close_pairs(const struct native_conv *g, const struct rnf_kernel_io *io)
{
	const uint16_t *from = (const uint16_t *)io->in[0];
	const size_t size = (size_t)g->depth * sizeof *from;
	float *to = io->scratch;
	for (int64_t i = 0; i < g->h * g->w; i++, from += g->depth, to += g->c) {
		to[g->c - 1] = 0;
		memcpy(to, from, size);
	}
	return io->scratch;
}

static void bf16(const struct native_conv *g, const struct rnf_kernel_io *io)
{
	dense_image(g, g->depth % 2 ? close_pairs(g, io) : io->in[0], io, 1);
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

static int copy_is_read(const struct native_conv *g, int64_t copy)
{
	const struct native_sub *s = &g->subs[0];
	for (int64_t t = 0; t < s->n_taps; t++)
		if ((g->left + s->taps[t].dx) % copies(g) == copy) return 1;
	return 0;
}

/* Copy n channels of two pixels, up to whole vectors. */
static void pair_pixels(const uint16_t *a, const uint16_t *b, int64_t n, float *to)
{
	for (int64_t i = 0; i < n; i += LANES) {
		const ints first = load_halves(a + i, n - i), second = load_halves(b + i, n - i);
		store(to + i, (vec)(first | second << 16));
	}
}

static const uint16_t *no_pixel(const struct native_conv *g)
{
	return (const uint16_t *)g->zero;
}

/* Pixel i of a row that begins with `left` zeros. */
static const uint16_t *pixel_or_zero(const struct native_conv *g, const uint16_t *row,
				     int64_t i)
{
	return i >= g->left && i < g->left + g->w ? row + (i - g->left) * g->c : no_pixel(g);
}

static void pair_x(const struct native_conv *g, const uint16_t *row, float *x)
{
	for (int64_t f = 0; f < copies(g); f++, x += g->columns * g->c_padded) {
		if (!copy_is_read(g, f)) continue;
		for (int64_t i = 0; i < g->columns; i++) {
			const int64_t at = f + i * copies(g);
			pair_pixels(pixel_or_zero(g, row, at),
				    pixel_or_zero(g, row, at + g->in_step), g->c,
				    x + i * g->c_padded);
		}
	}
}

static void pair_dy(const struct native_conv *g, const uint16_t *row, float *d)
{
	const int64_t cols = g->subs[0].cols;
	for (int64_t i = 0; i < cols; i += 2, row += 2 * g->k, d += g->padded)
		pair_pixels(row, i + 1 < cols ? row + g->k : no_pixel(g), g->k, d);
}

static struct panel pair_panel(const struct native_conv *g, int64_t row0, int64_t row1,
			       const struct rnf_kernel_io *io)
{
	const int64_t from = clamp(row0 * g->in_step + g->dy[0], 0, g->h);
	const int64_t to = clamp((row1 - 1) * g->in_step + g->dy[1] + 1, from, g->h);
	const uint16_t *image = (const uint16_t *)io->in[0];
	const uint16_t *dy = (const uint16_t *)io->in[1];
	float *d = io->scratch, *x = d + g->band * native_output_pairs(g) * g->padded;
	const struct panel p = { x, d, from, row0, row1 };
	for (int64_t row = row0; row < row1; row++, d += native_output_pairs(g) * g->padded)
		pair_dy(g, dy + row * g->subs[0].cols * g->k, d);
	for (int64_t y = from; y < to; y++, x += copies(g) * g->columns * g->c_padded)
		pair_x(g, image + y * g->w * g->c, x);
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
	const int64_t d_row = native_output_pairs(g) * g->padded;
	const float *x = p->x + (at % copies(g) * g->columns + at / copies(g)) * g->c_padded;
	for (int64_t row = r.row0; row < r.row1; row++) {
		rnf_prefetch_some(ahead);
		add_outer(native_output_pairs(g),
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

static void bf16_weights(const struct native_conv *g, const struct rnf_kernel_io *io)
{
	const struct native_sub *s = &g->subs[0];
	struct rnf_prefetch ahead =
		rnf_prefetch_begin(io, s->rows * s->n_taps * count_outers(g));
	for (int64_t row0 = 0; row0 < s->rows; row0 += g->band) {
		const struct panel p =
			pair_panel(g, row0, least(row0 + g->band, s->rows), io);
		for (int64_t t = 0; t < s->n_taps; t++)
			tap_pairs(g, &s->taps[t], &p,
				  io->out + s->taps[t].weight * g->c * g->k,
				  io->first && row0 == 0, &ahead);
	}
}
