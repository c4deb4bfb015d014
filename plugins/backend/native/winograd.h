/* Winograd's F(4x4, 3x3): a tile of 4x4 outputs from 6x6 inputs by 36 products
 * in place of 144, for dense 3x3 convs of stride 1.
 *   y  = A' [ (G w G') . (B' x B) ] A         forward, input gradient
 *   dw = G' [ (B' x B) . (A dy A') ] G        weight gradient, summed over tiles
 * with the points 0, NEAR, -NEAR, FAR, -FAR and infinity. Source: Lavin and Gray 2015
 * (arXiv 1509.09308), section 4, but for NEAR and FAR. The products of one point and many
 * tiles are a product of matrices; transforms go LANES channels at a time.
 *
 * A vector of channels has its points side by side, one BLOCK, so that a transform
 * writes and reads at offsets that the compiler knows:
 *   v[tile][channels of the input / LANES][POINTS][LANES]
 *   m, z[tile][channels of the output / LANES][POINTS][LANES]
 *
 * Convs of bf16 multiply pairs of bf16 numbers: points are rounded to them
 * as they are stored. What is summed over lies in a pair: two channels in v forward and of
 * the input gradient (half as many words as lanes), two tiles in v and z of the weight gradient. */

enum {
	TILE = 4, WINDOW = 6, FILTER = 3,
	POINTS = WINDOW * WINDOW, BLOCK = POINTS * LANES, HALF_LANES = LANES / 2,
};

/* ---- the transforms of one line ---- */

/* The interpolation points. With 1 and 2 in their place, as is usual, the factors below
 * spread wider and rounding errors are twice as large. Their product is 1, so that many a
 * factor is 1 too. */
static const float NEAR = 2.0f / 3, FAR = 1.5f;
static const float NEAR2 = NEAR * NEAR, FAR2 = FAR * FAR;

/* The divisors of G at 0, NEAR and FAR: the product of a point's distances from the
 * others; at 0 it is 1. */
static const float AT_NEAR = 2 * NEAR2 * (NEAR2 - FAR2), AT_FAR = 2 * FAR2 * (FAR2 - NEAR2);

/* a + times * b */
INLINE vec plus(vec a, float times, vec b)
{
	return multiply_add(all(times), b, a);
}

/* At a point and at its negative. Additions and multiplications use different ports. */
INLINE void both_signs(vec even, float point, vec odd, vec t[2])
{
	const vec product = all(point) * odd;
	t[0] = even + product;
	t[1] = even - product;
}

/* B': 6 pixels to 6 points */
INLINE void to_points(const vec *d, vec *t)
{
	t[0] = plus(d[0] + d[4], -NEAR2 - FAR2, d[2]);
	both_signs(plus(d[4], -FAR2, d[2]), NEAR, plus(d[3], -FAR2, d[1]), &t[1]);
	both_signs(plus(d[4], -NEAR2, d[2]), FAR, plus(d[3], -NEAR2, d[1]), &t[3]);
	t[5] = plus(d[1] + d[5], -NEAR2 - FAR2, d[3]);
}

/* A': 6 points, weighted by weighted_taps(), to 4 pixels */
INLINE void to_pixels(const vec *m, vec *s)
{
	const vec p = m[1] + m[2], q = m[1] - m[2];
	const vec r = m[3] + m[4], z = m[3] - m[4];
	s[0] = plus(plus(m[0], FAR, p), NEAR, r);
	s[1] = q + z;
	s[2] = plus(all(FAR) * r, NEAR, p);
	s[3] = plus(plus(m[5], NEAR2, q), FAR2, z);
}

/* G: 3 taps to 6 points, except 0 and infinity times NEAR or FAR: so A' multiplies less */
INLINE void weighted_taps(const vec *w, vec *u)
{
	const vec near = plus(w[0], NEAR2, w[2]), far = plus(w[0], FAR2, w[2]);
	u[0] = w[0];
	both_signs(near * all(NEAR / AT_NEAR), NEAR2 / AT_NEAR, w[1], &u[1]);
	both_signs(far * all(FAR / AT_FAR), FAR2 / AT_FAR, w[1], &u[3]);
	u[5] = w[2];
}

