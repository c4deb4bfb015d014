#include "ops.h"

#include <math.h>

static const struct rnf_export_value *value(const struct onnx_writer *w, int32_t i)
{
	return &w->model->values[i];
}

static const struct rnf_named_tensor *tensor(const struct onnx_writer *w,
					     const struct rnf_export_op *op, int i)
{
	return value(w, op->in[i])->tensor;
}

/* A node whose inputs are images and constants by name. */
static struct node *node_of(struct onnx_writer *w, const struct rnf_export_op *op,
			    const char *type, const char *a, const char *b, const char *c)
{
	const char *in[] = { a, b, c, NULL };
	return graph_node(w->graph, op->label, type, in, &w->names[op->out]);
}

static const char *image(const struct onnx_writer *w, const struct rnf_export_op *op, int i)
{
	return w->names[op->in[i]];
}

/* -- windows -- */

/* Pixels before and behind the image that windows see, as ONNX has them; a stride may leave
 * rows unread, which takes none. */
struct pads {
	int64_t at[4]; /* top, left, bottom, right */
};

static int64_t dilation_of(const struct rnf_window *at)
{
	return at->dilation > 1 ? at->dilation : 1;
}

static int64_t behind(const struct rnf_window *at, int64_t n, int64_t out, int64_t kernel,
		      int64_t before)
{
	const int64_t span = rnf_window_span(kernel, dilation_of(at));
	const int64_t outside = (out - 1) * at->stride + span - n - before;
	return outside > 0 ? outside : 0;
}

static struct pads pads_of(const struct onnx_writer *w, const struct rnf_export_op *op)
{
	const struct rnf_window *at = &op->window;
	const struct rnf_export_value *x = value(w, op->in[0]);
	return (struct pads){ { at->pad_top, at->pad_left,
		behind(at, x->h, at->out_h, at->kernel_h, at->pad_top),
		behind(at, x->w, at->out_w, at->kernel_w, at->pad_left) } };
}

static void set_window(struct onnx_writer *w, struct node *node, const struct rnf_export_op *op)
{
	const struct rnf_window *at = &op->window;
	const int64_t kernel[] = { at->kernel_h, at->kernel_w };
	const int64_t strides[] = { at->stride, at->stride };
	const int64_t dilations[] = { dilation_of(at), dilation_of(at) };
	const struct pads pads = pads_of(w, op);
	node_ints(w->graph, node, "kernel_shape", kernel, 2);
	node_ints(w->graph, node, "strides", strides, 2);
	node_ints(w->graph, node, "pads", pads.at, 4);
	if (at->dilation > 1) node_ints(w->graph, node, "dilations", dilations, 2);
}

static rnf_status maxpool(struct onnx_writer *w, const struct rnf_export_op *op)
{
	set_window(w, node_of(w, op, "MaxPool", image(w, op, 0), NULL, NULL), op);
	return RNF_OK;
}

static rnf_status avgpool(struct onnx_writer *w, const struct rnf_export_op *op)
{
	if (op->window.dilation > 1)
		return w->host->fail(RNF_EUNSUP, "%s: ONNX has no average pool with a dilation until "
				     "opset 19", op->label);
	struct node *node = node_of(w, op, "AveragePool", image(w, op, 0), NULL, NULL);
	set_window(w, node, op);
	node_int(w->graph, node, "count_include_pad", 0);
	return RNF_OK;
}

static rnf_status global_avgpool(struct onnx_writer *w, const struct rnf_export_op *op)
{
	node_of(w, op, "GlobalAveragePool", image(w, op, 0), NULL, NULL);
	return RNF_OK;
}

/* -- products -- */

/* Which norm follows alone, and can be folded; NULL: none. */
static const struct rnf_export_op *norm_behind(const struct onnx_writer *w,
					       const struct rnf_export_op *op)
{
	const struct rnf_export_model *m = w->model;
	if (!w->fold || w->uses[op->out] != 1 || op->out == m->logits) return NULL;
	for (uint32_t i = 0; i < m->n_ops; i++) {
		const struct rnf_export_op *next = &m->ops[i];
		if (next->in[0] == op->out)
			return strcmp(next->call, "batch_norm") ? NULL : next;
	}
	return NULL;
}

struct affine { /* of each channel: y = scale x + shift */
	float *scale, *shift;
};

static struct affine affine_of(const struct onnx_writer *w, const struct rnf_export_op *norm)
{
	const int64_t c = value(w, norm->out)->c;
	struct affine a = { w->host->alloc((size_t)c * 4), w->host->alloc((size_t)c * 4) };
	for (int64_t i = 0; i < c; i++) {
		const double by = tensor(w, norm, 1)->data[i] /
			sqrt(tensor(w, norm, 4)->data[i] + norm->eps);
		a.scale[i] = (float)by;
		a.shift[i] = (float)(tensor(w, norm, 2)->data[i] -
				     by * tensor(w, norm, 3)->data[i]);
	}
	return a;
}

/* (h, w, in, out) as (out, in, h, w). */
static float *turned(const struct onnx_writer *w, const float *from, int64_t pixels, int64_t in,
		     int64_t out, const float *scale)
{
	float *to = w->host->alloc((size_t)(pixels * in * out) * sizeof *to);
	for (int64_t o = 0; o < out; o++)
		for (int64_t i = 0; i < in; i++)
			for (int64_t p = 0; p < pixels; p++)
				to[(o * in + i) * pixels + p] =
					from[(p * in + i) * out + o] * (scale ? scale[o] : 1);
	return to;
}

