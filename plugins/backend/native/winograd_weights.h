/* The weight gradient by Winograd: outer products of tiles' points (winograd.h). */

/* ---- tiles, of x and of dy ---- */

static void pair_tile(const struct native_conv *g, const float *x, int64_t tile, float *v)
{
	points_of_tile(g, x, tile, v, LANES, keep_second);
}

INLINE void points_of_gradient(const struct native_conv *g, const float *dy, int64_t tile,
			       float *z, keep *put)
{
	const struct view s = view_at(g, dy, g->out_h, g->out_w, g->k, corner_of(g, tile),
				      TILE);
	read_square(&s, g->k, TILE, gradient_to_points, z, LANES, put);
}

static void read_gradient(const struct native_conv *g, const float *dy, int64_t tile,
			  float *z)
{
	points_of_gradient(g, dy, tile, z, store_up_to);
}

static void pair_gradient(const struct native_conv *g, const float *dy, int64_t tile,
			  float *z)
{
	points_of_gradient(g, dy, tile, z, keep_second);
}

/* Points of a tile, or of a pair of them: of x, and of dy. */
struct place {
	float *v, *z;
};

INLINE struct place place_of(const struct native_conv *g, struct native_leaf *leaf, int64_t i)
{
	float *z = leaf->floats + g->tiles_at_once * read_size(g);
	return (struct place){ leaf->floats + i * read_size(g), z + i * written_size(g) };
}

/* Pair the last one of an odd number of tiles. */
static void pair_with_zeros(const struct native_conv *g, struct place at)
{
	for (int64_t i = 0; i < POINTS * g->c_padded; i += LANES)
		keep_second(at.v + i, (vec){ 0 }, LANES);
	for (int64_t i = 0; i < POINTS * g->padded; i += LANES)
		keep_second(at.z + i, (vec){ 0 }, LANES);
}

/* ---- their products ---- */

/* Channels first .. first + n of x by one column of dy's: their sums of all points,
 * du[POINTS][channel of x][COLUMN], a plane apart, which stay in cache until the
 * transform to taps. */
struct patch {
	int64_t first, n, k;
	float *du;
	int64_t plane;
};

enum { COLUMN = VECTORS * LANES };

/* du[c][k] += sum over tiles, or pairs of them, of v[tile][c] z[tile][k], at one point */
INLINE void outer_tiles(const struct native_conv *g, int64_t tiles, const float *v,
			const float *z, float *du, int overwrite, int64_t channels,
			int64_t vectors, int pairs)
{
	vec sum[CHANNELS][VECTORS] = { 0 };
	add_outer(tiles, v, read_size(g), z, written_size(g), BLOCK, sum, channels,
		  vectors, pairs);
	UNROLL
	for (int64_t c = 0; c < channels; c++)
		UNROLL
		for (int64_t i = 0; i < vectors; i++) {
			float *to = du + c * COLUMN + i * LANES;
			store(to, overwrite ? sum[c][i] : sum[c][i] + load(to));
		}
}

/* v, z: of one point */
INLINE void outer_patch(const struct native_conv *g, const struct patch *p, int64_t tiles,
			const float *v, const float *z, float *du, int overwrite,
			struct rnf_prefetch *ahead, int64_t vectors, int pairs)
{
	for (int64_t c = 0; c < p->n; ) {
		rnf_prefetch_some(ahead);
		const int64_t n = p->n - c >= CHANNELS ? CHANNELS : p->n - c >= 4 ? 4 : 1;
		const float *from = v + c / LANES * BLOCK + c % LANES;
		float *to = du + c * COLUMN;
		if (n == CHANNELS)
			outer_tiles(g, tiles, from, z, to, overwrite, CHANNELS, vectors, pairs);
		else if (n == 4)
			outer_tiles(g, tiles, from, z, to, overwrite, 4, vectors, pairs);
		else
			outer_tiles(g, tiles, from, z, to, overwrite, 1, vectors, pairs);
		c += n;
	}
}

INLINE void outer_points(const struct native_conv *g, const struct patch *p, int64_t tiles,
			 const float *v, const float *z, int overwrite,
			 struct rnf_prefetch *ahead, int pairs)
{
	v += p->first * POINTS;
	z += p->k * POINTS;
	for (int point = 0; point < POINTS; point++, v += LANES, z += LANES) {
		float *du = p->du + point * p->plane;
		if (g->padded - p->k > LANES)
			outer_patch(g, p, tiles, v, z, du, overwrite, ahead, VECTORS, pairs);
		else
			outer_patch(g, p, tiles, v, z, du, overwrite, ahead, 1, pairs);
	}
}

