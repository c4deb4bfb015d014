/* eca: y = x gate(w * mean(x)), a channel: means of the image, convolved along the channels
 * with zeros at both ends, weigh them (efficient channel attention).
 * x, y (h, w, c); w (k), k odd, no bias, no L2. By default k is the odd number at or above
 * floor((log2(c) + 1) / 2).
 * Source: Wang et al. 2020 (arXiv 1910.03151); torch.nn.Conv1d(1, 1, k, padding=k // 2,
 * bias=False) over the means, then torch.sigmoid. */
#include <rnframe/layer.h>
#include <rnframe/sums.h>

struct conf {
	int64_t kernel;
	const struct rnf_ref *gate;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_INT(struct conf, kernel, 0, 0, 255, "channels", "that a factor sees, odd; 0: by their number"),
	RNF_REF(struct conf, gate, "activation", "sigmoid", "after the convolution: makes the factors"));

/* Of n channels, those that have a partner `by` channels on. */
struct span {
	int64_t from, to;
};

RNF_INLINE struct span span_of(int64_t n, int64_t by)
{
	return (struct span){ by < 0 ? -by : 0, by < 0 ? n : n - by };
}

/* to[i] = the sum of w[j] from[i + sign (j - k / 2)] */
RNF_INLINE void convolve(int64_t c, int64_t k, int64_t sign, const float *w, const float *from,
			 float *to)
{
	for (int64_t i = 0; i < c; i++)
		to[i] = 0;
	for (int64_t j = 0; j < k; j++) {
		const int64_t by = sign * (j - k / 2);
		const struct span s = span_of(c, by);
		for (int64_t i = s.from; i < s.to; i++)
			to[i] += w[j] * from[i + by];
	}
}

RNF_INLINE void to_kernel(int64_t c, int64_t k, const float *x, const float *dy, float *dw)
{
	for (int64_t j = 0; j < k; j++) {
		const struct span s = span_of(c, j - k / 2);
		if (s.from < s.to)
			dw[j] += rnf_dot(s.to - s.from, dy + s.from, x + s.from + j - k / 2);
	}
}

/* self: k. x is the means, one pixel. */
RNF_MULTIARCH
static void fwd(const void *self, const struct rnf_tile *tile, const float *const *in, float *y)
{
	convolve(tile->channels, *(const int64_t *)self, 1, in[1], in[0], y);
}

RNF_MULTIARCH
static void bwd(const void *self, const struct rnf_tile *tile, uint32_t i,
		const float *const *in, const float *dy, float *d)
{
	const int64_t k = *(const int64_t *)self;
	if (i == 0) convolve(tile->channels, k, -1, in[1], dy, d);
	else to_kernel(tile->channels, k, in[0], dy, d);
}

/* What the factor of a channel sees of c channels: k of them, one after the other. */
struct seen {
	int64_t c, k;
};

static int64_t place_of(const void *seen, int64_t i)
{
	const struct seen *s = seen;
	const int64_t channel = i / s->k + i % s->k - s->k / 2;
	return channel < s->c ? channel : -1;
}

static int32_t formula(const void *self, struct rnf_formula *f, const int32_t *in)
{
	int64_t x[3];
	f->shape(f, in[0], x);
	const struct seen s = { x[2], *(const int64_t *)self };
	const int32_t all = f->take(f, in[0], RNF_AXIS_CHANNELS, s.c * s.k, place_of, &s);
	const int32_t each = f->reshape(f, all, (int64_t[]){ 1, s.c, s.k });
	const int32_t mean = f->apply(f, RNF_FN_MEAN, f->apply(f, RNF_FN_MUL, each, in[1]), 0);
	const int32_t sum = f->apply(f, RNF_FN_MUL, mean, f->number(f, (double)s.k));
	return f->reshape(f, sum, x);
}

static const uint32_t roles[] = { RNF_IN_TILE, RNF_IN_WEIGHT };
static const uint32_t reads[] = { 1 << 1, 1 << 0 };
static const struct rnf_row_impl row = {
	.size = sizeof row, .flags = RNF_ROW_CHEAP, .n_in = 2, .roles = roles, .reads = reads,
	.fwd = fwd, .bwd = bwd, .formula = formula,
};

static int64_t size_for(int64_t c)
{
	int64_t log2 = 0;
	while (c >> (log2 + 1)) log2++;
	return (log2 + 1) / 2 | 1;
}

static rnf_val lower(const void *self, struct rnf_graph *graph, const rnf_val *in, size_t n_in)
{
	const struct conf *conf = self;
	int64_t x[4] = { 0 };
	(void)n_in;
	if (in[0] < 0) return in[0];
	graph->shape(graph, in[0], x);
	if (conf->kernel && conf->kernel % 2 == 0)
		return graph->fail(graph, "kernel is %lld, must be odd, or 0",
				     (long long)conf->kernel);
	const int64_t k = conf->kernel ? conf->kernel : size_for(x[3]);
	const rnf_val w = graph->weight(graph, &(struct rnf_weight){
		.name = "kernel", .rank = 1, .shape = { k }, .fan_in = k, .fan_out = k,
		.initializer = graph->initializer });
	rnf_val s = graph->global_avgpool(graph, in[0]);
	s = graph->rows(graph, (rnf_val[]){ s, w }, 2, 0, &row,
			rnf_keep(graph, &k, sizeof k));
	s = graph->use(graph, conf->gate, "gate", &s, 1, NULL, 0);
	return graph->scale(graph, in[0], s);
}

static const struct rnf_layer_impl impl = { .inputs = 1, .lower = lower };

RNF_PLUGIN(layer, eca, "channels weighed by their means and their neighbours'", &params, impl);
