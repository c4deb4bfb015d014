/* needs: libprotobuf-c */
/* proto: onnx/onnx.proto */
#include "graph.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <onnx/onnx.pb-c.c>

struct list {
	void **at;
	size_t n, room;
};

struct graph {
	const struct rnf_host *host;
	struct list nodes, constants, texts;
	Onnx__ValueInfoProto *input, *output;
	size_t counter; /* of names */
};

struct node {
	Onnx__NodeProto message; /* first */
	struct list attributes;
};

static void push(struct graph *g, struct list *list, void *item)
{
	if (list->n == list->room) {
		list->room = list->room ? 2 * list->room : 16;
		void **to = g->host->alloc(list->room * sizeof *to);
		if (list->n) memcpy(to, list->at, list->n * sizeof *to);
		list->at = to;
	}
	list->at[list->n++] = item;
}

char *graph_format(const struct graph *g, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	const int n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	char *text = g->host->alloc((size_t)n + 1);
	va_start(args, format);
	vsnprintf(text, (size_t)n + 1, format, args);
	va_end(args);
	return text;
}

/* protobuf-c has no const in its messages: a copy. */
static char *text_of(const struct graph *g, const char *text)
{
	return graph_format(g, "%s", text);
}

struct graph *graph_new(const struct rnf_host *host)
{
	struct graph *g = host->alloc(sizeof *g);
	g->host = host;
	return g;
}

/* -- nodes -- */

struct node *graph_node(struct graph *g, const char *label, const char *type,
			const char *const *inputs, const char **output)
{
	struct node *node = g->host->alloc(sizeof *node);
	Onnx__NodeProto *m = &node->message;
	onnx__node_proto__init(m);
	while (inputs[m->n_input])
		m->n_input++;
	m->input = g->host->alloc((m->n_input + 1) * sizeof *m->input);
	for (size_t i = 0; i < m->n_input; i++)
		m->input[i] = text_of(g, inputs[i]);
	m->n_output = 1;
	m->output = g->host->alloc(sizeof *m->output);
	m->op_type = text_of(g, type);
	m->name = graph_format(g, "%s/%s_%zu", label, type, g->counter++);
	m->output[0] = m->name;
	*output = m->name;
	push(g, &g->nodes, node);
	return node;
}

static Onnx__AttributeProto *attribute(struct graph *g, struct node *node, const char *name,
				       Onnx__AttributeProto__AttributeType type)
{
	Onnx__AttributeProto *a = g->host->alloc(sizeof *a);
	onnx__attribute_proto__init(a);
	a->name = text_of(g, name);
	a->has_type = 1;
	a->type = type;
	push(g, &node->attributes, a);
	return a;
}

void node_int(struct graph *g, struct node *node, const char *name, int64_t value)
{
	Onnx__AttributeProto *a = attribute(g, node, name,
					    ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT);
	a->has_i = 1;
	a->i = value;
}

void node_ints(struct graph *g, struct node *node, const char *name, const int64_t *values,
	       size_t n)
{
	Onnx__AttributeProto *a = attribute(g, node, name,
					    ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS);
	a->n_ints = n;
	a->ints = g->host->alloc(n * sizeof *a->ints);
	memcpy(a->ints, values, n * sizeof *values);
}

void node_float(struct graph *g, struct node *node, const char *name, float value)
{
	Onnx__AttributeProto *a = attribute(g, node, name,
					    ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT);
	a->has_f = 1;
	a->f = value;
}

void node_text(struct graph *g, struct node *node, const char *name, const char *value)
{
	Onnx__AttributeProto *a = attribute(g, node, name,
					    ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING);
	a->has_s = 1;
	a->s.data = (uint8_t *)text_of(g, value);
	a->s.len = strlen(value);
}

/* -- constants -- */

static const char *constant(struct graph *g, const char *name, enum onnx_type type,
			    const int64_t *dims, size_t rank, const void *data, size_t bytes)
{
	Onnx__TensorProto *t = g->host->alloc(sizeof *t);
	size_t n = 1;
	onnx__tensor_proto__init(t);
	t->n_dims = rank;
	t->dims = g->host->alloc((rank + 1) * sizeof *t->dims);
	for (size_t i = 0; i < rank; i++) {
		t->dims[i] = dims[i];
		n *= (size_t)dims[i];
	}
	t->has_data_type = 1;
	t->data_type = (int32_t)type;
	t->name = graph_format(g, "%s_%zu", name, g->counter++);
	t->has_raw_data = 1;
	t->raw_data.len = n * bytes;
	t->raw_data.data = (uint8_t *)(uintptr_t)data; /* it is only read */
	push(g, &g->constants, t);
	return t->name;
}

const char *graph_floats(struct graph *g, const char *name, const int64_t *dims, size_t rank,
			 const float *data)
{
	return constant(g, name, ONNX_FLOAT, dims, rank, data, sizeof *data);
}

const char *graph_int64s(struct graph *g, const char *name, const int64_t *data, size_t n)
{
	int64_t *copy = g->host->alloc(n * sizeof *copy);
	memcpy(copy, data, n * sizeof *copy);
	return constant(g, name, ONNX_INT64, (const int64_t[]){ (int64_t)n }, 1, copy,
			sizeof *copy);
}

