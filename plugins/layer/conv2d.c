/* conv2d: y = x * kernel (+ bias), cross-correlation in groups.
 * x (h, w, c); kernel (k, k, c / groups, filters); y (h', w', filters), with h'
 * and w' by Keras' padding rules, of kernels that span (k - 1) dilation + 1. Fans as Keras
 * counts them: in k k c / groups, out k k filters.
 * In PyTorch: torch.nn.Conv2d with dilation, and padding_mode "zeros", "reflect" or
 * "replicate" for the borders zero, reflect and edge; in Keras: Conv2D with dilation_rate.
 * Standardized: the kernel of filter o is gain[o] (w - m) / sqrt(v + eps), m and v the mean and
 * the variance (divided by the count) of its k k c / groups weights; gain (filters) is 1 at the
 * start, and for good unless the conf asks for it; no L2 on it. Source: Qiao et al. 2019
 * (arXiv 1903.10520), as timm's StdConv2d has it. */
#include <math.h>
#include <rnframe/conv.h>
#include <rnframe/vmath.h>

struct conf {
	int64_t filters, kernel, stride, dilation, groups;
	int32_t padding, border, bias, algorithm;
	const struct rnf_ref *initializer;
	double l2, eps;
	int32_t standardize, gain;
};

enum { STANDARDIZE_AUTO, STANDARDIZE_NO, STANDARDIZE_YES };
static const char *const standardize_words[] = { "auto", "no", "yes", NULL };

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_INT_REQUIRED(struct conf, filters, 1, 4096, "channels", "of the output"),
	RNF_INT(struct conf, kernel, 3, 1, 64, "pixels", "height and width of the kernel"),
	RNF_INT(struct conf, stride, 1, 1, 64, "pixels", "from one window to the next"),
	RNF_INT(struct conf, dilation, 1, 1, 64, "pixels",
		"from one pixel of the kernel to the next"),
	RNF_INT(struct conf, groups, 1, 1, 4096, "", "of channels that see only each other"),
	RNF_ENUM(struct conf, padding, "same", rnf_padding_words,
		 "may windows reach over the edge, as in Keras"),
	RNF_ENUM(struct conf, border, "zero", rnf_border_words,
		 "what they see there: zeros, the image reflected, its edge repeated"),
	RNF_BOOL(struct conf, bias, 0, "add a trained constant a channel"),
	RNF_ENUM(struct conf, algorithm, "auto", rnf_algorithm_words,
		 "direct sums, or Winograd's F(4x4, 3x3); auto: the model's, or by the shape"),
	RNF_REF(struct conf, initializer, "initializer", NULL, "of the kernel; default: the model's"),
	RNF_FLOAT(struct conf, l2, -1, -1, 1e6, "",
		  "weight of sum(kernel^2) in the loss; -1: the model's"),
	RNF_ENUM(struct conf, standardize, "auto", standardize_words,
		 "each filter to mean 0 and variance 1; auto: as the model says"),
	RNF_BOOL(struct conf, gain, 0, "with a trained factor a filter, if standardized"),
	RNF_FLOAT(struct conf, eps, 1e-6, 1e-12, 1, "", "added to a filter's variance"));

/* -- a standardized kernel, as `rows` x filters -- */

enum { SIDE = 16 }; /* filters side by side */

/* Of one place in the model. */
struct standard {
	int64_t rows, filters;
	double eps;
};

/* Of n filters from w on: mean, and 1 / deviation. */
RNF_INLINE void moments(const struct standard *s, int64_t n, const float *w, double *mean,
			double *factor)
{
	double squares[SIDE] = { 0 };
	for (int64_t i = 0; i < n; i++)
		mean[i] = 0;
	for (int64_t r = 0; r < s->rows; r++)
		for (int64_t i = 0; i < n; i++)
			mean[i] += w[r * s->filters + i];
	for (int64_t i = 0; i < n; i++)
		mean[i] /= (double)s->rows;
	for (int64_t r = 0; r < s->rows; r++)
		for (int64_t i = 0; i < n; i++) {
			const double d = w[r * s->filters + i] - mean[i];
			squares[i] += d * d;
		}
	for (int64_t i = 0; i < n; i++)
		factor[i] = 1 / sqrt(squares[i] / (double)s->rows + s->eps);
}

