/* Winograd's F(4x4, 3x3): a tile of 4x4 outputs from 6x6 inputs by 36 products
 * in place of 144, for dense 3x3 convs of stride 1.
 *   y  = A' [ (G w G') . (B' x B) ] A         forward, input gradient
 *   dw = G' [ (B' x B) . (A dy A') ] G        weight gradient, summed over tiles
 * with the points 0, 1, -1, 2, -2 and infinity. Source: Lavin and Gray 2015 (arXiv
 * 1509.09308), section 4. The products of one point and many tiles are a product
 * of matrices; transforms go LANES channels at a time.
 *
 * Planes of one point: v[tile][c_padded], m and z[tile][k_padded], u and
 * du[c][k_padded], a cache line longer than that: at strides of whole KB all
 * points would share a few sets of L1. */

enum { TILE = 4, WINDOW = 6, POINTS = WINDOW * WINDOW, FILTER = 3 };

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

/* Pixels [size][size] of an image[h][w][c] from a corner on. */
struct square {
	const float *first;
	int64_t row, pixel;       /* strides */
	const float *const *at;   /* of each pixel; NULL: all lie in the image */
};

INLINE struct square square_at(const float *image, int64_t w, int64_t c, struct corner from)
{
	return (struct square){ .first = image + (from.y * w + from.x) * c,
				.row = w * c, .pixel = c };
}

INLINE int lies_inside(struct corner from, int size, int64_t h, int64_t w)
{
	return from.y >= 0 && from.x >= 0 && from.y + size <= h && from.x + size <= w;
}

/* Zeros stand for the pixels outside. */
INLINE void find_pixels(const struct native_conv *g, const struct square *s,
			struct corner from, int size, int64_t h, int64_t w,
			const float **at)
{
	UNROLL
	for (int y = 0; y < size; y++)
		UNROLL
		for (int x = 0; x < size; x++) {
			const int inside = (uint64_t)(from.y + y) < (uint64_t)h &&
					   (uint64_t)(from.x + x) < (uint64_t)w;
			at[y * size + x] = inside ? s->first + y * s->row + x * s->pixel
						  : g->zero;
		}
}

/* Channels i .. i + n of pixel (y, x); the lanes after them are 0. */
INLINE vec load_pixel(const struct square *s, int size, int y, int x, int64_t i, int64_t n)
{
	const float *at = s->at ? s->at[y * size + x]
				: s->first + y * s->row + x * s->pixel;
	return n >= LANES ? load(at + i) : load_some(at + i, n);
}

/* To v[point], `plane` floats from one to the next. */
INLINE void transform_input(const struct square *s, int64_t i, int64_t n,
			    int64_t plane, float *v)
{
	vec t[WINDOW][WINDOW];
	UNROLL
	for (int x = 0; x < WINDOW; x++) {
		vec d[WINDOW], u[WINDOW];
		UNROLL
		for (int y = 0; y < WINDOW; y++)
			d[y] = load_pixel(s, WINDOW, y, x, i, n);
		to_points(d, u);
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
			store(v + (y * WINDOW + x) * plane, u[x]);
	}
}

INLINE void read_square(const struct square *s, int64_t c, int64_t plane, float *v)
{
	int64_t i = 0;
	for (; i + LANES <= c; i += LANES)
		transform_input(s, i, LANES, plane, v + i);
	if (i < c) transform_input(s, i, c - i, plane, v + i);
}

static void read_tile(const struct native_conv *g, const float *in, int64_t tile,
		      int64_t plane, float *v)
{
	const float *at[POINTS];
	struct corner from = corner_of(g, tile);
	from.y -= g->top;
	from.x -= g->left;
	struct square s = square_at(in, g->w, g->c, from);
	if (lies_inside(from, WINDOW, g->h, g->w)) {
		read_square(&s, g->c, plane, v);
		return;
	}
	find_pixels(g, &s, from, WINDOW, g->h, g->w, at);
	s.at = at;
	read_square(&s, g->c, plane, v);
}

INLINE void transform_output(const float *m, int64_t plane, vec s[TILE][TILE])
{
	vec t[TILE][WINDOW];
	UNROLL
	for (int x = 0; x < WINDOW; x++) {
		vec d[WINDOW], u[TILE];
		UNROLL
		for (int y = 0; y < WINDOW; y++)
			d[y] = load(m + (y * WINDOW + x) * plane);
		to_pixels(d, u);
		UNROLL
		for (int y = 0; y < TILE; y++)
			t[y][x] = u[y];
	}
	UNROLL
	for (int y = 0; y < TILE; y++)
		to_pixels(t[y], s[y]);
}

