/* rep_conv2d: y = bn3(conv3(x)) + bn1(conv1(x)), and + bn(x) where the shape stays the same: a
 * 3x3 convolution with a border of one zero and a 1x1 convolution, both with the layer's stride
 * and in its groups. x (h, w, c); y (h / stride, w / stride, filters), rounded up.
 * In inference it is one 3x3 convolution with a bias: with s = gamma / sqrt(variance + eps) of
 * each branch, the kernel is the sum of s kernel, of which the 1x1 one and the identity stand in
 * the middle, and the bias the sum of beta - s mean.
 * Source: Ding et al. 2021 (arXiv 2101.03697). */
#include <math.h>
#include <rnframe/conv.h>

struct conf {
	int64_t filters, stride, groups;
	double eps, momentum;
	const struct rnf_ref *initializer;
	double l2;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_INT_REQUIRED(struct conf, filters, 1, 4096, "channels", "of the output"),
	RNF_INT(struct conf, stride, 1, 1, 64, "pixels", "from one window to the next"),
	RNF_INT(struct conf, groups, 1, 1, 4096, "", "of channels that see only each other"),
	RNF_FLOAT(struct conf, eps, 1e-3, 1e-12, 1, "", "added to the variances"),
	RNF_FLOAT(struct conf, momentum, 0.99, 0, 1, "",
		  "part of the running statistics that a step keeps"),
	RNF_REF(struct conf, initializer, "initializer", NULL,
		"of the kernels; default: the model's"),
	RNF_FLOAT(struct conf, l2, -1, -1, 1e6, "",
		  "weight of sum(kernel^2) in the loss; -1: the model's"));

enum { CONV3, CONV1, IDENTITY, BRANCHES };
static const struct { const char *conv, *norm; int64_t size; } names[BRANCHES] = {
	{ "conv3", "bn3", 3 }, { "conv1", "bn1", 1 }, { NULL, "bn", 0 },
};

struct branch {
	struct rnf_kernel_of of;
	rnf_val kernel, gamma, beta, mean, variance;
};

/* Of one place in the model; n: without the identity, or with it. */
struct layer {
	const struct conf *conf;
	rnf_val x;
	int64_t hwc[3]; /* of y */
	struct branch branches[BRANCHES];
	int n;
};

/* -- the branches folded; only in inference, so that none has a gradient -- */

struct fold {
	int64_t depth, filters, per; /* c / groups, filters, filters of a group */
	double eps;
	int n; /* branches */
};

/* in: gamma, variance */
static void factor(const void *self, const float *const *in, float *y)
{
	const struct fold *f = self;
	for (int64_t i = 0; i < f->filters; i++)
		y[i] = (float)(in[0][i] / sqrt(in[1][i] + f->eps));
}

/* in: beta, mean, factor */
static void shift(const void *self, const float *const *in, float *y)
{
	const struct fold *f = self;
	for (int64_t i = 0; i < f->filters; i++)
		y[i] = (float)(in[0][i] - (double)in[1][i] * in[2][i]);
}

/* in: a shift of each branch */
static void bias(const void *self, const float *const *in, float *y)
{
	const struct fold *f = self;
	for (int64_t i = 0; i < f->filters; i++) {
		double sum = 0;
		for (int b = 0; b < f->n; b++)
			sum += in[b][i];
		y[i] = (float)sum;
	}
}

/* y (depth, filters) += what stands in the middle. in: as below */
static void middle(const struct fold *f, const float *const *in, float *y)
{
	for (int64_t k = 0; k < f->depth * f->filters; k++)
		y[k] += in[2][k] * in[3][k % f->filters];
	for (int64_t o = 0; f->n > IDENTITY && o < f->filters; o++)
		y[o % f->per * f->filters + o] += in[4][o];
}

/* in: the 3x3 kernel and its factor, the 1x1 kernel and its factor, the identity's */
static void kernel(const void *self, const float *const *in, float *y)
{
	const struct fold *f = self;
	const int64_t tap = f->depth * f->filters;
	for (int64_t k = 0; k < 9 * tap; k++)
		y[k] = in[0][k] * in[1][k % f->filters];
	middle(f, in, y + 4 * tap);
}

#define DERIVE(n, f) { .size = sizeof(struct rnf_derive_impl), .n_in = n, .fwd = f }
static const struct rnf_derive_impl factor_impl = DERIVE(2, factor), shift_impl = DERIVE(3, shift);
static const struct rnf_derive_impl bias_impl[] = { DERIVE(2, bias), DERIVE(3, bias) };
static const struct rnf_derive_impl kernel_impl[] = { DERIVE(4, kernel), DERIVE(5, kernel) };

static struct rnf_window window(const struct layer *l, int64_t size)
{
	return (struct rnf_window){ .kernel_h = size, .kernel_w = size, .stride = l->conf->stride,
				    .pad_top = size / 2, .pad_left = size / 2,
				    .out_h = l->hwc[0], .out_w = l->hwc[1] };
}

