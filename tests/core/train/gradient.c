/* Gradients of small models, one for each layer and block, against differences of
 * the loss; the phased plan against the op-by-op one; threads against one. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "lib/experiment.h"
#include "lib/plugin.h"
#include "lib/sanitizer.h"

enum { BATCH = 16, CLASSES = 10 }; /* the most that a case here has */

static float target[BATCH * CLASSES];
static uint64_t samples[BATCH];

/* -- experiments -- */

static const char conf_text[] =
	"name = \"gradient\"; seed = 7; threads = 1;\n"
	"model = { norm = \"batchnorm\"; act = \"mish\"; initializer = \"he_normal\";\n"
	"layers = (\n%s\n); };\n"
	"data = { type = \"synthetic\"; images = 12; test_images = 3; classes = 3;\n"
	"height = %d; width = %d; channels = 3; validation = 0.0; };\n"
	"train = { batch_size = 5; metrics = ( \"accuracy\" );\n"
	"loss = { type = \"crossentropy\"; label_smoothing = 0.1; };\n"
	"optimizer = { type = \"sgd\"; lr = 0.1; }; scheduler = \"constant\"; };\n";

static void write_conf(char path[512], const char *layers, int h, int w)
{
	FILE *file = test_conf_file(path);
	fprintf(file, conf_text, layers, h, w);
	ck_assert_int_eq(fclose(file), 0);
}

static struct rnf_experiment *small(const char *layers, int h, int w)
{
	char path[512];
	write_conf(path, layers, h, w);
	struct rnf_experiment *e = test_planned(path, 1, NULL, 0);
	unlink(path);
	return e;
}

/* Betas of 0 and gammas of 1 would hide a wrong factor, a kept mean of 0 a sum
 * that is not taken around it. */
static void shake_weights(struct rnf_experiment *e)
{
	const struct rnf_program *p = e->model.programs[1];
	struct rnf_random random = { rnf_random_key(11, 0), 0 };
	for (size_t i = 0; i < p->n_weights; i++) {
		float *at = e->session.weights + p->weights[i].offset;
		for (int64_t k = 0; k < p->weights[i].size; k++)
			at[k] += p->weights[i].state
				? (float)(0.3 * rnf_random_uniform(&random))
				: (float)(0.2 * rnf_random_normal(&random));
	}
}

/* n images of noise with soft targets; the same for the same seed. */
static void fill(struct rnf_experiment *e, int64_t n, uint64_t seed)
{
	struct rnf_exec *x = e->session.execs[1];
	const int64_t *hwc = e->model.hwc, size = hwc[0] * hwc[1] * hwc[2], k = e->model.classes;
	struct rnf_random random = { rnf_random_key(seed, 0), 0 };
	ck_assert(n <= BATCH && k <= CLASSES);
	memset(target, 0, sizeof target);
	for (int64_t i = 0; i < n; i++) {
		float *pixels = rnf_exec_value(x, e->model.programs[1]->input, i);
		for (int64_t j = 0; j < size; j++)
			pixels[j] = (float)rnf_random_normal(&random);
		target[i * k + (int64_t)rnf_random_below(&random, (uint64_t)k)] += 0.7f;
		target[i * k + (int64_t)rnf_random_below(&random, (uint64_t)k)] += 0.3f;
		samples[i] = (uint64_t)(3 * i + 1);
	}
	x->images = n;
	x->target = target;
	x->samples = samples;
	x->key = seed;
}

/* Pixels that are all different and equal in their channels: what is monotone in
 * them keeps its order, so no small step moves a maximum. */
static void rank(struct rnf_experiment *e, int64_t n)
{
	const int64_t pixels = e->model.hwc[0] * e->model.hwc[1], c = e->model.hwc[2];
	for (int64_t i = 0; i < n; i++) {
		float *at = rnf_exec_value(e->session.execs[1], e->model.programs[1]->input, i);
		for (int64_t j = 0; j < pixels; j++) {
			const int64_t place = (j * 11 + 5 * i) * (i + 2) % 67;
			for (int64_t k = 0; k < c; k++)
				at[j * c + k] = 0.06f * (float)(place - 33) + 0.1f * (float)i;
		}
	}
}

/* In double from the logits: the stored loss has the steps of a float. */
static double mean_loss(const struct rnf_experiment *e)
{
	const struct rnf_exec *x = e->session.execs[1];
	const struct rnf_program *p = e->model.programs[1];
	const size_t k = (size_t)e->data.info.classes;
	double sum = 0;
	for (int64_t i = 0; i < x->images; i++)
		sum += e->conf.loss->loss(x->loss_self, k, rnf_exec_value(x, p->logits, i),
				     target + i * (int64_t)k);
	return sum / (double)x->images;
}

