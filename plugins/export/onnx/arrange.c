/* What moves the elements of images, and the product of two. */
#include "ops.h"

static const struct rnf_export_value *value(const struct onnx_writer *w, int32_t i)
{
	return &w->model->values[i];
}

static const char *transposed(struct onnx_writer *w, const char *label, const char *x,
			      size_t rank, const int64_t *perm)
{
	const char *y;
	struct node *node = graph_node(w->graph, label, "Transpose",
				       (const char *[]){ x, NULL }, &y);
	node_ints(w->graph, node, "perm", perm, rank);
	return y;
}

/* NCHW as NHWC, where numbers have the order of rnframe, and back. */
static const char *channels_last(struct onnx_writer *w, const char *label, const char *x)
{
	return transposed(w, label, x, 4, (const int64_t[]){ 0, 2, 3, 1 });
}

static const char *channels_first(struct onnx_writer *w, const char *label, const char *x)
{
	return transposed(w, label, x, 4, (const int64_t[]){ 0, 3, 1, 2 });
}

/* The first of the sizes is 0, which is the batch. */
static const char *reshaped(struct onnx_writer *w, const char *label, const char *x, size_t rank,
			    const int64_t *sizes)
{
	const char *to = graph_int64s(w->graph, label, sizes, rank), *y;
	graph_node(w->graph, label, "Reshape", (const char *[]){ x, to, NULL }, &y);
	return y;
}

static const char *as_image(struct onnx_writer *w, const struct rnf_export_op *op, const char *x)
{
	const struct rnf_export_value *y = value(w, op->out);
	const int64_t sizes[] = { 0, y->h, y->w, y->c };
	return channels_first(w, op->label, reshaped(w, op->label, x, 4, sizes));
}

rnf_status onnx_reshape(struct onnx_writer *w, const struct rnf_export_op *op)
{
	const char *x = channels_last(w, op->label, w->names[op->in[0]]);
	w->names[op->out] = as_image(w, op, x);
	return RNF_OK;
}

rnf_status onnx_permute(struct onnx_writer *w, const struct rnf_export_op *op)
{
	const size_t rank = (size_t)op->n_axes + 1;
	int64_t sizes[RNF_AXES_MAX + 1] = { 0 }, order[RNF_AXES_MAX + 1] = { 0 };
	for (int32_t i = 0; i < op->n_axes; i++) {
		sizes[i + 1] = op->sizes[i];
		order[i + 1] = op->order[i] + 1;
	}
	const char *x = channels_last(w, op->label, w->names[op->in[0]]);
	x = reshaped(w, op->label, x, rank, sizes);
	w->names[op->out] = as_image(w, op, transposed(w, op->label, x, rank, order));
	return RNF_OK;
}

/* -- take -- */

/* Of a list: zeros, then places that follow each other, then zeros. */
struct run {
	int64_t before, from, n, behind;
};

static int is_run(const struct rnf_export_op *op, struct run *run)
{
	const int64_t n = op->n_index, *at = op->index;
	int64_t i = 0;
	*run = (struct run){ 0 };
	while (i < n && at[i] < 0) i++;
	run->before = i;
	run->from = i < n ? at[i] : 0;
	while (i < n && at[i] == run->from + i - run->before) i++;
	run->n = i - run->before;
	while (i < n && at[i] < 0) i++;
	run->behind = i - run->before - run->n;
	return i == n && run->n > 0;
}

static int64_t axis_of(const struct rnf_export_op *op)
{
	static const int64_t axes[] = { [RNF_AXIS_ROWS] = 2, [RNF_AXIS_COLUMNS] = 3,
					[RNF_AXIS_CHANNELS] = 1 };
	return axes[op->axis];
}

static int64_t length_of(const struct onnx_writer *w, const struct rnf_export_op *op)
{
	const struct rnf_export_value *x = value(w, op->in[0]);
	return op->axis == RNF_AXIS_ROWS ? x->h : op->axis == RNF_AXIS_COLUMNS ? x->w : x->c;
}

