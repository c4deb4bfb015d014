/* misuse: a layer that asks the builder for something that it must refuse: one mistake,
 * chosen by name; "no" is the identity. In the tests x is an image of 8 x 8 x 4. */
#include <math.h>
#include <rnframe/rnframe.h>

static rnf_val weight(struct rnf_graph *g, const char *name, int32_t rank, int64_t a, int64_t b,
		      int64_t c, int64_t d)
{
	return g->weight(g, &(struct rnf_weight){ .name = name, .rank = rank,
						  .shape = { a, b, c, d }, .value = 1 });
}

static rnf_val vector(struct rnf_graph *g, const char *name, int64_t n, int32_t state)
{
	return g->weight(g, &(struct rnf_weight){ .name = name, .rank = 1, .shape = { n },
						  .state = state, .value = 1 });
}

/* -- convolutions -- */

static rnf_val conv(struct rnf_graph *g, rnf_val x, rnf_val kernel, struct rnf_window w)
{
	return g->conv2d(g, x, kernel, &w, 1, RNF_ALGORITHM_AUTO);
}

static struct rnf_window good(void)
{
	return (struct rnf_window){ 3, 3, 1, 1, 1, 8, 8 };
}

static rnf_val kernel(struct rnf_graph *g)
{
	return weight(g, "kernel", 4, 3, 3, 4, 4);
}

static rnf_val conv_window(struct rnf_graph *g, rnf_val x)
{
	return conv(g, x, kernel(g), (struct rnf_window){ 5, 5, 1, 2, 2, 8, 8 });
}

static rnf_val conv_stride(struct rnf_graph *g, rnf_val x)
{
	return conv(g, x, kernel(g), (struct rnf_window){ 3, 3, 0, 1, 1, 8, 8 });
}

static rnf_val conv_pad(struct rnf_graph *g, rnf_val x)
{
	return conv(g, x, kernel(g), (struct rnf_window){ 3, 3, 1, -1, 1, 8, 8 });
}

static rnf_val conv_pad_large(struct rnf_graph *g, rnf_val x)
{
	return conv(g, x, kernel(g), (struct rnf_window){ 3, 3, 1, 1, 3, 8, 8 });
}

static rnf_val conv_out(struct rnf_graph *g, rnf_val x)
{
	return conv(g, x, kernel(g), (struct rnf_window){ 3, 3, 1, 1, 1, 10, 8 });
}

static rnf_val conv_no_out(struct rnf_graph *g, rnf_val x)
{
	return conv(g, x, kernel(g), (struct rnf_window){ 3, 3, 1, 1, 1, 8, 0 });
}

static rnf_val conv_huge(struct rnf_graph *g, rnf_val x)
{
	return conv(g, x, kernel(g), (struct rnf_window){ 3, 3, INT64_MAX, 1, 1, 1, 1 });
}

static rnf_val conv_no_window(struct rnf_graph *g, rnf_val x)
{
	return g->conv2d(g, x, kernel(g), NULL, 1, RNF_ALGORITHM_AUTO);
}

static rnf_val conv_image_kernel(struct rnf_graph *g, rnf_val x)
{
	return conv(g, x, x, good());
}

static rnf_val conv_weight_image(struct rnf_graph *g, rnf_val x)
{
	(void)x;
	return conv(g, kernel(g), weight(g, "other", 4, 3, 3, 4, 4), good());
}

static rnf_val conv_rank(struct rnf_graph *g, rnf_val x)
{
	return conv(g, x, weight(g, "kernel", 2, 36, 4, 0, 0), good());
}

static rnf_val conv_groups(struct rnf_graph *g, rnf_val x)
{
	const struct rnf_window w = good();
	return g->conv2d(g, x, weight(g, "kernel", 4, 3, 3, 2, 3), &w, 2, RNF_ALGORITHM_AUTO);
}

static rnf_val conv_no_groups(struct rnf_graph *g, rnf_val x)
{
	const struct rnf_window w = good();
	return g->conv2d(g, x, kernel(g), &w, 0, RNF_ALGORITHM_AUTO);
}

static rnf_val conv_algorithm(struct rnf_graph *g, rnf_val x)
{
	const struct rnf_window w = good();
	return g->conv2d(g, x, kernel(g), &w, 1, (enum rnf_algorithm)7);
}