/* -- gradients are derivatives -- */

static double loss_at(struct rnf_experiment *e, float *at, float value)
{
	const float keep = *at;
	*at = value;
	rnf_exec_run(e->session.execs[1]);
	*at = keep;
	return mean_loss(e);
}

/* Central difference of fourth order over the steps that float32 really made. */
static double derivative(struct rnf_experiment *e, float *at, float h)
{
	const float up = *at + h, down = *at - h;
	const float up2 = *at + 2 * h, down2 = *at - 2 * h;
	const double near = (loss_at(e, at, up) - loss_at(e, at, down)) /
			    ((double)up - down);
	const double far = (loss_at(e, at, up2) - loss_at(e, at, down2)) /
			   ((double)up2 - down2);
	return (4 * near - far) / 3;
}

/* Shorter steps for where a maximum changes its place inside a longer one; a
 * wrong gradient agrees with none. */
static void check_element(struct rnf_experiment *e, const struct rnf_model_weight *w,
			  int64_t i, double gradient, double scale)
{
	static const float steps[] = { 1e-2f, 2e-3f, 5e-4f };
	double d = NAN;
	for (size_t s = 0; s < sizeof steps / sizeof *steps; s++) {
		d = derivative(e, e->session.weights + w->offset + i, steps[s]);
		if (fabs(d - gradient) <= 2e-2 * scale) return;
	}
	ck_abort_msg("%s[%lld]: derivative %g, gradient %g, largest %g", w->name,
		     (long long)i, d, gradient, scale);
}

static void check_weight(struct rnf_experiment *e, const struct rnf_model_weight *w,
			 const float *gradient, struct rnf_random *random)
{
	const double scale = test_largest(gradient, w->size);
	/* else rounding decides, and the case checks nothing */
	ck_assert_msg(scale > 1e-3, "%s: the largest gradient is %g", w->name, scale);
	for (int64_t n = 0; n < 12 && n < w->size; n++) {
		const int64_t i = w->size <= 12 ? n
			: (int64_t)rnf_random_below(random, (uint64_t)w->size);
		check_element(e, w, i, gradient[i], scale);
	}
}

/* An image that is left out has a derivative and a gradient of 0: only its own
 * loss, never written, tells. */
static void check_losses(const struct rnf_experiment *e)
{
	const struct rnf_exec *x = e->session.execs[1];
	const struct rnf_program *p = e->model.programs[1];
	const int64_t k = e->data.info.classes;
	for (int64_t i = 0; i < x->images; i++)
		ck_assert_double_eq_tol((double)*rnf_exec_value(x, p->loss, i),
			e->conf.loss->loss(x->loss_self, (size_t)k,
				      rnf_exec_value(x, p->logits, i), target + i * k),
			1e-5);
}

static void check_model(struct rnf_experiment *e)
{
	const struct rnf_program *p = e->model.programs[1];
	struct rnf_random random = { rnf_random_key(13, 0), 0 };
	float *all = rnf_alloc((size_t)p->block * sizeof *all);
	rnf_exec_run(e->session.execs[1]);
	check_losses(e);
	for (size_t i = 0; i < p->n_weights; i++) {
		const struct rnf_model_weight *w = &p->weights[i];
		if (!w->state) /* later runs write over it */
			memcpy(all + w->offset, rnf_exec_gradient(e->session.execs[1], w),
			       (size_t)w->size * sizeof *all);
	}
	for (size_t i = 0; i < p->n_weights; i++)
		if (!p->weights[i].state)
			check_weight(e, &p->weights[i], all + p->weights[i].offset,
				     &random);
}

#define CONV "{ type = \"conv2d\"; filters = 4; },"
#define CONV16 "{ type = \"conv2d\"; filters = 16; },"
#define ACT "{ type = \"act\"; },"
#define NORM "{ type = \"norm\"; },"
#define END "{ type = \"global_avgpool\"; }, { type = \"dense\"; }"
#define SE "{ type = \"se\"; ratio = 2; act = \"mish\"; }"
/* no norm behind the sum: it would take the shortcut's shift out again */
#define BLOCK(words) CONV16 "{ type = " words "; }," ACT END
#define PIXEL "{ type = \"conv2d\"; filters = 4; kernel = 1; },"
#define ACTIVATION(name) "{ type = \"activation\"; function = \"" name "\"; },"
#define ACT_OF(name) "\"activation\"; function = \"" name "\""
/* Two layers of what `of` makes, each with a conv that reads it; the norm behind them parts
 * them from their gradients, which make them again. */
