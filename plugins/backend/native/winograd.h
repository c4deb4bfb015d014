/* Winograd's F(4x4, 3x3): a tile of 4x4 outputs from 6x6 inputs by 36 products
 * in place of 144, for dense 3x3 convs of stride 1.
 *   y  = A' [ (G w G') . (B' x B) ] A         forward, input gradient
 *   dw = G' [ (B' x B) . (A dy A') ] G        weight gradient, summed over tiles
 * with the points 0, 1, -1, 2, -2 and infinity. Source: Lavin and Gray 2015 (arXiv
 * 1509.09308), section 4. The products of one point and many tiles are a product
 * of matrices; transforms go LANES channels at a time.
 *
 * A vector of channels has its points side by side, one BLOCK, so that a transform
 * writes and reads at offsets that the compiler knows:
 *   v[tile][channels of the input / LANES][POINTS][LANES]
 *   m, z[tile][channels of the output / LANES][POINTS][LANES]
 * The weight gradient's sums, which are read and written for each point, are
 *   du[POINTS][channel of the input][channels of the output] */

enum {
	TILE = 4, WINDOW = 6, FILTER = 3,
	POINTS = WINDOW * WINDOW, BLOCK = POINTS * LANES, RUN = 4,
};

/* ---- the transforms of one line ---- */

/* a + times * b; exact but for one rounding where times is a power of two */
INLINE vec plus(vec a, float times, vec b)
{
	return multiply_add(all(times), b, a);
}

/* B': 6 pixels to 6 points */
INLINE void to_points(const vec d[WINDOW], vec t[WINDOW])
{
	const vec a = plus(d[4], -4, d[2]), b = plus(d[3], -4, d[1]);
	const vec c = d[4] - d[2], e = d[3] - d[1];
	t[0] = plus(c, 4, d[0] - d[2]);
	t[1] = a + b;
	t[2] = a - b;
	t[3] = plus(c, 2, e);
	t[4] = plus(c, -2, e);
	t[5] = plus(d[5] - d[3], -4, e);
}

/* A': 6 points to 4 pixels */
INLINE void to_pixels(const vec m[WINDOW], vec s[TILE])
{
	const vec p = m[1] + m[2], q = m[1] - m[2];
	const vec r = m[3] + m[4], z = m[3] - m[4];
	s[0] = m[0] + (p + r);
	s[1] = plus(q, 2, z);
	s[2] = plus(p, 4, r);
	s[3] = plus(q, 8, z) + m[5];
}

/* A: 4 pixels of a gradient to 6 points */
INLINE void gradient_to_points(const vec d[TILE], vec t[WINDOW])
{
	const vec even = d[0] + d[2], odd = d[1] + d[3];
	const vec even4 = plus(d[0], 4, d[2]), odd4 = plus(d[1], 4, d[3]);
	t[0] = d[0];
	t[1] = even + odd;
	t[2] = even - odd;
	t[3] = plus(even4, 2, odd4);
	t[4] = plus(even4, -2, odd4);
	t[5] = d[3];
}

/* G': 6 points to 3 taps */
INLINE void to_taps(const vec m[WINDOW], vec s[FILTER])
{
	const vec p = (m[1] + m[2]) * all(1.0f / 6), q = (m[2] - m[1]) * all(1.0f / 6);
	const vec r = (m[3] + m[4]) * all(1.0f / 24), z = (m[3] - m[4]) * all(1.0f / 12);
	s[0] = plus(r - p, 0.25f, m[0]);
	s[1] = q + z;
	s[2] = plus(m[5] - p, 4, r);
}

/* ---- tiles ---- */

struct corner { /* of a tile, in pixels of the output */
	int64_t y, x;
};

INLINE struct corner corner_of(const struct native_conv *g, int64_t tile)
{
	return (struct corner){ tile / g->tiles_x * TILE, tile % g->tiles_x * TILE };
}

/* Pixels of an image[h][w][c]: where the first is, and their strides. */
struct pixels {
	const float *first;
	int64_t row, pixel;
};

