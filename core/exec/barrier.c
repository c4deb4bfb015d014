/* Channel ops, run by one thread when all images are through a phase; in
 * double, since the sums of large and small numbers meet here. */
#include <math.h>

#include "exec/exec.h"

static float *place(const struct rnf_exec *exec, struct rnf_operand o)
{
	return exec->workers[0].base[o.space] + o.offset;
}

/* S = sum x, Q = sum x^2 over N, both doubles. The mean's float has not all of its digits;
 * the rest is in the shift. */
static void bn_coef(const struct rnf_exec *exec, const struct rnf_barrier *b)
{
	const struct rnf_op *op = b->op;
	const int64_t c = exec->plan->program->values[op->out].c / RNF_NORM_ROWS;
	const double *sums = (const double *)(const void *)place(exec, b->in[0]);
	const float *gamma = place(exec, b->in[1]), *beta = place(exec, b->in[2]);
	float *out = place(exec, b->out);
	const double n = (double)exec->images * (double)op->offset;
	for (int64_t i = 0; i < c; i++) {
		const double m = sums[i] / n;
		double variance = sums[c + i] / n - m * m;
		if (variance < 0) variance = 0;
		const double s = 1.0 / sqrt(variance + op->eps), rest = m - (float)m;
		out[RNF_NORM_SCALE * c + i] = (float)(gamma[i] * s);
		out[RNF_NORM_SHIFT * c + i] = (float)(beta[i] - rest * gamma[i] * s);
		out[RNF_NORM_MEAN * c + i] = (float)m;
		out[RNF_NORM_FACTOR * c + i] = (float)s;
		out[RNF_NORM_REST * c + i] = (float)rest;
		out[RNF_NORM_VARIANCE * c + i] = (float)(variance * n / (n > 1 ? n - 1 : 1));
	}
}

static void bn_coef_fixed(const struct rnf_exec *exec,
			  const struct rnf_barrier *b)
{
	const int64_t c = exec->plan->program->values[b->op->out].c / RNF_NORM_ROWS;
	const float *gamma = place(exec, b->in[0]), *beta = place(exec, b->in[1]);
	const float *mean = place(exec, b->in[2]), *var = place(exec, b->in[3]);
	float *out = place(exec, b->out);
	for (int64_t i = 0; i < c; i++) {
		const double s = 1.0 / sqrt((double)var[i] + b->op->eps);
		out[RNF_NORM_SCALE * c + i] = (float)(gamma[i] * s);
		out[RNF_NORM_SHIFT * c + i] = beta[i];
		out[RNF_NORM_MEAN * c + i] = mean[i];
	}
}

/* in: sum dy, sum dy (x - m); the norm's coefficients, whose mean is m + r. out: a, b, m,
 * k of dx = a dy + b (x - m - r) + k', with b r taken into k; then dgamma, dbeta. */
static void bn_bwd_coef(const struct rnf_exec *exec, const struct rnf_barrier *b)
{
	const int64_t c = exec->plan->program->values[b->op->out].c / 6;
	const float *sums = place(exec, b->in[0]), *coef = place(exec, b->in[1]);
	float *out = place(exec, b->out);
	const double n = (double)exec->images * (double)b->op->offset;
	for (int64_t i = 0; i < c; i++) {
		const double a = coef[RNF_NORM_SCALE * c + i], s = coef[RNF_NORM_FACTOR * c + i];
		const double rest = coef[RNF_NORM_REST * c + i], dbeta = sums[i];
		const double dgamma = s * (sums[c + i] - rest * dbeta);
		const double slope = -a * s * dgamma / n;
		out[i] = (float)a;
		out[c + i] = (float)slope;
		out[2 * c + i] = coef[RNF_NORM_MEAN * c + i];
		out[3 * c + i] = (float)(-a * dbeta / n - slope * rest);
		out[4 * c + i] = (float)dgamma;
		out[5 * c + i] = (float)dbeta;
	}
}

void rnf_barrier_run(const struct rnf_exec *exec, const struct rnf_barrier *b)
{
	switch (b->op->kind) {
	case RNF_OP_BN_COEF: bn_coef(exec, b); break;
	case RNF_OP_BN_COEF_FIXED: bn_coef_fixed(exec, b); break;
	case RNF_OP_BN_BWD_COEF: bn_bwd_coef(exec, b); break;
	default: break;
	}
}
