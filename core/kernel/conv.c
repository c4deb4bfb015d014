/* For output channel o and input channel j of its group (d = c / groups of them)
 * the products of a tap are lanes: x[group(o) d + j] w[tap][j][o]. A dense conv
 * has one group and broadcasts x; a grouped one first spreads each pixel to d
 * vectors of k lanes, so that all k channels are computed side by side. */
#include "kernel/conv.h"

#include <string.h>

#include <rnframe/vmath.h>
#include "base/arena.h"

/* y[k] += a x[k] */
RNF_MULTIARCH
static void add_scaled(int64_t k, float a, const float *restrict x,
		       float *restrict y)
{
	for (int64_t o = 0; o < k; o++)
		y[o] += a * x[o];
}

/* y[n] += a[n] b[n] */
RNF_MULTIARCH
static void add_product(int64_t n, const float *restrict a,
			const float *restrict b, float *restrict y)
{
	for (int64_t o = 0; o < n; o++)
		y[o] += a[o] * b[o];
}

/* turned[taps][k][c] from kernel[taps][c][k]: dx is summed over k with all c input
 * channels side by side. */
static void turn(const struct rnf_conv_shape *s, const float *kernel, float *turned)
{
	const int64_t taps = s->window.kernel_h * s->window.kernel_w;
	for (int64_t t = 0; t < taps; t++, kernel += s->c * s->k)
		for (int64_t o = 0; o < s->k; o++)
			for (int64_t j = 0; j < s->c; j++)
				*turned++ = kernel[j * s->k + o];
}

/* lanes[pixels][d][k] from x[pixels][c] */
static void spread(const struct rnf_conv_shape *s, const float *x, float *lanes)
{
	const int64_t d = s->c / s->groups, per = s->k / s->groups;
	for (int64_t p = 0; p < s->h * s->w; p++, x += s->c)
		for (int64_t j = 0; j < d; j++)
			for (int64_t g = 0; g < s->groups; g++)
				for (int64_t i = 0; i < per; i++)
					*lanes++ = x[g * d + j];
}

/* dx[pixels][c] from the sums of lanes[pixels][d][k] over each group */
static void gather(const struct rnf_conv_shape *s, const float *lanes, float *dx)
{
	const int64_t d = s->c / s->groups, per = s->k / s->groups;
	for (int64_t p = 0; p < s->h * s->w; p++, dx += s->c)
		for (int64_t j = 0; j < d; j++)
			for (int64_t g = 0; g < s->groups; g++) {
				float sum = 0;
				for (int64_t i = 0; i < per; i++)
					sum += *lanes++;
				dx[g * d + j] = sum;
			}
}

/* One tap of one output pixel, for each pass. */
struct tap {
	int64_t in;     /* input pixel */
	int64_t out;    /* output pixel */
	int64_t kernel; /* tap of the kernel */
};

typedef void (*tap_fn)(const struct rnf_conv_shape *, struct tap,
		       const float *a, const float *b, float *to);

/* Every pair of an output pixel and a tap that is inside the image: the zeros of
 * the padding are skipped, not multiplied. */
static void each_tap(const struct rnf_conv_shape *s, tap_fn run, const float *a,
		     const float *b, float *to)
{
	const struct rnf_window *w = &s->window;
	for (int64_t oy = 0; oy < w->out_h; oy++)
		for (int64_t ox = 0; ox < w->out_w; ox++)
			for (int64_t ky = 0; ky < w->kernel_h; ky++) {
				const int64_t y = oy * w->stride + ky - w->pad_top;
				if (y < 0 || y >= s->h) continue;
				for (int64_t kx = 0; kx < w->kernel_w; kx++) {
					const int64_t x = ox * w->stride + kx -
							  w->pad_left;
					if (x < 0 || x >= s->w) continue;
					run(s, (struct tap){
						y * s->w + x,
						oy * w->out_w + ox,
						ky * w->kernel_w + kx }, a, b, to);
				}
			}
}

/* a: x, b: kernel, to: y */
static void fwd_dense(const struct rnf_conv_shape *s, struct tap t,
		      const float *a, const float *b, float *to)
{
	for (int64_t j = 0; j < s->c; j++)
		add_scaled(s->k, a[t.in * s->c + j],
			   b + (t.kernel * s->c + j) * s->k, to + t.out * s->k);
}

/* a: dy, b: turned kernel, to: dx */
static void bwd_data_dense(const struct rnf_conv_shape *s, struct tap t,
			   const float *a, const float *b, float *to)
{
	for (int64_t o = 0; o < s->k; o++)
		add_scaled(s->c, a[t.out * s->k + o],
			   b + (t.kernel * s->k + o) * s->c, to + t.in * s->c);
}

