/* An ONNX graph under construction: nodes, constants, input and output. Names are unique
 * texts; all memory is the host's. graph.c is the only file that knows protobuf. */
#ifndef ONNX_GRAPH_H
#define ONNX_GRAPH_H

#include <rnframe/export.h>

enum { ONNX_IR = 8, ONNX_OPSET = 17 };
enum onnx_type { ONNX_FLOAT = 1, ONNX_UINT8 = 2, ONNX_INT64 = 7 };

struct graph;
struct node; /* its attributes may be set until the graph is written */

struct graph *graph_new(const struct rnf_host *host);
/* Append a node of some inputs, ended by NULL; its output is *output, made of the label. */
struct node *graph_node(struct graph *g, const char *label, const char *type,
			const char *const *inputs, const char **output);
void node_int(struct graph *g, struct node *node, const char *name, int64_t value);
void node_ints(struct graph *g, struct node *node, const char *name, const int64_t *values,
	       size_t n);
void node_text(struct graph *g, struct node *node, const char *name, const char *value);
void node_float(struct graph *g, struct node *node, const char *name, float value);

/* Add a constant and return its name. The data is not copied. */
const char *graph_floats(struct graph *g, const char *name, const int64_t *dims, size_t rank,
			 const float *data);
const char *graph_int64s(struct graph *g, const char *name, const int64_t *data, size_t n);
const char *graph_number(struct graph *g, double value);

/* The one input and the one output; a dimension of -1 is the batch. */
void graph_input(struct graph *g, const char *name, enum onnx_type type, const int64_t *dims,
		 size_t rank);
void graph_output(struct graph *g, const char *name, const int64_t *dims, size_t rank);
/* A text for people and programs that read the file. */
void graph_text(struct graph *g, const char *key, const char *value);
rnf_status graph_write(struct graph *g, int fd, const char *name, const char *version);

/* printf into the host's memory. */
char *graph_format(const struct graph *g, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