/* A: 4 pixels of a gradient to 6 points */
INLINE void gradient_to_points(const vec *d, vec *t)
{
	t[0] = d[0];
	both_signs(plus(d[0], NEAR2, d[2]), NEAR, plus(d[1], NEAR2, d[3]), &t[1]);
	both_signs(plus(d[0], FAR2, d[2]), FAR, plus(d[1], FAR2, d[3]), &t[3]);
	t[5] = d[3];
}

/* G': 6 points to 3 taps */
INLINE void to_taps(const vec *m, vec *s)
{
	const vec p = (m[1] + m[2]) * all(1 / AT_NEAR), q = m[1] - m[2];
	const vec r = (m[3] + m[4]) * all(1 / AT_FAR), z = m[3] - m[4];
	s[0] = m[0] + (p + r);
	s[1] = plus(q * all(NEAR / AT_NEAR), FAR / AT_FAR, z);
	s[2] = plus(plus(m[5], NEAR2, p), FAR2, r);
}

/* ---- and of a square: down its columns, then along its rows ---- */

typedef void line(const vec *, vec *);

/* Load a square of vectors at row[y] + x * pixel; columns left of `from` and from `to` on
 * are zeros. */
struct view {
	const float *row[WINDOW];
	int64_t pixel, from, to;
};

/* How to store n lanes of a vector: as they are, store_up_to(), or as below. */
typedef void keep(float *at, vec v, int64_t n);

/* Each two lanes become a pair. */
INLINE void keep_half(float *at, vec v, int64_t n)
{
	(void)n;
	narrow_half(at, v);
}

/* Each lane becomes a pair with the float already there, which goes first. */
INLINE void keep_second(float *at, vec v, int64_t n)
{
	(void)n;
	store(at, (vec)narrow_two(load(at), v));
}

/* Where a square is stored: at + y * row + x * pixel. */
struct square {
	float *at;
	int64_t row, pixel;
	keep *put;
};

INLINE struct square side_by_side(float *at, int64_t words, keep *put)
{
	return (struct square){ at, WINDOW * words, words, put };
}

INLINE struct view view_of(const float *at, int size, int64_t row, int64_t pixel)
{
	struct view v = { .pixel = pixel, .from = 0, .to = size };
	UNROLL
	for (int y = 0; y < size; y++)
		v.row[y] = at + y * row;
	return v;
}

/* Rows of the result that are made at once: with more than 24 vectors between the two
 * passes, some would be spilled. */
INLINE int rows_at_once(int size, int n)
{
	return size * n <= 24 ? n : n / 2;
}

/* Rows first .. first + rows of what the columns become. */
INLINE void down(const struct view *s, int64_t i, int size, line *of_line, int first,
		 int rows, int64_t read, vec t[WINDOW][WINDOW])
{
	UNROLL
	for (int x = 0; x < size; x++) {
		vec column[WINDOW] = { 0 }, points[WINDOW] = { 0 };
		if (x >= s->from && x < s->to) {
			UNROLL
			for (int y = 0; y < size; y++)
				column[y] = load_up_to(s->row[y] + x * s->pixel + i, read);
			of_line(column, points); /* rows that are not needed are not computed */
		}
		UNROLL
		for (int y = 0; y < rows; y++)
			t[y][x] = points[first + y];
	}
}

/* size x size vectors at channel i become n x n; of a vector this many lanes are read and
 * written. */
INLINE void both_ways(const struct view *s, int64_t i, int size, line *of_line, int n,
		      struct square to, int64_t read, int64_t written)
{
	const int rows = rows_at_once(size, n);
	UNROLL
	for (int first = 0; first < n; first += rows) {
		vec t[WINDOW][WINDOW];
		down(s, i, size, of_line, first, rows, read, t);
		UNROLL
		for (int y = 0; y < rows; y++) {
			vec points[WINDOW];
			of_line(t[y], points);
			UNROLL
			for (int x = 0; x < n; x++)
				to.put(to.at + (first + y) * to.row + x * to.pixel,
				       points[x], written);
		}
	}
}

