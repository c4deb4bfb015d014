#include "lib/convs.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "exec/narrow.h"
#include "lib/guard.h"
#include "lib/noise.h"
#include "lib/plugin.h"
#include "lib/rows.h"

/* -- calls -- */

struct test_convs test_convs_open(const struct rnf_feature *feature)
{
	struct test_convs by = { .name = feature->name, .impl = feature->impl };
	ck_assert_msg(by.impl->open(&rnf_host, NULL, &by.self) == RNF_OK, "%s: %s",
		      by.name, rnf_fail_words());
	return by;
}

static rnf_status choose(const struct test_convs *by, const struct rnf_conv_shape *s,
			 struct rnf_kernel *kernel)
{
	return by->impl ? by->impl->conv(by->self, &rnf_host, s, kernel)
			: test_row("conv")->plain(s, kernel);
}

static void describe(struct test_conv_call *call, const struct test_convs *by,
		     const struct rnf_conv_shape *s, enum rnf_conv_kind kind)
{
	static const char *const passes[] = { "y", "dx", "dkernel" };
	const struct rnf_window *w = &s->window;
	snprintf(call->where, sizeof call->where,
		 "%s (%s): %s of %dx%dx%d -> %d, %d groups, %dx%d by %d dilated %d, zeros %d %d",
		 by->name, call->kernel.name, passes[kind], (int)s->h, (int)s->w,
		 (int)s->c, (int)s->k, (int)s->groups, (int)w->kernel_h,
		 (int)w->kernel_w, (int)w->stride, (int)w->dilation, (int)w->pad_top,
		 (int)w->pad_left);
}

/* What the core relies on. */
static void check_kernel(const struct test_conv_call *call, const struct rnf_conv_shape *s)
{
	const struct rnf_kernel *kernel = &call->kernel;
	const int tensors = s->kind == RNF_CONV_BWD_WEIGHTS ? 3 : 1; /* bits */
	ck_assert_msg(kernel->run && kernel->name, "%s: no run or no name", call->where);
	ck_assert_msg(kernel->scratch_bytes % sizeof(float) == 0 &&
		      kernel->leaf_bytes % sizeof(float) == 0, "%s: odd scratch",
		      call->where);
	ck_assert_msg((kernel->pack != NULL) == (kernel->pack_floats > 0),
		      "%s: pack() without a size, or a size without", call->where);
	ck_assert_msg(!kernel->pack || s->kind != RNF_CONV_BWD_WEIGHTS,
		      "%s: packs what is no weight", call->where);
	ck_assert_msg(!kernel->takes_parts || s->kind == RNF_CONV_FWD,
		      "%s: takes parts of what is not shared", call->where);
	ck_assert_msg((kernel->narrow_in & ~tensors) == 0, "%s: narrows what is no tensor",
		      call->where);
	ck_assert_msg(!kernel->narrow_in || s->precision == RNF_PRECISION_BF16,
		      "%s: narrows in fp32", call->where);
}

static size_t narrow_floats(const struct test_conv_call *call, int i)
{
	return (size_t)(call->n_in[i] + 1) / 2;
}

/* Inputs as the kernel reads them. */
static void narrow_inputs(struct test_conv_call *call)
{
	for (int i = 0; i < 2; i++) {
		if (!(call->kernel.narrow_in >> i & 1)) continue;
		call->narrow[i] = test_guarded(narrow_floats(call, i), 0, NULL);
		rnf_narrow(call->n_in[i], call->in[i], (uint16_t *)call->narrow[i]);
		call->in[i] = call->narrow[i];
	}
}

int test_conv_start(struct test_conv_call *call, const struct test_convs *by,
		    const struct rnf_conv_shape *s, enum rnf_conv_kind kind,
		    const float *a, const float *b)
{
	struct rnf_conv_shape shape = *s;
	shape.kind = kind;
	shape.algorithm = by->algorithm;
	shape.precision = by->precision;
	*call = (struct test_conv_call){ .in = { a, b } };
	const rnf_status status = choose(by, &shape, &call->kernel);
	describe(call, by, s, kind);
	if (status == RNF_EUNSUP) return 0;
	ck_assert_msg(status == RNF_OK, "%s: %s", call->where, rnf_fail_words());
	check_kernel(call, &shape);
	test_conv_count_inputs(&shape, call->n_in);
	narrow_inputs(call);
	call->scratch = test_guarded(call->kernel.scratch_bytes / sizeof(float), 0, NULL);
	call->leaf = test_guarded(call->kernel.leaf_bytes / sizeof(float), 0, NULL);
	if (!call->kernel.pack) return 1;
	call->packed = test_guarded(call->kernel.pack_floats, 0, NULL);
	call->kernel.pack(call->kernel.state, b, call->packed);
	call->in[1] = call->packed;
	return 1;
}