#define BOTH(of, first, second) \
	"{ type = " of "; name = \"of\"; }," \
	"{ type = " first "; name = \"first\"; inputs = [\"of\"]; }," \
	"{ type = " second "; name = \"second\"; inputs = [\"of\"]; }," \
	"{ type = \"conv2d\"; name = \"a\"; filters = 4; inputs = [\"first\"]; }," \
	"{ type = \"conv2d\"; name = \"b\"; filters = 4; inputs = [\"second\"]; }," \
	"{ type = \"add\"; inputs = [\"a\", \"b\"]; }," NORM ACT END
#define TWO \
	"{ type = \"conv2d\"; name = \"a\"; filters = 4; }, { type = \"act\"; name = \"b\"; }," \
	"{ type = \"conv2d\"; name = \"c\"; filters = 4; },"
#define WITH_SE "; attention = " SE
#define CBAM "{ type = \"cbam\"; ratio = 4; act = \"mish\"; },"
#define SCALE "{ type = \"layer_scale\"; value = 0.5; },"

static const struct { int ranked, h, w; const char *layers; } models[] = {
	/* conv2d: stride, groups, valid padding, even kernel, bias */
	{ 0, 9, 7, "{ type = \"conv2d\"; filters = 6; stride = 2; bias = true; }," ACT END },
	{ 0, 8, 8, "{ type = \"conv2d\"; filters = 8; }," ACT
	  "{ type = \"conv2d\"; filters = 12; groups = 4; stride = 2; bias = true; }," ACT END },
	{ 0, 9, 7, CONV ACT "{ type = \"conv2d\"; filters = 5; padding = \"valid\"; }," ACT
	  "{ type = \"conv2d\"; filters = 6; kernel = 2; padding = \"valid\"; stride = 2; "
	  "bias = true; }," ACT END },
	{ 0, 9, 7, CONV ACT "{ type = \"conv2d\"; filters = 6; kernel = 1; groups = 2; }," ACT
	  "{ type = \"conv2d\"; filters = 5; kernel = 5; stride = 3; }," ACT END },
	/* dilation, and borders of the image's own pixels */
	{ 0, 9, 7, CONV ACT "{ type = \"conv2d\"; filters = 5; dilation = 2; border = \"edge\"; "
	  "bias = true; }," ACT "{ type = \"conv2d\"; filters = 4; stride = 2; dilation = 3; },"
	  ACT END },
	{ 0, 5, 9, CONV ACT "{ type = \"conv2d\"; filters = 8; kernel = 4; stride = 2; groups = 4; "
	  "border = \"reflect\"; }," NORM ACT "{ type = \"conv2d\"; filters = 5; border = "
	  "\"reflect\"; }," ACT END },
	{ 0, 1, 1, "{ type = \"conv2d\"; filters = 12; kernel = 5; dilation = 2; border = "
	  "\"edge\"; }," ACT END },
	{ 0, 9, 7, CONV ACT "{ type = \"avgpool\"; size = 3; border = \"reflect\"; }," CONV ACT
	  "{ type = \"avgpool\"; size = 4; stride = 1; border = \"edge\"; }," NORM ACT END },
	{ 1, 9, 7, PIXEL "{ type = \"maxpool\"; size = 3; stride = 1; dilation = 2; }," ACT CONV ACT
	  END },
	/* batchnorm: of images, of the input, of one pixel */
	{ 0, 9, 7, CONV "{ type = \"batchnorm\"; }," ACT CONV
	  "{ type = \"batchnorm\"; eps = 0.1; }," ACT END },
	{ 0, 8, 8, "{ type = \"batchnorm\"; }," CONV ACT "{ type = \"global_avgpool\"; },"
	  "{ type = \"batchnorm\"; }," ACT "{ type = \"dense\"; }" },
	/* dense, activations */
	{ 0, 8, 8, CONV ACT "{ type = \"global_avgpool\"; }, { type = \"dense\"; units = 7; },"
	  "{ type = \"activation\"; function = \"sigmoid\"; },"
	  "{ type = \"dense\"; units = 5; bias = false; }," ACT "{ type = \"dense\"; }" },
	{ 0, 9, 7, CONV "{ type = \"activation\"; function = \"gelu\"; }," CONV
	  "{ type = \"activation\"; function = \"silu\"; }," CONV
	  "{ type = \"activation\"; function = \"sigmoid\"; }," END },
	{ 0, 5, 9, CONV ACTIVATION("relu6") CONV ACTIVATION("hard_swish") CONV
	  ACTIVATION("leaky_relu") END },
	{ 0, 5, 9, CONV ACTIVATION("elu") CONV ACTIVATION("softplus") END },
	{ 0, 1, 1, CONV ACTIVATION("elu") NORM ACTIVATION("softplus") END },
	/* se */
	{ 0, 9, 7, CONV ACT SE "," CONV ACT END },
	{ 0, 8, 8, CONV ACT "{ type = \"se\"; ratio = 1; act = \"silu\"; gate = \"mish\"; }," NORM ACT END },
	/* pools; maxima choose from what is monotone in ranked pixels */
	{ 1, 9, 7, PIXEL "{ type = \"concat_pool\"; }, { type = \"dense\"; }" },
	{ 1, 9, 7, PIXEL "{ type = \"global_maxpool\"; }," ACT "{ type = \"dense\"; }" },
	{ 0, 9, 7, CONV ACT "{ type = \"avgpool\"; }," CONV ACT
	  "{ type = \"avgpool\"; size = 3; stride = 1; padding = \"valid\"; }," END },
	{ 1, 9, 7, PIXEL "{ type = \"maxpool\"; }," ACT CONV ACT END },
	{ 1, 9, 7, PIXEL "{ type = \"maxpool\"; size = 3; stride = 1; }," ACT CONV ACT END },
	{ 1, 8, 8, PIXEL "{ type = \"maxpool\"; size = 3; stride = 2; padding = \"valid\"; },"
	  "{ type = \"maxpool\"; }," ACT CONV ACT END },
	/* dropout, before and after the pool */
	{ 0, 9, 7, CONV ACT "{ type = \"dropout\"; rate = 0.4; }," CONV ACT
	  "{ type = \"global_avgpool\"; }, { type = \"dropout\"; rate = 0.2; }, { type = \"dense\"; }" },
	/* add and concat: values used more than once, the same one twice */
	{ 0, 9, 7, "{ type = \"conv2d\"; name = \"a\"; filters = 4; }, { type = \"act\"; name = \"b\"; },"
	  "{ type = \"conv2d\"; name = \"c\"; filters = 4; },"
	  "{ type = \"add\"; inputs = [\"a\", \"b\", \"c\"]; }," ACT END },
	{ 0, 9, 7, "{ type = \"conv2d\"; name = \"a\"; filters = 4; }, { type = \"act\"; name = \"b\"; },"
	  "{ type = \"conv2d\"; name = \"c\"; filters = 3; },"
	  "{ type = \"concat\"; inputs = [\"c\", \"a\", \"b\"]; }," ACT CONV ACT END },
	{ 0, 8, 8, "{ type = \"conv2d\"; name = \"a\"; filters = 4; }," ACT
	  "{ type = \"add\"; name = \"d\"; inputs = [\"a\", \"a\"]; },"
	  "{ type = \"concat\"; inputs = [\"d\", \"a\", \"d\"]; }," ACT END },
	{ 0, 9, 7, TWO "{ type = \"concat\"; name = \"d\"; inputs = [\"c\", \"b\", \"a\"]; },"
	  "{ type = \"slice\"; name = \"e\"; from = 3; channels = 6; }, { type = \"slice\"; name = "
	  "\"f\"; from = 5; inputs = [\"d\"]; }, { type = \"concat\"; inputs = [\"f\", \"e\"]; },"
	  NORM ACT CONV ACT END },
	{ 0, 8, 8, CONV16 NORM "{ type = \"slice\"; from = 9; }," ACT CONV ACT END },
	/* products, quotients, differences, maxima and reshapes, of two tensors and of one twice */
	{ 0, 9, 7, TWO "{ type = \"mul\"; inputs = [\"a\", \"c\", \"a\"]; }," NORM ACT CONV ACT END },
	{ 0, 9, 7, TWO "{ type = \"sub\"; name = \"d\"; inputs = [\"c\", \"a\"]; },"
	  "{ type = \"mul\"; inputs = [\"d\", \"c\"]; }," ACT END },
	{ 0, 9, 7, TWO "{ type = \"max\"; inputs = [\"a\", \"c\", \"b\"]; }," ACT END },
	{ 0, 9, 7, TWO "{ type = \"activation\"; function = \"softplus\"; name = \"d\"; }, { type ="
	  " \"div\"; inputs = [\"a\", \"d\"]; }," NORM ACT END },
	{ 0, 9, 7, CONV ACT "{ type = \"reshape\"; height = 3; width = 7; channels = 12; },"
	  "{ type = \"conv2d\"; filters = 4; }," ACT END },
	{ 0, 8, 8, TWO "{ type = \"concat\"; inputs = [\"a\", \"b\", \"c\", \"a\", \"b\", \"c\","
	  "\"c\", \"a\", \"b\", \"c\", \"b\", \"a\", \"a\", \"b\", \"c\", \"c\", \"b\"]; },"
	  CONV ACT END },
	/* activations of one tensor: other functions, the same one, a random one; behind a
	 * norm they stand in one chain with it */
	{ 0, 9, 7, BOTH("\"conv2d\"; filters = 4", ACT_OF("silu"), ACT_OF("sigmoid")) },
	{ 0, 9, 7, CONV BOTH("\"norm\"", ACT_OF("silu"), ACT_OF("sigmoid")) },
	{ 0, 9, 7, CONV BOTH("\"norm\"", ACT_OF("mish"), ACT_OF("mish")) },
	{ 0, 9, 7, CONV BOTH("\"norm\"", ACT_OF("mish"), "\"dropout\"; rate = 0.4") },
	{ 0, 9, 7, CONV BOTH("\"norm\"", "\"dropout\"; rate = 0.3", "\"dropout\"; rate = 0.4") },
	/* kernels made of weights */
	{ 0, 9, 7, CONV ACT "{ type = \"conv2d\"; filters = 6; standardize = \"yes\"; },"
	  ACT "{ type = \"conv2d\"; filters = 9; groups = 3; stride = 2; standardize = \"yes\";"
	  " gain = true; bias = true; }," ACT END },
	{ 0, 9, 7, CONV "{ type = \"repvgg\"; filters = 4; }, { type = \"repvgg\"; filters = 6;"
	  " stride = 2; }," END },
	/* primitives of plugins: behind a conv, between norms, on one pixel, after each other */
	{ 0, 9, 7, CONV "{ type = \"prelu\"; }," CONV "{ type = \"prelu\"; shared = true; }," END },
	{ 0, 9, 7, CONV NORM "{ type = \"prelu\"; }," NORM CONV ACT END },
	{ 0, 9, 7, CONV16 "{ type = \"layernorm\"; }," ACT CONV "{ type = \"layernorm\"; }," ACT END },
	{ 0, 9, 7, CONV16 NORM "{ type = \"layernorm\"; }, { type = \"prelu\"; }," NORM CONV ACT END },
	{ 0, 8, 8, CONV16 ACT "{ type = \"global_avgpool\"; }, { type = \"layernorm\"; },"
	  "{ type = \"dense\"; }" },
	{ 0, 9, 7, CONV16 BOTH("\"norm\"", "\"layernorm\"", "\"prelu\"") },
	{ 0, 9, 7, CONV ACT "{ type = \"upsample\"; }," CONV ACT END },
	{ 0, 9, 7, CONV ACT "{ type = \"pixel_shuffle\"; }," CONV ACT END },
	{ 0, 9, 7, CONV ACT "{ type = \"blurpool\"; }," CONV ACT END },
	{ 0, 9, 7, CONV NORM "{ type = \"pad_channels\"; filters = 9; }," ACT CONV ACT END },
	{ 0, 9, 7, CONV16 ACT "{ type = \"attention\"; heads = 4; }," CONV ACT END },
	{ 0, 9, 7, CONV ACT "{ type = \"shift\"; rows = -1; columns = 2; }," CONV ACT END },
	{ 0, 9, 7, TWO "{ type = \"shake\"; backward = \"same\"; inputs = [\"a\", \"c\"]; }," ACT CONV
	  ACT END },
	{ 0, 9, 7, CONV ACT SCALE CONV "{ type = \"swish\"; }," NORM SCALE CONV
	  "{ type = \"swish\"; shared = false; }," END },
	{ 0, 9, 7, "{ type = \"conv2d\"; name = \"a\"; filters = 4; }," ACT
	  "{ type = \"drop_path\"; name = \"b\"; rate = 0.4; },"
	  "{ type = \"add\"; inputs = [\"a\", \"b\"]; }," CONV ACT END },
	{ 0, 9, 7, CONV16 "{ type = \"groupnorm\"; groups = 4; }," ACT CONV
	  "{ type = \"groupnorm\"; groups = 1; }," ACT END },
	{ 0, 9, 7, CONV16 ACT "{ type = \"eca\"; }," CONV ACT END },
	{ 0, 9, 7, CONV16 ACT CBAM CONV ACT END },
	{ 0, 9, 7, CONV ACT "{ type = \"gem_pool\"; }, { type = \"dense\"; }" },
	{ 0, 8, 8, CONV16 BOTH("\"norm\"", "\"groupnorm\"; groups = 4", "\"eca\"; kernel = 5") },
	/* blocks, without and with attention */
	{ 0, 9, 7, BLOCK("\"basic\"; filters = 16") },
	{ 0, 9, 7, BLOCK("\"basic\"; filters = 12; stride = 2" WITH_SE) },
	{ 0, 8, 8, BLOCK("\"basic\"; filters = 12; stride = 2; shortcut_bn = false") },
	{ 0, 9, 7, BLOCK("\"bottleneck\"; filters = 16; stride = 2") },
	{ 0, 8, 8, BLOCK("\"bottleneck\"; filters = 16" WITH_SE) },
	{ 0, 9, 7, BLOCK("\"resnext\"; filters = 16; groups = 4; width = 8; stride = 2") },
	{ 0, 8, 8, BLOCK("\"resnext\"; filters = 16; groups = 4; width = 8" WITH_SE) },
	{ 0, 9, 7, BLOCK("\"post_activation\"; filters = 16") },
	{ 0, 9, 7, BLOCK("\"post_activation\"; filters = 48; stride = 2") },
	{ 0, 8, 8, BLOCK("\"post_activation\"; filters = 12; stride = 2; shortcut = "
			 "\"projection\"") },
	{ 0, 9, 7, BLOCK("\"convnext\"; filters = 16; scale = 0.5") },
	{ 0, 8, 8, BLOCK("\"convnext\"; filters = 12; stride = 2; scale = 0.5; drop = 0.3") },
	{ 0, 9, 7, BLOCK("\"shake_shake\"; filters = 12; stride = 2; backward = \"same\"") },
	{ 0, 9, 5, BLOCK("\"wide\"; filters = 16") },
	{ 0, 5, 9, BLOCK("\"wide\"; filters = 33; stride = 2; dropout = 0.3") },
	{ 0, 1, 1, BLOCK("\"wide\"; filters = 3; stride = 2") },
	{ 0, 5, 9, BLOCK("\"inverted\"; filters = 16; expansion = 2") },
	{ 0, 5, 9, BLOCK("\"inverted\"; filters = 33; stride = 2; expansion = 1") },
	{ 0, 1, 1, BLOCK("\"inverted\"; filters = 3") },
	{ 0, 5, 9, BLOCK("\"densenet\"; filters = 1") },
	{ 0, 5, 9, BLOCK("\"densenet\"; filters = 12; bottleneck = true; dropout = 0.3") },
	{ 0, 1, 1, BLOCK("\"densenet\"; filters = 33; bottleneck = true") },
	{ 0, 5, 9, BLOCK("\"transition\"; compression = 0.5") },
	{ 0, 1, 1, BLOCK("\"transition\"") },
	/* stages */
	{ 0, 9, 7, BLOCK("\"stage\"; repeat = 2; stride = 2; block = "
		      "{ type = \"pyramid\"; from = 16.0; to = 21.0; }") },
	{ 0, 9, 7, BLOCK("\"stage\"; repeat = 2; stride = 2; block = "
		      "{ type = \"basic\"; filters = 8" WITH_SE "; }") },
	{ 0, 8, 8, BLOCK("\"stage\"; repeat = 2; block = { type = \"bottleneck\"; filters = 16; }") },
	{ 0, 5, 9, BLOCK("\"stage\"; repeat = 2; stride = 2; block = { type = \"wide\"; "
			 "filters = 33; dropout = 0.2; }") },
	{ 0, 9, 5, BLOCK("\"stage\"; repeat = 2; stride = 2; block = { type = \"inverted\"; "
			 "filters = 12; }") },
	{ 0, 9, 5, BLOCK("\"stage\"; repeat = 3; block = { type = \"densenet\"; filters = 3; }") },
	/* stems */
	{ 0, 9, 7, "{ type = \"cifar\"; filters = 6; }," NORM ACT END },
	{ 0, 9, 7, "{ type = \"imagenet\"; filters = 6; }," NORM ACT END },
	{ 0, 8, 8, "{ type = \"imagenet\"; filters = 5; }," ACT END },
};