INLINE void store_pixels(vec s[TILE][TILE], int64_t rows, int64_t cols, int64_t n,
			 const struct native_conv *g, float *corner)
{
	UNROLL
	for (int64_t y = 0; y < rows; y++)
		UNROLL
		for (int64_t x = 0; x < cols; x++)
			store_up_to(corner + (y * g->out_w + x) * g->k, s[y][x], n);
}

static void write_tile(const struct native_conv *g, const float *m, int64_t tile,
		       int64_t plane, float *out)
{
	const struct corner to = corner_of(g, tile);
	const int64_t rows = least(TILE, g->out_h - to.y);
	const int64_t cols = least(TILE, g->out_w - to.x);
	float *corner = out + (to.y * g->out_w + to.x) * g->k;
	const int whole = rows == TILE && cols == TILE;
	for (int64_t k = 0; k < g->k; k += LANES) {
		const int64_t n = g->k - k;
		vec s[TILE][TILE];
		transform_output(m + k, plane, s);
		if (whole && n >= LANES)
			store_pixels(s, TILE, TILE, LANES, g, corner + k);
		else
			store_pixels(s, rows, cols, n, g, corner + k);
	}
}

/* ---- forward and input gradient ---- */

/* m[tile][k] = sum over c of v[tile][c] u[c][k] */
INLINE void product(const struct native_conv *g, const float *v, const float *u,
		    float *m, int64_t pixels, int64_t vectors)
{
	const float *tile[PIXELS];
	vec sum[PIXELS][VECTORS] = { 0 };
	UNROLL
	for (int64_t p = 0; p < pixels; p++)
		tile[p] = v + p * g->c_padded;
	add_tap(g->c, vectors * LANES, tile, u, pixels, vectors, 0, sum);
	UNROLL
	for (int64_t p = 0; p < pixels; p++)
		UNROLL
		for (int64_t i = 0; i < vectors; i++)
			store(m + p * g->padded + i * LANES, sum[p][i]);
}

INLINE void product_column(const struct native_conv *g, int64_t tiles, const float *v,
			   const float *u, float *m, int64_t vectors)
{
	for (int64_t t = 0; t < tiles; ) {
		const int64_t left = tiles - t;
		const int64_t n = left >= PIXELS ? PIXELS : left >= 4 ? 4 : 1;
		const float *from = v + t * g->c_padded;
		float *to = m + t * g->padded;
		if (n == PIXELS) product(g, from, u, to, PIXELS, vectors);
		else if (n == 4) product(g, from, u, to, 4, vectors);
		else product(g, from, u, to, 1, vectors);
		t += n;
	}
}

/* u: [point][column of vectors][c][its width] */
static void products(const struct native_conv *g, int64_t tiles, const float *v,
		     const float *u, float *m)
{
	for (int point = 0; point < POINTS; point++) {
		for (int64_t k = 0; k < g->padded; k += VECTORS * LANES) {
			const int wide = g->padded - k > LANES;
			if (wide) product_column(g, tiles, v, u, m + k, VECTORS);
			else product_column(g, tiles, v, u, m + k, 1);
			u += g->c * LANES * (wide ? VECTORS : 1);
		}
		v += native_plane(g->tiles_at_once, g->c_padded);
		m += native_plane(g->tiles_at_once, g->padded);
	}
}

static void winograd(const struct native_conv *g, const struct rnf_step_io *io)
{
	const int64_t v_plane = native_plane(g->tiles_at_once, g->c_padded);
	const int64_t m_plane = native_plane(g->tiles_at_once, g->padded);
	float *v = io->scratch, *m = v + POINTS * v_plane;
	struct rnf_prefetch ahead = rnf_prefetch_begin(io, g->tiles);
	for (int64_t first = 0; first < g->tiles; first += g->tiles_at_once) {
		const int64_t n = least(g->tiles_at_once, g->tiles - first);
		for (int64_t t = 0; t < n; t++) {
			rnf_prefetch_some(&ahead);
			read_tile(g, io->in[0], first + t, v_plane, v + t * g->c_padded);
		}
		products(g, n, v, io->in[1], m);
		for (int64_t t = 0; t < n; t++)
			write_tile(g, m + t * g->padded, first + t, m_plane, io->out);
	}
}

