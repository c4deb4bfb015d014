/* Batch norm is three ops: batch statistics inside a chain, coefficients at the barrier, an
 * affine map inside the next chain. In inference and in frozen layers the coefficients come
 * from the running statistics and are fixed. The three are differentiated as one: two sums, then
 * coefficients for dx at the next barrier. No other file knows the layout of these vectors. */
#include <math.h>
#include <string.h>

#include "base/floats.h"
#include "op/builder.h"
#include "op/tape.h"
#include "op/tile.h"

/* Consecutive vectors of c floats. Statistics: S = sum x, Q = sum x^2 over the batch, two
 * doubles for each channel, each in the place of two floats. */
enum { STATISTICS_ROWS = 4, SUMS_ROWS = 2 };

/* Coefficients: y = SCALE (x - MEAN) + SHIFT. Fixed coefficients are these three only. */
enum norm_row {
	NORM_SCALE,    /* gamma / deviation */
	NORM_SHIFT,    /* beta - SCALE REST */
	NORM_MEAN,
	NORM_FACTOR,   /* 1 / deviation */
	NORM_REST,     /* the rest of the mean, which its float has no digits for */
	NORM_VARIANCE, /* of the batch, unbiased */
	NORM_ROWS
};

/* Backward: dx = DY dy + X (x - MEAN) + ONE, then the gradients of gamma and beta. */
enum back_row { BACK_DY, BACK_X, BACK_MEAN, BACK_ONE, BACK_GAMMA, BACK_BETA, BACK_ROWS };

/* -- over a tile of `pixels` x c -- */

/* y = a[c] (x - m[c]) + b[c]; coef = a, b, m. Loses no digits where x and m are large. y
 * may be x. */
RNF_INLINE void affine(int64_t pixels, int64_t c, int64_t n, const float *x,
		       const float *coef, float *y)
{
	float a[RNF_BLOCK], b[RNF_BLOCK], m[RNF_BLOCK], v[RNF_BLOCK];
	rnf_copy(n, coef, a);
	rnf_copy(n, coef + c, b);
	rnf_copy(n, coef + 2 * c, m);
	for (int64_t p = 0; p < pixels; p++, x += c, y += c) {
		for (int64_t i = 0; i < n; i++)
			v[i] = a[i] * (x[i] - m[i]) + b[i];
		rnf_copy(n, v, y);
	}
}

/* Named vectors: from arrays as above gcc makes vectors of four here. */
RNF_INLINE void affine_block(int64_t pixels, int64_t c, const float *x, const float *coef,
			     float *y)
{
	rnf_vec a[RNF_BLOCK_VECTORS], b[RNF_BLOCK_VECTORS], m[RNF_BLOCK_VECTORS];
	for (int v = 0; v < RNF_BLOCK_VECTORS; v++) {
		a[v] = ((const rnf_vec *)coef)[v];
		b[v] = ((const rnf_vec *)(coef + c))[v];
		m[v] = ((const rnf_vec *)(coef + 2 * c))[v];
	}
	for (int64_t p = 0; p < pixels; p++, x += c, y += c)
		for (int v = 0; v < RNF_BLOCK_VECTORS; v++)
			((rnf_vec *)y)[v] = a[v] * (((const rnf_vec *)x)[v] - m[v]) + b[v];
}

RNF_MULTIARCH
static void affine_tile(int64_t pixels, int64_t c, const float *x, const float *coef,
		     float *y)
{
	int64_t i = 0;
	for (; i + RNF_BLOCK <= c; i += RNF_BLOCK)
		affine_block(pixels, c, x + i, coef + i, y + i);
	if (i < c) affine(pixels, c, c - i, x + i, coef + i, y + i);
}

RNF_INLINE void affine_bwd(int64_t pixels, int64_t c, int64_t n, const float *dy,
			   const float *x, const float *coef, float *dx)
{
	float a[RNF_BLOCK], b[RNF_BLOCK], m[RNF_BLOCK], k[RNF_BLOCK], v[RNF_BLOCK];
	rnf_copy(n, coef, a);
	rnf_copy(n, coef + c, b);
	rnf_copy(n, coef + 2 * c, m);
	rnf_copy(n, coef + 3 * c, k);
	for (int64_t p = 0; p < pixels; p++, dy += c, x += c, dx += c) {
		for (int64_t i = 0; i < n; i++)
			v[i] = a[i] * dy[i] + b[i] * (x[i] - m[i]) + k[i];
		rnf_copy(n, v, dx);
	}
}

