/* Channel ops, run by one thread when all images are through a phase; in
 * double, since the sums of large and small numbers meet here. */
#include <math.h>

#include "exec/exec.h"

static float *place(const struct rnf_exec *exec, struct rnf_operand o)
{
	return exec->workers[0].base[o.space] + o.offset;
}

/* Sums around the running mean r: S = sum (x - r), Q = sum (x - r)^2 over N.
 * out: scale a, shift b, mean m, 1 / deviation s, unbiased variance. */
static void bn_coef(const struct rnf_exec *exec, const struct rnf_barrier *b)
{
	const struct rnf_op *op = b->op;
	const int64_t c = exec->plan->program->values[op->out].c / 5;
	const float *sums = place(exec, b->in[0]), *gamma = place(exec, b->in[1]);
	const float *beta = place(exec, b->in[2]), *r = place(exec, b->in[3]);
	float *out = place(exec, b->out);
	const double n = (double)exec->images * (double)op->offset;
	for (int64_t i = 0; i < c; i++) {
		const double d = sums[i] / n, m = r[i] + d;
		double variance = sums[c + i] / n - d * d;
		if (variance < 0) variance = 0;
		const double s = 1.0 / sqrt(variance + op->eps);
		out[i] = (float)(gamma[i] * s);
		out[c + i] = (float)(beta[i] - m * gamma[i] * s);
		out[2 * c + i] = (float)m;
		out[3 * c + i] = (float)s;
		out[4 * c + i] = (float)(variance * n / (n > 1 ? n - 1 : 1));
	}
}

static void bn_coef_fixed(const struct rnf_exec *exec,
			  const struct rnf_barrier *b)
{
	const int64_t c = exec->plan->program->values[b->op->out].c / 5;
	const float *gamma = place(exec, b->in[0]), *beta = place(exec, b->in[1]);
	const float *mean = place(exec, b->in[2]), *var = place(exec, b->in[3]);
	float *out = place(exec, b->out);
	for (int64_t i = 0; i < c; i++) {
		const double s = 1.0 / sqrt((double)var[i] + b->op->eps);
		out[i] = (float)(gamma[i] * s);
		out[c + i] = (float)(beta[i] - mean[i] * gamma[i] * s);
	}
}

/* in: sum dy, sum dy (x - m); a, b, m, s. out: a, b, m, k of
 * dx = a dy + b (x - m) + k, then dgamma, dbeta. */
static void bn_bwd_coef(const struct rnf_exec *exec, const struct rnf_barrier *b)
{
	const int64_t c = exec->plan->program->values[b->op->out].c / 6;
	const float *sums = place(exec, b->in[0]), *coef = place(exec, b->in[1]);
	float *out = place(exec, b->out);
	const double n = (double)exec->images * (double)b->op->offset;
	for (int64_t i = 0; i < c; i++) {
		const double a = coef[i], s = coef[3 * c + i];
		const double dbeta = sums[i], dgamma = s * sums[c + i];
		out[i] = (float)a;
		out[c + i] = (float)(-a * s * dgamma / n);
		out[2 * c + i] = coef[2 * c + i];
		out[3 * c + i] = (float)(-a * dbeta / n);
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