START_TEST(gradients_are_derivatives)
{
	struct rnf_experiment *e = small(models[_i].layers, models[_i].h, models[_i].w);
	shake_weights(e);
	fill(e, 5, 21); /* a leaf and a part of one */
	if (models[_i].ranked) rank(e, 5);
	check_model(e);
	rnf_experiment_finish(e);
}
END_TEST

static const char *const drawn[] = { "dropout", "drop_path" };

START_TEST(noise_is_drawn_by_the_key)
{
	char layers[512];
	snprintf(layers, sizeof layers, CONV ACT "{ type = \"%s\"; rate = 0.5; }," END, drawn[_i]);
	struct rnf_experiment *e = small(layers, 8, 8);
	fill(e, 5, 21);
	rnf_exec_run(e->session.execs[1]);
	const double first = mean_loss(e);
	e->session.execs[1]->key++;
	rnf_exec_run(e->session.execs[1]);
	ck_assert_double_ne(mean_loss(e), first);
	e->session.execs[1]->key--;
	rnf_exec_run(e->session.execs[1]);
	ck_assert_double_eq(mean_loss(e), first);
	rnf_experiment_finish(e);
}
END_TEST

/* -- the phased plan -- */

static struct rnf_experiment *large(const char *conf, int fused, const char *batch,
				    const char *threads)
{
	const char *const sets[] = {
		"data.type=synthetic", "data.images=20", "data.test_images=10",
		"data.height=32", "data.width=32", "data.channels=3",
		"data.validation=0", batch, threads };
	return test_planned(conf, fused, sets, sizeof sets / sizeof *sets);
}