/* ---- weights: u[point][column of vectors][c, or pairs of them][its width] ---- */

/* One vector of filters, from k on, of input channel c; zeros behind the last one. They
 * are adjacent forward, and a row of the kernel apart backward. */
static void load_filters(const struct native_conv *g, const float *weights, int64_t c,
			 int64_t k, float w[FILTER * FILTER * LANES])
{
	const int64_t step = g->shape.kind == RNF_CONV_FWD ? 1 : g->shape.k;
	const int64_t there = c < g->depth ? least(LANES, g->k - k) : 0;
	memset(w, 0, sizeof(float[FILTER * FILTER * LANES]));
	for (int t = 0; t < FILTER * FILTER && there > 0; t++, w += LANES) {
		const float *from = weights + native_weight_at(g, t, c, k);
		for (int64_t i = 0; i < there; i++)
			w[i] = from[i * step];
	}
}

/* Points of the filters of a channel, at u and a plane apart. */
INLINE void pack_filters(const struct native_conv *g, const float *weights, int64_t c,
			 int64_t k, float *u, keep *put)
{
	const int64_t plane = native_plane(g);
	float w[FILTER * FILTER * LANES];
	load_filters(g, weights, c, k, w);
	const struct view s = view_of(w, FILTER, FILTER * LANES, LANES);
	both_ways(&s, 0, FILTER, weighted_taps, WINDOW,
		  (struct square){ u, WINDOW * plane, plane, put }, LANES, LANES);
}

INLINE void pack_points(const struct native_conv *g, const float *weights, float *packed,
			int pairs)
{
	for (int64_t k = 0; k < g->padded; k += LANES) {
		const int64_t from = k / g->column * g->column;
		const int64_t width = least(g->column, g->padded - from);
		float *u = packed + from * g->c + k - from;
		for (int64_t c = 0; c < g->depth; c += 1 + pairs, u += width) {
			pack_filters(g, weights, c, k, u, store_up_to);
			if (pairs) pack_filters(g, weights, c + 1, k, u, keep_second);
		}
	}
}

static void winograd_pack(const void *conv, const float *weights, float *packed)
{
	pack_points(conv, weights, packed, 0);
}

static void winograd_bf16_pack(const void *conv, const float *weights, float *packed)
{
	pack_points(conv, weights, packed, 1);
}

/* ---- tiles ---- */

struct corner { /* of a tile, in pixels of the output */
	int64_t y, x;
};

INLINE struct corner corner_of(const struct native_conv *g, int64_t tile)
{
	return (struct corner){ tile / g->tiles_x * TILE, tile % g->tiles_x * TILE };
}

/* Of image[h][w][c]; rows outside are zeros. */
INLINE struct view view_at(const struct native_conv *g, const float *image, int64_t h,
			   int64_t w, int64_t c, struct corner corner, int size)
{
	struct view v = { .pixel = c, .from = corner.x < 0 ? -corner.x : 0,
			  .to = least(size, w - corner.x) };
	UNROLL
	for (int y = 0; y < size; y++) {
		const int64_t row = corner.y + y;
		v.row[y] = row >= 0 && row < h ? image + (row * w + corner.x) * c : g->zero;
	}
	return v;
}

/* v: points of the n channels, one vector after the other, in `words` words each; the
 * lanes behind the last channel are 0. */
INLINE void read_square(const struct view *s, int64_t n, int size, line *of_line, float *v,
			int64_t words, keep *put)
{
	int64_t i = 0;
	for (; i + LANES <= n; i += LANES, v += POINTS * words)
		both_ways(s, i, size, of_line, WINDOW, side_by_side(v, words, put), LANES,
			  LANES);
	if (i < n)
		both_ways(s, i, size, of_line, WINDOW, side_by_side(v, words, put), n - i,
			  LANES);
}

