/* cbam: u = x gate(M(mean(x)) + M(max(x))), a channel; y = u gate(K * (mean(u), max(u))), a
 * pixel. M(v) = W2 act(W1 v) reads mean and maximum of the image; the k x k convolution K,
 * with zeros around, those of each pixel's channels.
 * x, y (h, w, c); W1 (c, c / ratio), W2 (c / ratio, c), K (k, k, 2, 1); no biases, no L2.
 * Source: Woo et al. 2018 (arXiv 1807.06521), equations 2 and 3. In PyTorch: x.mean and
 * x.amax, two bias-free torch.nn.Linear, torch.nn.Conv2d(2, 1, k, padding=k // 2,
 * bias=False), torch.sigmoid. */
#include <rnframe/layer.h>
#include <rnframe/sums.h>

struct conf {
	int64_t ratio, min_width, kernel;
	const struct rnf_ref *act, *gate;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_INT(struct conf, ratio, 16, 1, 4096, "", "channels of x for one in the middle, rounded down"),
	RNF_INT(struct conf, min_width, 1, 1, 4096, "channels", "in the middle, at least"),
	RNF_INT(struct conf, kernel, 7, 1, 64, "pixels", "height and width of the convolution"),
	RNF_REF(struct conf, act, "activation", "relu", "between the two layers"),
	RNF_REF(struct conf, gate, "activation", "sigmoid", "makes the factors"));

/* -- y = the mean and the largest of a pixel's channels -- */

/* The first of the largest; NaN counts as larger than all. */
RNF_INLINE int64_t find_largest(int64_t c, const float *x)
{
	int64_t at = 0;
	for (int64_t i = 1; i < c; i++)
		if (x[i] > x[at] || (x[i] != x[i] && x[at] == x[at])) at = i;
	return at;
}

RNF_MULTIARCH
static void describe(const void *self, const struct rnf_tile *tile, const float *const *in,
		     float *y)
{
	const int64_t c = tile->channels;
	const float *x = in[0];
	(void)self;
	for (int64_t p = 0; p < tile->pixels; p++, x += c, y += 2) {
		y[0] = rnf_sum(c, x) / (float)c;
		y[1] = x[find_largest(c, x)];
	}
}

RNF_MULTIARCH
static void describe_bwd(const void *self, const struct rnf_tile *tile, uint32_t i,
			 const float *const *in, const float *dy, float *dx)
{
	const int64_t c = tile->channels;
	const float *x = in[0];
	(void)self, (void)i;
	for (int64_t p = 0; p < tile->pixels; p++, x += c, dx += c, dy += 2) {
		const float each = dy[0] / (float)c;
		for (int64_t k = 0; k < c; k++)
			dx[k] = each;
		dx[find_largest(c, x)] += dy[1];
	}
}

static int64_t first_of_two(const void *self, int64_t i)
{
	(void)self;
	return i == 0 ? 0 : -1;
}

static int64_t second_of_two(const void *self, int64_t i)
{
	(void)self;
	return i == 1 ? 0 : -1;
}

static int32_t describe_formula(const void *self, struct rnf_formula *f, const int32_t *in)
{
	const int32_t mean = f->apply(f, RNF_FN_MEAN, in[0], 0);
	const int32_t largest = f->apply(f, RNF_FN_LARGEST, in[0], 0);
	(void)self;
	return f->apply(f, RNF_FN_ADD,
			f->take(f, mean, RNF_AXIS_CHANNELS, 2, first_of_two, NULL),
			f->take(f, largest, RNF_AXIS_CHANNELS, 2, second_of_two, NULL));
}

static const uint32_t describe_roles[] = { RNF_IN_TILE };
static const struct rnf_row_impl describe_row = {
	.size = sizeof describe_row, .n_in = 1, .roles = describe_roles, .fwd = describe,
	.bwd = describe_bwd, .formula = describe_formula,
};

/* -- y = x m, a pixel -- */

RNF_INLINE void weigh_each(const struct rnf_tile *tile, const float *x, const float *m, float *y)
{
	const int64_t c = tile->channels;
	for (int64_t p = 0; p < tile->pixels; p++, x += c, y += c) {
		const float factor = m[p];
		for (int64_t i = 0; i < c; i++)
			y[i] = x[i] * factor;
	}
}