static void check_close(const char *name, const float *x, const float *y, int64_t n)
{
	const float scale = test_largest(y, n);
	ck_assert_msg(isfinite(scale), "%s: largest value %g", name, (double)scale);
	for (int64_t i = 0; i < n; i++)
		ck_assert_msg(fabsf(x[i] - y[i]) <= 1e-5f * scale,
			      "%s[%lld]: phased %g, op by op %g, largest %g", name,
			      (long long)i, (double)x[i], (double)y[i], (double)scale);
}

/* The middle of an `se` has one channel here, and its relu may let nothing
 * through: then both plans say 0. */
static void check_gradients(const struct rnf_exec *x, const struct rnf_exec *y)
{
	const struct rnf_program *p = x->plan->program, *q = y->plan->program;
	size_t all = 0, zero = 0;
	for (size_t i = 0; i < p->n_weights; i++) {
		const struct rnf_model_weight *w = &p->weights[i];
		if (w->state) continue;
		const float *gradient = rnf_exec_gradient(y, &q->weights[i]);
		check_close(w->name, rnf_exec_gradient(x, w), gradient, w->size);
		all++;
		zero += test_largest(gradient, w->size) == 0;
	}
	ck_assert_uint_lt(zero, all / 4);
}

START_TEST(phased_plan_computes_what_op_by_op_does)
{
	struct rnf_experiment *e[2];
	for (int fused = 0; fused < 2; fused++) {
		e[fused] = large("se_mxresnet20.cfg", fused, "train.batch_size=8", "threads=1");
		shake_weights(e[fused]);
		fill(e[fused], 8, 31);
		rnf_exec_run(e[fused]->session.execs[1]);
	}
	const struct rnf_exec *x = e[1]->session.execs[1], *y = e[0]->session.execs[1];
	const struct rnf_program *p = e[1]->model.programs[1], *q = e[0]->model.programs[1];
	ck_assert_uint_gt(y->plan->n_phases, x->plan->n_phases);
	for (int64_t i = 0; i < 8; i++) {
		check_close("logits", rnf_exec_value(x, p->logits, i),
			    rnf_exec_value(y, q->logits, i), e[0]->model.classes);
		check_close("loss", rnf_exec_value(x, p->loss, i),
			    rnf_exec_value(y, q->loss, i), 1);
	}
	check_gradients(x, y);
	rnf_experiment_finish(e[0]);
	rnf_experiment_finish(e[1]);
}
END_TEST

