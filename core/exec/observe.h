/* An observed run: finds the first primitive, in the order of execution, that makes a value
 * which is not finite or that changes the float mode. [main] */
#ifndef RNF_EXEC_OBSERVE_H
#define RNF_EXEC_OBSERVE_H

#include "base/floats.h"
#include "exec/exec.h"

struct rnf_observed {
	const struct rnf_op *bad; /* NULL: all values are finite */
	struct rnf_spread spread;   /* of its result, over all images */
	int64_t image;            /* index in the batch of the first image that has one */
	const struct rnf_op *strayed; /* the op that changed the float mode; NULL: none */
};

/* Run `exec`, whose plan must not be fused: each primitive is then a phase, and its result
 * stays in memory until the next one. Needs a pool of one thread, so that all changes of
 * the mode are seen. */
void rnf_exec_observe(struct rnf_exec *exec, struct rnf_observed *observed);

#endif
