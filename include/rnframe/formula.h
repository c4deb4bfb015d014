/* Formulas: what a function computes, in elementary functions, for files that other
 * programs run (export.h). A plugin that has one says so by the optional member `formula`
 * of its impl; without it such files cannot hold a model that uses the plugin. */
#ifndef RNFRAME_FORMULA_H
#define RNFRAME_FORMULA_H

#include <rnframe/abi.h>

/* Operands are images or weights. Those of one pixel, of one channel or of both are
 * repeated over the others. */
enum rnf_function {
	RNF_FN_NUMBER,   /* a constant */
	RNF_FN_IN,       /* an operand */
	RNF_FN_ADD, RNF_FN_SUB, RNF_FN_MUL, RNF_FN_DIV,
	RNF_FN_MAX, RNF_FN_MIN,
	RNF_FN_EXP, RNF_FN_SQRT, RNF_FN_TANH, RNF_FN_ERF, RNF_FN_ABS,
	RNF_FN_SIGMOID,  /* 1 / (1 + exp(-a)) */
	RNF_FN_SOFTPLUS, /* log(1 + exp(a)) */
	RNF_FN_MEAN,     /* over the channels of each pixel: one channel */
	RNF_FN_SOFTMAX,  /* exp(a) / sum of exp(a), over the channels of each pixel */
	RNF_FUNCTIONS
};
static inline int32_t rnf_function_operands(int32_t function)
{
	if (function <= RNF_FN_IN) return 0;
	return function <= RNF_FN_MIN ? 2 : 1;
}

/* A node of a formula; the last one is the result. A term is the number of a node. */
struct rnf_formula_node {
	int32_t function; /* enum rnf_function */
	int32_t a, b;     /* earlier nodes; IN: a is the operand's number */
	double number;
};

/* Receives a formula: each call gives a term, and `formula` of an impl returns that of the
 * result. A term that is not one is the plugin's mistake. [main] */
struct rnf_formula {
	uint32_t size, reserved;
	int32_t (*number)(struct rnf_formula *, double);
	/* b is 0 for functions of one operand. */
	int32_t (*apply)(struct rnf_formula *, enum rnf_function, int32_t a, int32_t b);
};

#endif