static rnf_val conv_winograd(struct rnf_graph *g, rnf_val x)
{
	const struct rnf_window w = { 1, 1, 1, 0, 0, 8, 8 };
	return g->conv2d(g, x, weight(g, "kernel", 4, 1, 1, 4, 4), &w, 1,
			 RNF_ALGORITHM_WINOGRAD);
}

/* -- other operands -- */

static rnf_val matmul_short(struct rnf_graph *g, rnf_val x)
{
	return g->matmul(g, x, weight(g, "w", 2, 3, 5, 0, 0));
}

static rnf_val matmul_image(struct rnf_graph *g, rnf_val x)
{
	return g->matmul(g, x, x);
}

static rnf_val bias_short(struct rnf_graph *g, rnf_val x)
{
	return g->bias(g, x, vector(g, "b", 1, 0));
}

static rnf_val bias_image(struct rnf_graph *g, rnf_val x)
{
	return g->bias(g, x, x);
}

static rnf_val norm(struct rnf_graph *g, rnf_val x, int64_t c, int32_t state, double eps,
		    double momentum)
{
	const rnf_val gamma = vector(g, "gamma", c, 0), beta = vector(g, "beta", 4, 0);
	return g->batch_norm(g, x, gamma, beta, vector(g, "mean", 4, state),
			     vector(g, "variance", 4, 1), eps, momentum);
}

static rnf_val norm_gamma(struct rnf_graph *g, rnf_val x)
{
	return norm(g, x, 1, 1, 1e-3, 0.9);
}

static rnf_val norm_trained_mean(struct rnf_graph *g, rnf_val x)
{
	return norm(g, x, 4, 0, 1e-3, 0.9);
}

static rnf_val norm_eps(struct rnf_graph *g, rnf_val x)
{
	return norm(g, x, 4, 1, NAN, 0.9);
}

static rnf_val norm_momentum(struct rnf_graph *g, rnf_val x)
{
	return norm(g, x, 4, 1, 1e-3, 2);
}

static rnf_val scale_weight(struct rnf_graph *g, rnf_val x)
{
	return g->scale(g, x, vector(g, "s", 4, 0));
}

static rnf_val scale_image(struct rnf_graph *g, rnf_val x)
{
	return g->scale(g, x, x);
}

static rnf_val add_weight(struct rnf_graph *g, rnf_val x)
{
	return g->add(g, x, vector(g, "b", 256, 0));
}

static rnf_val add_shapes(struct rnf_graph *g, rnf_val x)
{
	return g->add(g, x, g->global_avgpool(g, x));
}

static rnf_val reshape_size(struct rnf_graph *g, rnf_val x)
{
	return g->reshape(g, x, 8, 5, 4);
}

static rnf_val concat_many(struct rnf_graph *g, rnf_val x)
{
	const rnf_val y = g->global_avgpool(g, x);
	return g->concat(g, (const rnf_val[]){ x, x, x, x, x, x, x, x, x, x, x, y }, 12);
}

static rnf_val concat_nothing(struct rnf_graph *g, rnf_val x)
{
	return g->concat(g, &x, 0);
}

static rnf_val mul_shapes(struct rnf_graph *g, rnf_val x)
{
	return g->mul(g, x, g->global_avgpool(g, x));
}

static rnf_val concat_shapes(struct rnf_graph *g, rnf_val x)
{
	return g->concat(g, (const rnf_val[]){ x, g->global_avgpool(g, x) }, 2);
}

static rnf_val pool_nothing(struct rnf_graph *g, rnf_val x)
{
	const struct rnf_window w = { 2, 2, 2, 0, 0, 5, 4 };
	return g->avgpool(g, x, &w);
}

static rnf_val pool_kernel(struct rnf_graph *g, rnf_val x)
{
	const struct rnf_window w = { 0, 2, 2, 0, 0, 4, 4 };
	return g->maxpool(g, x, &w);
}

/* -- values -- */

static rnf_val value_far(struct rnf_graph *g, rnf_val x)
{
	return g->add(g, x, 9999);
}

static rnf_val value_negative(struct rnf_graph *g, rnf_val x)
{
	(void)x;
	return g->global_avgpool(g, -7);
}

