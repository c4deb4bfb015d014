#include "op/formula.h"

#include <math.h>

#include "base/arena.h"
#include "base/status.h"

static struct rnf_formula_writer *of(struct rnf_formula *f)
{
	return (struct rnf_formula_writer *)f;
}

static int32_t push(struct rnf_formula_writer *w, struct rnf_formula_node node)
{
	struct rnf_formula_node *to =
		rnf_push((void **)&w->list.at, &w->list.n, sizeof *w->list.at);
	*to = node;
	return (int32_t)w->list.n - 1;
}

static int has(const struct rnf_formula_writer *w, int32_t term)
{
	return term >= 0 && (size_t)term < w->list.n;
}

static int32_t number(struct rnf_formula *f, double value)
{
	if (!isfinite(value)) of(f)->broken = 1;
	return push(of(f), (struct rnf_formula_node){ .function = RNF_FN_NUMBER,
						      .number = value });
}

static int32_t apply(struct rnf_formula *f, enum rnf_function function, int32_t a, int32_t b)
{
	struct rnf_formula_writer *w = of(f);
	const int32_t operands = rnf_function_operands((int32_t)function);
	if (function <= RNF_FN_IN || function >= RNF_FUNCTIONS || !has(w, a) ||
	    (operands == 2 && !has(w, b))) {
		w->broken = 1;
		return -1;
	}
	return push(w, (struct rnf_formula_node){ .function = (int32_t)function, .a = a,
						  .b = operands == 2 ? b : 0 });
}

void rnf_formula_begin(struct rnf_formula_writer *w, int n_in)
{
	*w = (struct rnf_formula_writer){ .f = { sizeof w->f, 0, number, apply } };
	for (int i = 0; i < n_in; i++)
		push(w, (struct rnf_formula_node){ .function = RNF_FN_IN, .a = i });
}

rnf_status rnf_formula_end(struct rnf_formula_writer *w, int32_t result, const char *whose,
			   struct rnf_formula_list *list)
{
	*list = (struct rnf_formula_list){ 0 };
	if (w->broken || (result >= 0 && !has(w, result)))
		return rnf_fail(RNF_EPLUGIN, "%s: its formula has a term that is none", whose);
	if (result < 0) return RNF_OK;
	*list = w->list;
	list->n = (size_t)result + 1;
	return RNF_OK;
}

static double value_of(int32_t function, double a, double b)
{
	switch (function) {
	case RNF_FN_ADD: return a + b;
	case RNF_FN_SUB: return a - b;
	case RNF_FN_MUL: return a * b;
	case RNF_FN_DIV: return a / b;
	case RNF_FN_MAX: return a > b ? a : b;
	case RNF_FN_MIN: return a < b ? a : b;
	case RNF_FN_EXP: return exp(a);
	case RNF_FN_SQRT: return sqrt(a);
	case RNF_FN_TANH: return tanh(a);
	case RNF_FN_ERF: return erf(a);
	case RNF_FN_ABS: return fabs(a);
	case RNF_FN_SIGMOID: return 1 / (1 + exp(-a));
	case RNF_FN_SOFTPLUS: return a > 0 ? a + log1p(exp(-a)) : log1p(exp(a));
	case RNF_FN_SOFTMAX: return 1;
	default: return a; /* MEAN */
	}
}

double rnf_formula_value(const struct rnf_formula_list *list, const double *in)
{
	double *v = rnf_alloc(list->n * sizeof *v);
	for (size_t i = 0; i < list->n; i++) {
		const struct rnf_formula_node *node = &list->at[i];
		v[i] = node->function == RNF_FN_NUMBER ? node->number
			: node->function == RNF_FN_IN ? in[node->a]
			: value_of(node->function, v[node->a], v[node->b]);
	}
	return v[list->n - 1];
}