static void run_part(const struct test_conv_call *call, float *out, int i, int n, int part,
		     int parts)
{
	call->kernel.run(call->kernel.state, &(struct rnf_kernel_io){
		.in = { call->in[0], call->in[1] }, .out = out,
		.scratch = call->scratch, .leaf = call->leaf,
		.first = i == 0, .last = i == n - 1, .part = part, .parts = parts });
}

void test_conv_run(const struct test_conv_call *call, float *out, int i, int n)
{
	run_part(call, out, i, n, 0, 1);
}

void test_conv_finish(struct test_conv_call *call)
{
	const struct rnf_kernel *kernel = &call->kernel;
	test_guarded_free(call->scratch, kernel->scratch_bytes / sizeof(float), 0,
			  call->where);
	test_guarded_free(call->leaf, kernel->leaf_bytes / sizeof(float), 0, call->where);
	if (call->packed)
		test_guarded_free(call->packed, kernel->pack_floats, 0, call->where);
	for (int i = 0; i < 2; i++)
		if (call->narrow[i])
			test_guarded_free(call->narrow[i], narrow_floats(call, i), 0,
					  call->where);
}

/* -- sums in double -- */

/* x, kernel, dy of exact sizes, for sanitizers; and the sums of all passes. */
struct naive {
	int64_t n[3];
	float *x, *kernel, *dy;
	double *y, *dx, *dkernel;
};

static void naive_tap(const struct rnf_conv_shape *s, struct naive *t, int64_t in,
		      int64_t out, int64_t tap)
{
	const int64_t d = s->c / s->groups, per = s->k / s->groups;
	for (int64_t g = 0; g < s->groups; g++)
		for (int64_t j = 0; j < d; j++)
			for (int64_t o = g * per; o < (g + 1) * per; o++) {
				const int64_t x = in * s->c + g * d + j;
				const int64_t k = (tap * d + j) * s->k + o;
				const int64_t y = out * s->k + o;
				t->y[y] += (double)t->x[x] * t->kernel[k];
				t->dx[x] += (double)t->dy[y] * t->kernel[k];
				t->dkernel[k] += (double)t->x[x] * t->dy[y];
			}
}

static void naive_sums(const struct rnf_conv_shape *s, struct naive *t)
{
	const struct rnf_window *w = &s->window;
	for (int64_t oy = 0; oy < w->out_h; oy++)
		for (int64_t ox = 0; ox < w->out_w; ox++)
			for (int64_t ky = 0; ky < w->kernel_h; ky++)
				for (int64_t kx = 0; kx < w->kernel_w; kx++) {
					const int64_t y = oy * w->stride + ky * w->dilation -
							  w->pad_top;
					const int64_t x = ox * w->stride + kx * w->dilation -
							  w->pad_left;
					if (y < 0 || y >= s->h || x < 0 || x >= s->w)
						continue;
					naive_tap(s, t, y * s->w + x, oy * w->out_w + ox,
						  ky * w->kernel_w + kx);
				}
}

static double inner(int64_t n, const float *a, const double *b)
{
	double sum = 0;
	for (int64_t i = 0; i < n; i++)
		sum += a[i] * b[i];
	return sum;
}

/* Check the sums themselves: <dy, conv(x, w)> = <x, dx> = <w, dw>, since the map is
 * linear in both. */
static void check_adjoint(const struct naive *t)
{
	const double product = inner(t->n[2], t->dy, t->y);
	ck_assert_double_eq_tol(inner(t->n[0], t->x, t->dx), product, 1e-9);
	ck_assert_double_eq_tol(inner(t->n[1], t->kernel, t->dkernel), product, 1e-9);
}

float test_conv_bf16(float a)
{
	uint32_t bits;
	memcpy(&bits, &a, sizeof bits);
	const uint32_t over = bits & 0xffff, odd = bits >> 16 & 1;
	bits -= over;
	if (over > 0x8000 || (over == 0x8000 && odd)) bits += 0x10000;
	memcpy(&a, &bits, sizeof a);
	return a;
}

static float *operand(int64_t n, uint64_t key, enum rnf_precision precision)
{
	float *data = test_noise(n, key);
	for (int64_t i = 0; precision == RNF_PRECISION_BF16 && i < n; i++)
		data[i] = test_conv_bf16(data[i]);
	return data;
}

