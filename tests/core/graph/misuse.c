/* A layer that asks the builder for what makes no sense is refused when the graph is built:
 * with its place in the conf, its label, its plugin, and what was expected. */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "lib/bad.h"
#include "lib/built.h"
#include "plugin/loader.h"

/* What of tests/bad/layer/misuse.c is asked for, and the words after the layer's. */
static const struct {
	const char *how;
	rnf_status status; /* EINVAL: the conf may have caused it */
	const char *words;
} rows[] = {
	{ "conv_window", RNF_EPLUGIN,
	  "conv2d: kernel is the weight m/kernel of 3 x 3 x 4 x 4, must be a weight of 5 "
	  "x 5 x 4 x any" },
	{ "conv_stride", RNF_EPLUGIN, "conv2d: stride is 0, must be 1 .. 65536" },
	{ "conv_pad", RNF_EPLUGIN, "conv2d: pad_top is -1, must be 0 .. 2, below kernel_h" },
	{ "conv_pad_large", RNF_EPLUGIN,
	  "conv2d: pad_left is 3, must be 0 .. 2, below kernel_w" },
	{ "conv_out", RNF_EPLUGIN,
	  "conv2d: out_h is 10, must be 1 .. 9: a window of stride 1 behind those meets "
	  "none of the 8 rows of x" },
	{ "conv_no_out", RNF_EPLUGIN,
	  "conv2d: out_w is 0, must be 1 .. 9: a window of stride 1 behind those meets "
	  "none of the 8 columns of x" },
	{ "conv_huge", RNF_EPLUGIN,
	  "conv2d: stride is 9223372036854775807, must be 1 .. 65536" },
	{ "conv_no_window", RNF_EPLUGIN, "conv2d: its window is NULL" },
	{ "conv_image_kernel", RNF_EPLUGIN,
	  "conv2d: kernel is an image of 8 x 8 x 4, must be a weight of 3 x 3 x 4 x any" },
	{ "conv_weight_image", RNF_EPLUGIN,
	  "conv2d: x is the weight m/kernel of 3 x 3 x 4 x 4, must be an image" },
	{ "conv_rank", RNF_EPLUGIN,
	  "conv2d: kernel is the weight m/kernel of 36 x 4, must be a weight of 3 x 3 x "
	  "4 x any" },
	{ "conv_groups", RNF_EPLUGIN,
	  "conv2d: groups is 2, must divide both the 4 channels of x and the 3 of the kernel" },
	{ "conv_no_groups", RNF_EPLUGIN, "conv2d: groups is 0, must be 1 or more" },
	{ "conv_algorithm", RNF_EPLUGIN, "conv2d: algorithm is 7, must be 0 .. 2" },
	{ "conv_winograd", RNF_EPLUGIN,
	  "conv2d: the algorithm winograd is for dense 3 x 3 kernels of stride 1 and dilation 1" },
	{ "conv_dilated_winograd", RNF_EPLUGIN,
	  "conv2d: the algorithm winograd is for dense 3 x 3 kernels of stride 1 and dilation 1" },
	{ "conv_dilation", RNF_EPLUGIN, "conv2d: dilation is -2, must be 0 .. 65536" },
	{ "conv_dilated_pad", RNF_EPLUGIN,
	  "conv2d: pad_left is 5, must be 0 .. 4, below the pixels that dilation makes of "
	  "kernel_w" },
	{ "conv_border", RNF_EPLUGIN, "conv2d: border is 3, must be 0 .. 2" },
	{ "conv_reflect", RNF_EINVAL,
	  "border is \"reflect\": the windows reach 8 rows over the edge, must be at most 7 "
	  "where the input has 8" },
	{ "conv_reflect_window", RNF_EPLUGIN,
	  "conv2d: kernel is the weight m/kernel of 3 x 3 x 4 x 4, must be a weight of 5 "
	  "x 5 x 4 x any" },
	{ "pool_no_window", RNF_EPLUGIN, "maxpool: its window is NULL" },
	{ "pool_between", RNF_EINVAL,
	  "maxpool: dilation is 10, too wide for the 8 rows of x: window 1 has none of them" },
	{ "slice_from", RNF_EPLUGIN, "slice: from is -1, must be 0 or more" },
	{ "slice_channels", RNF_EPLUGIN, "channels is 0, must be 1 or more" },
	{ "slice_far", RNF_EINVAL, "slice: 3 channels from 2 on are more than the 4 of x" },
	{ "slice_weight", RNF_EPLUGIN,
	  "slice: x is the weight m/kernel of 3 x 3 x 4 x 4, must be an image" },
	{ "matmul_short", RNF_EPLUGIN,
	  "matmul: w is the weight m/w of 3 x 5, must be a weight of 4 x any" },
	{ "matmul_image", RNF_EPLUGIN,
	  "matmul: w is an image of 8 x 8 x 4, must be a weight of 4 x any" },
	{ "bias_short", RNF_EPLUGIN,
	  "bias: b is the weight m/b of 1, must be a weight of 4 values, one a channel" },
	{ "bias_image", RNF_EPLUGIN,
	  "bias: b is an image of 8 x 8 x 4, must be a weight of 4 values, one a channel" },
	{ "norm_gamma", RNF_EPLUGIN,
	  "batch_norm: gamma is the weight m/gamma of 1, must be a weight of 4 values, "
	  "one a channel" },
	{ "norm_trained_mean", RNF_EPLUGIN,
	  "batch_norm: mean is the weight m/mean of 4, must be running statistics (state "
	  "= 1) of 4 values, one a channel" },
	{ "norm_short_mean", RNF_EPLUGIN,
	  "batch_norm: mean is the statistics m/mean of 3, must be running statistics (state "
	  "= 1) of 4 values, one a channel" },
	{ "norm_eps", RNF_EPLUGIN, "batch_norm: eps is nan, must be a number above 0" },
	{ "norm_momentum", RNF_EPLUGIN, "batch_norm: momentum is 2, must be 0 .. 1" },
	{ "scale_weight", RNF_EPLUGIN,
	  "scale: s is the weight m/s of 3, must be a weight of 4 values, one a channel" },
	{ "scale_image", RNF_EINVAL,
	  "scale: s is an image of 8 x 8 x 4, must be an image of 1 x 1 x 4" },
	{ "add_weight", RNF_EPLUGIN,
	  "add: b is the weight m/b of 256, must be an image of 8 x 8 x 4" },
	{ "add_shapes", RNF_EINVAL,
	  "add: b is an image of 1 x 1 x 4, must be an image of 8 x 8 x 4" },
	{ "mul_shapes", RNF_EINVAL,
	  "mul: b is an image of 1 x 1 x 4, must be an image of 8 x 8 x 4" },
	{ "reshape_size", RNF_EINVAL,
	  "reshape: 8 x 5 x 4 is not the size of x, an image of 8 x 8 x 4" },
	{ "concat_many", RNF_EINVAL,
	  "concat: input 12 is an image of 1 x 1 x 4, must be an image of 8 x 8 x any" },
	{ "concat_nothing", RNF_EPLUGIN, "concat: it has no inputs" },
	{ "concat_shapes", RNF_EINVAL,
	  "concat: input 2 is an image of 1 x 1 x 4, must be an image of 8 x 8 x any" },
	{ "pool_nothing", RNF_EPLUGIN,
	  "avgpool: out_h is 5, must be 1 .. 4: a window of stride 2 behind those meets "
	  "none of the 8 rows of x" },
	{ "pool_kernel", RNF_EPLUGIN, "maxpool: kernel_h is 0, must be 1 .. 65536" },
	{ "value_far", RNF_EPLUGIN, "add: b is 9999, no value of this graph" },
	{ "value_negative", RNF_EPLUGIN, "global_avgpool: x is -7, no value of this graph" },
	{ "value_shape", RNF_EPLUGIN, "shape: 9999 is no value of this graph" },
	{ "value_to_layer", RNF_EPLUGIN,
	  "an input of another layer is 10001, no value of this graph" },
	{ "weight_to_layer", RNF_EPLUGIN,
	  "an input of another layer is a weight, must be an image" },
	{ "gives_far", RNF_EPLUGIN, "its result is 9999, no value of this graph" },
	{ "gives_weight", RNF_EPLUGIN, "its result is a weight, must be an image" },
	{ "gives_nothing", RNF_EPLUGIN, "it returns no value and reports no failure" },
	{ "impl_null", RNF_EPLUGIN,
	  "pointwise: impl is NULL, must be an activation with fwd and bwd" },
	{ "impl_no_fwd", RNF_EPLUGIN,
	  "pointwise: fwd is NULL, must be an activation with fwd and bwd" },
	{ "impl_no_bwd", RNF_EPLUGIN,
	  "pointwise: bwd is NULL, must be an activation with fwd and bwd" },
	{ "rows_in", RNF_EPLUGIN, "rows: in is NULL" },
	{ "rows_impl", RNF_EPLUGIN, "rows: impl is NULL" },
	{ "rows_size", RNF_EPLUGIN, "rows: its impl has no size, roles, fwd or bwd" },
	{ "rows_no_roles", RNF_EPLUGIN, "rows: its impl has no size, roles, fwd or bwd" },
	{ "rows_no_bwd", RNF_EPLUGIN, "rows: its impl has no size, roles, fwd or bwd" },
	{ "rows_none", RNF_EPLUGIN, "rows: n_in is 0, must be 1 .. 7" },
	{ "rows_many", RNF_EPLUGIN, "rows: n_in is 8, must be 1 .. 7" },
	{ "rows_count", RNF_EPLUGIN, "rows: gets 1 operands, its impl has 2" },
	{ "rows_reads", RNF_EPLUGIN, "rows: reads[1] names operands that it has not" },
	{ "rows_first", RNF_EPLUGIN, "rows: the role of in[0] is a map, must be a tile" },
	{ "rows_whole", RNF_EPLUGIN,
	  "rows: the role of in[1] is an image, must be any but an image" },
	{ "rows_role", RNF_EPLUGIN, "rows: the role of in[1] is none, must be any but an image" },
	{ "rows_far", RNF_EPLUGIN, "rows: in[1] is 9999, no value of this graph" },
	{ "rows_tile", RNF_EINVAL,
	  "rows: in[1] is an image of 1 x 1 x 4, must be an image of 8 x 8 x 4" },
	{ "rows_plane", RNF_EINVAL,
	  "rows: in[1] is an image of 1 x 1 x 4, must be an image of 8 x 8 x any" },
	{ "rows_map", RNF_EINVAL,
	  "rows: in[1] is an image of 8 x 8 x 4, must be an image of 8 x 8 x 1" },
	{ "rows_vector", RNF_EINVAL,
	  "rows: in[1] is an image of 8 x 8 x 4, must be an image of 1 x 1 x 4" },
	{ "rows_scalar", RNF_EINVAL,
	  "rows: in[1] is an image of 1 x 1 x 4, must be an image of 1 x 1 x 1" },
	{ "rows_weight", RNF_EPLUGIN, "rows: in[1] is an image of 8 x 8 x 4, must be a weight" },
	{ "rows_state", RNF_EPLUGIN, "rows: in[1] is the statistics m/s of 4, must be a weight" },
	{ "rows_weight_tile", RNF_EPLUGIN,
	  "rows: in[1] is the weight m/w of 4, must be an image of 8 x 8 x 4" },
	{ "image_hwc", RNF_EPLUGIN, "image: hwc is NULL" },
	{ "image_impl", RNF_EPLUGIN, "image: impl is NULL" },
	{ "image_no_fwd", RNF_EPLUGIN, "image: its impl has no size, roles, fwd or bwd" },
	{ "image_role", RNF_EPLUGIN,
	  "image: the role of in[0] is a tile, must be an image or a weight" },
	{ "image_empty", RNF_EINVAL, "misuse: its output would be 8 x 0 x 4" },
	{ "weight_null", RNF_EPLUGIN, "weight: the description is NULL" },
	{ "weight_rank", RNF_EPLUGIN, "weight b: rank is 5, must be 1 .. 4" },
	{ "weight_shape", RNF_EPLUGIN, "weight b: shape[0] is -2, must be 1 or more" },
	{ "weight_large", RNF_EPLUGIN, "weight b: shape[0] is 4294967296, must be 1 or more" },
	{ "weight_no_name", RNF_EPLUGIN, "weight: its name is NULL" },
	{ "weight_control", RNF_EPLUGIN,
	  "weight: its name must be a text without control characters" },
	{ "weight_latin1", RNF_EPLUGIN, "weight: its name must be a text in valid UTF-8" },
	{ "weight_slash", RNF_EPLUGIN, "weight: its name must be without /" },
	{ "weight_l2", RNF_EPLUGIN, "weight b: l2 is -1, must be a number, 0 or more" },
	{ "weight_value", RNF_EPLUGIN, "weight b: value is nan, must be finite" },
	{ "weight_fan_in", RNF_EPLUGIN, "weight b: its fans are -1 and 0, must be 0 or more" },
	{ "weight_fan_out", RNF_EPLUGIN, "weight b: its fans are 0 and -1, must be 0 or more" },
	{ "weight_training", RNF_EPLUGIN, "the tensor m/extra is declared for training alone" },
	{ "weight_inference", RNF_EPLUGIN,
	  "the tensor m/extra is declared for inference alone" },
	{ "weight_other_l2", RNF_EPLUGIN,
	  "the tensor m/b differs between training and inference: in its shape, its l2" },
	{ "scope_entered", RNF_EPLUGIN, "it leaves 1 of its scopes open" },
	{ "scope_left", RNF_EPLUGIN, "it leaves a scope that it did not enter" },
	{ "scope_null", RNF_EPLUGIN, "a label must be a text, \"\" for none" },
	{ "scope_control", RNF_EPLUGIN, "a label must be a text without control characters" },
	{ "label_null", RNF_EPLUGIN, "it asks for a layer whose label is NULL" },
	{ "type_null", RNF_EPLUGIN, "it asks for a layer whose type is NULL" },
};

