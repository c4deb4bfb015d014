/* doubled: y = a + b, which its formula makes of 2^10 (a + b), where each double is the negated sum
 * of the term before it and itself, and a = max(a, 0) - max(-a, 0). a, b, y (h, w, c). */
#include <rnframe/layer.h>

enum { TIMES = 10 }; /* even: the sign comes back */

static void fwd(const void *self, const struct rnf_tile *tile, const float *const *in, float *y)
{
	(void)self;
	for (int64_t i = 0; i < tile->pixels * tile->channels; i++)
		y[i] = in[0][i] + in[1][i];
}

static void bwd(const void *self, const struct rnf_tile *tile, uint32_t operand,
		const float *const *in, const float *dy, float *d)
{
	(void)self, (void)operand, (void)in;
	for (int64_t i = 0; i < tile->pixels * tile->channels; i++)
		d[i] = dy[i];
}

static int32_t formula(const void *self, struct rnf_formula *f, const int32_t *in)
{
	const int32_t zero = f->number(f, 0), minus = f->apply(f, RNF_FN_SUB, zero, in[0]);
	const int32_t a = f->apply(f, RNF_FN_SUB, f->apply(f, RNF_FN_MAX, in[0], zero),
				   f->apply(f, RNF_FN_MAX, minus, zero));
	int32_t sum = f->apply(f, RNF_FN_ADD, a, in[1]);
	(void)self;
	for (int i = 0; i < TIMES; i++)
		sum = f->apply(f, RNF_FN_SUB, zero, f->apply(f, RNF_FN_ADD, sum, sum));
	return f->apply(f, RNF_FN_DIV, sum, f->number(f, 1 << TIMES));
}

static const uint32_t roles[] = { RNF_IN_TILE, RNF_IN_TILE };
static const uint32_t reads[] = { 0, 0 };
static const struct rnf_row_impl row = {
	.size = sizeof row, .n_in = 2, .roles = roles, .reads = reads, .fwd = fwd, .bwd = bwd,
	.formula = formula,
};

static rnf_val lower(const void *self, struct rnf_graph *graph, const rnf_val *in, size_t n_in)
{
	(void)n_in;
	return graph->rows(graph, in, 2, 0, &row, self);
}

static const struct rnf_layer_impl impl = { .inputs = 2, .lower = lower };

RNF_PLUGIN(layer, doubled, "a sum whose formula reads its terms twice", NULL, impl)