static int64_t side(const struct standard *s, int64_t from)
{
	return s->filters - from < SIDE ? s->filters - from : SIDE;
}

/* in: kernel, gain or NULL */
RNF_INLINE void standardize(const struct standard *s, const float *w, const float *gain, float *y)
{
	double mean[SIDE], factor[SIDE];
	for (int64_t from = 0; from < s->filters; from += SIDE) {
		const int64_t n = side(s, from);
		moments(s, n, w + from, mean, factor);
		for (int64_t i = 0; gain && i < n; i++)
			factor[i] *= gain[from + i];
		for (int64_t r = 0, at = from; r < s->rows; r++, at += s->filters)
			for (int64_t i = 0; i < n; i++)
				y[at + i] = (float)((w[at + i] - mean[i]) * factor[i]);
	}
}

/* Of n filters: the sums of dy, and of dy (w - mean) / deviation. */
RNF_INLINE void sums(const struct standard *s, int64_t n, const float *w, const float *dy,
		     const double *mean, const double *factor, double *sum, double *product)
{
	for (int64_t i = 0; i < n; i++)
		sum[i] = product[i] = 0;
	for (int64_t r = 0, at = 0; r < s->rows; r++, at += s->filters)
		for (int64_t i = 0; i < n; i++) {
			sum[i] += dy[at + i];
			product[i] += dy[at + i] * ((w[at + i] - mean[i]) * factor[i]);
		}
}

/* dw = gain factor (dy - mean(dy) - z mean(dy z)), z = (w - mean) factor; dgain = sum(dy z) */
RNF_INLINE void back(const struct standard *s, const float *w, const float *gain, const float *dy,
		     float *dw, float *dgain)
{
	double mean[SIDE], factor[SIDE], sum[SIDE], product[SIDE];
	const double rows = (double)s->rows;
	for (int64_t from = 0; from < s->filters; from += SIDE) {
		const int64_t n = side(s, from);
		moments(s, n, w + from, mean, factor);
		sums(s, n, w + from, dy + from, mean, factor, sum, product);
		for (int64_t i = 0; dgain && i < n; i++)
			dgain[from + i] = (float)product[i];
		for (int64_t r = 0, at = from; dw && r < s->rows; r++, at += s->filters)
			for (int64_t i = 0; i < n; i++) {
				const double z = (w[at + i] - mean[i]) * factor[i];
				const double d = dy[at + i] - sum[i] / rows - z * product[i] / rows;
				dw[at + i] = (float)(factor[i] * (gain ? gain[from + i] : 1) * d);
			}
	}
}

RNF_MULTIARCH
static void fwd(const void *self, const float *const *in, float *y)
{
	standardize(self, in[0], NULL, y);
}

RNF_MULTIARCH
static void bwd(const void *self, uint32_t i, const float *const *in, const float *dy, float *d)
{
	(void)i;
	back(self, in[0], NULL, dy, d, NULL);
}

RNF_MULTIARCH
static void gain_fwd(const void *self, const float *const *in, float *y)
{
	standardize(self, in[0], in[1], y);
}

RNF_MULTIARCH
static void gain_bwd(const void *self, uint32_t i, const float *const *in, const float *dy,
		     float *d)
{
	back(self, in[0], in[1], dy, i == 0 ? d : NULL, i == 1 ? d : NULL);
}

static const struct rnf_derive_impl plain = {
	.size = sizeof plain, .n_in = 1, .fwd = fwd, .bwd = bwd,
};
static const struct rnf_derive_impl with_gain = {
	.size = sizeof with_gain, .n_in = 2, .fwd = gain_fwd, .bwd = gain_bwd,
};

