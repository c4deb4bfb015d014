/* Formulas: what a function computes, in elementary functions, for files that other
 * programs run (export.h). A plugin that has one says so by the optional member `formula`
 * of its impl; without it such files cannot hold a model that uses the plugin.
 *
 * A term is an image (h, w, c), as its operands are; a weight counts as (1, 1, its values), a
 * number as (1, 1, 1). Of two terms, one of a single pixel, of a single channel or of both is
 * repeated over those of the other. */
#ifndef RNFRAME_FORMULA_H
#define RNFRAME_FORMULA_H

#include <rnframe/abi.h>

enum rnf_function {
	RNF_FN_NUMBER,   /* a constant */
	RNF_FN_IN,       /* an operand */
	RNF_FN_ADD, RNF_FN_SUB, RNF_FN_MUL, RNF_FN_DIV,
	RNF_FN_MAX, RNF_FN_MIN,
	RNF_FN_EXP, RNF_FN_LOG, RNF_FN_SQRT, RNF_FN_TANH, RNF_FN_ERF, RNF_FN_ABS,
	RNF_FN_SIGMOID,  /* 1 / (1 + exp(-a)) */
	RNF_FN_SOFTPLUS, /* log(1 + exp(a)) */
	RNF_FN_MEAN,     /* over the channels of each pixel: one channel */
	RNF_FN_LARGEST,  /* of the channels of each pixel: one channel */
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

enum rnf_axis { RNF_AXIS_ROWS, RNF_AXIS_COLUMNS, RNF_AXIS_CHANNELS };
enum { RNF_AXES_MAX = 6 }; /* of an array that is arranged */

/* Receives a formula: each call gives a term, and `formula` of an impl returns that of the
 * result. A term that is not one is the plugin's mistake. [main] */
struct rnf_formula {
	uint32_t size, reserved;
	int32_t (*number)(struct rnf_formula *, double);
	/* b is 0 for functions of one operand. */
	int32_t (*apply)(struct rnf_formula *, enum rnf_function, int32_t a, int32_t b);

	/* -- of images: for layers' own primitives (row.h) alone; no operand is a weight -- */

	void (*shape)(struct rnf_formula *, int32_t a, int64_t hwc[3]);
	/* y[h][w][c], the numbers of a in their order, which is that of a[h][w][c]. */
	int32_t (*reshape)(struct rnf_formula *, int32_t a, const int64_t hwc[3]);
	/* The same, but a's numbers are an array of n sizes, 1 .. RNF_AXES_MAX, whose axes are
	 * first put into another order: y's axis i is a's axis order[i]. */
	int32_t (*permute)(struct rnf_formula *, int32_t a, int32_t n, const int64_t *sizes,
			   const int32_t *order, const int64_t hwc[3]);
	/* n rows, columns or channels: the i-th is that of index(of, i) in a; below 0: zeros. */
	int32_t (*take)(struct rnf_formula *, int32_t a, enum rnf_axis, int64_t n,
			int64_t (*index)(const void *of, int64_t i), const void *of);
	/* y[h][i][k] = sum_j a[h][i][j] b[h][j][k] */
	int32_t (*product)(struct rnf_formula *, int32_t a, int32_t b);
	/* Mean over the pixels: (1, 1, c). */
	int32_t (*global_avgpool)(struct rnf_formula *, int32_t a);
};

#endif
