/* The numbers that elementary functions give, for programs and plugins that compute formulas. */
#ifndef RNFRAME_FUNCTION_H
#define RNFRAME_FUNCTION_H

#include <math.h>
#include <rnframe/formula.h>

/* Of one number, or two (rnf_function_operands); functions over channels see a single one. */
static inline double rnf_function_value(int32_t function, double a, double b)
{
	switch (function) {
	case RNF_FN_ADD: return a + b;
	case RNF_FN_SUB: return a - b;
	case RNF_FN_MUL: return a * b;
	case RNF_FN_DIV: return a / b;
	case RNF_FN_MAX: return a > b ? a : b;
	case RNF_FN_MIN: return a < b ? a : b;
	case RNF_FN_EXP: return exp(a);
	case RNF_FN_LOG: return log(a);
	case RNF_FN_SQRT: return sqrt(a);
	case RNF_FN_TANH: return tanh(a);
	case RNF_FN_ERF: return erf(a);
	case RNF_FN_ABS: return fabs(a);
	case RNF_FN_SIGMOID: return 1 / (1 + exp(-a));
	case RNF_FN_SOFTPLUS: return a > 0 ? a + log1p(exp(-a)) : log1p(exp(a));
	case RNF_FN_SOFTMAX: return 1;
	default: return a; /* MEAN, LARGEST */
	}
}

#endif