static const char conf_text[] =
	"model = { initializer = \"he_normal\";\n"
	"  layers = (\n"
	"    { type = \"conv2d\"; name = \"c1\"; filters = 4; },\n"
	"    { type = \"misuse\"; name = \"m\"; },\n"
	"    { type = \"global_avgpool\"; name = \"pool\"; },\n"
	"    { type = \"dense\"; name = \"classifier\"; } ); };\n"
	"data = { type = \"synthetic\"; height = 8; width = 8; };\n"
	"train = { metrics = \"accuracy\"; loss = \"crossentropy\"; scheduler = \"constant\";\n"
	"  optimizer = \"sgd\"; };\n";

static rnf_status build(struct rnf_experiment *e, const char *how, int first)
{
	const char *file = rnf_format("%s/misuse_%s.cfg", test_bad_plugins(), how);
	const char *set = rnf_format("model.layers.m.how=%s", how);
	FILE *f = fopen(file, "w");
	ck_assert_ptr_nonnull(f);
	fputs(conf_text, f);
	ck_assert_int_eq(fclose(f), 0);
	rnf_loader_path(test_bad_plugins());
	test_plugins_path();
	RNF_TRY(rnf_config_read(&e->conf, file, &set, 1));
	RNF_TRY(rnf_experiment_shapes(e));
	RNF_TRY(rnf_model_plan(&e->model, &e->conf, first, 1));
	return rnf_model_plan(&e->model, &e->conf, !first, 1);
}

