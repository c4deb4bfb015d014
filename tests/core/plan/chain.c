/* Models drawn at random: the phased plan computes what the plan does that runs op by op. */
#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/experiment.h"
#include "lib/plugin.h"

enum { MODELS = 120, LAYERS = 20, VALUES = 128, CHANNELS_MAX = 24 };

/* -- drawing -- */

struct model {
	struct rnf_random random;
	FILE *conf;
	struct { int side, channels, reads; } values[VALUES];
	int n;
};

static int below(struct model *m, int n)
{
	return (int)rnf_random_below(&m->random, (uint64_t)n);
}

/* A value that is there, a late one rather, so that models are deep. */
static int late(struct model *m)
{
	const int span = below(m, 3) ? 3 : m->n;
	return m->n - 1 - below(m, span < m->n ? span : m->n);
}

/* Layer `words` on values a and b (-1: none). */
static void put(struct model *m, int side, int channels, int a, int b, const char *words)
{
	fprintf(m->conf, "{ name = \"v%d\"; type = %s; inputs = [\"v%d\"", m->n, words, a);
	if (b >= 0) fprintf(m->conf, ", \"v%d\"", b);
	fprintf(m->conf, "]; },\n");
	m->values[a].reads++;
	if (b >= 0) m->values[b].reads++;
	m->values[m->n].side = side;
	m->values[m->n++].channels = channels;
}

static void put_conv(struct model *m, int from)
{
	const int side = m->values[from].side, filters = below(m, 2) ? 8 : 4;
	const int stride = side > 3 && !below(m, 4) ? 2 : 1;
	const int dilation = below(m, 4) ? 1 : 2; /* reflections of 2 pixels need 3 */
	const char *border = rnf_border_words[side > 2 ? below(m, 3) : 0];
	char words[160];
	snprintf(words, sizeof words, "\"conv2d\"; filters = %d; kernel = %d; stride = %d; "
		 "dilation = %d; border = \"%s\"", filters, below(m, 2) ? 3 : 1, stride, dilation,
		 border);
	put(m, (side + stride - 1) / stride, filters, from, -1, words);
}

/* Another value of the same image size, and as many channels if `whole`; -1: there is none. */
static int partner(struct model *m, int of, int whole)
{
	const int first = below(m, m->n);
	for (int i = 0; i < m->n; i++) {
		const int v = (first + i) % m->n;
		if (m->values[v].side != m->values[of].side) continue;
		if (!whole || m->values[v].channels == m->values[of].channels) return v;
	}
	return -1;
}

/* Layers of two values of one shape. */
static const char *const joins[] = {
	"\"add\"", "\"add\"", "\"sub\"", "\"shake\"",
};

static void put_join(struct model *m, int from, int whole)
{
	const int with = partner(m, from, whole);
	const int both = m->values[from].channels + m->values[with].channels;
	if (whole)
		put(m, m->values[from].side, m->values[from].channels, from, with,
		    joins[below(m, TEST_ROWS(joins))]);
	else if (both <= CHANNELS_MAX)
		put(m, m->values[from].side, both, from, with, "\"concat\"");
	else
		put_conv(m, from);
}

static void put_slice(struct model *m, int from)
{
	const int channels = m->values[from].channels / 4 * 2;
	char words[96];
	snprintf(words, sizeof words, "\"slice\"; from = %d; channels = %d", below(m, channels),
		 channels);
	put(m, m->values[from].side, channels, from, -1, words);
}

/* Layers that leave the shape as it is. */
static const char *const same[] = {
	"\"norm\"", "\"activation\"; function = \"mish\"",
	"\"activation\"; function = \"silu\"", "\"dropout\"; rate = 0.3", "\"norm\"",
	"\"activation\"; function = \"mish\"", "\"se\"; ratio = 2",
	"\"avgpool\"; size = 3; stride = 1", "\"layernorm\"", "\"prelu\"",
	"\"layer_scale\"; value = 0.7", "\"drop_path\"; rate = 0.3", "\"swish\"",
	"\"groupnorm\"; groups = 2", "\"eca\"", "\"cbam\"; ratio = 4",
	"\"attention\"; heads = 2", "\"blurpool\"; stride = 1",
	"\"shift\"; rows = 1; columns = -1",
	"\"activation\"; function = \"elu\"", "\"activation\"; function = \"softplus\"",
	"\"activation\"; function = \"leaky_relu\"",
	"\"activation\"; function = \"hard_swish\"",
};

