/* onnx: the model as an ONNX file, opset 17 and IR 8, for onnxruntime and others. It takes a
 * batch of any size, of images of the model's own size: bytes NHWC, which it normalises, or
 * floats NCHW that the caller has normalised. It gives probabilities.
 * Source: onnx.proto and Operators.md of ONNX 1.12. */
#include "ops.h"

#include <stdio.h>

enum { INPUT_UINT8, INPUT_FLOAT };
static const char *const input_words[] = { "uint8", "float", NULL };

struct conf {
	int32_t input, fold;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_ENUM(struct conf, input, "uint8", input_words,
		 "bytes NHWC as images have them, or floats NCHW, normalised by the caller"),
	RNF_BOOL(struct conf, fold, 0, "norms become part of the convolutions before them"));

static void bytes_in(struct onnx_writer *w, const struct rnf_export_value *x)
{
	static const int64_t first[] = { 0, 3, 1, 2 };
	const int64_t dims[] = { -1, x->h, x->w, x->c };
	struct graph *g = w->graph;
	const char *name = "image", *scaled, **input = &w->names[w->model->input];
	graph_input(g, name, ONNX_UINT8, dims, 4);
	struct node *cast = graph_node(g, "input", "Cast", (const char *[]){ name, NULL }, &name);
	node_int(g, cast, "to", ONNX_FLOAT);
	struct node *turn = graph_node(g, "input", "Transpose", (const char *[]){ name, NULL },
				       &name);
	node_ints(g, turn, "perm", first, 4);
	const char *scale = onnx_vector(w, "input_scale", x->c, w->model->scale);
	const char *shift = onnx_vector(w, "input_shift", x->c, w->model->shift);
	graph_node(g, "input", "Mul", (const char *[]){ name, scale, NULL }, &scaled);
	graph_node(g, "input", "Add", (const char *[]){ scaled, shift, NULL }, input);
}

static void floats_in(struct onnx_writer *w, const struct rnf_export_value *x)
{
	const int64_t dims[] = { -1, x->c, x->h, x->w };
	w->names[w->model->input] = "input";
	graph_input(w->graph, "input", ONNX_FLOAT, dims, 4);
}

static void vector_text(struct onnx_writer *w, const char *key, const float *values, int64_t n)
{
	const char *text = "[";
	for (int64_t i = 0; i < n; i++)
		text = graph_format(w->graph, "%s%s%.9g", text, i ? ", " : "", values[i]);
	graph_text(w->graph, key, graph_format(w->graph, "%s]", text));
}

/* What the file says of itself: as a file of weights does, and what a pixel 0 .. 255 becomes. */
static void add_texts(struct onnx_writer *w)
{
	const struct rnf_export_model *m = w->model;
	for (size_t i = 0; i < m->n_texts; i++)
		graph_text(w->graph, m->texts[i].key, m->texts[i].value);
	vector_text(w, "rnframe.pixel_scale", m->scale, m->values[m->input].c);
	vector_text(w, "rnframe.pixel_shift", m->shift, m->values[m->input].c);
}

static void probabilities_out(struct onnx_writer *w)
{
	const struct rnf_export_model *m = w->model;
	const char *p = onnx_formula(w, "predict", m->predict, m->n_predict, &m->logits), *flat;
	struct node *node = graph_node(w->graph, "predict", "Flatten", (const char *[]){ p, NULL },
				       &flat);
	node_int(w->graph, node, "axis", 1);
	graph_output(w->graph, "probabilities", (const int64_t[]){ -1, m->classes }, 2);
}

static rnf_status write_onnx(const void *self, const struct rnf_host *host, int fd,
			     const char *name, const struct rnf_export_model *model)
{
	const struct conf *conf = self;
	struct onnx_writer w = {
		.host = host, .model = model, .graph = graph_new(host),
		.names = host->alloc(model->n_values * sizeof *w.names),
		.uses = host->alloc(model->n_values * sizeof *w.uses), .fold = conf->fold,
	};
	const struct rnf_export_value *input = &model->values[model->input];
	if (conf->input == INPUT_FLOAT) floats_in(&w, input);
	else bytes_in(&w, input);
	RNF_TRY(onnx_ops(&w));
	probabilities_out(&w);
	add_texts(&w);
	return graph_write(w.graph, fd, name, model->version);
}

static const struct rnf_export_impl impl = { .suffix = ".onnx", .write = write_onnx };

RNF_PLUGIN(export, onnx, "ONNX: opset 17, IR 8, probabilities of images", &params, impl)