/* ---- weight gradient ---- */

INLINE void transform_gradient(const struct square *s, int64_t i, int64_t n,
			       int64_t plane, float *z)
{
	vec t[WINDOW][TILE];
	UNROLL
	for (int x = 0; x < TILE; x++) {
		vec d[TILE], u[WINDOW];
		UNROLL
		for (int y = 0; y < TILE; y++)
			d[y] = load_pixel(s, TILE, y, x, i, n);
		gradient_to_points(d, u);
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
			store(z + (y * WINDOW + x) * plane, u[x]);
	}
}

INLINE void read_gradient_square(const struct square *s, int64_t k, int64_t plane, float *z)
{
	int64_t i = 0;
	for (; i + LANES <= k; i += LANES)
		transform_gradient(s, i, LANES, plane, z + i);
	if (i < k) transform_gradient(s, i, k - i, plane, z + i);
}

static void read_gradient(const struct native_conv *g, const float *dy, int64_t tile,
			  int64_t plane, float *z)
{
	const float *at[TILE * TILE];
	const struct corner from = corner_of(g, tile);
	struct square s = square_at(dy, g->out_w, g->k, from);
	if (lies_inside(from, TILE, g->out_h, g->out_w)) {
		read_gradient_square(&s, g->k, plane, z);
		return;
	}
	find_pixels(g, &s, from, TILE, g->out_h, g->out_w, at);
	s.at = at;
	read_gradient_square(&s, g->k, plane, z);
}

/* du[c][k] += sum over tiles of v[tile][c] z[tile][k] */
INLINE void outer_tiles(const struct native_conv *g, int64_t tiles, const float *v,
			const float *z, float *du, int overwrite, int64_t channels,
			int64_t vectors)
{
	vec sum[CHANNELS][VECTORS] = { 0 };
	add_outer(tiles, v, g->c_padded, z, g->padded, sum, channels, vectors, 0);
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
		float *to = du + c * g->padded;
		if (n == CHANNELS)
			outer_tiles(g, tiles, v + c, z, to, overwrite, CHANNELS, vectors);
		else if (n == 4)
			outer_tiles(g, tiles, v + c, z, to, overwrite, 4, vectors);
		else
			outer_tiles(g, tiles, v + c, z, to, overwrite, 1, vectors);
		c += n;
	}
}

static void outer_products(const struct native_conv *g, int64_t tiles, const float *v,
			   const float *z, float *du, int overwrite)
{
	for (int point = 0; point < POINTS; point++) {
		for (int64_t k = 0; k < g->padded; k += VECTORS * LANES) {
			const int wide = g->padded - k > LANES;
			if (wide) outer_column(g, tiles, v, z + k, du + k, overwrite, VECTORS);
			else outer_column(g, tiles, v, z + k, du + k, overwrite, 1);
		}
		v += native_plane(g->tiles_at_once, g->c_padded);
		z += native_plane(g->tiles_at_once, g->padded);
		du += native_plane(g->c, g->padded);
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
	const int64_t plane = native_plane(g->c, g->padded);
	for (int64_t c = 0; c < g->c; c++)
		for (int64_t k = 0; k < g->k; k += LANES) {
			vec s[FILTER][FILTER];
			taps_of(du + c * g->padded + k, plane, s);
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
	const int64_t v_plane = native_plane(g->tiles_at_once, g->c_padded);
	const int64_t z_plane = native_plane(g->tiles_at_once, g->padded);
	float *v = leaf->floats, *z = v + POINTS * v_plane, *du = z + POINTS * z_plane;
	struct rnf_prefetch ahead = rnf_prefetch_begin(io, g->tiles);
	if (io->first) leaf->gathered = leaf->multiplied = 0;
	for (int64_t tile = 0; tile < g->tiles; tile++) {
		const int64_t slot = leaf->gathered++;
		rnf_prefetch_some(&ahead);
		read_tile(g, io->in[0], tile, v_plane, v + slot * g->c_padded);
		read_gradient(g, io->in[1], tile, z_plane, z + slot * g->padded);
		if (leaf->gathered < g->tiles_at_once && !(io->last && tile + 1 == g->tiles))
			continue;
		outer_products(g, leaf->gathered, v, z, du, !leaf->multiplied);
		leaf->multiplied = 1;
		leaf->gathered = 0;
	}
	if (io->last) write_taps(g, du, io->out);
}
