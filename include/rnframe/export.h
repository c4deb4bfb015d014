/* Kind "export": files of a trained model for other programs. */
#ifndef RNFRAME_EXPORT_H
#define RNFRAME_EXPORT_H

#include <rnframe/format.h>
#include <rnframe/formula.h>
#include <rnframe/graph.h>

/* An image (h, w, c), or a tensor of the model. */
struct rnf_export_value {
	int64_t h, w, c;
	const struct rnf_named_tensor *tensor; /* NULL: an image */
};

/* A primitive of inference. The calls without a formula of their own are
 *   conv2d (x, kernel), matmul (x, w), batch_norm (x, gamma, beta, mean, variance),
 *   avgpool (x), maxpool (x), global_avgpool (x), concat (x, ...), slice (x), reshape (x)
 * as graph.h has them, windows without another border than zero;
 *   permute (x), take (x), product (a, b) as formula.h has them;
 *   border (x), which surrounds x by window.pad_top and pad_left pixels of the border, and
 * behind it by as many as there is room for;
 *   constant (t), an image that is the tensor t.
 * All others are formulas of their operands, pixel by pixel. In one formula, all operands have
 * as many channels, or one; and all images as many pixels, or one. What plugins say in their
 * formulas beyond that becomes some of these ops, with values of their own. */
struct rnf_export_op {
	const char *call;  /* of graph.h that made it: "conv2d" */
	const char *label; /* of its layer */
	const int32_t *in; /* [n_in], indices of values */
	uint32_t n_in;
	int32_t out;
	struct rnf_window window; /* conv2d, avgpool, maxpool, border */
	int64_t groups;           /* conv2d */
	int64_t first;            /* slice: the first channel of x that it has */
	double eps;               /* batch_norm */
	int32_t n_axes;                /* permute */
	int64_t sizes[RNF_AXES_MAX];   /* [n_axes] */
	int32_t order[RNF_AXES_MAX];   /* [n_axes] */
	int32_t axis;                  /* take: enum rnf_axis */
	int64_t n_index;
	const int64_t *index;          /* [n_index] */
	const struct rnf_formula_node *formula; /* or NULL */
	uint32_t n_formula;
};

/* A model as it predicts: all belongs to the core, and lives until the program ends. */
struct rnf_export_model {
	uint32_t size;
	uint32_t n_ops, n_values;
	const char *name, *version; /* of the experiment; of the program */
	const struct rnf_export_op *ops; /* in an order in which they can be computed */
	const struct rnf_export_value *values;
	int32_t input, logits; /* values */
	/* [c] each: a pixel 0 .. 255 becomes x * scale + shift before it is the input. */
	const float *scale, *shift;
	/* From the logits to the probabilities; operand 0 is the logits. */
	const struct rnf_formula_node *predict;
	uint32_t n_predict;
	uint32_t n_tensors;
	const struct rnf_named_tensor *tensors; /* all, running statistics too */
	int64_t parameters; /* numbers that training sets */
	int64_t classes;
	const char *const *names; /* of the classes; NULL: none known */
	const struct rnf_text *texts; /* what the file says of the model: conf, classes, input */
	size_t n_texts;
	/* Compute so many images (all, if there are fewer) of the training split, spread evenly over
	 * it and augmented as in evaluation, and call seen(self, value, x) for each image that an op
	 * makes of them; x [h][w][c] lives during the call. Opens the data set. [main] */
	rnf_status (*watch)(const struct rnf_export_model *, int64_t images,
			    void (*seen)(void *self, int32_t value, const float *x), void *self);
	const void *watched; /* for watch(): the core's */
};

enum {
	/* It writes tensors alone, so it takes models whose ops have no formula, too. */
	RNF_EXPORT_TENSORS = 1,
};

struct rnf_export_impl {
	uint32_t flags;
	const char *suffix; /* ".onnx": chooses the plugin by the file's name */
	/* Write all to `fd` at its position; the core syncs and renames. `name` is that of the
	 * file, without folders and suffix. [main] */
	rnf_status (*write)(const void *self, const struct rnf_host *host, int fd,
			    const char *name, const struct rnf_export_model *model);
};

#endif
