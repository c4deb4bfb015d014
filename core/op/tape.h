/* Reverse mode: what the gradient functions of rows append to. */
#ifndef RNF_OP_TAPE_H
#define RNF_OP_TAPE_H

#include "op/op.h"

struct rnf_tape {
	struct rnf_program *p;
	int *grad; /* the gradient of each value of the forward graph; -1: none yet */
};

/* Append an op of the backward pass with the label and members of its forward op. */
int rnf_tape_append(struct rnf_tape *t, const struct rnf_op *forward,
		    const struct rnf_op_row *row, const int *in, int n_in, int64_t h,
		    int64_t w, int64_t c);
/* Its output has the shape of a value. */
int rnf_tape_append_like(struct rnf_tape *t, const struct rnf_op *forward,
			 const struct rnf_op_row *row, const int *in, int n_in, int like);
static inline struct rnf_value rnf_tape_value(const struct rnf_tape *t, int v)
{
	return t->p->values[v];
}
/* Add a gradient to what v has received. */
void rnf_tape_receive(struct rnf_tape *t, const struct rnf_op *forward, int v, int d);
/* Append an op whose output is a gradient of v, and add it; nothing if v needs none. */
void rnf_tape_pass(struct rnf_tape *t, const struct rnf_op *forward, int v,
		   const struct rnf_op_row *row, const int *in, int n_in);
/* Add a reader's gradient of a weight, or of a value derived from weights: `offset` floats
 * into a value of sums. */
void rnf_tape_receive_weight(struct rnf_tape *t, int v, int gradient, int64_t offset);

#endif