/* dx = a[c] dy + b[c] (x - m[c]) + k[c]; coef = a, b, m, k; dx may be dy or x */
RNF_MULTIARCH
static void affine_bwd_tile(int64_t pixels, int64_t c, const float *dy, const float *x,
			 const float *coef, float *dx)
{
	int64_t i = 0;
	for (; i + RNF_BLOCK <= c; i += RNF_BLOCK)
		affine_bwd(pixels, c, RNF_BLOCK, dy + i, x + i, coef + i, dx + i);
	if (i < c) affine_bwd(pixels, c, c - i, dy + i, x + i, coef + i, dx + i);
}

/* Sums are in named vectors, since compilers split arrays of sums into scalars. */
RNF_INLINE void stats_block(int64_t pixels, int64_t c, const float *x, const float *m,
			    float *sum)
{
	rnf_vec s[RNF_BLOCK_VECTORS] = { 0 }, square[RNF_BLOCK_VECTORS] = { 0 };
	for (int64_t p = 0; p < pixels; p++, x += c)
		for (int v = 0; v < RNF_BLOCK_VECTORS; v++) {
			const rnf_vec d = ((const rnf_vec *)x)[v] - ((const rnf_vec *)m)[v];
			s[v] += d;
			square[v] += d * d;
		}
	for (int v = 0; v < RNF_BLOCK_VECTORS; v++) {
		((rnf_vec *)sum)[v] += s[v];
		((rnf_vec *)(sum + c))[v] += square[v];
	}
}

/* sum[0..c) += x - m[c]; sum[c..2c) += (x - m[c])^2 */
RNF_MULTIARCH
static void stats_tile(int64_t pixels, int64_t c, const float *x, const float *m,
		    float *restrict sum)
{
	int64_t i = 0;
	for (; i + RNF_BLOCK <= c; i += RNF_BLOCK)
		stats_block(pixels, c, x + i, m + i, sum + i);
	for (; i < c; i++) {
		float s = 0, square = 0;
		for (int64_t p = 0; p < pixels; p++) {
			const float d = x[p * c + i] - m[i];
			s += d;
			square += d * d;
		}
		sum[i] += s;
		sum[c + i] += square;
	}
}

/* Sums around m are small and exact enough in float. Sums around 0 can be far larger than
 * the variance that remains of them. */
RNF_MULTIARCH
static void stats_add(int64_t c, int64_t pixels, const float *sum, const float *m, double *to)
{
	const double n = (double)pixels;
	for (int64_t i = 0; i < c; i++) {
		const double s = sum[i], shift = m[i];
		to[i] += s + n * shift;
		to[c + i] += sum[c + i] + shift * (2 * s + n * shift);
	}
}

RNF_INLINE void bn_sums_block(int64_t pixels, int64_t c, const float *dy, const float *x,
			      const float *m, float *sum)
{
	rnf_vec s[RNF_BLOCK_VECTORS] = { 0 }, product[RNF_BLOCK_VECTORS] = { 0 };
	for (int64_t p = 0; p < pixels; p++, dy += c, x += c)
		for (int v = 0; v < RNF_BLOCK_VECTORS; v++) {
			const rnf_vec d = ((const rnf_vec *)dy)[v];
			s[v] += d;
			product[v] += d * (((const rnf_vec *)x)[v] - ((const rnf_vec *)m)[v]);
		}
	for (int v = 0; v < RNF_BLOCK_VECTORS; v++) {
		((rnf_vec *)sum)[v] += s[v];
		((rnf_vec *)(sum + c))[v] += product[v];
	}
}