static rnf_val value_shape(struct rnf_graph *g, rnf_val x)
{
	int64_t nhwc[4];
	g->shape(g, 9999, nhwc);
	return x;
}

static rnf_val value_to_layer(struct rnf_graph *g, rnf_val x)
{
	const rnf_val far = x + 9999;
	return g->node(g, "global_avgpool", "pool", &far, 1, NULL, 0);
}

static rnf_val weight_to_layer(struct rnf_graph *g, rnf_val x)
{
	const rnf_val w = kernel(g);
	(void)x;
	return g->node(g, "global_avgpool", "pool", &w, 1, NULL, 0);
}

static rnf_val gives_far(struct rnf_graph *g, rnf_val x)
{
	(void)g, (void)x;
	return 9999;
}

static rnf_val gives_weight(struct rnf_graph *g, rnf_val x)
{
	(void)x;
	return kernel(g);
}

static rnf_val gives_nothing(struct rnf_graph *g, rnf_val x)
{
	(void)g, (void)x;
	return -1;
}

/* -- functions -- */

static void same(const void *self, const struct rnf_tile *tile, size_t n, const float *x, float *y)
{
	(void)self, (void)tile;
	for (size_t i = 0; i < n; i++)
		y[i] = x[i];
}

static rnf_val impl_null(struct rnf_graph *g, rnf_val x)
{
	return g->pointwise(g, x, NULL, NULL);
}

static rnf_val impl_no_fwd(struct rnf_graph *g, rnf_val x)
{
	static const struct rnf_activation_impl none;
	return g->pointwise(g, x, &none, NULL);
}

static rnf_val impl_no_bwd(struct rnf_graph *g, rnf_val x)
{
	static const struct rnf_activation_impl half = { .fwd = same };
	return g->pointwise(g, x, &half, NULL);
}

/* -- weights -- */

static rnf_val use(struct rnf_graph *g, rnf_val x, struct rnf_weight w)
{
	return g->bias(g, x, g->weight(g, &w));
}

static rnf_val weight_null(struct rnf_graph *g, rnf_val x)
{
	return g->bias(g, x, g->weight(g, NULL));
}

static rnf_val weight_rank(struct rnf_graph *g, rnf_val x)
{
	return use(g, x, (struct rnf_weight){ .name = "b", .rank = 5, .shape = { 4, 1, 1, 1 } });
}

static rnf_val weight_shape(struct rnf_graph *g, rnf_val x)
{
	return use(g, x, (struct rnf_weight){ .name = "b", .rank = 2, .shape = { -2, -2 } });
}

static rnf_val weight_large(struct rnf_graph *g, rnf_val x)
{
	return use(g, x, (struct rnf_weight){ .name = "b", .rank = 4,
		   .shape = { (int64_t)1 << 32, (int64_t)1 << 32, 4, 1 } });
}

static rnf_val weight_no_name(struct rnf_graph *g, rnf_val x)
{
	return use(g, x, (struct rnf_weight){ .rank = 1, .shape = { 4 } });
}

static rnf_val weight_control(struct rnf_graph *g, rnf_val x)
{
	return use(g, x, (struct rnf_weight){ .name = "a\tb", .rank = 1, .shape = { 4 } });
}

static rnf_val weight_latin1(struct rnf_graph *g, rnf_val x)
{
	return use(g, x, (struct rnf_weight){ .name = "gr\xf6\xdf""e", .rank = 1, .shape = { 4 } });
}

static rnf_val weight_slash(struct rnf_graph *g, rnf_val x)
{
	return use(g, x, (struct rnf_weight){ .name = "a/b", .rank = 1, .shape = { 4 } });
}

static rnf_val weight_l2(struct rnf_graph *g, rnf_val x)
{
	return use(g, x, (struct rnf_weight){ .name = "b", .rank = 1, .shape = { 4 }, .l2 = -1 });
}

static rnf_val weight_value(struct rnf_graph *g, rnf_val x)
{
	return use(g, x, (struct rnf_weight){ .name = "b", .rank = 1, .shape = { 4 },
					      .value = NAN });
}