RNF_MULTIARCH
static void weigh(const void *self, const struct rnf_tile *tile, const float *const *in, float *y)
{
	(void)self;
	weigh_each(tile, in[0], in[1], y);
}

RNF_MULTIARCH
static void weigh_bwd(const void *self, const struct rnf_tile *tile, uint32_t i,
		      const float *const *in, const float *dy, float *d)
{
	const int64_t c = tile->channels;
	(void)self;
	if (i == 0)
		weigh_each(tile, dy, in[1], d);
	else
		for (int64_t p = 0; p < tile->pixels; p++)
			d[p] = rnf_dot(c, in[0] + p * c, dy + p * c);
}

static int32_t weigh_formula(const void *self, struct rnf_formula *f, const int32_t *in)
{
	(void)self;
	return f->apply(f, RNF_FN_MUL, in[0], in[1]);
}

static const uint32_t weigh_roles[] = { RNF_IN_TILE, RNF_IN_MAP };
static const uint32_t weigh_reads[] = { 1 << 1, 1 << 0 };
static const struct rnf_row_impl weigh_row = {
	.size = sizeof weigh_row, .flags = RNF_ROW_CHEAP | RNF_ROW_IN_PLACE, .n_in = 2,
	.roles = weigh_roles, .reads = weigh_reads, .fwd = weigh, .bwd = weigh_bwd,
	.formula = weigh_formula,
};

/* -- the layer -- */

static rnf_val matrix(struct rnf_graph *graph, const char *label, int64_t from, int64_t to)
{
	graph->enter(graph, label);
	const rnf_val w = graph->weight(graph, &(struct rnf_weight){
		.name = "kernel", .rank = 2, .shape = { from, to }, .fan_in = from, .fan_out = to,
		.initializer = graph->initializer });
	graph->leave(graph);
	return w;
}

static rnf_val of_channels(const struct conf *conf, struct rnf_graph *graph, rnf_val x)
{
	static const char *const labels[] = { "average_act", "maximum_act" };
	const rnf_val pooled[] = { graph->global_avgpool(graph, x),
				   graph->global_maxpool(graph, x) };
	int64_t nhwc[4] = { 0 };
	rnf_val both[2];
	graph->shape(graph, x, nhwc);
	const int64_t c = nhwc[3], divided = c / conf->ratio;
	const int64_t width = divided < conf->min_width ? conf->min_width : divided;
	const rnf_val squeeze = matrix(graph, "squeeze", c, width);
	const rnf_val excite = matrix(graph, "excite", width, c);
	for (int i = 0; i < 2; i++) {
		both[i] = graph->matmul(graph, pooled[i], squeeze);
		both[i] = graph->use(graph, conf->act, labels[i], &both[i], 1, NULL, 0);
		both[i] = graph->matmul(graph, both[i], excite);
	}
	const rnf_val s = graph->add(graph, both[0], both[1]);
	return graph->use(graph, conf->gate, "channel_gate", &s, 1, NULL, 0);
}

static rnf_val of_pixels(const struct conf *conf, struct rnf_graph *graph, rnf_val x)
{
	const struct rnf_setting settings[] = {
		RNF_SET_INT("filters", 1),
		RNF_SET_INT("kernel", conf->kernel),
		RNF_SET_FLOAT("l2", 0),
	};
	rnf_val m = graph->rows(graph, &x, 1, 2, &describe_row, NULL);
	m = graph->node(graph, "conv2d", "spatial", &m, 1, settings, 3);
	return graph->use(graph, conf->gate, "pixel_gate", &m, 1, NULL, 0);
}

static rnf_val lower(const void *self, struct rnf_graph *graph, const rnf_val *in, size_t n_in)
{
	(void)n_in;
	if (in[0] < 0) return in[0];
	const rnf_val x = graph->scale(graph, in[0], of_channels(self, graph, in[0]));
	return graph->rows(graph, (rnf_val[]){ x, of_pixels(self, graph, x) }, 2, 0, &weigh_row,
			   NULL);
}

static const struct rnf_layer_impl impl = { .inputs = 1, .lower = lower };

RNF_PLUGIN(layer, cbam, "channels, then pixels weighed by means and maxima", &params, impl);