static struct node *product(struct onnx_writer *w, const struct rnf_export_op *op, const char *x,
			    int64_t kh, int64_t kw)
{
	const struct rnf_named_tensor *kernel = tensor(w, op, 1);
	const struct rnf_export_op *norm = norm_behind(w, op);
	const int64_t in = kernel->shape[kernel->rank - 2], out = kernel->shape[kernel->rank - 1];
	const int64_t dims[] = { out, in, kh, kw };
	const struct affine a = norm ? affine_of(w, norm) : (struct affine){ 0 };
	const char *name = graph_floats(w->graph, kernel->name, dims, 4,
					turned(w, kernel->data, kh * kw, in, out, a.scale));
	const char *shift = norm ? graph_floats(w->graph, norm->label, &out, 1, a.shift) : NULL;
	struct node *node = node_of(w, op, "Conv", x, name, shift);
	if (norm) w->names[norm->out] = w->names[op->out];
	return node;
}

static rnf_status conv2d(struct onnx_writer *w, const struct rnf_export_op *op)
{
	struct node *node = product(w, op, image(w, op, 0), op->window.kernel_h,
				    op->window.kernel_w);
	set_window(w, node, op);
	node_int(w->graph, node, "group", op->groups);
	return RNF_OK;
}

/* A conv of one pixel, for images of any size. */
static rnf_status matmul(struct onnx_writer *w, const struct rnf_export_op *op)
{
	product(w, op, image(w, op, 0), 1, 1);
	return RNF_OK;
}

/* -- others -- */

static rnf_status batch_norm(struct onnx_writer *w, const struct rnf_export_op *op)
{
	const char *in[6] = { image(w, op, 0) };
	if (w->names[op->out]) return RNF_OK; /* folded */
	for (int i = 1; i < 5; i++)
		in[i] = graph_floats(w->graph, tensor(w, op, i)->name, tensor(w, op, i)->shape, 1,
				     tensor(w, op, i)->data);
	struct node *node = graph_node(w->graph, op->label, "BatchNormalization", in,
				       &w->names[op->out]);
	node_float(w->graph, node, "epsilon", (float)op->eps);
	return RNF_OK;
}

static rnf_status concat(struct onnx_writer *w, const struct rnf_export_op *op)
{
	const char **in = w->host->alloc((op->n_in + 1) * sizeof *in);
	for (uint32_t i = 0; i < op->n_in; i++)
		in[i] = image(w, op, (int)i);
	struct node *node = graph_node(w->graph, op->label, "Concat", in, &w->names[op->out]);
	node_int(w->graph, node, "axis", 1);
	return RNF_OK;
}

static rnf_status border(struct onnx_writer *w, const struct rnf_export_op *op)
{
	static const char *const modes[] = { "constant", "reflect", "edge" };
	const struct rnf_window *at = &op->window;
	const struct rnf_export_value *x = value(w, op->in[0]), *y = value(w, op->out);
	const int64_t pads[] = { 0, 0, at->pad_top, at->pad_left, 0, 0,
				 y->h - x->h - at->pad_top, y->w - x->w - at->pad_left };
	const char *amounts = graph_int64s(w->graph, op->label, pads, 8);
	struct node *node = node_of(w, op, "Pad", image(w, op, 0), amounts, NULL);
	node_text(w->graph, node, "mode", modes[at->border]);
	return RNF_OK;
}

static rnf_status slice(struct onnx_writer *w, const struct rnf_export_op *op)
{
	w->names[op->out] = onnx_slice(w, op->label, image(w, op, 0), 1, op->first,
				       value(w, op->out)->c);
	return RNF_OK;
}

static const struct {
	const char *call;
	rnf_status (*write)(struct onnx_writer *, const struct rnf_export_op *);
} calls[] = {
	{ "conv2d", conv2d }, { "matmul", matmul }, { "batch_norm", batch_norm },
	{ "avgpool", avgpool }, { "maxpool", maxpool }, { "global_avgpool", global_avgpool },
	{ "concat", concat }, { "border", border }, { "slice", slice }, { "reshape", onnx_reshape },
	{ "permute", onnx_permute }, { "take", onnx_take }, { "product", onnx_product },
	{ "constant", onnx_constant },
};
enum { CALLS = sizeof calls / sizeof *calls };

static rnf_status write_op(struct onnx_writer *w, const struct rnf_export_op *op)
{
	if (op->formula) {
		w->names[op->out] = onnx_formula(w, op->label, op->formula, op->n_formula, op->in);
		return RNF_OK;
	}
	for (int i = 0; i < CALLS; i++)
		if (!strcmp(op->call, calls[i].call)) return calls[i].write(w, op);
	return w->host->fail(RNF_EUNSUP, "%s: the primitive %s has no ONNX form yet", op->label,
			     op->call);
}

rnf_status onnx_ops(struct onnx_writer *w)
{
	const struct rnf_export_model *m = w->model;
	for (uint32_t i = 0; i < m->n_ops; i++)
		for (uint32_t k = 0; k < m->ops[i].n_in; k++)
			w->uses[m->ops[i].in[k]]++;
	for (uint32_t i = 0; i < m->n_ops; i++)
		RNF_TRY(write_op(w, &m->ops[i]));
	return RNF_OK;
}
