/* What the primitives cost: multiply-adds of an image, forward and backward. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/experiment.h"
#include "lib/plugin.h"

static const char conf_text[] =
	"name = \"op\"; seed = 7; threads = 1;\n"
	"model = { norm = \"batchnorm\"; act = \"relu\"; initializer = \"he_normal\"; layers = (\n"
	"{ type = \"conv2d\"; name = \"rgb\"; filters = 8; },\n"
	"{ type = \"conv2d\"; name = \"grouped\"; filters = 12; groups = 4; stride = 2; },\n"
	"{ type = \"conv2d\"; name = \"pixel\"; filters = 5; kernel = 1; },\n"
	"{ type = \"conv2d\"; name = \"valid\"; filters = 6; kernel = 2; padding = \"valid\"; },\n"
	"{ type = \"global_avgpool\"; }, { type = \"dense\"; name = \"dense\"; } ); };\n"
	"data = { type = \"synthetic\"; images = 8; test_images = 1; classes = 3;\n"
	"height = 9; width = 7; channels = 3; validation = 0.0; };\n"
	"train = { batch_size = 4; metrics = ( \"accuracy\" ); scheduler = \"constant\";\n"
	"loss = \"crossentropy\"; optimizer = \"sgd\"; };\n";

/* Outputs, times what each is a sum of. The first layer's input needs no gradient. */
static const struct {
	const char *layer;
	int64_t macs;
	int passes;
} layers[] = {
	{ "rgb", 9 * 7 * 8 * (9 * 3), 2 },
	{ "grouped", 5 * 4 * 12 * (9 * 8 / 4), 3 },
	{ "pixel", 5 * 4 * 5 * 12, 3 },
	{ "valid", 4 * 3 * 6 * (4 * 5), 3 },
	{ "dense", 3 * 6, 3 },
};

static struct rnf_experiment *create(void)
{
	char path[512];
	FILE *file = test_conf_file(path);
	fputs(conf_text, file);
	ck_assert_int_eq(fclose(file), 0);
	struct rnf_experiment *e = test_planned(path, 1, NULL, 0);
	unlink(path);
	return e;
}

START_TEST(each_pass_of_a_layer_costs_the_same)
{
	struct rnf_experiment *e = create();
	const struct rnf_program *p = e->model.programs[1];
	int passes = 0;
	for (size_t i = 0; i < p->n_ops; i++) {
		const int64_t macs = rnf_op_macs(p, &p->ops[i]);
		if (macs == 0 || strcmp(p->ops[i].label, layers[_i].layer) != 0) continue;
		ck_assert_msg(macs == layers[_i].macs, "%s: %s has %lld multiply-adds, not %lld",
			      layers[_i].layer, p->ops[i].row->name,
			      (long long)macs, (long long)layers[_i].macs);
		passes++;
	}
	ck_assert_int_eq(passes, layers[_i].passes);
	rnf_experiment_finish(e);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ each_pass_of_a_layer_costs_the_same, TEST_ROWS(layers) },
		{ NULL, 0 },
	};
	return test_run_cases("macs", cases);
}
