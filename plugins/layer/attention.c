/* attention: self-attention over the pixels of an image, in heads. q, k, v (h w, c) are 1x1
 * convolutions of x (`qkv`: q's channels, then k's, then v's; head by head in each). Of a head
 * of d = c / heads channels
 *   y = softmax(q k^T / sqrt(d)) v, each row of the product for itself;
 * the heads side by side go through another 1x1 convolution (`proj`). x, y (h, w, c).
 * With p the softmax: dv = p^T dy, dp = dy v^T, ds = p (dp - sum_j p dp) / sqrt(d),
 * dq = ds k, dk = ds^T q. p is made again, row by row, so no (h w)^2 numbers are kept.
 * Source: Vaswani et al. 2017 (arXiv 1706.03762);
 * torch.nn.functional.scaled_dot_product_attention. */
#include <math.h>
#include <string.h>
#include <rnframe/layer.h>
#include <rnframe/sums.h>
#include <rnframe/vmath.h>

struct conf {
	int64_t heads;
	int32_t bias;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_INT(struct conf, heads, 1, 1, 4096, "", "must divide the channels of the input"),
	RNF_BOOL(struct conf, bias, 1, "trained constants in both convolutions"));

/* Of one place in the model. */
struct place {
	struct rnf_image_impl impl; /* its scratch depends on the shape */
	int64_t pixels, heads, d;
};

/* One head of one image: q, k and v, each pixel's `step` floats behind the last one's. */
struct head {
	int64_t n, d, step;
	float factor; /* 1 / sqrt(d) */
	const float *q, *k, *v;
	float *kt, *vt; /* [d][n] */
	float *p, *dp;  /* [n] */
};

static struct head head_of(const struct place *s, int64_t i, const float *qkv, float *scratch)
{
	const int64_t n = s->pixels, d = s->d, c = s->heads * d;
	return (struct head){
		.n = n, .d = d, .step = 3 * c, .factor = 1.0f / sqrtf((float)d),
		.q = qkv + i * d, .k = qkv + c + i * d, .v = qkv + 2 * c + i * d,
		.kt = scratch, .vt = scratch + d * n,
		.p = scratch + 2 * d * n, .dp = scratch + 2 * d * n + n };
}

/* to [d][n], so that a row of products is a loop over neighbours. */
RNF_INLINE void transpose(const struct head *t, const float *from, float *to)
{
	for (int64_t j = 0; j < t->n; j++)
		for (int64_t e = 0; e < t->d; e++)
			to[e * t->n + j] = from[j * t->step + e];
}

/* y[j] = sum_e x[e] m[e][j], m [d][n] */
RNF_INLINE void times_columns(const struct head *t, const float *x, const float *m, float *y)
{
	memset(y, 0, (size_t)t->n * sizeof *y);
	for (int64_t e = 0; e < t->d; e++)
		for (int64_t j = 0; j < t->n; j++)
			y[j] += x[e] * m[e * t->n + j];
}

/* y[e] = sum_j x[j] m[j][e], m of n pixels */
RNF_INLINE void times_pixels(const struct head *t, const float *x, const float *m, float *y)
{
	memset(y, 0, (size_t)t->d * sizeof *y);
	for (int64_t j = 0; j < t->n; j++)
		for (int64_t e = 0; e < t->d; e++)
			y[e] += x[j] * m[j * t->step + e];
}

/* m[j][e] += x[j] y[e], m of n pixels */
RNF_INLINE void add_outer(const struct head *t, const float *x, const float *y, float *m)
{
	for (int64_t j = 0; j < t->n; j++)
		for (int64_t e = 0; e < t->d; e++)
			m[j * t->step + e] += x[j] * y[e];
}

RNF_INLINE float largest(int64_t n, const float *x)
{
	float most = x[0];
	for (int64_t j = 1; j < n; j++)
		most = x[j] > most || x[j] != x[j] ? x[j] : most;
	return most;
}

/* t->p = the softmax of pixel i's row */
RNF_INLINE void weigh(const struct head *t, int64_t i)
{
	times_columns(t, t->q + i * t->step, t->kt, t->p);
	const float most = largest(t->n, t->p);
	for (int64_t j = 0; j < t->n; j++)
		t->p[j] = rnf_expf((t->p[j] - most) * t->factor);
	const float share = 1.0f / rnf_sum(t->n, t->p);
	for (int64_t j = 0; j < t->n; j++)
		t->p[j] *= share;
}

RNF_MULTIARCH
static void fwd(const void *self, const struct rnf_tile *tile, const float *const *in, float *y,
		float *scratch)
{
	const struct place *s = self;
	const int64_t c = s->heads * s->d;
	(void)tile;
	for (int64_t h = 0; h < s->heads; h++) {
		const struct head t = head_of(s, h, in[0], scratch);
		transpose(&t, t.k, t.kt);
		for (int64_t i = 0; i < t.n; i++) {
			weigh(&t, i);
			times_pixels(&t, t.p, t.v, y + i * c + h * t.d);
		}
	}
}