/* a: x, b: dy, to: dkernel */
static void bwd_weights_dense(const struct rnf_conv_shape *s, struct tap t,
			      const float *a, const float *b, float *to)
{
	for (int64_t j = 0; j < s->c; j++)
		add_scaled(s->k, a[t.in * s->c + j], b + t.out * s->k,
			   to + (t.kernel * s->c + j) * s->k);
}

/* a: lanes of x, b: kernel, to: y */
static void fwd_grouped(const struct rnf_conv_shape *s, struct tap t,
			const float *a, const float *b, float *to)
{
	const int64_t d = s->c / s->groups;
	for (int64_t j = 0; j < d; j++)
		add_product(s->k, a + (t.in * d + j) * s->k,
			    b + (t.kernel * d + j) * s->k, to + t.out * s->k);
}

/* a: dy, b: kernel, to: lanes of dx */
static void bwd_data_grouped(const struct rnf_conv_shape *s, struct tap t,
			     const float *a, const float *b, float *to)
{
	const int64_t d = s->c / s->groups;
	for (int64_t j = 0; j < d; j++)
		add_product(s->k, a + t.out * s->k, b + (t.kernel * d + j) * s->k,
			    to + (t.in * d + j) * s->k);
}

/* a: lanes of x, b: dy, to: dkernel */
static void bwd_weights_grouped(const struct rnf_conv_shape *s, struct tap t,
				const float *a, const float *b, float *to)
{
	const int64_t d = s->c / s->groups;
	for (int64_t j = 0; j < d; j++)
		add_product(s->k, a + (t.in * d + j) * s->k, b + t.out * s->k,
			    to + (t.kernel * d + j) * s->k);
}

static void fwd(const void *state, const struct rnf_step_io *io)
{
	const struct rnf_conv_shape *s = state;
	memset(io->out, 0, (size_t)(s->window.out_h * s->window.out_w * s->k) *
				   sizeof(float));
	if (s->groups == 1) {
		each_tap(s, fwd_dense, io->in[0], io->in[1], io->out);
		return;
	}
	spread(s, io->in[0], io->scratch);
	each_tap(s, fwd_grouped, io->scratch, io->in[1], io->out);
}

static void bwd_data(const void *state, const struct rnf_step_io *io)
{
	const struct rnf_conv_shape *s = state;
	const int64_t pixels = s->h * s->w;
	if (s->groups == 1) {
		memset(io->out, 0, (size_t)(pixels * s->c) * sizeof(float));
		turn(s, io->in[1], io->scratch);
		each_tap(s, bwd_data_dense, io->in[0], io->scratch, io->out);
		return;
	}
	memset(io->scratch, 0,
	       (size_t)(pixels * s->c / s->groups * s->k) * sizeof(float));
	each_tap(s, bwd_data_grouped, io->in[0], io->in[1], io->scratch);
	gather(s, io->scratch, io->out);
}

static void bwd_weights(const void *state, const struct rnf_step_io *io)
{
	const struct rnf_conv_shape *s = state;
	const int64_t taps = s->window.kernel_h * s->window.kernel_w;
	if (io->first)
		memset(io->out, 0, (size_t)(taps * s->c / s->groups * s->k) *
					   sizeof(float));
	if (s->groups == 1) {
		each_tap(s, bwd_weights_dense, io->in[0], io->in[1], io->out);
		return;
	}
	spread(s, io->in[0], io->scratch);
	each_tap(s, bwd_weights_grouped, io->scratch, io->in[1], io->out);
}

/* Floats of scratch: lanes of a grouped conv, the turned kernel of a dense one. */
static int64_t scratch_floats(const struct rnf_conv_shape *s)
{
	if (s->groups > 1) return s->h * s->w * s->c / s->groups * s->k;
	if (s->kind != RNF_STEP_CONV_BWD_DATA) return 0;
	return s->window.kernel_h * s->window.kernel_w * s->c * s->k;
}

rnf_status rnf_conv_plain(const struct rnf_conv_shape *shape,
			  struct rnf_kernel *kernel)
{
	static void (*const runs[])(const void *, const struct rnf_step_io *) = {
		[RNF_STEP_CONV_FWD] = fwd,
		[RNF_STEP_CONV_BWD_DATA] = bwd_data,
		[RNF_STEP_CONV_BWD_WEIGHTS] = bwd_weights,
	};
	struct rnf_conv_shape *state = rnf_alloc(sizeof *state);
	*state = *shape;
	*kernel = (struct rnf_kernel){
		.name = "plain", .run = runs[shape->kind], .state = state,
		.scratch_bytes = (size_t)scratch_floats(shape) * sizeof(float) };
	return RNF_OK;
}
