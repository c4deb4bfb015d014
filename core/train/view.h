/* The ops of an inference program as exports see them: without what only the planner needs,
 * formulas in place of what plugins bring. [main] */
#ifndef RNF_TRAIN_VIEW_H
#define RNF_TRAIN_VIEW_H

#include <rnframe/export.h>

#include "op/op.h"

struct rnf_view {
	const struct rnf_program *program;
	const char *what; /* the files, in messages */
	int must; /* each op must be one that files can hold */
	struct rnf_export_value *values; /* of the program; then those that formulas add */
	struct rnf_export_op *ops;
	size_t n_values, n_ops;
};

/* After program, what and must: fill in the rest. tensors[i] is the program's weight i. */
rnf_status rnf_view_fill(struct rnf_view *v, const struct rnf_named_tensor *tensors);

/* Another value; its number. */
int32_t rnf_view_value(struct rnf_view *v, struct rnf_export_value value);
void rnf_view_op(struct rnf_view *v, const struct rnf_export_op *op);
/* Append the ops that the formula of `op` comes to; *is_one 0: it has none. (express.c) */
rnf_status rnf_view_express(struct rnf_view *v, const struct rnf_op *op, int *is_one);

#endif