static struct naive make(const struct rnf_conv_shape *s, enum rnf_precision precision)
{
	struct naive t;
	test_conv_count(s, t.n);
	t.x = operand(t.n[0], 1, precision);
	t.kernel = operand(t.n[1], 2, precision);
	t.dy = operand(t.n[2], 3, precision);
	t.y = calloc((size_t)(t.n[0] + t.n[1] + t.n[2]), sizeof *t.y);
	t.dx = t.y + t.n[2];
	t.dkernel = t.dx + t.n[0];
	return t;
}

static void destroy(struct naive *t)
{
	free(t->x);
	free(t->kernel);
	free(t->dy);
	free(t->y);
}

/* got = times * want, of sums of `terms` products below 1/4, in any order. */
static void same(const char *where, int64_t n, const float *got, const double *want,
		 double times, int64_t terms, double rounding)
{
	const double tolerance = rounding * FLT_EPSILON * times * sqrt(times * (double)terms);
	for (int64_t i = 0; i < n; i++)
		if (!(fabs(got[i] - times * want[i]) <= tolerance))
			ck_abort_msg("%s%s[%d] is %.9g, not %.9g", where,
				     times > 1 ? ", of a leaf" : "", (int)i, got[i],
				     times * want[i]);
}

/* One pass of a shape: its inputs, its sums and how many terms each has. */
struct pass {
	enum rnf_conv_kind kind;
	const float *a, *b;
	int64_t n_a, n_b, n;
	const double *want;
	int64_t terms;
};

static void set_passes(const struct rnf_conv_shape *s, const struct naive *t,
		       struct pass passes[3])
{
	const int64_t taps = s->window.kernel_h * s->window.kernel_w;
	const int64_t pixels = s->window.out_h * s->window.out_w, *n = t->n;
	passes[0] = (struct pass){ RNF_CONV_FWD, t->x, t->kernel, n[0], n[1], n[2],
				   t->y, taps * s->c / s->groups };
	passes[1] = (struct pass){ RNF_CONV_BWD_DATA, t->dy, t->kernel, n[2], n[1],
				   n[0], t->dx, taps * s->k / s->groups };
	passes[2] = (struct pass){ RNF_CONV_BWD_WEIGHTS, t->x, t->dy, n[0], n[2],
				   n[1], t->dkernel, pixels };
}

/* Winograd's transforms multiply and subtract what they multiplied. In bf16 that leaves
 * an eighth of the values' scatter; a channel or a tile in the wrong place makes more. */
static double rounding_of(const struct test_conv_call *call)
{
	const char *name = call->kernel.name;
	return strstr(name, "winograd of bf16") ? 9e4 : strstr(name, "winograd") ? 20 : 4;
}

/* Merge what one part wrote with what others did. */
static void add_part(const struct test_conv_call *call, int64_t n, int part, int parts,
		     float *sum)
{
	float *out = test_guarded((size_t)n, 0, NULL); /* NaN */
	run_part(call, out, 0, 1, part, parts);
	for (int64_t i = 0; i < n; i++) {
		if (isnan(out[i])) continue;
		ck_assert_msg(isnan(sum[i]), "%s: two of %d parts write [%d]", call->where,
			      parts, (int)i);
		sum[i] = out[i];
	}
	test_guarded_free(out, (size_t)n, 0, call->where);
}

static void check_parts(const struct test_conv_call *call, int64_t n, const float *whole)
{
	static const int counts[] = { 2, 3, 8 };
	for (int i = 0; i < TEST_ROWS(counts); i++) {
		float *sum = test_guarded((size_t)n, 0, NULL);
		for (int part = 0; part < counts[i]; part++)
			add_part(call, n, part, counts[i], sum);
		for (int64_t j = 0; j < n; j++)
			if (memcmp(&sum[j], &whole[j], sizeof *sum))
				ck_abort_msg("%s, in %d parts: [%d] is %a, not %a", call->where,
					     counts[i], (int)j, (double)sum[j],
					     (double)whole[j]);
		test_guarded_free(sum, (size_t)n, 0, call->where);
	}
}