static rnf_val convolve(const struct layer *l, struct rnf_graph *graph,
			const struct rnf_kernel_of *of, rnf_val w)
{
	const struct rnf_window over = window(l, of->size);
	return graph->conv2d(graph, l->x, w, &over, of->groups, rnf_algorithm_of(graph, of));
}

static rnf_val folded(const struct layer *l, struct rnf_graph *graph)
{
	const struct rnf_kernel_of *of = &l->branches[CONV3].of;
	const struct fold fold = { of->c / of->groups, of->filters, of->filters / of->groups,
				   l->conf->eps, l->n };
	const struct fold *self = rnf_keep(graph, &fold, sizeof fold);
	const int64_t *c = &of->filters, with_identity = l->n > IDENTITY;
	rnf_val kernels[2 * BRANCHES], shifts[BRANCHES];
	int64_t shape[4];
	rnf_kernel_shape(of, shape);
	for (int b = 0; b < l->n; b++) {
		const struct branch *from = &l->branches[b];
		const rnf_val in[] = { from->gamma, from->variance };
		const rnf_val s = graph->derive(graph, in, 2, 1, c, &factor_impl, self);
		const rnf_val of_shift[] = { from->beta, from->mean, s };
		shifts[b] = graph->derive(graph, of_shift, 3, 1, c, &shift_impl, self);
		if (b < IDENTITY) kernels[2 * b] = from->kernel;
		kernels[b < IDENTITY ? 2 * b + 1 : 2 * b] = s;
	}
	const rnf_val w = graph->derive(graph, kernels, 4 + (size_t)with_identity, 4, shape,
					&kernel_impl[with_identity], self);
	const rnf_val sum = graph->derive(graph, shifts, (size_t)l->n, 1, c,
					  &bias_impl[with_identity], self);
	return graph->bias(graph, convolve(l, graph, of, w), sum);
}

/* -- the branches apart, for training -- */

static rnf_val normalize(const struct layer *l, struct rnf_graph *graph, const struct branch *b,
			 rnf_val x)
{
	return graph->batch_norm(graph, x, b->gamma, b->beta, b->mean, b->variance, l->conf->eps,
				 l->conf->momentum);
}

static rnf_val branch(const struct layer *l, struct rnf_graph *graph, int i)
{
	const struct branch *b = &l->branches[i];
	rnf_val x = l->x;
	if (i != IDENTITY) {
		graph->enter(graph, names[i].conv);
		x = convolve(l, graph, &b->of, b->kernel);
		graph->leave(graph);
	}
	graph->enter(graph, names[i].norm);
	x = normalize(l, graph, b, x);
	graph->leave(graph);
	return x;
}

static rnf_val apart(const struct layer *l, struct rnf_graph *graph)
{
	rnf_val y = branch(l, graph, 0);
	for (int i = 1; i < l->n; i++)
		y = graph->add(graph, y, branch(l, graph, i));
	return y;
}

/* -- the weights, the same for both -- */

static struct branch declare(const struct conf *conf, struct rnf_graph *graph, int i, int64_t c)
{
	struct branch b = { .of = { .size = names[i].size, .stride = conf->stride,
		.groups = conf->groups, .c = c, .filters = conf->filters,
		.initializer = conf->initializer, .l2 = conf->l2 } };
	if (i != IDENTITY) {
		graph->enter(graph, names[i].conv);
		b.kernel = rnf_kernel(graph, &b.of);
		graph->leave(graph);
	}
	graph->enter(graph, names[i].norm);
	b.gamma = rnf_vector(graph, "gamma", conf->filters, 1);
	b.beta = rnf_vector(graph, "beta", conf->filters, 0);
	b.mean = rnf_statistics(graph, "moving_mean", conf->filters, 0);
	b.variance = rnf_statistics(graph, "moving_variance", conf->filters, 1);
	graph->leave(graph);
	return b;
}

static rnf_val lower(const void *self, struct rnf_graph *graph, const rnf_val *in, size_t n_in)
{
	const struct conf *conf = self;
	const int64_t stride = conf->stride;
	int64_t x[4] = { 0 };
	(void)n_in;
	if (in[0] < 0) return in[0];
	graph->shape(graph, in[0], x);
	const struct rnf_kernel_of of = { .groups = conf->groups, .c = x[3],
					  .filters = conf->filters };
	if (rnf_groups_fit(graph, &of, in[0]) < 0) return -1;
	struct layer l = { .conf = conf, .x = in[0],
			   .hwc = { (x[1] - 1) / stride + 1, (x[2] - 1) / stride + 1, conf->filters },
			   .n = stride == 1 && x[3] == conf->filters ? BRANCHES : IDENTITY };
	for (int i = 0; i < l.n; i++)
		l.branches[i] = declare(conf, graph, i, x[3]);
	return graph->training ? apart(&l, graph) : folded(&l, graph);
}

static const struct rnf_layer_impl impl = { .inputs = 1, .lower = lower };

RNF_PLUGIN(layer, rep_conv2d, "3x3 and 1x1 convolutions and x, normalised; in inference one", &params, impl);