INLINE struct pixels pixels_at(const float *image, int64_t w, int64_t c, struct corner from)
{
	return (struct pixels){ image + (from.y * w + from.x) * c, w * c, c };
}

INLINE int lie_inside(struct corner from, int size, int64_t h, int64_t w)
{
	return from.y >= 0 && from.x >= 0 && from.y + size <= h && from.x + size <= w;
}

/* at[y][x] of size x size pixels; zeros stand for those outside. */
INLINE void find_pixels(const struct native_conv *g, struct pixels s, struct corner from,
			int size, int64_t h, int64_t w, const float **at)
{
	UNROLL
	for (int y = 0; y < size; y++)
		UNROLL
		for (int x = 0; x < size; x++) {
			const int inside = (uint64_t)(from.y + y) < (uint64_t)h &&
					   (uint64_t)(from.x + x) < (uint64_t)w;
			at[y * size + x] = inside ? s.first + y * s.row + x * s.pixel
						  : g->zero;
		}
}

INLINE void input_to_points(vec d[WINDOW][WINDOW], float *v)
{
	vec t[WINDOW][WINDOW];
	UNROLL
	for (int x = 0; x < WINDOW; x++) {
		vec line[WINDOW], u[WINDOW];
		UNROLL
		for (int y = 0; y < WINDOW; y++)
			line[y] = d[y][x];
		to_points(line, u);
		UNROLL
		for (int y = 0; y < WINDOW; y++)
			t[y][x] = u[y];
	}
	UNROLL
	for (int y = 0; y < WINDOW; y++) {
		vec u[WINDOW];
		to_points(t[y], u);
		UNROLL
		for (int x = 0; x < WINDOW; x++)
			store(v + (y * WINDOW + x) * LANES, u[x]);
	}
}

/* Functions of their own, or compilers find all addresses before the loop over the
 * channels, for which there are not enough registers. */
static __attribute__((noinline)) void inner_input(struct pixels s, float *v)
{
	vec d[WINDOW][WINDOW];
	UNROLL
	for (int y = 0; y < WINDOW; y++)
		UNROLL
		for (int x = 0; x < WINDOW; x++)
			d[y][x] = load(s.first + y * s.row + x * s.pixel);
	input_to_points(d, v);
}

/* n channels from i on; the lanes after them are 0. */
static __attribute__((noinline)) void edge_input(const float *const *at, int64_t i,
						 int64_t n, float *v)
{
	vec d[WINDOW][WINDOW];
	UNROLL
	for (int y = 0; y < WINDOW; y++)
		UNROLL
		for (int x = 0; x < WINDOW; x++)
			d[y][x] = load_up_to(at[y * WINDOW + x] + i, n);
	input_to_points(d, v);
}

static void read_tile(const struct native_conv *g, const float *in, int64_t tile, float *v)
{
	const float *at[POINTS];
	struct corner from = corner_of(g, tile);
	from.y -= g->top;
	from.x -= g->left;
	struct pixels s = pixels_at(in, g->w, g->c, from);
	if (g->c % LANES == 0 && lie_inside(from, WINDOW, g->h, g->w)) {
		for (int64_t i = 0; i < g->c; i += LANES, s.first += LANES, v += BLOCK)
			inner_input(s, v);
		return;
	}
	find_pixels(g, s, from, WINDOW, g->h, g->w, at);
	for (int64_t i = 0; i < g->c; i += LANES, v += BLOCK)
		edge_input(at, i, g->c - i, v);
}

INLINE void points_to_output(const float *m, vec s[TILE][TILE])
{
	vec t[TILE][WINDOW];
	UNROLL
	for (int x = 0; x < WINDOW; x++) {
		vec d[WINDOW], u[TILE];
		UNROLL
		for (int y = 0; y < WINDOW; y++)
			d[y] = load(m + (y * WINDOW + x) * LANES);
		to_pixels(d, u);
		UNROLL
		for (int y = 0; y < TILE; y++)
			t[y][x] = u[y];
	}
	UNROLL
	for (int y = 0; y < TILE; y++)
		to_pixels(t[y], s[y]);
}

