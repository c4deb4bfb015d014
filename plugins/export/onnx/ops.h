/* Primitives and formulas as ONNX nodes. All images are NCHW. */
#ifndef ONNX_OPS_H
#define ONNX_OPS_H

#include "graph.h"

struct onnx_writer {
	const struct rnf_host *host;
	const struct rnf_export_model *model;
	struct graph *graph;
	const char **names; /* [n_values], of images that are made */
	int32_t *uses;      /* [n_values], how many ops read them */
	int fold;           /* norms into the convs before them */
};

/* All ops; the input has its name already. */
rnf_status onnx_ops(struct onnx_writer *w);
/* A formula of an op; operands are the values in[]. The result's name. (formula.c) */
const char *onnx_formula(struct onnx_writer *w, const char *label,
			 const struct rnf_formula_node *nodes, size_t n, const int32_t *in);
/* A constant of shape (1, n, 1, 1). */
const char *onnx_vector(struct onnx_writer *w, const char *name, int64_t n, const float *data);

/* What moves elements, and the product of two images. (arrange.c) */
rnf_status onnx_reshape(struct onnx_writer *w, const struct rnf_export_op *op);
rnf_status onnx_permute(struct onnx_writer *w, const struct rnf_export_op *op);
rnf_status onnx_take(struct onnx_writer *w, const struct rnf_export_op *op);
rnf_status onnx_product(struct onnx_writer *w, const struct rnf_export_op *op);
rnf_status onnx_constant(struct onnx_writer *w, const struct rnf_export_op *op);
/* n places of an axis of NCHW; the result's name. */
const char *onnx_slice(struct onnx_writer *w, const char *label, const char *x, int64_t axis,
		       int64_t from, int64_t n);

#endif