INLINE void points_of_tile(const struct native_conv *g, const float *in, int64_t tile,
			   float *v, int64_t words, keep *put)
{
	struct corner from = corner_of(g, tile);
	from.y -= g->top;
	from.x -= g->left;
	const struct view s = view_at(g, in, g->h, g->w, g->depth, from, WINDOW);
	read_square(&s, g->depth, WINDOW, to_points, v, words, put);
}

static void read_tile(const struct native_conv *g, const float *in, int64_t tile, float *v)
{
	points_of_tile(g, in, tile, v, LANES, store_up_to);
}

static void read_tile_in_halves(const struct native_conv *g, const float *in, int64_t tile,
				float *v)
{
	points_of_tile(g, in, tile, v, HALF_LANES, keep_half);
}

INLINE void points_to_pixels(const float *m, struct square to)
{
	const struct view s = view_of(m, WINDOW, WINDOW * LANES, LANES);
	both_ways(&s, 0, WINDOW, to_pixels, TILE, to, LANES, LANES);
}

/* n channels of rows x cols pixels */
static void write_some(const float *m, struct square to, int64_t rows, int64_t cols,
		       int64_t n)
{
	float whole[TILE * TILE * LANES];
	points_to_pixels(m, (struct square){ whole, TILE * LANES, LANES, store_up_to });
	for (int64_t y = 0; y < rows; y++)
		for (int64_t x = 0; x < cols; x++)
			memcpy(to.at + y * to.row + x * to.pixel,
			       whole + (y * TILE + x) * LANES, (size_t)n * sizeof *whole);
}

/* The work of a part: tiles from .. to of the channels k0 .. k1 (whole columns, including
 * the last one's unused lanes). */
struct area {
	int64_t from, to, k0, k1;
};

/* Parts are tiles, whose pixels the step before left in this core's cache; or columns, if
 * a part had too few tiles for a run. */
static struct area area_of(const struct native_conv *g, const struct rnf_kernel_io *io)
{
	const int64_t columns = native_pieces(g->padded, g->column);
	struct area a = { 0, g->tiles, 0, columns };
	if (g->tiles < io->parts * RUN && columns > 1) rnf_part_of(io, columns, &a.k0, &a.k1);
	else rnf_part_of(io, g->tiles, &a.from, &a.to);
	a.k0 *= g->column;
	a.k1 = least(a.k1 * g->column, g->padded);
	return a;
}

static void write_tile(const struct native_conv *g, const struct area *a, const float *m,
		       int64_t tile, float *out)
{
	const struct corner at = corner_of(g, tile);
	const int64_t rows = least(TILE, g->out_h - at.y);
	const int64_t cols = least(TILE, g->out_w - at.x);
	struct square to = { out + (at.y * g->out_w + at.x) * g->k + a->k0, g->out_w * g->k,
			     g->k, store_up_to };
	m += a->k0 * POINTS;
	for (int64_t k = a->k0; k < a->k1; k += LANES, m += BLOCK, to.at += LANES)
		if (rows == TILE && cols == TILE && g->k - k >= LANES)
			points_to_pixels(m, to);
		else
			write_some(m, to, rows, cols, least(g->k - k, LANES));
}

/* ---- forward and input gradient ---- */

typedef void read_points(const struct native_conv *, const float *image, int64_t tile,
			 float *v);

/* Floats from one tile to the next in v, and in m or z. */
INLINE int64_t read_size(const struct native_conv *g)
{
	return native_tile(g->c_padded);
}

INLINE int64_t written_size(const struct native_conv *g)
{
	return native_tile(g->padded);
}

/* m[tile][k] = sum over c of v[tile][c] u[c][k], at one point */
INLINE void product(const struct native_conv *g, const float *v, const float *u,
		    float *m, int64_t pixels, int64_t vectors, int pairs)
{
	const int64_t words = pairs ? HALF_LANES : LANES;
	vec sum[PIXELS][VECTORS] = { 0 };
	for (int64_t c = 0; c < g->c; c += words, v += POINTS * words,
	     u += words * vectors * LANES) {
		const struct pixels tile = pixels_at(v, read_size(g));
		if (g->c - c >= words)
			add_tap(words, tile, u, 0, pixels, vectors, pairs, sum);
		else
			add_tap(g->c - c, tile, u, 0, pixels, vectors, pairs, sum);
	}
	UNROLL
	for (int64_t p = 0; p < pixels; p++)
		UNROLL
		for (int64_t i = 0; i < vectors; i++)
			store(m + p * written_size(g) + i * BLOCK, sum[p][i]);
}

