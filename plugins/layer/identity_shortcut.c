/* identity_shortcut: y = x without parameters where the shape changes: every
 * stride-th pixel of x, then channels of zeros up to `filters`.
 * x (h, w, c); y (h / stride, w / stride, filters), rounded up.
 * Source: He et al. 2015 (arXiv 1512.03385), section 3.3, option A. */
#include <rnframe/layer.h>

struct conf {
	int64_t filters, stride;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_INT_REQUIRED(struct conf, filters, 1, 4096, "channels",
			 "of the output, a multiple of the input's"),
	RNF_INT(struct conf, stride, 1, 1, 64, "pixels", "from one kept pixel to the next"));

/* 0 x rather than 0, so that NaN and infinity propagate. */
static void zero_fwd(const void *self, const struct rnf_tile *tile, size_t n, const float *x,
		     float *y)
{
	(void)self, (void)tile;
	for (size_t i = 0; i < n; i++)
		y[i] = 0 * x[i];
}

static void zero_bwd(const void *self, const struct rnf_tile *tile, size_t n, const float *x,
		     const float *dy, float *dx)
{
	(void)self, (void)tile, (void)x;
	for (size_t i = 0; i < n; i++)
		dx[i] = 0 * dy[i];
}

static double zero_ref(const void *self, double x, double *slope)
{
	(void)self;
	*slope = 0;
	return 0 * x;
}

static int32_t zero_formula(const void *self, struct rnf_formula *f, int32_t x)
{
	(void)self;
	return f->apply(f, RNF_FN_MUL, x, f->number(f, 0));
}

static const struct rnf_activation_impl zero = {
	.fwd = zero_fwd, .bwd = zero_bwd, .ref = zero_ref, .formula = zero_formula
};

/* The mean over a window of one pixel is that pixel. */
static rnf_val every(struct rnf_graph *graph, rnf_val x, const int64_t shape[4], int64_t stride)
{
	const struct rnf_window w = {
		.kernel_h = 1, .kernel_w = 1, .stride = stride,
		.out_h = (shape[1] + stride - 1) / stride,
		.out_w = (shape[2] + stride - 1) / stride,
	};
	return stride == 1 ? x : graph->avgpool(graph, x, &w);
}

enum { PARTS_MAX = 16 };

static rnf_val lower(const void *self, struct rnf_graph *graph, const rnf_val *in, size_t n_in)
{
	const struct conf *conf = self;
	int64_t shape[4] = { 0 };
	rnf_val parts[PARTS_MAX];
	(void)n_in;
	if (in[0] < 0) return in[0];
	graph->shape(graph, in[0], shape);
	const int64_t n = conf->filters / shape[3];
	if (conf->filters % shape[3] || n > PARTS_MAX)
		return graph->fail(graph, "filters is %lld, must be 1 to %d times the %lld "
				   "channels of the input", (long long)conf->filters,
				   PARTS_MAX, (long long)shape[3]);
	parts[0] = every(graph, in[0], shape, conf->stride);
	for (int64_t i = 1; i < n; i++)
		parts[i] = graph->pointwise(graph, parts[0], &zero, NULL);
	return n == 1 ? parts[0] : graph->concat(graph, parts, (size_t)n);
}

static const struct rnf_layer_impl impl = { .inputs = 1, .lower = lower };

RNF_PLUGIN(layer, identity_shortcut, "every other pixel, new channels zero", &params, impl);
