#include "ops.h"

/* Of two operands, or of one. */
static const char *const types[RNF_FUNCTIONS] = {
	[RNF_FN_ADD] = "Add", [RNF_FN_SUB] = "Sub", [RNF_FN_MUL] = "Mul", [RNF_FN_DIV] = "Div",
	[RNF_FN_MAX] = "Max", [RNF_FN_MIN] = "Min", [RNF_FN_EXP] = "Exp", [RNF_FN_SQRT] = "Sqrt",
	[RNF_FN_TANH] = "Tanh", [RNF_FN_ERF] = "Erf", [RNF_FN_ABS] = "Abs",
	[RNF_FN_SIGMOID] = "Sigmoid", [RNF_FN_SOFTPLUS] = "Softplus",
	[RNF_FN_LOG] = "Log", [RNF_FN_MEAN] = "ReduceMean", [RNF_FN_LARGEST] = "ReduceMax",
	[RNF_FN_SOFTMAX] = "Softmax",
};

const char *onnx_vector(struct onnx_writer *w, const char *name, int64_t n, const float *data)
{
	return graph_floats(w->graph, name, (const int64_t[]){ 1, n, 1, 1 }, 4, data);
}

/* An image by its name, a weight as a constant that is repeated over the pixels. */
static const char *operand(struct onnx_writer *w, int32_t value)
{
	const struct rnf_export_value *v = &w->model->values[value];
	return v->tensor ? onnx_vector(w, v->tensor->name, v->c, v->tensor->data)
			 : w->names[value];
}

static const char *apply(struct onnx_writer *w, const char *label,
			 const struct rnf_formula_node *node, const char *const *terms)
{
	const char *in[3] = { terms[node->a] }, *out = NULL;
	if (rnf_function_operands(node->function) == 2) in[1] = terms[node->b];
	struct node *to = graph_node(w->graph, label, types[node->function], in, &out);
	if (node->function == RNF_FN_MEAN || node->function == RNF_FN_LARGEST) {
		node_ints(w->graph, to, "axes", (const int64_t[]){ 1 }, 1);
		node_int(w->graph, to, "keepdims", 1);
	}
	if (node->function == RNF_FN_SOFTMAX) node_int(w->graph, to, "axis", 1);
	return out;
}

static int is_number(const struct rnf_formula_node *node, double number)
{
	return node->function == RNF_FN_NUMBER && node->number == number;
}

/* max(a, 0) has a node of its own, which other programs know. */
static int is_relu(const struct rnf_formula_node *nodes, const struct rnf_formula_node *node)
{
	return node->function == RNF_FN_MAX && is_number(&nodes[node->b], 0);
}

/* A number becomes a constant when a node reads it; some numbers have no reader. */
static const char *number_of(struct onnx_writer *w, const struct rnf_formula_node *nodes, int32_t i,
			     const char **terms)
{
	if (nodes[i].function == RNF_FN_NUMBER && !terms[i])
		terms[i] = graph_number(w->graph, nodes[i].number);
	return terms[i];
}

const char *onnx_formula(struct onnx_writer *w, const char *label,
			 const struct rnf_formula_node *nodes, size_t n, const int32_t *in)
{
	const char **terms = w->host->alloc(n * sizeof *terms);
	for (size_t i = 0; i < n; i++) {
		const struct rnf_formula_node *node = &nodes[i];
		if (node->function == RNF_FN_NUMBER) continue;
		if (node->function == RNF_FN_IN) {
			terms[i] = operand(w, in[node->a]);
		} else if (is_relu(nodes, node)) {
			graph_node(w->graph, label, "Relu",
				   (const char *[]){ number_of(w, nodes, node->a, terms), NULL },
				   &terms[i]);
		} else {
			number_of(w, nodes, node->a, terms);
			number_of(w, nodes, node->b, terms);
			terms[i] = apply(w, label, node, terms);
		}
	}
	return number_of(w, nodes, (int32_t)n - 1, terms);
}