static __attribute__((noinline)) void inner_output(const float *m, int64_t row,
						   int64_t pixel, float *out)
{
	vec s[TILE][TILE];
	points_to_output(m, s);
	UNROLL
	for (int y = 0; y < TILE; y++)
		UNROLL
		for (int x = 0; x < TILE; x++)
			store(out + y * row + x * pixel, s[y][x]);
}

/* n channels of rows x cols pixels */
static void edge_output(const float *m, int64_t row, int64_t pixel, int64_t rows,
			int64_t cols, int64_t n, float *out)
{
	vec s[TILE][TILE];
	points_to_output(m, s);
	for (int64_t y = 0; y < rows; y++)
		for (int64_t x = 0; x < cols; x++)
			store_up_to(out + y * row + x * pixel, s[y][x], n);
}

/* What a part makes: tiles from .. to of the channels k0 .. k1 (whole columns, the
 * last one's lanes that are no channels too). */
struct area {
	int64_t from, to, k0, k1;
};

/* Parts are tiles, whose pixels the step before left in this core's cache; columns
 * where a part had too few tiles for a run. */
static struct area area_of(const struct native_conv *g, const struct rnf_step_io *io)
{
	const int64_t columns = (g->padded + g->column - 1) / g->column;
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
	const struct corner to = corner_of(g, tile);
	const int64_t rows = least(TILE, g->out_h - to.y);
	const int64_t cols = least(TILE, g->out_w - to.x);
	const int64_t row = g->out_w * g->k;
	const int whole = rows == TILE && cols == TILE;
	out += to.y * row + to.x * g->k;
	m += a->k0 * POINTS;
	for (int64_t k = a->k0; k < a->k1; k += LANES, m += BLOCK)
		if (whole && g->k - k >= LANES)
			inner_output(m, row, g->k, out + k);
		else
			edge_output(m, row, g->k, rows, cols, g->k - k, out + k);
}

/* ---- forward and input gradient ---- */

/* Floats from a tile to the next in v, and in m or z. */
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
		    float *m, int64_t pixels, int64_t vectors)
{
	const float *tile[PIXELS];
	vec sum[PIXELS][VECTORS] = { 0 };
	UNROLL
	for (int64_t p = 0; p < pixels; p++)
		tile[p] = v + p * read_size(g);
	for (int64_t c = 0; c < g->c; c += LANES, u += LANES * vectors * LANES) {
		if (g->c - c >= LANES)
			add_tap(LANES, tile, u, pixels, vectors, 0, sum);
		else
			add_tap(g->c - c, tile, u, pixels, vectors, 0, sum);
		UNROLL
		for (int64_t p = 0; p < pixels; p++)
			tile[p] += BLOCK;
	}
	UNROLL
	for (int64_t p = 0; p < pixels; p++)
		UNROLL
		for (int64_t i = 0; i < vectors; i++)
			store(m + p * written_size(g) + i * BLOCK, sum[p][i]);
}

/* Tiles are taken PIXELS at a time, then RUN, then one by one. One takes as long as a
 * RUN: two of these are better than PIXELS and some alone. */
INLINE int64_t run_of(int64_t left)
{
	const int two = left == 2 * RUN && left > PIXELS + 1;
	return left >= PIXELS && !two ? PIXELS : left >= RUN ? RUN : 1;
}

INLINE void product_column(const struct native_conv *g, int64_t tiles, const float *v,
			   const float *u, float *m, int64_t vectors)
{
	for (int64_t t = 0; t < tiles; ) {
		const int64_t n = run_of(tiles - t);
		const float *from = v + t * read_size(g);
		float *to = m + t * written_size(g);
		if (n == PIXELS) product(g, from, u, to, PIXELS, vectors);
		else if (n == RUN) product(g, from, u, to, RUN, vectors);
		else product(g, from, u, to, 1, vectors);
		t += n;
	}
}