/* Blocks that leave the image's size as it is; how many channels they have, always even, or
 * below 0 add. */
static const struct { const char *words; int channels; } blocks[] = {
	{ "\"wide\"; filters = 8; dropout = 0.2", 8 },
	{ "\"inverted\"; filters = 4; expansion = 2", 4 },
	{ "\"densenet\"; filters = 2; bottleneck = true", -2 },
	{ "\"densenet\"; filters = 4", -4 },
	{ "\"pyramid\"; to = 24.0", 24 },
	{ "\"shake_shake\"; filters = 8", 8 },
	{ "\"repvgg\"; filters = 8", 8 },
	{ "\"conv2d\"; filters = 8; standardize = \"yes\"; gain = true", 8 },
	{ "\"convnext\"; filters = 8; kernel = 5; ratio = 2; scale = 0.5; drop = 0.2", 8 },
};

static void put_block(struct model *m, int from)
{
	const int i = below(m, TEST_ROWS(blocks)), before = m->values[from].channels;
	const int channels = blocks[i].channels < 0 ? before - blocks[i].channels
						    : blocks[i].channels;
	if (channels > CHANNELS_MAX) put_conv(m, from);
	else put(m, m->values[from].side, channels, from, -1, blocks[i].words);
}

static void put_layer(struct model *m)
{
	const int from = late(m), kind = below(m, 19);
	if (kind < 4) put_conv(m, from);
	else if (kind < 7) put_join(m, from, 1);
	else if (kind < 8) put_join(m, from, 0);
	else if (kind < 10) put_block(m, from);
	else if (kind < 11 && m->values[from].channels >= 4) put_slice(m, from);
	else put(m, m->values[from].side, m->values[from].channels, from, -1,
		 same[below(m, TEST_ROWS(same))]);
}

/* All that nobody has read, as vectors, two at a time into one. */
static void put_end(struct model *m)
{
	int ends = 0;
	for (int v = 0; v < m->n; v++) {
		if (m->values[v].reads) continue;
		fprintf(m->conf, "{ name = \"g%d\"; type = \"%s\"; inputs = [\"v%d\"]; },\n",
			ends, below(m, 3) ? "global_avgpool" : "gem_pool", v);
		if (ends)
			fprintf(m->conf, "{ name = \"e%d\"; type = \"concat\"; inputs = "
				"[\"%c%d\", \"g%d\"]; },\n", ends, ends > 1 ? 'e' : 'g',
				ends - 1, ends);
		ends++;
	}
	fprintf(m->conf, "{ type = \"dense\"; }\n");
}

/* A model whose first value is a conv's. */
static void begin(struct model *m, int seed)
{
	fprintf(m->conf, "name = \"drawn\"; seed = %d; threads = 1; backend = \"native\";\n"
		"model = { norm = \"batchnorm\"; act = \"mish\"; initializer = \"he_normal\";\n"
		"layers = (\n{ name = \"v0\"; type = \"conv2d\"; filters = 8; },\n", seed);
	m->values[m->n].side = 7;
	m->values[m->n++].channels = 8;
}

/* Behind its last layer. */
static void finish(struct model *m)
{
	fprintf(m->conf, "); };\n"
		"data = { type = \"synthetic\"; images = 12; test_images = 3; classes = 3;\n"
		"height = 7; width = 7; channels = 3; validation = 0.0; };\n"
		"train = { batch_size = 6; metrics = ( \"accuracy\" ); loss = \"crossentropy\";\n"
		"optimizer = { type = \"sgd\"; lr = 0.1; }; scheduler = \"constant\"; };\n");
	ck_assert_int_eq(fclose(m->conf), 0);
}