static rnf_val weight_fan_in(struct rnf_graph *g, rnf_val x)
{
	return use(g, x, (struct rnf_weight){ .name = "b", .rank = 1, .shape = { 4 }, .fan_in = -1 });
}

static rnf_val weight_fan_out(struct rnf_graph *g, rnf_val x)
{
	return use(g, x, (struct rnf_weight){ .name = "b", .rank = 1, .shape = { 4 },
					      .fan_out = -1 });
}

static rnf_val weight_training(struct rnf_graph *g, rnf_val x)
{
	return g->training ? g->bias(g, x, vector(g, "extra", 4, 0)) : x;
}

static rnf_val weight_inference(struct rnf_graph *g, rnf_val x)
{
	return g->training ? x : g->bias(g, x, vector(g, "extra", 4, 0));
}

static rnf_val weight_other_l2(struct rnf_graph *g, rnf_val x)
{
	return use(g, x, (struct rnf_weight){ .name = "b", .rank = 1, .shape = { 4 },
					      .l2 = 0.5 * g->training });
}

/* -- scopes -- */

static rnf_val scope_entered(struct rnf_graph *g, rnf_val x)
{
	g->enter(g, "a");
	return x;
}

static rnf_val scope_left(struct rnf_graph *g, rnf_val x)
{
	g->leave(g);
	return x;
}

static rnf_val scope_null(struct rnf_graph *g, rnf_val x)
{
	g->enter(g, NULL);
	return x;
}

static rnf_val scope_control(struct rnf_graph *g, rnf_val x)
{
	g->enter(g, "a\nb");
	g->leave(g);
	return x;
}

static rnf_val label_null(struct rnf_graph *g, rnf_val x)
{
	return g->node(g, "add", NULL, &x, 1, NULL, 0);
}

static rnf_val type_null(struct rnf_graph *g, rnf_val x)
{
	return g->node(g, NULL, "a", &x, 1, NULL, 0);
}

static rnf_val no(struct rnf_graph *g, rnf_val x)
{
	(void)g;
	return x;
}

#define MISTAKES(X) X(no) X(conv_window) X(conv_stride) X(conv_pad) X(conv_pad_large) X(conv_out) \
	X(conv_no_out) X(conv_huge) X(conv_no_window) X(conv_image_kernel) X(conv_weight_image) \
	X(conv_rank) X(conv_groups) X(conv_no_groups) X(conv_algorithm) X(conv_winograd) \
	X(matmul_short) X(matmul_image) X(bias_short) X(bias_image) X(norm_gamma) \
	X(norm_trained_mean) X(norm_eps) X(norm_momentum) X(scale_weight) X(scale_image) \
	X(add_weight) X(add_shapes) X(mul_shapes) X(concat_shapes) X(concat_many) \
	X(concat_nothing) X(reshape_size) X(pool_nothing) X(pool_kernel) X(value_far) \
	X(value_negative) X(value_shape) X(value_to_layer) X(weight_to_layer) X(gives_far) \
	X(gives_weight) X(gives_nothing) X(impl_null) X(impl_no_fwd) X(impl_no_bwd) \
	X(weight_null) X(weight_rank) X(weight_shape) X(weight_large) X(weight_no_name) \
	X(weight_control) X(weight_latin1) X(weight_slash) X(weight_l2) X(weight_value) \
	X(weight_fan_in) X(weight_fan_out) X(weight_training) X(weight_inference) \
	X(weight_other_l2) X(scope_entered) \
	X(scope_left) X(scope_null) X(scope_control) X(label_null) X(type_null)
#define WORD(name) #name,
#define FUNCTION(name) name,
static const char *const words[] = { MISTAKES(WORD) NULL };
static rnf_val (*const mistakes[])(struct rnf_graph *, rnf_val) = { MISTAKES(FUNCTION) };

struct conf {
	int32_t how;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_ENUM(struct conf, how, "no", words, "the mistake"));

static rnf_val lower(const void *self, struct rnf_graph *graph, const rnf_val *in, size_t n_in)
{
	(void)n_in;
	return mistakes[((const struct conf *)self)->how](graph, in[0]);
}

static const struct rnf_layer_impl impl = { .inputs = 1, .lower = lower };
RNF_PLUGIN(layer, misuse, "asks for what is refused", &params, impl)