/* u: [point][column of vectors][c][its width] */
static void products(const struct native_conv *g, const struct area *a, int64_t tiles,
		     const float *v, const float *u, float *m)
{
	for (int point = 0; point < POINTS; point++, v += LANES, m += LANES) {
		for (int64_t k = a->k0; k < a->k1; k += VECTORS * LANES) {
			const float *column = u + k * g->c;
			float *to = m + k * POINTS;
			if (g->padded - k > LANES)
				product_column(g, tiles, v, column, to, VECTORS);
			else
				product_column(g, tiles, v, column, to, 1);
		}
		u += g->c * g->padded;
	}
}

static void winograd(const struct native_conv *g, const struct rnf_step_io *io)
{
	const struct area a = area_of(g, io);
	float *v = io->scratch, *m = v + g->tiles_at_once * read_size(g);
	struct rnf_prefetch ahead = rnf_prefetch_begin(io, g->tiles);
	for (int64_t first = a.from; first < a.to; first += g->tiles_at_once) {
		const int64_t n = least(g->tiles_at_once, a.to - first);
		for (int64_t t = 0; t < n; t++) {
			rnf_prefetch_some(&ahead);
			read_tile(g, io->in[0], first + t, v + t * read_size(g));
		}
		products(g, &a, n, v, io->in[1], m);
		for (int64_t t = 0; t < n; t++)
			write_tile(g, &a, m + t * written_size(g), first + t, io->out);
	}
}

/* ---- weight gradient ---- */

INLINE void gradient_tile_to_points(vec d[TILE][TILE], float *z)
{
	vec t[WINDOW][TILE];
	UNROLL
	for (int x = 0; x < TILE; x++) {
		vec line[TILE], u[WINDOW];
		UNROLL
		for (int y = 0; y < TILE; y++)
			line[y] = d[y][x];
		gradient_to_points(line, u);
		UNROLL
		for (int y = 0; y < WINDOW; y++)
			t[y][x] = u[y];
	}
	UNROLL
	for (int y = 0; y < WINDOW; y++) {
		vec u[WINDOW];
		gradient_to_points(t[y], u);
		UNROLL
		for (int x = 0; x < WINDOW; x++)
			store(z + (y * WINDOW + x) * LANES, u[x]);
	}
}

static __attribute__((noinline)) void inner_gradient(struct pixels s, float *z)
{
	vec d[TILE][TILE];
	UNROLL
	for (int y = 0; y < TILE; y++)
		UNROLL
		for (int x = 0; x < TILE; x++)
			d[y][x] = load(s.first + y * s.row + x * s.pixel);
	gradient_tile_to_points(d, z);
}

static __attribute__((noinline)) void edge_gradient(const float *const *at, int64_t i,
						    int64_t n, float *z)
{
	vec d[TILE][TILE];
	UNROLL
	for (int y = 0; y < TILE; y++)
		UNROLL
		for (int x = 0; x < TILE; x++)
			d[y][x] = load_up_to(at[y * TILE + x] + i, n);
	gradient_tile_to_points(d, z);
}

static void read_gradient(const struct native_conv *g, const float *dy, int64_t tile,
			  float *z)
{
	const float *at[TILE * TILE];
	const struct corner from = corner_of(g, tile);
	struct pixels s = pixels_at(dy, g->out_w, g->k, from);
	if (g->k % LANES == 0 && lie_inside(from, TILE, g->out_h, g->out_w)) {
		for (int64_t i = 0; i < g->k; i += LANES, s.first += LANES, z += BLOCK)
			inner_gradient(s, z);
		return;
	}
	find_pixels(g, s, from, TILE, g->out_h, g->out_w, at);
	for (int64_t i = 0; i < g->k; i += LANES, z += BLOCK)
		edge_gradient(at, i, g->k - i, z);
}

/* du[c][k] += sum over tiles of v[tile][c] z[tile][k], at one point */
INLINE void outer_tiles(const struct native_conv *g, int64_t tiles, const float *v,
			const float *z, float *du, int overwrite, int64_t channels,
			int64_t vectors)
{
	vec sum[CHANNELS][VECTORS] = { 0 };
	add_outer(tiles, v, read_size(g), z, written_size(g), BLOCK, sum, channels,
		  vectors, 0);
	UNROLL
	for (int64_t c = 0; c < channels; c++)
		UNROLL
		for (int64_t i = 0; i < vectors; i++) {
			float *to = du + c * g->padded + i * LANES;
			store(to, overwrite ? sum[c][i] : sum[c][i] + load(to));
		}
}

