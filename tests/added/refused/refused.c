/* refused: y = x, which its formula makes of x and 0 times a term that has no form in integers.
 * x, y (h, w, c). */
#include <string.h>
#include <rnframe/layer.h>

struct conf {
	int64_t term;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_INT(struct conf, term, 0, 0, 2, "", "0: a softmax; 1: a norm; 2: a quotient"));

static void fwd(const void *self, const struct rnf_tile *tile, const float *const *in, float *y,
		float *scratch)
{
	(void)self, (void)scratch;
	memcpy(y, in[0], (size_t)(tile->pixels * tile->channels) * sizeof *y);
}

static void bwd(const void *self, const struct rnf_tile *tile, uint32_t operand,
		const float *const *in, const float *dy, float *dx, float *scratch)
{
	(void)self, (void)operand, (void)in, (void)scratch;
	memcpy(dx, dy, (size_t)(tile->pixels * tile->channels) * sizeof *dx);
}

static int32_t norm_of(struct rnf_formula *f, int32_t x)
{
	const int32_t d = f->apply(f, RNF_FN_SUB, x, f->apply(f, RNF_FN_MEAN, x, 0));
	const int32_t variance = f->apply(f, RNF_FN_MEAN, f->apply(f, RNF_FN_MUL, d, d), 0);
	const int32_t sum = f->apply(f, RNF_FN_ADD, variance, f->number(f, 1));
	return f->apply(f, RNF_FN_DIV, d, f->apply(f, RNF_FN_SQRT, sum, 0));
}

static int32_t share_of(struct rnf_formula *f, int32_t x)
{
	const int32_t mean = f->apply(f, RNF_FN_MEAN, x, 0);
	return f->apply(f, RNF_FN_DIV, x, f->apply(f, RNF_FN_ADD, mean, f->number(f, 1)));
}

static int32_t formula(const void *self, struct rnf_formula *f, const int32_t *in)
{
	const struct conf *conf = self;
	const int32_t term = conf->term == 0   ? f->apply(f, RNF_FN_SOFTMAX, in[0], 0)
			     : conf->term == 1 ? norm_of(f, in[0])
					       : share_of(f, in[0]);
	return f->apply(f, RNF_FN_ADD, in[0], f->apply(f, RNF_FN_MUL, term, f->number(f, 0)));
}

static const struct rnf_image_impl image = RNF_LINEAR_IMAGE(fwd, bwd, formula);

static rnf_val lower(const void *self, struct rnf_graph *graph, const rnf_val *in, size_t n_in)
{
	int64_t x[4] = { 0 };
	(void)n_in;
	graph->shape(graph, in[0], x);
	return graph->image(graph, in, 1, x + 1, &image, self);
}

static const struct rnf_layer_impl impl = { .inputs = 1, .lower = lower };

RNF_PLUGIN(layer, refused, "x, as a formula with a term that integers have not", &params, impl)
