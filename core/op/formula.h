/* Receives the formulas of primitives and of plugins. [main] */
#ifndef RNF_OP_FORMULA_H
#define RNF_OP_FORMULA_H

#include <rnframe/formula.h>

struct rnf_formula_list {
	struct rnf_formula_node *at; /* the last is the result */
	size_t n;                    /* 0: there is none */
};
struct rnf_formula_writer {
	struct rnf_formula f; /* first */
	struct rnf_formula_list list;
	int broken; /* a term was not one */
};

/* Make terms 0 .. n_in - 1 of the operands. Calls of images are not known. */
void rnf_formula_begin(struct rnf_formula_writer *w, int n_in);
/* Another operand: its term. */
int32_t rnf_formula_in(struct rnf_formula_writer *w, int32_t operand);
/* The list whose result is that term; below 0: no formula. Fails when a term was not one. */
rnf_status rnf_formula_end(struct rnf_formula_writer *w, int32_t result, const char *whose,
			   struct rnf_formula_list *list);
/* Its value in double from scalar operands; functions over channels see a single one. */
double rnf_formula_value(const struct rnf_formula_list *list, const double *in);

#endif