INLINE void outer_column(const struct native_conv *g, int64_t tiles, const float *v,
			 const float *z, float *du, int overwrite, int64_t vectors)
{
	for (int64_t c = 0; c < g->c; ) {
		const int64_t n = g->c - c >= CHANNELS ? CHANNELS : g->c - c >= 4 ? 4 : 1;
		const float *from = v + c / LANES * BLOCK + c % LANES;
		float *to = du + c * g->padded;
		if (n == CHANNELS)
			outer_tiles(g, tiles, from, z, to, overwrite, CHANNELS, vectors);
		else if (n == 4)
			outer_tiles(g, tiles, from, z, to, overwrite, 4, vectors);
		else
			outer_tiles(g, tiles, from, z, to, overwrite, 1, vectors);
		c += n;
	}
}

static void outer_products(const struct native_conv *g, int64_t tiles, const float *v,
			   const float *z, float *du, int overwrite)
{
	for (int point = 0; point < POINTS; point++, v += LANES, z += LANES) {
		for (int64_t k = 0; k < g->padded; k += VECTORS * LANES)
			if (g->padded - k > LANES)
				outer_column(g, tiles, v, z + k * POINTS, du + k, overwrite,
					     VECTORS);
			else
				outer_column(g, tiles, v, z + k * POINTS, du + k, overwrite, 1);
		du += native_plane(g);
	}
}

INLINE void taps_of(const float *du, int64_t plane, vec s[FILTER][FILTER])
{
	vec t[FILTER][WINDOW];
	UNROLL
	for (int x = 0; x < WINDOW; x++) {
		vec d[WINDOW], u[FILTER];
		UNROLL
		for (int y = 0; y < WINDOW; y++)
			d[y] = load(du + (y * WINDOW + x) * plane);
		to_taps(d, u);
		UNROLL
		for (int y = 0; y < FILTER; y++)
			t[y][x] = u[y];
	}
	UNROLL
	for (int y = 0; y < FILTER; y++)
		to_taps(t[y], s[y]);
}

/* dw[tap][c][k], of the whole leaf */
static void write_taps(const struct native_conv *g, const float *du, float *dw)
{
	for (int64_t c = 0; c < g->c; c++)
		for (int64_t k = 0; k < g->k; k += LANES) {
			vec s[FILTER][FILTER];
			taps_of(du + c * g->padded + k, native_plane(g), s);
			UNROLL
			for (int t = 0; t < FILTER * FILTER; t++)
				store_up_to(dw + (t * g->c + c) * g->k + k,
					    s[t / FILTER][t % FILTER], g->k - k);
		}
}

/* Tiles of all images of a leaf are gathered until there are enough for a product. */
static void winograd_weights(const struct native_conv *g, const struct rnf_step_io *io)
{
	struct native_leaf *leaf = (struct native_leaf *)io->leaf;
	float *v = leaf->floats, *z = v + g->tiles_at_once * read_size(g);
	float *du = z + g->tiles_at_once * written_size(g);
	struct rnf_prefetch ahead = rnf_prefetch_begin(io, g->tiles);
	if (io->first) leaf->gathered = leaf->multiplied = 0;
	for (int64_t tile = 0; tile < g->tiles; tile++) {
		const int64_t slot = leaf->gathered++;
		rnf_prefetch_some(&ahead);
		read_tile(g, io->in[0], tile, v + slot * read_size(g));
		read_gradient(g, io->in[1], tile, z + slot * written_size(g));
		if (leaf->gathered < g->tiles_at_once && !(io->last && tile + 1 == g->tiles))
			continue;
		outer_products(g, leaf->gathered, v, z, du, !leaf->multiplied);
		leaf->multiplied = 1;
		leaf->gathered = 0;
	}
	if (io->last) write_taps(g, du, io->out);
}
