#include "op/formula.h"

#include <math.h>

#include <rnframe/function.h>
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

/* -- calls of images: a formula of numbers alone has none -- */

static void no_shape(struct rnf_formula *f, int32_t a, int64_t hwc[3])
{
	(void)a;
	hwc[0] = hwc[1] = hwc[2] = 0;
	of(f)->broken = 1;
}

static int32_t no_reshape(struct rnf_formula *f, int32_t a, const int64_t hwc[3])
{
	(void)a, (void)hwc;
	of(f)->broken = 1;
	return -1;
}

static int32_t no_permute(struct rnf_formula *f, int32_t a, int32_t n, const int64_t *sizes,
			  const int32_t *order, const int64_t hwc[3])
{
	(void)n, (void)sizes, (void)order;
	return no_reshape(f, a, hwc);
}

static int32_t no_take(struct rnf_formula *f, int32_t a, enum rnf_axis axis, int64_t n,
		       int64_t (*index)(const void *of, int64_t i), const void *of_index)
{
	(void)axis, (void)n, (void)index, (void)of_index;
	return no_reshape(f, a, NULL);
}

static int32_t no_product(struct rnf_formula *f, int32_t a, int32_t b)
{
	(void)b;
	return no_reshape(f, a, NULL);
}

static int32_t no_average(struct rnf_formula *f, int32_t a)
{
	return no_reshape(f, a, NULL);
}

/* -- a formula -- */

int32_t rnf_formula_in(struct rnf_formula_writer *w, int32_t operand)
{
	return push(w, (struct rnf_formula_node){ .function = RNF_FN_IN, .a = operand });
}

void rnf_formula_begin(struct rnf_formula_writer *w, int n_in)
{
	*w = (struct rnf_formula_writer){ .f = {
		.size = sizeof w->f, .number = number, .apply = apply, .shape = no_shape,
		.reshape = no_reshape, .permute = no_permute, .take = no_take,
		.product = no_product, .global_avgpool = no_average } };
	for (int i = 0; i < n_in; i++)
		rnf_formula_in(w, i);
}

rnf_status rnf_formula_end(struct rnf_formula_writer *w, int32_t result, const char *whose,
			   struct rnf_formula_list *list)
{
	*list = (struct rnf_formula_list){ 0 };
	if (w->broken || (result >= 0 && !has(w, result)))
		return rnf_fail(RNF_EPLUGIN, "%s: its formula has a term that does not exist", whose);
	if (result < 0) return RNF_OK;
	*list = w->list;
	list->n = (size_t)result + 1;
	return RNF_OK;
}

double rnf_formula_value(const struct rnf_formula_list *list, const double *in)
{
	double *v = rnf_alloc(list->n * sizeof *v);
	for (size_t i = 0; i < list->n; i++) {
		const struct rnf_formula_node *node = &list->at[i];
		v[i] = node->function == RNF_FN_NUMBER ? node->number
			: node->function == RNF_FN_IN ? in[node->a]
			: rnf_function_value(node->function, v[node->a], v[node->b]);
	}
	return v[list->n - 1];
}