static int check_pass(const struct test_convs *by, const struct rnf_conv_shape *s,
		      const struct pass *p)
{
	struct test_conv_call call;
	if (!test_conv_start(&call, by, s, p->kind, p->a, p->b)) return 0;
	float *out = test_guarded((size_t)p->n, 0, NULL); /* NaN: all is overwritten */
	const int most = p->kind == RNF_CONV_BWD_WEIGHTS ? 5 : 1;
	for (int n = 1; n <= most; n += 2) { /* the same image n times */
		for (int i = 0; i < n; i++)
			test_conv_run(&call, out, i, n);
		same(call.where, p->n, out, p->want, n, p->terms, rounding_of(&call));
	}
	if (call.kernel.takes_parts) check_parts(&call, p->n, out);
	test_guarded_free(out, (size_t)p->n, 0, call.where);
	test_conv_finish(&call);
	return 1;
}

int test_conv_check(const struct test_convs *by, const struct rnf_conv_shape *s)
{
	struct naive t = make(s, by->precision);
	struct pass passes[3];
	int taken = 0;
	naive_sums(s, &t);
	check_adjoint(&t);
	set_passes(s, &t, passes);
	for (int i = 0; i < 3; i++)
		taken += check_pass(by, s, &passes[i]);
	destroy(&t);
	return taken;
}

/* The result of a pass on another image; NULL: left out. */
static float *result(const struct test_convs *by, const struct rnf_conv_shape *s,
		     const struct pass *p, const float *image)
{
	struct test_conv_call call;
	if (!test_conv_start(&call, by, s, p->kind, image, p->b)) return NULL;
	float *out = test_guarded((size_t)p->n, 0, NULL);
	test_conv_run(&call, out, 0, 1);
	test_conv_finish(&call);
	return out;
}

static double root_mean_square(int64_t n, const float *got, const double *want)
{
	double error = 0, value = 0;
	for (int64_t i = 0; i < n; i++) {
		error += (got[i] - want[i]) * (got[i] - want[i]);
		value += want[i] * want[i];
	}
	return sqrt(error / value);
}

double test_conv_error(const struct test_convs *by, const struct rnf_conv_shape *s,
		       enum rnf_conv_kind kind)
{
	struct naive t = make(s, RNF_PRECISION_FP32);
	struct pass passes[3];
	naive_sums(s, &t);
	set_passes(s, &t, passes);
	const struct pass *p = &passes[kind];
	float *out = result(by, s, p, p->a);
	ck_assert_ptr_nonnull(out);
	const double error = root_mean_square(p->n, out, p->want);
	test_guarded_free(out, (size_t)p->n, 0, by->name);
	destroy(&t);
	return error;
}

/* -- twice -- */

/* On copies with NaN around: a read of these would show. */
static float *guarded_pass(const struct test_convs *by, const struct rnf_conv_shape *s,
			   const struct pass *p, float fill)
{
	struct test_conv_call call;
	float *a = test_guarded((size_t)p->n_a, 0, p->a);
	float *b = test_guarded((size_t)p->n_b, 0, p->b);
	float *out = NULL;
	if (test_conv_start(&call, by, s, p->kind, a, b)) {
		out = malloc((size_t)p->n * sizeof *out);
		for (size_t i = 0; i < call.kernel.scratch_bytes / sizeof(float); i++)
			call.scratch[i] = fill;
		for (size_t i = 0; i < call.kernel.leaf_bytes / sizeof(float); i++)
			call.leaf[i] = fill;
		test_conv_run(&call, out, 0, 1);
		test_conv_run(&call, out, 0, 1); /* on the scratch that the first left */
		test_conv_finish(&call);
	}
	test_guarded_free(a, (size_t)p->n_a, 0, call.where);
	test_guarded_free(b, (size_t)p->n_b, 0, call.where);
	return out;
}

void test_conv_repeats(const struct test_convs *by, const struct test_convs *with,
		       const struct rnf_conv_shape *s)
{
	struct naive t = make(s, by->precision);
	struct pass passes[3];
	set_passes(s, &t, passes);
	for (int i = 0; i < 3; i++) {
		const struct pass *p = &passes[i];
		float *once = guarded_pass(by, s, p, 1), *again = guarded_pass(with, s, p, -2);
		ck_assert_int_eq(once == NULL, again == NULL);
		for (int64_t j = 0; once && j < p->n; j++)
			if (!(fabsf(once[j]) < INFINITY) || memcmp(&once[j], &again[j], 4))
				ck_abort_msg("%s, %dx%dx%d, pass %d: [%d] is %a, by %s %a",
					     by->name, (int)s->h, (int)s->w, (int)s->c, i,
					     (int)j, (double)once[j], with->name,
					     (double)again[j]);
		free(once);
		free(again);
	}
	destroy(&t);
}

