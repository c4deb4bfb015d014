/* A run under watch: which primitive is the first, in the order of execution, to
 * come to a value that is not finite, or to leave another float mode. [main] */
#ifndef RNF_EXEC_OBSERVE_H
#define RNF_EXEC_OBSERVE_H

#include "base/floats.h"
#include "exec/exec.h"

struct rnf_sight {
	const struct rnf_op *bad; /* NULL: all values are finite */
	struct rnf_spread spread;   /* of what it made, over all images */
	int64_t image;            /* in the batch, the first that has one */
	const struct rnf_op *strayed; /* that changed the float mode; NULL: none */
};

/* Runs `exec`, of a plan that is not fused: there each primitive is a phase, and
 * what it makes lies in memory until the next one. One thread sees all modes. */
void rnf_exec_observe(struct rnf_exec *exec, struct rnf_sight *sight);

#endif