/* -- threads -- */

static void descend(struct rnf_experiment *e)
{
	const struct rnf_program *p = e->model.programs[1];
	for (size_t i = 0; i < p->n_weights; i++) {
		const struct rnf_model_weight *w = &p->weights[i];
		if (w->state) continue;
		const float *gradient = rnf_exec_gradient(e->session.execs[1], w);
		for (int64_t k = 0; k < w->size; k++)
			e->session.weights[w->offset + k] -= 0.1f * gradient[k];
	}
}

static void check_bits(const struct rnf_experiment *a, const struct rnf_experiment *b)
{
	const struct rnf_program *p = a->model.programs[1], *q = b->model.programs[1];
	for (size_t i = 0; i < p->n_weights; i++) {
		const struct rnf_model_weight *w = &p->weights[i];
		const size_t bytes = (size_t)w->size * sizeof(float);
		const int same = !memcmp(a->session.weights + w->offset,
					 b->session.weights + w->offset, bytes);
		ck_assert_msg(same, "%s: other weights", w->name);
		if (w->state) continue;
		ck_assert_msg(!memcmp(rnf_exec_gradient(a->session.execs[1], w),
				      rnf_exec_gradient(b->session.execs[1], &q->weights[i]),
				      bytes),
			      "%s: another gradient", w->name);
	}
}