void test_conv_rounds(const struct test_convs *by, const struct rnf_conv_shape *s)
{
	struct naive raw = make(s, RNF_PRECISION_FP32), rounded = make(s, by->precision);
	struct pass from[3], to[3];
	set_passes(s, &raw, from);
	set_passes(s, &rounded, to);
	for (int i = 0; i < 3; i++) {
		float *got = guarded_pass(by, s, &from[i], 1);
		float *want = guarded_pass(by, s, &to[i], 1);
		for (int64_t j = 0; j < from[i].n; j++)
			if (got[j] != want[j])
				ck_abort_msg("%s, %dx%dx%d, pass %d: [%d] is %a, of rounded "
					     "operands %a", by->name, (int)s->h, (int)s->w,
					     (int)s->c, i, (int)j, (double)got[j],
					     (double)want[j]);
		free(got);
		free(want);
	}
	destroy(&raw);
	destroy(&rounded);
}

/* -- odd values -- */

/* 0: finite */
static int odd(float a)
{
	return isnan(a) ? 2 : isinf(a) ? (a > 0 ? 1 : -1) : 0;
}

static int is_coarse(const struct test_convs *by)
{
	return by->algorithm == RNF_ALGORITHM_WINOGRAD ||
	       by->precision == RNF_PRECISION_BF16;
}

/* Winograd's sums have the odd value in all of a tile, bf16's in a neighbour, and
 * infinities meet there: it must not be lost. Other sums have it where the plain ones do. */
static int spread(const struct test_convs *by, float got, float want)
{
	if (is_coarse(by)) return !odd(want) || odd(got);
	return odd(got) == odd(want);
}

static void spreads_as_plain(const struct test_convs *by, const struct rnf_conv_shape *s,
			     const struct pass *p, int64_t at, float value)
{
	const struct test_convs plain = { .name = "plain" };
	float *image = test_guarded((size_t)p->n_a, 0, p->a);
	image[at] = value;
	float *want = result(&plain, s, p, image), *got = result(by, s, p, image);
	for (int64_t i = 0; got && i < p->n; i++)
		if (!spread(by, got[i], want[i]))
			ck_abort_msg("%s, %dx%dx%d, pass %d: with %g at %d, [%d] is %g, "
				     "not %g", by->name, (int)s->h, (int)s->w, (int)s->c,
				     (int)p->kind, (double)value, (int)at, (int)i,
				     (double)got[i], (double)want[i]);
	test_guarded_free(want, (size_t)p->n, 0, by->name);
	if (got) test_guarded_free(got, (size_t)p->n, 0, by->name);
	test_guarded_free(image, (size_t)p->n_a, 0, by->name);
}

/* Each element and each product is off by at most half of the smallest float. */
static void check_denormal(const struct test_convs *by, const struct rnf_conv_shape *s,
			   const struct pass *p)
{
	float *image = test_guarded((size_t)p->n_a, 0, p->a);
	for (int64_t i = 0; i < p->n_a; i++)
		image[i] *= 0x1p-130f; /* rounded: 18 bits are left */
	float *got = result(by, s, p, image);
	const double tolerance = (double)(p->terms + 1) * 0x1p-149;
	for (int64_t i = 0; got && i < p->n; i++)
		if (!(fabs(got[i] - p->want[i] * 0x1p-130) <= tolerance))
			ck_abort_msg("%s, %dx%dx%d, pass %d: [%d] is %a, not %a", by->name,
				     (int)s->h, (int)s->w, (int)s->c, (int)p->kind, (int)i,
				     (double)got[i], p->want[i] * 0x1p-130);
	if (got) test_guarded_free(got, (size_t)p->n, 0, by->name);
	test_guarded_free(image, (size_t)p->n_a, 0, by->name);
}

void test_conv_odd_values(const struct test_convs *by, const struct rnf_conv_shape *s)
{
	static const float values[] = { NAN, INFINITY, -INFINITY };
	struct naive t = make(s, by->precision);
	struct pass passes[3];
	naive_sums(s, &t);
	set_passes(s, &t, passes);
	for (int i = 0; i < 3; i++) {
		const struct pass *p = &passes[i];
		const int64_t at[] = { 0, p->n_a / 2, p->n_a - 1 };
		for (int v = 0; v < TEST_ROWS(values); v++)
			spreads_as_plain(by, s, p, at[v], values[v]);
		if (!is_coarse(by)) check_denormal(by, s, p);
	}
	destroy(&t);
}