/* Like pixels, but no place may stay empty: the last one to three tiles come alone. */
INLINE int64_t tiles_of(int64_t left)
{
	const int64_t n = pixels_of(left);
	return n <= left ? n : left >= HALF ? HALF : left >= RUN ? RUN : 1;
}

INLINE void product_column(const struct native_conv *g, int64_t tiles, const float *v,
			   const float *u, float *m, struct rnf_prefetch *ahead,
			   int64_t vectors, int pairs)
{
	for (int64_t t = 0; t < tiles; ) {
		rnf_prefetch_some(ahead);
		const int64_t n = tiles_of(tiles - t);
		const float *from = v + t * read_size(g);
		float *to = m + t * written_size(g);
		if (n == PIXELS) product(g, from, u, to, PIXELS, vectors, pairs);
		else if (n == HALF) product(g, from, u, to, HALF, vectors, pairs);
		else if (n == RUN) product(g, from, u, to, RUN, vectors, pairs);
		else product(g, from, u, to, 1, vectors, pairs);
		t += n;
	}
}

/* u: [point][column of vectors][c][its width] */
INLINE void products(const struct native_conv *g, const struct area *a, int64_t tiles,
		     const float *v, const float *u, float *m, struct rnf_prefetch *ahead,
		     int pairs)
{
	const int64_t words = pairs ? HALF_LANES : LANES;
	for (int point = 0; point < POINTS; point++, v += words, m += LANES) {
		for (int64_t k = a->k0; k < a->k1; k += VECTORS * LANES) {
			const float *column = u + k * g->c;
			float *to = m + k * POINTS;
			if (g->padded - k > LANES)
				product_column(g, tiles, v, column, to, ahead, VECTORS, pairs);
			else
				product_column(g, tiles, v, column, to, ahead, 1, pairs);
		}
		u += native_plane(g);
	}
}

/* At most as often as product_column() prefetches. */
static struct rnf_prefetch winograd_ahead(const struct native_conv *g, const struct area *a,
					  const struct rnf_kernel_io *io)
{
	const int64_t tiles = a->to - a->from, columns = native_pieces(a->k1 - a->k0, g->column);
	const int64_t runs = tiles / g->tiles_at_once * native_pieces(g->tiles_at_once, PIXELS) +
			     native_pieces(tiles % g->tiles_at_once, PIXELS);
	return rnf_prefetch_begin(io, runs * columns * POINTS);
}

INLINE void all_tiles(const struct native_conv *g, const struct rnf_kernel_io *io,
		      read_points *read, int pairs)
{
	const struct area a = area_of(g, io);
	float *v = io->scratch, *m = v + g->tiles_at_once * read_size(g);
	struct rnf_prefetch ahead = winograd_ahead(g, &a, io);
	for (int64_t first = a.from; first < a.to; first += g->tiles_at_once) {
		const int64_t n = least(g->tiles_at_once, a.to - first);
		for (int64_t t = 0; t < n; t++)
			read(g, io->in[0], first + t, v + t * read_size(g));
		products(g, &a, n, v, io->in[1], m, &ahead, pairs);
		for (int64_t t = 0; t < n; t++)
			write_tile(g, &a, m + t * written_size(g), first + t, io->out);
	}
}

static void winograd(const struct native_conv *g, const struct rnf_kernel_io *io)
{
	all_tiles(g, io, read_tile, 0);
}

static void winograd_bf16(const struct native_conv *g, const struct rnf_kernel_io *io)
{
	all_tiles(g, io, read_tile_in_halves, 1);
}