INLINE void points_to_taps(const struct native_conv *g, const struct patch *p,
			   const float *du, float *dw, int64_t n)
{
	const struct view s = view_of(du, WINDOW, WINDOW * p->plane, p->plane);
	const int64_t tap = g->c * g->k;
	both_ways(&s, 0, WINDOW, to_taps, FILTER,
		  (struct square){ dw, FILTER * tap, tap, store_up_to }, LANES, n);
}

/* dw[tap][c][k], of the whole leaf */
static void write_taps(const struct native_conv *g, const struct patch *p, float *dw)
{
	const int64_t end = least(COLUMN, g->k - p->k);
	const float *du = p->du;
	dw += p->first * g->k + p->k;
	for (int64_t c = 0; c < p->n; c++, du += COLUMN, dw += g->k) {
		int64_t k = 0;
		for (; k + LANES <= end; k += LANES)
			points_to_taps(g, p, du + k, dw + k, LANES);
		if (k < end) points_to_taps(g, p, du + k, dw + k, end - k);
	}
}

/* Process the gathered tiles, or pairs of them. With the last ones of a leaf its taps go
 * into dw; before (dw NULL) the sums wait for the next tiles, each patch in its own
 * place. If all tiles of a leaf come at once no sums wait, and one place in cache serves
 * all patches. */
INLINE void outer_products(const struct native_conv *g, struct native_leaf *leaf, float *dw,
			   struct rnf_prefetch *ahead, int pairs)
{
	const int64_t n = native_pieces(leaf->gathered, 1 + pairs);
	const struct place all = place_of(g, leaf, 0);
	struct patch p = { .du = all.z + g->tiles_at_once * written_size(g),
			   .plane = native_patch_plane(g) };
	const int64_t step = dw && !leaf->multiplied ? 0 : POINTS * p.plane;
	if (leaf->gathered % (1 + pairs)) pair_with_zeros(g, place_of(g, leaf, n - 1));
	for (p.k = 0; p.k < g->padded; p.k += COLUMN)
		for (p.first = 0; p.first < g->c; p.first += PATCH, p.du += step) {
			p.n = least(PATCH, g->c - p.first);
			outer_points(g, &p, n, all.v, all.z, !leaf->multiplied, ahead, pairs);
			if (dw) write_taps(g, &p, dw);
		}
	leaf->multiplied = 1;
	leaf->gathered = 0;
}

/* Gather tiles of all images of a leaf until there are enough for a product. In bf16 the
 * second of two tiles joins the first one's place. */
INLINE void gather_tiles(const struct native_conv *g, const struct rnf_kernel_io *io, int pairs)
{
	struct native_leaf *leaf = (struct native_leaf *)io->leaf;
	const int64_t most = g->tiles_at_once * (1 + pairs);
	if (io->first) leaf->gathered = leaf->multiplied = 0;
	/* prefetches: for each tile of the image and each outer_tiles() */
	const int64_t products = (leaf->gathered + g->tiles) / most;
	struct rnf_prefetch ahead = rnf_prefetch_begin(
		io, g->tiles + products * POINTS * count_outers(g));
	for (int64_t tile = 0; tile < g->tiles; tile++) {
		const struct place at = place_of(g, leaf, leaf->gathered / (1 + pairs));
		const int64_t is_second = leaf->gathered++ % (1 + pairs);
		const int last = io->last && tile + 1 == g->tiles;
		rnf_prefetch_some(&ahead);
		(is_second ? pair_tile : read_tile)(g, io->in[0], tile, at.v);
		(is_second ? pair_gradient : read_gradient)(g, io->in[1], tile, at.z);
		if (last || leaf->gathered == most)
			outer_products(g, leaf, last ? io->out : NULL, &ahead, pairs);
	}
}

static void winograd_weights(const struct native_conv *g, const struct rnf_kernel_io *io)
{
	gather_tiles(g, io, 0);
}

static void winograd_bf16_weights(const struct native_conv *g, const struct rnf_kernel_io *io)
{
	gather_tiles(g, io, 1);
}