static const char *padded(struct onnx_writer *w, const struct rnf_export_op *op, const char *x,
			  int64_t before, int64_t behind)
{
	int64_t pads[8] = { 0 };
	const char *y;
	if (!before && !behind) return x;
	pads[axis_of(op)] = before;
	pads[4 + axis_of(op)] = behind;
	struct node *node = graph_node(w->graph, op->label, "Pad", (const char *[]){
		x, graph_int64s(w->graph, op->label, pads, 8), NULL }, &y);
	node_text(w->graph, node, "mode", "constant");
	return y;
}

const char *onnx_slice(struct onnx_writer *w, const char *label, const char *x, int64_t axis,
		       int64_t from, int64_t n)
{
	const int64_t to = from + n;
	struct graph *g = w->graph;
	const char *y, *in[] = { x, graph_int64s(g, label, &from, 1),
				 graph_int64s(g, label, &to, 1),
				 graph_int64s(g, label, &axis, 1), NULL };
	graph_node(g, label, "Slice", in, &y);
	return y;
}

/* Zeros are those of one more place, behind the last. */
static const char *gathered(struct onnx_writer *w, const struct rnf_export_op *op, const char *x)
{
	const int64_t n = length_of(w, op);
	int64_t *index = w->host->alloc((size_t)op->n_index * sizeof *index), zeros = 0;
	const char *y;
	for (int64_t i = 0; i < op->n_index; i++) {
		index[i] = op->index[i] < 0 ? n : op->index[i];
		if (op->index[i] < 0) zeros = 1;
	}
	x = padded(w, op, x, 0, zeros);
	struct node *node = graph_node(w->graph, op->label, "Gather", (const char *[]){
		x, graph_int64s(w->graph, op->label, index, (size_t)op->n_index), NULL }, &y);
	node_int(w->graph, node, "axis", axis_of(op));
	return y;
}

rnf_status onnx_take(struct onnx_writer *w, const struct rnf_export_op *op)
{
	const char *x = w->names[op->in[0]];
	struct run run;
	if (is_run(op, &run)) {
		if (run.n < length_of(w, op))
			x = onnx_slice(w, op->label, x, axis_of(op), run.from, run.n);
		w->names[op->out] = padded(w, op, x, run.before, run.behind);
	} else {
		w->names[op->out] = gathered(w, op, x);
	}
	return RNF_OK;
}

/* -- others -- */

rnf_status onnx_product(struct onnx_writer *w, const struct rnf_export_op *op)
{
	const char *in[] = { channels_last(w, op->label, w->names[op->in[0]]),
			     channels_last(w, op->label, w->names[op->in[1]]), NULL }, *y;
	graph_node(w->graph, op->label, "MatMul", in, &y);
	w->names[op->out] = channels_first(w, op->label, y);
	return RNF_OK;
}

/* (h, w, c) as (1, c, h, w) */
static const float *turned(const struct onnx_writer *w, const struct rnf_export_value *v)
{
	const int64_t pixels = v->h * v->w;
	float *to = w->host->alloc((size_t)(pixels * v->c) * sizeof *to);
	for (int64_t p = 0; p < pixels; p++)
		for (int64_t c = 0; c < v->c; c++)
			to[c * pixels + p] = v->tensor->data[p * v->c + c];
	return to;
}

/* Once for each image of the batch, whose size the model's input has. */
rnf_status onnx_constant(struct onnx_writer *w, const struct rnf_export_op *op)
{
	static const int64_t ones[] = { 1, 1, 1 };
	const struct rnf_export_value *v = value(w, op->in[0]);
	const int64_t dims[] = { 1, v->c, v->h, v->w };
	struct graph *g = w->graph;
	const char *batch, *sizes;
	struct node *node = graph_node(g, op->label, "Shape", (const char *[]){
		w->names[w->model->input], NULL }, &batch);
	node_int(g, node, "start", 0);
	node_int(g, node, "end", 1);
	node = graph_node(g, op->label, "Concat", (const char *[]){
		batch, graph_int64s(g, op->label, ones, 3), NULL }, &sizes);
	node_int(g, node, "axis", 0);
	graph_node(g, op->label, "Expand", (const char *[]){
		graph_floats(g, op->label, dims, 4, turned(w, v)), sizes, NULL },
		&w->names[op->out]);
	return RNF_OK;
}