static rnf_status plan(const char *how)
{
	return build(rnf_alloc(sizeof(struct rnf_experiment)), how, 0);
}

START_TEST(is_refused)
{
	const rnf_status status = plan(rows[_i].how);
	const char *words = rnf_fail_words(), *whose = "the plugin layer.misuse is wrong: ";
	ck_assert_msg(status == rows[_i].status, "%s: status %d, %s", rows[_i].how, status, words);
	ck_assert_msg(strstr(words, rows[_i].words) != NULL, "%s: %s\nwants: %s", rows[_i].how,
		      words, rows[_i].words);
	ck_assert_ptr_null(strchr(words, '\n'));
	if (!strncmp(rows[_i].words, "the tensor m/", 13)) return; /* names the layer itself */
	ck_assert_msg(strstr(words, ".cfg:4: model.layers[1]: layer m") != NULL, "%s", words);
	ck_assert_msg(!strstr(words, whose) == (status == RNF_EINVAL), "%s", words);
}
END_TEST

START_TEST(nothing_wrong_is_built)
{
	ck_assert_msg(plan("no") == RNF_OK, "%s", rnf_fail_words());
}
END_TEST

/* The program that is built first lists the weights, the other is checked against them. */
START_TEST(training_may_come_first)
{
	struct rnf_experiment *e = rnf_alloc(sizeof *e);
	ck_assert_msg(build(e, "no", 1) == RNF_OK, "%s", rnf_fail_words());
	ck_assert_ptr_eq(e->model.weights.at, e->model.programs[1]->weights);
	ck_assert_uint_eq(e->model.weights.n, e->model.programs[0]->n_weights);
	ck_assert_int_eq(e->model.weights.block, e->model.programs[0]->block);
	for (size_t i = 0; i < TEST_ROWS(rows); i++) {
		if (strncmp(rows[i].words, "the tensor m/", 13) != 0) continue;
		e = rnf_alloc(sizeof *e);
		ck_assert_int_eq(build(e, rows[i].how, 1), rows[i].status);
		ck_assert_msg(strstr(rnf_fail_words(), rows[i].words) != NULL, "%s: %s",
			      rows[i].how, rnf_fail_words());
	}
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ is_refused, TEST_ROWS(rows) }, { nothing_wrong_is_built, 0 },
		{ training_may_come_first, 0 }, { NULL, 0 },
	};
	test_bad_plugins();
	return test_run_cases("graph/misuse", cases);
}