/* sum[0..c) += dy; sum[c..2c) += dy (x - m[c]) */
RNF_MULTIARCH
static void bn_sums_tile(int64_t pixels, int64_t c, const float *dy, const float *x,
		      const float *m, float *restrict sum)
{
	int64_t i = 0;
	for (; i + RNF_BLOCK <= c; i += RNF_BLOCK)
		bn_sums_block(pixels, c, dy + i, x + i, m + i, sum + i);
	for (; i < c; i++) {
		float s = 0, product = 0;
		for (int64_t p = 0; p < pixels; p++) {
			s += dy[p * c + i];
			product += dy[p * c + i] * (x[p * c + i] - m[i]);
		}
		sum[i] += s;
		sum[c + i] += product;
	}
}

/* -- statistics -- */

/* Sums around the image's first pixel, which is stored behind them. */
static void stats(const struct rnf_tile_io *io)
{
	float *m = io->out + 2 * io->c;
	if (io->first == 0) memcpy(m, io->in[0], (size_t)io->c * sizeof *m);
	stats_tile(io->pixels, io->c, io->in[0], m, io->out);
}

static void add_stats(const struct rnf_sum_io *io)
{
	double *to = (double *)(void *)io->to;
	if (io->first) memset(to, 0, (size_t)(2 * io->c) * sizeof *to);
	stats_add(io->c, io->image_pixels, io->sums, io->sums + 2 * io->c, to);
}

static const struct rnf_op_row stats_row = {
	.name = "STATS", .words = "norm's statistics", .call = "batch_norm",
	.class = RNF_CHAIN_REDUCE, .in = { RNF_IS("x", IMAGE) }, .rows = STATISTICS_ROWS,
	.doubles = 1, .tile = stats, .sum = add_stats,
};

/* -- coefficients, in double, since large and small sums are combined here -- */

/* A float cannot hold all digits of the mean; the shift contains the rest. */
static void coefficients(const struct rnf_batch_io *io)
{
	const int64_t c = io->c;
	const double *sums = (const double *)(const void *)io->in[0];
	const float *gamma = io->in[1], *beta = io->in[2];
	const double n = (double)io->images * (double)io->op->pixels;
	for (int64_t i = 0; i < c; i++) {
		const double m = sums[i] / n;
		double variance = sums[c + i] / n - m * m;
		if (variance < 0) variance = 0;
		const double s = 1.0 / sqrt(variance + io->op->eps), rest = m - (float)m;
		io->out[NORM_SCALE * c + i] = (float)(gamma[i] * s);
		io->out[NORM_SHIFT * c + i] = (float)(beta[i] - rest * gamma[i] * s);
		io->out[NORM_MEAN * c + i] = (float)m;
		io->out[NORM_FACTOR * c + i] = (float)s;
		io->out[NORM_REST * c + i] = (float)rest;
		io->out[NORM_VARIANCE * c + i] = (float)(variance * n / (n > 1 ? n - 1 : 1));
	}
}

static void fixed_coefficients(const struct rnf_batch_io *io)
{
	const int64_t c = io->c;
	const float *gamma = io->in[0], *beta = io->in[1];
	const float *mean = io->in[2], *variance = io->in[3];
	for (int64_t i = 0; i < c; i++) {
		const double s = 1.0 / sqrt((double)variance[i] + io->op->eps);
		io->out[NORM_SCALE * c + i] = (float)(gamma[i] * s);
		io->out[NORM_SHIFT * c + i] = beta[i];
		io->out[NORM_MEAN * c + i] = mean[i];
	}
}

static int is_finite(const struct rnf_batch_io *io)
{
	return !rnf_count_bad(io->out + NORM_MEAN * io->c, io->c) &&
	       !rnf_count_bad(io->out + NORM_VARIANCE * io->c, io->c);
}

static void take_in(float *running, const float *batch, int64_t n, double momentum)
{
	const float m = (float)momentum, rest = (float)(1.0 - momentum);
	for (int64_t i = 0; i < n; i++)
		running[i] = m * running[i] + rest * batch[i];
}

/* Update the running statistics. */
static void commit(const struct rnf_batch_io *io)
{
	const double momentum = io->op->momentum;
	take_in(io->in[3], io->out + NORM_MEAN * io->c, io->c, momentum);
	take_in(io->in[4], io->out + NORM_VARIANCE * io->c, io->c, momentum);
}