/* Leaves are of four images: 7 are fewer leaves than threads, 13 are more; both
 * end with a partial one. The last batch is a single leaf, which one thread runs. */
static const struct { int64_t n; const char *set; } batches[] = {
	{ 7, "train.batch_size=7" }, { 13, "train.batch_size=13" },
};

static const char *const threads[] = { "threads=1", "threads=2", "threads=3", "threads=4" };
enum { THREADS = TEST_ROWS(threads) };

static void check_steps(struct rnf_experiment *e[THREADS], int64_t images)
{
	const size_t bytes = (size_t)e[0]->session.block * sizeof(float);
	float *before = rnf_alloc(bytes);
	memcpy(before, e[0]->session.weights, bytes);
	for (uint64_t step = 0; step < 3; step++)
		for (int i = 0; i < THREADS; i++) {
			ck_assert_int_eq(rnf_threads_count(e[i]->session.threads), i + 1);
			fill(e[i], step < 2 ? images : 3, 41 + step);
			rnf_exec_run(e[i]->session.execs[1]);
			descend(e[i]);
			check_bits(e[0], e[i]);
		}
	ck_assert_mem_ne(before, e[0]->session.weights, bytes);
	for (int i = 0; i < THREADS; i++)
		rnf_experiment_finish(e[i]);
}

