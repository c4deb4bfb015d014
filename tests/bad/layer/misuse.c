/* misuse: a layer that asks the builder for something that it must refuse: one mistake,
 * chosen by name; "no" is the identity. In the tests x is an image of 8 x 8 x 4. */
#include <math.h>

#include "misuse_windows.h"

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

static rnf_val norm_short_mean(struct rnf_graph *g, rnf_val x)
{
	return g->batch_norm(g, x, vector(g, "gamma", 4, 0), vector(g, "beta", 4, 0),
			     vector(g, "mean", 3, 1), vector(g, "variance", 4, 1), 1e-3, 0.9);
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
	return g->scale(g, x, vector(g, "s", 3, 0));
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

/* -- primitives of its own -- */

static void row_fwd(const void *self, const struct rnf_tile *tile, const float *const *in, float *y)
{
	(void)self, (void)tile, (void)in, (void)y;
}

static void row_bwd(const void *self, const struct rnf_tile *tile, uint32_t i,
		    const float *const *in, const float *dy, float *d)
{
	(void)self, (void)tile, (void)i, (void)in, (void)dy, (void)d;
}

static void image_fwd(const void *self, const struct rnf_tile *tile, const float *const *in,
		      float *y, float *scratch)
{
	(void)self, (void)tile, (void)in, (void)y, (void)scratch;
}

static void image_bwd(const void *self, const struct rnf_tile *tile, uint32_t i,
		      const float *const *in, const float *dy, float *d, float *scratch)
{
	(void)self, (void)tile, (void)i, (void)in, (void)dy, (void)d, (void)scratch;
}

/* Its second operand has that role; so the calls below differ in one thing each. */
static struct rnf_row_impl row(const uint32_t *roles)
{
	return (struct rnf_row_impl){ .size = sizeof(struct rnf_row_impl), .n_in = 2,
				      .roles = roles, .fwd = row_fwd, .bwd = row_bwd };
}

static rnf_val rows(struct rnf_graph *g, rnf_val x, rnf_val second, uint32_t role)
{
	const uint32_t roles[] = { RNF_IN_TILE, role };
	const struct rnf_row_impl impl = row(roles);
	return g->rows(g, (const rnf_val[]){ x, second }, 2, 0, &impl, NULL);
}

static const uint32_t two_tiles[] = { RNF_IN_TILE, RNF_IN_TILE };

static rnf_val rows_in(struct rnf_graph *g, rnf_val x)
{
	const struct rnf_row_impl impl = row(two_tiles);
	(void)x;
	return g->rows(g, NULL, 2, 0, &impl, NULL);
}

static rnf_val rows_impl(struct rnf_graph *g, rnf_val x)
{
	return g->rows(g, &x, 1, 0, NULL, NULL);
}

static rnf_val rows_of(struct rnf_graph *g, rnf_val x, size_t n, struct rnf_row_impl impl)
{
	return g->rows(g, (const rnf_val[]){ x, x }, n, 0, &impl, NULL);
}

static rnf_val rows_size(struct rnf_graph *g, rnf_val x)
{
	struct rnf_row_impl impl = row(two_tiles);
	impl.size = 0;
	return rows_of(g, x, 2, impl);
}

static rnf_val rows_no_roles(struct rnf_graph *g, rnf_val x)
{
	return rows_of(g, x, 2, row(NULL));
}

static rnf_val rows_no_bwd(struct rnf_graph *g, rnf_val x)
{
	struct rnf_row_impl impl = row(two_tiles);
	impl.bwd = NULL;
	return rows_of(g, x, 2, impl);
}

static rnf_val rows_none(struct rnf_graph *g, rnf_val x)
{
	struct rnf_row_impl impl = row(two_tiles);
	impl.n_in = 0;
	return rows_of(g, x, 0, impl);
}

static rnf_val rows_many(struct rnf_graph *g, rnf_val x)
{
	struct rnf_row_impl impl = row(two_tiles);
	impl.n_in = RNF_IN_MAX + 1;
	return rows_of(g, x, 2, impl);
}

static rnf_val rows_count(struct rnf_graph *g, rnf_val x)
{
	return rows_of(g, x, 1, row(two_tiles));
}

static rnf_val rows_reads(struct rnf_graph *g, rnf_val x)
{
	static const uint32_t reads[] = { 1 << 0, 1 << 2 };
	struct rnf_row_impl impl = row(two_tiles);
	impl.reads = reads;
	return rows_of(g, x, 2, impl);
}

static rnf_val rows_first(struct rnf_graph *g, rnf_val x)
{
	static const uint32_t roles[] = { RNF_IN_MAP, RNF_IN_TILE };
	return rows_of(g, x, 2, row(roles));
}

static rnf_val rows_whole(struct rnf_graph *g, rnf_val x)
{
	return rows(g, x, x, RNF_IN_IMAGE);
}

static rnf_val rows_role(struct rnf_graph *g, rnf_val x)
{
	return rows(g, x, x, 99);
}

static rnf_val rows_far(struct rnf_graph *g, rnf_val x)
{
	return rows(g, x, 9999, RNF_IN_TILE);
}

static rnf_val rows_tile(struct rnf_graph *g, rnf_val x)
{
	return rows(g, x, g->global_avgpool(g, x), RNF_IN_TILE);
}

static rnf_val rows_plane(struct rnf_graph *g, rnf_val x)
{
	return rows(g, x, g->global_avgpool(g, x), RNF_IN_PLANE);
}

static rnf_val rows_map(struct rnf_graph *g, rnf_val x)
{
	return rows(g, x, x, RNF_IN_MAP);
}

static rnf_val rows_vector(struct rnf_graph *g, rnf_val x)
{
	return rows(g, x, x, RNF_IN_VECTOR);
}

static rnf_val rows_scalar(struct rnf_graph *g, rnf_val x)
{
	return rows(g, x, g->global_avgpool(g, x), RNF_IN_SCALAR);
}

static rnf_val rows_weight(struct rnf_graph *g, rnf_val x)
{
	return rows(g, x, x, RNF_IN_WEIGHT);
}

static rnf_val rows_state(struct rnf_graph *g, rnf_val x)
{
	return rows(g, x, vector(g, "s", 4, 1), RNF_IN_WEIGHT);
}

static rnf_val rows_weight_tile(struct rnf_graph *g, rnf_val x)
{
	return rows(g, x, vector(g, "w", 4, 0), RNF_IN_TILE);
}

static const int64_t shape[3] = { 8, 8, 4 };

static rnf_val image_of(struct rnf_graph *g, rnf_val x, const uint32_t *roles, const int64_t *hwc)
{
	const struct rnf_image_impl impl = {
		.size = sizeof impl, .n_in = 1, .roles = roles, .fwd = image_fwd,
		.bwd = image_bwd };
	return g->image(g, &x, 1, hwc, &impl, NULL);
}

static const uint32_t one_image[] = { RNF_IN_IMAGE };

static rnf_val image_hwc(struct rnf_graph *g, rnf_val x)
{
	return image_of(g, x, one_image, NULL);
}

static rnf_val image_impl(struct rnf_graph *g, rnf_val x)
{
	return g->image(g, &x, 1, shape, NULL, NULL);
}

static rnf_val image_no_fwd(struct rnf_graph *g, rnf_val x)
{
	const struct rnf_image_impl impl = {
		.size = sizeof impl, .n_in = 1, .roles = one_image, .bwd = image_bwd };
	return g->image(g, &x, 1, shape, &impl, NULL);
}

static rnf_val image_role(struct rnf_graph *g, rnf_val x)
{
	static const uint32_t roles[] = { RNF_IN_TILE };
	return image_of(g, x, roles, shape);
}

static rnf_val image_empty(struct rnf_graph *g, rnf_val x)
{
	return image_of(g, x, one_image, (const int64_t[]){ 8, 0, 4 });
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
	X(conv_dilation) X(conv_dilated_pad) X(conv_border) X(conv_reflect) X(conv_reflect_window) \
	X(conv_dilated_winograd) X(pool_no_window) X(pool_between) \
	X(slice_from) X(slice_channels) X(slice_far) X(slice_weight) \
	X(matmul_short) X(matmul_image) X(bias_short) X(bias_image) X(norm_gamma) \
	X(norm_trained_mean) X(norm_short_mean) X(norm_eps) X(norm_momentum) X(scale_weight) \
	X(scale_image) \
	X(add_weight) X(add_shapes) X(mul_shapes) X(concat_shapes) X(concat_many) \
	X(concat_nothing) X(reshape_size) X(pool_nothing) X(pool_kernel) X(value_far) \
	X(value_negative) X(value_shape) X(value_to_layer) X(weight_to_layer) X(gives_far) \
	X(gives_weight) X(gives_nothing) X(impl_null) X(impl_no_fwd) X(impl_no_bwd) \
	X(weight_null) X(weight_rank) X(weight_shape) X(weight_large) X(weight_no_name) \
	X(weight_control) X(weight_latin1) X(weight_slash) X(weight_l2) X(weight_value) \
	X(weight_fan_in) X(weight_fan_out) X(weight_training) X(weight_inference) \
	X(weight_other_l2) X(scope_entered) \
	X(scope_left) X(scope_null) X(scope_control) X(label_null) X(type_null) \
	X(rows_in) X(rows_impl) X(rows_size) X(rows_no_roles) X(rows_no_bwd) X(rows_none) \
	X(rows_many) X(rows_count) X(rows_reads) X(rows_first) X(rows_whole) X(rows_role) \
	X(rows_far) X(rows_tile) X(rows_plane) X(rows_map) X(rows_vector) X(rows_scalar) \
	X(rows_weight) X(rows_state) X(rows_weight_tile) X(image_hwc) X(image_impl) \
	X(image_no_fwd) X(image_role) X(image_empty)
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