/* -- lowering -- */

static struct rnf_kernel_of kernel_of(const struct conf *conf, int64_t c)
{
	return (struct rnf_kernel_of){
		.size = conf->kernel, .stride = conf->stride, .dilation = conf->dilation,
		.groups = conf->groups, .c = c, .filters = conf->filters,
		.initializer = conf->initializer, .l2 = conf->l2 };
}

/* A filter of one weight has no variance: the model's setting is not for it. */
static int is_standardized(const struct conf *conf, const struct rnf_graph *graph, int64_t rows)
{
	if (conf->standardize != STANDARDIZE_AUTO) return conf->standardize == STANDARDIZE_YES;
	return graph->standardize && rows > 1;
}

static rnf_val standardized(const struct conf *conf, struct rnf_graph *graph, rnf_val kernel,
			    const int64_t shape[4])
{
	const struct standard s = { shape[0] * shape[1] * shape[2], shape[3], conf->eps };
	const struct standard *self = rnf_keep(graph, &s, sizeof s);
	if (s.rows == 1)
		return graph->fail(graph, "standardize is \"yes\", but a filter has one weight");
	if (!conf->gain) return graph->derive(graph, &kernel, 1, 4, shape, &plain, self);
	const rnf_val in[] = { kernel, rnf_vector(graph, "gain", conf->filters, 1) };
	return graph->derive(graph, in, 2, 4, shape, &with_gain, self);
}

static rnf_val kernel(const struct conf *conf, struct rnf_graph *graph,
		      const struct rnf_kernel_of *k)
{
	int64_t shape[4];
	const rnf_val w = rnf_kernel(graph, k);
	rnf_kernel_shape(k, shape);
	if (is_standardized(conf, graph, shape[0] * shape[1] * shape[2]))
		return standardized(conf, graph, w, shape);
	return conf->gain ? graph->fail(graph, "gain is for kernels that are standardized") : w;
}

/* x, or the failure */
static rnf_val fits(const struct conf *conf, struct rnf_graph *graph,
		    const struct rnf_kernel_of *k, rnf_val x)
{
	if (conf->algorithm == RNF_ALGORITHM_WINOGRAD && !rnf_fits_winograd(k))
		return graph->fail(graph, "algorithm is \"winograd\", which is for kernel 3, "
				   "stride 1, dilation 1 and groups 1, not %lld, %lld, %lld and "
				   "%lld", (long long)conf->kernel, (long long)conf->stride,
				   (long long)conf->dilation, (long long)conf->groups);
	return rnf_groups_fit(graph, k, x);
}

static rnf_val lower(const void *self, struct rnf_graph *graph, const rnf_val *in, size_t n_in)
{
	const struct conf *conf = self;
	int64_t nhwc[4] = { 0 };
	struct rnf_window w = { .kernel_h = conf->kernel, .stride = conf->stride,
				.dilation = conf->dilation, .border = conf->border };
	(void)n_in;
	if (in[0] < 0) return in[0];
	graph->shape(graph, in[0], nhwc);
	const struct rnf_kernel_of k = kernel_of(conf, nhwc[3]);
	rnf_val x = fits(conf, graph, &k, in[0]);
	x = rnf_window_over(graph, x, (enum rnf_padding)conf->padding, "kernel", &w);
	if (x < 0) return x;
	const enum rnf_algorithm algorithm = conf->algorithm == RNF_ALGORITHM_AUTO
		? rnf_algorithm_of(graph, &k) : (enum rnf_algorithm)conf->algorithm;
	const rnf_val y = graph->conv2d(graph, x, kernel(conf, graph, &k), &w, conf->groups,
					algorithm);
	return conf->bias ? graph->bias(graph, y, rnf_vector(graph, "bias", conf->filters, 0)) : y;
}

static const struct rnf_layer_impl impl = { .inputs = 1, .lower = lower };

RNF_PLUGIN(layer, conv2d, "convolution, grouped or dilated if wanted", &params, impl);