static void draw(FILE *conf, int seed)
{
	struct model m = { .random = { rnf_random_key((uint64_t)seed, 0), 0 }, .conf = conf };
	begin(&m, seed);
	while (m.n < LAYERS) put_layer(&m);
	put_end(&m);
	finish(&m);
}

/* -- comparing -- */

static float largest_of_all(const struct rnf_experiment *e)
{
	float most = 0;
	for (size_t i = 0; i < e->model.programs[1]->n_weights; i++) {
		const struct rnf_model_weight *w = &e->model.programs[1]->weights[i];
		if (w->state) continue;
		const float one = test_largest(rnf_exec_gradient(e->session.execs[1], w), w->size);
		if (one > most) most = one;
	}
	return most;
}

/* Where a norm takes a gradient out again only rounding is left of it. */
static void check_gradients(int seed, const struct rnf_experiment *a,
			    const struct rnf_experiment *b)
{
	const float rounding = 1e-5f * largest_of_all(b);
	for (size_t i = 0; i < a->model.programs[1]->n_weights; i++) {
		const struct rnf_model_weight *w = &a->model.programs[1]->weights[i];
		if (w->state) continue;
		const float *x = rnf_exec_gradient(a->session.execs[1], w);
		const float *y = rnf_exec_gradient(b->session.execs[1],
						   &b->model.programs[1]->weights[i]);
		const float most = 1e-3f * test_largest(y, w->size) + rounding;
		for (int64_t k = 0; k < w->size; k++)
			ck_assert_msg(fabsf(x[k] - y[k]) <= most,
				      "model %d, %s[%lld]: %g in phases, op by op %g", seed,
				      w->name, (long long)k, (double)x[k], (double)y[k]);
	}
}

static void compare(int seed, const char *conf, const char *set)
{
	struct rnf_experiment *phases = test_planned(conf, 1, &set, 1);
	struct rnf_experiment *ops = test_planned(conf, 0, &set, 1);
	const double loss = test_step(ops);
	ck_assert_msg(isfinite(loss), "model %d: loss %g", seed, loss);
	ck_assert_double_eq_tol(test_step(phases), loss, 1e-4 * loss);
	check_gradients(seed, phases, ops);
	rnf_experiment_finish(phases);
	rnf_experiment_finish(ops);
}

START_TEST(drawn_models_compute_what_op_by_op_does)
{
	char path[512];
	FILE *file = test_conf_file(path);
	draw(file, _i);
	compare(_i, path, "train.recompute=activations");
	compare(_i, path, "train.recompute=sums");
	unlink(path);
}
END_TEST

/* Chains have as many values as a model makes of them. */
START_TEST(a_hundred_values_meet_in_a_chain)
{
	char path[512], inputs[2048] = "";
	FILE *file = test_conf_file(path);
	struct model m = { .conf = file };
	begin(&m, 3);
	for (int i = 0; i < 100; i++) {
		char words[64];
		snprintf(words, sizeof words, "\"slice\"; from = %d; channels = %d", i % 5, i % 3 + 1);
		put(&m, 7, i % 3 + 1, 0, -1, words);
		snprintf(inputs + strlen(inputs), sizeof inputs - strlen(inputs), "%s\"v%d\"",
			 i ? ", " : "", m.n - 1);
	}
	fprintf(file, "{ type = \"concat\"; inputs = [%s]; }, { type = \"norm\"; }, "
		"{ type = \"global_avgpool\"; }, { type = \"dense\"; }\n", inputs);
	finish(&m);
	compare(0, path, "train.recompute=activations");
	compare(0, path, "train.recompute=sums");
	unlink(path);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ drawn_models_compute_what_op_by_op_does, MODELS },
		{ a_hundred_values_meet_in_a_chain, 0 },
		{ NULL, 0 },
	};
	return test_run_cases("plan/chain", cases);
}