const char *graph_number(struct graph *g, double value)
{
	float *data = g->host->alloc(sizeof *data);
	*data = (float)value;
	return graph_floats(g, "number", NULL, 0, data);
}

/* -- input, output, texts -- */

static Onnx__TensorShapeProto__Dimension *dimension(const struct graph *g, int64_t size)
{
	Onnx__TensorShapeProto__Dimension *d = g->host->alloc(sizeof *d);
	onnx__tensor_shape_proto__dimension__init(d);
	if (size < 0) {
		d->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
		d->dim_param = text_of(g, "N");
	} else {
		d->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
		d->dim_value = size;
	}
	return d;
}

static Onnx__ValueInfoProto *value_info(const struct graph *g, const char *name,
					enum onnx_type type, const int64_t *dims, size_t rank)
{
	Onnx__ValueInfoProto *info = g->host->alloc(sizeof *info);
	Onnx__TypeProto *of = g->host->alloc(sizeof *of);
	Onnx__TypeProto__Tensor *tensor = g->host->alloc(sizeof *tensor);
	Onnx__TensorShapeProto *shape = g->host->alloc(sizeof *shape);
	onnx__value_info_proto__init(info);
	onnx__type_proto__init(of);
	onnx__type_proto__tensor__init(tensor);
	onnx__tensor_shape_proto__init(shape);
	shape->n_dim = rank;
	shape->dim = g->host->alloc(rank * sizeof *shape->dim);
	for (size_t i = 0; i < rank; i++)
		shape->dim[i] = dimension(g, dims[i]);
	tensor->has_elem_type = 1;
	tensor->elem_type = (int32_t)type;
	tensor->shape = shape;
	of->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
	of->tensor_type = tensor;
	info->name = text_of(g, name);
	info->type = of;
	return info;
}

void graph_input(struct graph *g, const char *name, enum onnx_type type, const int64_t *dims,
		 size_t rank)
{
	g->input = value_info(g, name, type, dims, rank);
}

/* The last node gets the output's name. */
void graph_output(struct graph *g, const char *name, const int64_t *dims, size_t rank)
{
	struct node *last = g->nodes.at[g->nodes.n - 1];
	g->output = value_info(g, name, ONNX_FLOAT, dims, rank);
	last->message.output[0] = g->output->name;
}

void graph_text(struct graph *g, const char *key, const char *value)
{
	Onnx__StringStringEntryProto *text = g->host->alloc(sizeof *text);
	onnx__string_string_entry_proto__init(text);
	text->key = text_of(g, key);
	text->value = text_of(g, value);
	push(g, &g->texts, text);
}

/* -- writing -- */

static Onnx__GraphProto *graph_of(struct graph *g, const char *name)
{
	Onnx__GraphProto *m = g->host->alloc(sizeof *m);
	onnx__graph_proto__init(m);
	for (size_t i = 0; i < g->nodes.n; i++) {
		struct node *node = g->nodes.at[i];
		node->message.n_attribute = node->attributes.n;
		node->message.attribute = (Onnx__AttributeProto **)node->attributes.at;
	}
	m->name = text_of(g, name);
	m->n_node = g->nodes.n;
	m->node = (Onnx__NodeProto **)g->nodes.at;
	m->n_initializer = g->constants.n;
	m->initializer = (Onnx__TensorProto **)g->constants.at;
	m->n_input = m->n_output = 1;
	m->input = &g->input;
	m->output = &g->output;
	return m;
}

static rnf_status pack(const struct rnf_host *host, int fd, const Onnx__ModelProto *m)
{
	const size_t n = onnx__model_proto__get_packed_size(m);
	if (n >= (size_t)1 << 31)
		return host->fail(RNF_EINVAL, "the model takes %zu bytes, an .onnx file has less "
				  "than 2 GiB", n);
	uint8_t *bytes = malloc(n);
	if (!bytes) return host->fail(RNF_ENOMEM, "no memory");
	onnx__model_proto__pack(m, bytes);
	const rnf_status status = rnf_write_all(host, fd, bytes, n);
	free(bytes);
	return status;
}

rnf_status graph_write(struct graph *g, int fd, const char *name, const char *version)
{
	Onnx__ModelProto m = ONNX__MODEL_PROTO__INIT;
	Onnx__OperatorSetIdProto set = ONNX__OPERATOR_SET_ID_PROTO__INIT;
	Onnx__OperatorSetIdProto *sets[] = { &set };
	set.domain = text_of(g, "");
	set.has_version = 1;
	set.version = ONNX_OPSET;
	m.has_ir_version = 1;
	m.ir_version = ONNX_IR;
	m.n_opset_import = 1;
	m.opset_import = sets;
	m.producer_name = text_of(g, "rnframe");
	m.producer_version = text_of(g, version);
	m.graph = graph_of(g, name);
	m.n_metadata_props = g->texts.n;
	m.metadata_props = (Onnx__StringStringEntryProto **)g->texts.at;
	return pack(g->host, fd, &m);
}