/* What pixel i gives to dq, dk and dv, which lie as q, k and v; dy of its head. */
RNF_INLINE void pixel_bwd(const struct head *t, int64_t i, const float *dy, float *dq,
			  float *dk, float *dv)
{
	weigh(t, i);
	times_columns(t, dy, t->vt, t->dp);
	add_outer(t, t->p, dy, dv);
	const float mean = rnf_dot(t->n, t->p, t->dp);
	for (int64_t j = 0; j < t->n; j++)
		t->p[j] *= (t->dp[j] - mean) * t->factor;
	times_pixels(t, t->p, t->k, dq + i * t->step);
	add_outer(t, t->p, t->q + i * t->step, dk);
}

RNF_MULTIARCH
static void bwd(const void *self, const struct rnf_tile *tile, uint32_t operand,
		const float *const *in, const float *dy, float *d, float *scratch)
{
	const struct place *s = self;
	const int64_t c = s->heads * s->d;
	(void)tile, (void)operand;
	memset(d, 0, (size_t)(s->pixels * 3 * c) * sizeof *d);
	for (int64_t h = 0; h < s->heads; h++) {
		const struct head t = head_of(s, h, in[0], scratch);
		float *dq = d + h * t.d;
		transpose(&t, t.k, t.kt);
		transpose(&t, t.v, t.vt);
		for (int64_t i = 0; i < t.n; i++)
			pixel_bwd(&t, i, dy + i * c + h * t.d, dq, dq + c, dq + 2 * c);
	}
}

struct part {
	int64_t heads, first;
};

static int64_t head_in(const void *part, int64_t i)
{
	const struct part *p = part;
	return p->first * p->heads + i;
}

/* q, k or v: (heads, pixels, d) of all three. */
static int32_t part_of(const struct place *s, struct rnf_formula *f, int32_t all, int64_t which)
{
	const struct part p = { s->heads, which };
	return f->take(f, all, RNF_AXIS_ROWS, s->heads, head_in, &p);
}

static int32_t formula(const void *self, struct rnf_formula *f, const int32_t *in)
{
	const struct place *s = self;
	const int64_t n = s->pixels, heads = s->heads, d = s->d;
	int64_t x[3];
	f->shape(f, in[0], x);
	const int32_t all = f->permute(f, in[0], 3, (int64_t[]){ n, 3 * heads, d },
				       (int32_t[]){ 1, 0, 2 }, (int64_t[]){ 3 * heads, n, d });
	const int32_t q = part_of(s, f, all, 0), v = part_of(s, f, all, 2);
	const int32_t k = f->permute(f, part_of(s, f, all, 1), 3, (int64_t[]){ heads, n, d },
				     (int32_t[]){ 0, 2, 1 }, (int64_t[]){ heads, d, n });
	const int32_t likeness = f->apply(f, RNF_FN_MUL, f->product(f, q, k),
					  f->number(f, 1 / sqrt((double)d)));
	const int32_t y = f->product(f, f->apply(f, RNF_FN_SOFTMAX, likeness, 0), v);
	return f->permute(f, y, 3, (int64_t[]){ heads, n, d }, (int32_t[]){ 1, 0, 2 },
			  (int64_t[]){ x[0], x[1], heads * d });
}

static const uint32_t roles[] = { RNF_IN_IMAGE };
static const uint32_t reads[] = { 1 << 0 };

/* y of q, k and v. */
static rnf_val mix(struct rnf_graph *graph, rnf_val qkv, const int64_t y[3], int64_t heads)
{
	const int64_t pixels = y[0] * y[1], d = y[2] / heads;
	const struct place place = {
		.pixels = pixels, .heads = heads, .d = d,
		.impl = { .size = sizeof place.impl, .n_in = 1, .roles = roles, .reads = reads,
			  .scratch = (size_t)(2 * pixels * (d + 1)), .fwd = fwd, .bwd = bwd,
			  .formula = formula } };
	const struct place *self = rnf_keep(graph, &place, sizeof place);
	return graph->image(graph, &qkv, 1, y, self ? &self->impl : NULL, self);
}

static rnf_val pixelwise(const struct conf *conf, struct rnf_graph *graph, const char *label,
			 rnf_val x, int64_t filters)
{
	const struct rnf_setting settings[] = {
		RNF_SET_INT("filters", filters),
		RNF_SET_INT("kernel", 1),
		RNF_SET_BOOL("bias", conf->bias),
	};
	return graph->node(graph, "conv2d", label, &x, 1, settings, 3);
}

static rnf_val lower(const void *self, struct rnf_graph *graph, const rnf_val *in, size_t n_in)
{
	const struct conf *conf = self;
	int64_t x[4] = { 0 };
	(void)n_in;
	if (in[0] < 0) return in[0];
	graph->shape(graph, in[0], x);
	if (x[3] % conf->heads)
		return graph->fail(graph, "heads is %lld, must divide the %lld channels of the "
				   "input", (long long)conf->heads, (long long)x[3]);
	const rnf_val qkv = pixelwise(conf, graph, "qkv", in[0], 3 * x[3]);
	return pixelwise(conf, graph, "proj", mix(graph, qkv, x + 1, conf->heads), x[3]);
}

static const struct rnf_layer_impl impl = { .inputs = 1, .lower = lower };

RNF_PLUGIN(layer, attention, "each pixel a mean of all, weighed by likeness", &params, impl);