static rnf_val check(const struct rnf_use *u)
{
	const double eps = u->op->eps, momentum = u->op->momentum;
	if (!(eps > 0 && isfinite(eps)))
		return rnf_builder_broken(u->graph, "batch_norm: eps is %g, must be a number "
					  "above 0", eps);
	if (!(momentum >= 0 && momentum <= 1))
		return rnf_builder_broken(u->graph, "batch_norm: momentum is %g, must be 0 .. 1",
					  momentum);
	return 0;
}

static const struct rnf_op_row coef_row = {
	.name = "bn_coef", .words = "norm's mean and variance", .call = "batch_norm",
	.class = RNF_BATCH, .rows = NORM_ROWS,
	.in = { RNF_VECTORS("statistics", STATISTICS_ROWS), RNF_IS("gamma", WEIGHT),
		RNF_IS("beta", WEIGHT), RNF_IS("mean", STATE), RNF_IS("variance", STATE) },
	.check = check, .batch = coefficients, .is_finite = is_finite, .commit = commit,
};
static const struct rnf_op_row fixed_row = {
	.name = "bn_coef_fixed", .words = "norm's coefficients", .call = "batch_norm",
	.class = RNF_BATCH, .rows = NORM_ROWS,
	.in = { RNF_IS("gamma", WEIGHT), RNF_IS("beta", WEIGHT), RNF_IS("mean", STATE),
		RNF_IS("variance", STATE) },
	.check = check, .batch = fixed_coefficients,
};

/* -- backward -- */

static void sums(const struct rnf_tile_io *io)
{
	bn_sums_tile(io->pixels, io->c, io->in[0], io->in[1],
		     io->in[2] + NORM_MEAN * io->c, io->out);
}

static const struct rnf_op_row sums_row = {
	.name = "BN_SUMS", .words = "norm's sums", .class = RNF_CHAIN_REDUCE, .rows = SUMS_ROWS,
	.in = { RNF_IS("dy", IMAGE), RNF_IS("x", TILE), RNF_VECTORS("coefficients", NORM_ROWS) },
	.tile = sums, .sum = rnf_sum_reduce,
};

/* From sum dy and sum dy (x - m), where the mean is m + r: dx = a dy + b (x - m - r) + k',
 * and k = k' - b r. */
static void back_coefficients(const struct rnf_batch_io *io)
{
	const int64_t c = io->c;
	const float *sum = io->in[0], *coef = io->in[1];
	const double n = (double)io->images * (double)io->op->pixels;
	for (int64_t i = 0; i < c; i++) {
		const double a = coef[NORM_SCALE * c + i], s = coef[NORM_FACTOR * c + i];
		const double rest = coef[NORM_REST * c + i], dbeta = sum[i];
		const double dgamma = s * (sum[c + i] - rest * dbeta);
		const double slope = -a * s * dgamma / n;
		io->out[BACK_DY * c + i] = (float)a;
		io->out[BACK_X * c + i] = (float)slope;
		io->out[BACK_MEAN * c + i] = coef[NORM_MEAN * c + i];
		io->out[BACK_ONE * c + i] = (float)(-a * dbeta / n - slope * rest);
		io->out[BACK_GAMMA * c + i] = (float)dgamma;
		io->out[BACK_BETA * c + i] = (float)dbeta;
	}
}

static const struct rnf_op_row back_coef_row = {
	.name = "bn_bwd_coef", .words = "norm's scale and shift", .class = RNF_BATCH,
	.in = { RNF_VECTORS("sums", SUMS_ROWS), RNF_VECTORS("coefficients", NORM_ROWS) },
	.rows = BACK_ROWS, .batch = back_coefficients,
};

static void bwd(const struct rnf_tile_io *io)
{
	affine_bwd_tile(io->pixels, io->c, io->in[0], io->in[1], io->in[2], io->out);
}

static const struct rnf_op_row bwd_row = {
	.name = "affine_bwd", .words = "norm's input", .class = RNF_CHAIN, .rows = 1,
	.in = { RNF_IS("dy", IMAGE), RNF_IS("x", TILE), RNF_VECTORS("back", BACK_ROWS) },
	.tile = bwd,
};