START_TEST(threads_change_no_bit)
{
	struct rnf_experiment *e[THREADS];
	for (int i = 0; i < THREADS; i++)
		e[i] = large("synthetic.cfg", 1, batches[_i].set, threads[i]);
	check_steps(e, batches[_i].n);
}
END_TEST

/* All layers that bring primitives of their own; windows, slices and what is concatenated. */
static const char open_layers[] =
	CONV16 "{ type = \"groupnorm\"; groups = 4; }, { type = \"swish\"; },"
	CONV16 NORM "{ type = \"prelu\"; }, { type = \"drop_path\"; rate = 0.3; },"
	SCALE "{ type = \"eca\"; }," CBAM CONV16 "{ type = \"layernorm\"; },"
	"{ type = \"repvgg\"; filters = 16; },"
	"{ type = \"conv2d\"; filters = 16; standardize = \"yes\"; gain = true; },"
	NORM ACT "{ type = \"gem_pool\"; }, { type = \"dense\"; }";
static const char windows[] =
	CONV16 NORM "{ type = \"act\"; name = \"a\"; }, { type = \"conv2d\"; filters = 16; "
	"dilation = 2; border = \"reflect\"; }, { type = \"slice\"; from = 5; channels = 8; },"
	"{ type = \"conv2d\"; name = \"b\"; filters = 8; groups = 4; border = \"edge\"; },"
	"{ type = \"concat\"; inputs = [\"b\", \"a\"]; }," NORM ACT
	"{ type = \"avgpool\"; size = 3; border = \"reflect\"; },"
	"{ type = \"maxpool\"; size = 3; stride = 1; dilation = 2; },"
	"{ type = \"conv2d\"; filters = 16; dilation = 3; }," NORM ACT END;
static const struct { const char *layers, *precision; } shared[] = {
	{ open_layers, "precision=fp32" }, { open_layers, "precision=bf16" },
	{ windows, "precision=fp32" }, { windows, "precision=bf16" },
};

START_TEST(threads_change_no_bit_of_other_layers)
{
	struct rnf_experiment *e[THREADS];
	char path[512];
	write_conf(path, shared[_i].layers, 32, 32);
	for (int i = 0; i < THREADS; i++)
		e[i] = test_experiment(path, NULL, NULL, shared[_i].precision, threads[i]);
	unlink(path);
	check_steps(e, 6);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ gradients_are_derivatives, test_few(TEST_ROWS(models), 4) },
		{ noise_is_drawn_by_the_key, TEST_ROWS(drawn) },
		{ phased_plan_computes_what_op_by_op_does, 0 },
		{ threads_change_no_bit, TEST_ROWS(batches) },
		{ threads_change_no_bit_of_other_layers, TEST_ROWS(shared) },
		{ NULL, 0 },
	};
	return test_run_cases("gradient", cases);
}