/* Of fixed coefficients: dx = SCALE dy. */
static void fixed_bwd(const struct rnf_tile_io *io)
{
	rnf_scale_tile(io->pixels, io->c, io->in[0], io->in[1] + NORM_SCALE * io->c, io->out);
}

static const struct rnf_op_row fixed_bwd_row = {
	.name = "affine_fixed_bwd", .words = "norm's input", .class = RNF_CHAIN, .rows = 1,
	.in = { RNF_IS("dy", IMAGE), RNF_VECTORS("coefficients", NORM_ROWS) },
	.tile = fixed_bwd,
};

/* A frozen norm has no gradients of its own. */
static void fixed_gradient(struct rnf_tape *t, const struct rnf_op *op, int dy)
{
	const int x = op->in[0], of_x[] = { dy, op->in[1] };
	rnf_tape_receive(t, op, x, rnf_tape_append_like(t, op, &fixed_bwd_row, of_x, 2, x));
}

/* y = affine(x, coef(stats(x), gamma, beta)). With m the mean, s = 1 / deviation:
 * dbeta = sum dy, dgamma = s sum dy (x - m), dx = a dy + b (x - m) + k. */
static void gradient(struct rnf_tape *t, const struct rnf_op *op, int dy)
{
	const int x = op->in[0], coef = op->in[1];
	const struct rnf_op norm = *rnf_op_of(t->p, coef);
	if (norm.row == &fixed_row) {
		fixed_gradient(t, op, dy);
		return;
	}
	const int64_t c = rnf_tape_value(t, x).c;
	const int both = rnf_tape_append(t, op, &sums_row, (int[]){ dy, x, coef }, 3, 1, 1,
					 SUMS_ROWS * c);
	const int back = rnf_tape_append(t, op, &back_coef_row, (int[]){ both, coef }, 2, 1, 1,
					 BACK_ROWS * c);
	rnf_op_of(t->p, back)->pixels = norm.pixels;
	rnf_tape_receive_weight(t, norm.in[1], back, BACK_GAMMA * c);
	rnf_tape_receive_weight(t, norm.in[2], back, BACK_BETA * c);
	if (rnf_tape_value(t, x).needs_grad)
		rnf_tape_receive(t, op, x, rnf_tape_append_like(t, op, &bwd_row,
								(int[]){ dy, x, back }, 3, x));
}

/* -- the norm itself -- */

static void fwd(const struct rnf_tile_io *io)
{
	affine_tile(io->pixels, io->c, io->in[0], io->in[1], io->out);
}

static const struct rnf_op_row row = {
	.name = "affine", .words = "norm", .call = "batch_norm", .class = RNF_CHAIN,
	.keep = RNF_CHEAP, .rows = 1,
	.in = { RNF_IS("x", IMAGE), RNF_VECTORS("coefficients", NORM_ROWS) },
	.gradient = gradient, .tile = fwd,
};

static rnf_val call(struct rnf_graph *g, rnf_val x, rnf_val gamma, rnf_val beta, rnf_val mean,
		    rnf_val variance, double eps, double momentum)
{
	const struct rnf_value v = rnf_shape_of(g, x);
	struct rnf_op coef = { .row = &fixed_row, .n_in = 4, .eps = eps, .momentum = momentum,
			       .in = { gamma, beta, mean, variance } };
	if (g->training) {
		const rnf_val statistics = rnf_append(g, &(struct rnf_op){ .row = &stats_row,
						      .in = { x }, .n_in = 1 }, 1, 1, v.c);
		coef = (struct rnf_op){ .row = &coef_row, .n_in = 5, .eps = eps,
					.in = { statistics, gamma, beta, mean, variance },
					.momentum = momentum, .pixels = v.h * v.w };
	}
	const rnf_val c = rnf_append(g, &coef, 1, 1, v.c);
	return rnf_append_like(g, &(struct rnf_op){ .row = &row, .in = { x, c }, .n_in = 2 });
}

void rnf_primitive_batch_norm(struct rnf_graph *g)
{
	g->batch_norm = call;
}
