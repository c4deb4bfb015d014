/* Turns the model section of a conf into primitives: walks the layers, lets blocks compose
 * and layers lower, and keeps scopes, roles and names. */
#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "graph/graph.h"
#include "op/builder.h"

#define MAX_DEPTH 16 /* nesting of layers; more means that they call each other without end */

static const struct rnf_param model_rows[] = {
	RNF_INTS(struct rnf_model_conf, input, 1, 65536, "pixels",
		 "height, width, channels; the data's own when absent"),
	{ .key = "norm", .unit = "", .brief = "the layer that the type norm stands for",
	  .type = RNF_TYPE_REF, .flags = RNF_PARAM_ROLE,
	  .offset = RNF_AT(struct rnf_model_conf, norm, const struct rnf_ref *),
	  .kinds = "layer" },
	{ .key = "act", .unit = "", .brief = "the activation that the type act stands for",
	  .type = RNF_TYPE_REF, .flags = RNF_PARAM_ROLE,
	  .offset = RNF_AT(struct rnf_model_conf, act, const struct rnf_ref *),
	  .kinds = "activation|layer" },
	RNF_REF(struct rnf_model_conf, initializer, "initializer", NULL,
		"of kernels whose layer sets none"),
	RNF_FLOAT(struct rnf_model_conf, l2, 0, 0, 1, "",
		  "adds l2 * sum(w^2) to the loss for kernels whose layer sets none"),
	RNF_ENUM(struct rnf_model_conf, algorithm, "auto", rnf_algorithm_words,
		 "of convs whose layer sets none, where it applies"),
	RNF_BOOL(struct rnf_model_conf, standardize, 0,
		 "kernels of convs whose layer does not set it"),
	RNF_REFS(struct rnf_model_conf, layers, "layer|block",
		 "from the input to the logits"),
};
const struct rnf_params rnf_model_params = {
	sizeof(struct rnf_model_conf), sizeof model_rows / sizeof *model_rows,
	sizeof *model_rows, model_rows
};

static const struct rnf_param common_rows[] = {
	RNF_STRING(struct rnf_layer_common, name, NULL, RNF_PARAM_NAME,
		   "label, which names its tensors and its value"),
	RNF_STRINGS(struct rnf_layer_common, inputs,
		    "names of earlier layers; the previous one when absent"),
};
const struct rnf_params rnf_layer_common_params = {
	sizeof(struct rnf_layer_common), sizeof common_rows / sizeof *common_rows,
	sizeof *common_rows, common_rows
};

struct walk {
	struct rnf_builder b; /* must be first: graph->node receives it as its graph */
	const struct rnf_model_conf *model;
	int depth;  /* of layers inside layers */
	int placed; /* the message names the place already */
	const struct rnf_conf *cause; /* a place more exact than the layer's, or NULL */
	int64_t classes;
	struct rnf_names named; /* named layers, each with its value */
};

static struct walk *of(struct rnf_graph *g)
{
	return (struct walk *)g;
}

/* The role ("norm", "act") that the model defines; NULL for other words. */
static const struct rnf_param *role_row(const char *word)
{
	const struct rnf_param *row = rnf_param_row(&rnf_model_params, word);
	return row && (row->flags & RNF_PARAM_ROLE) ? row : NULL;
}

static const struct rnf_ref *role_ref(struct walk *k, const char *word)
{
	const struct rnf_param *row = role_row(word);
	return row ? *(const struct rnf_ref *const *)((const char *)k->model +
						      row->offset)
		   : NULL;
}

static rnf_val lower_layer(struct rnf_graph *g, const struct rnf_ref *ref,
			   const rnf_val *in, size_t n_in)
{
	const struct rnf_layer_impl *impl = ref->feature->impl;
	if (impl->inputs >= 0 && (size_t)impl->inputs != n_in)
		return g->fail(g, "%s takes %d input%s, got %zu",
			    ref->feature->name, impl->inputs,
			    impl->inputs == 1 ? "" : "s", n_in);
	return impl->lower(ref->conf, g, in, n_in);
}

/* How a feature is lowered depends on its kind alone. */
static rnf_val lower(struct rnf_graph *g, const struct rnf_ref *ref,
		     const rnf_val *in, size_t n_in)
{
	const char *kind = ref->feature->kind;
	if (!strcmp(kind, "layer")) return lower_layer(g, ref, in, n_in);
	if (n_in != 1)
		return g->fail(g, "%s takes one input", ref->feature->name);
	if (!strcmp(kind, "block")) {
		const struct rnf_block_impl *impl = ref->feature->impl;
		return impl->build(ref->conf, g, in[0]);
	}
	return g->pointwise(g, in[0], ref->feature->impl, ref->conf);
}

/* Layers read and return images. */
static rnf_val check_image(struct walk *k, const char *what, rnf_val v)
{
	if (!rnf_builder_has(&k->b, v))
		return rnf_builder_broken(&k->b.graph, "%s is %d, no value of this graph", what, v);
	if (k->b.program->values[v].domain != RNF_IMAGE)
		return rnf_builder_broken(&k->b.graph, "%s is a weight, must be an image", what);
	return v;
}

/* Begin what the program knows of a layer; returns its index. */
static size_t open_layer(struct walk *k, const struct rnf_ref *ref, const char *label,
			 const rnf_val *in, size_t n_in)
{
	struct rnf_program *p = k->b.program;
	int *values = rnf_alloc((n_in + 1) * sizeof *values);
	for (size_t i = 0; i < n_in; i++)
		values[i] = in[i];
	*(struct rnf_model_layer *)rnf_push((void **)&p->layers, &p->n_layers, sizeof *p->layers) =
		(struct rnf_model_layer){ .label = rnf_format("%s", label), .feature = ref->feature,
			.depth = k->depth - 1, .ops = { p->n_ops }, .weights = { p->n_weights },
			.in = values, .n_in = n_in };
	return p->n_layers - 1;
}

static void close_layer(struct walk *k, size_t i, rnf_val out)
{
	struct rnf_program *p = k->b.program;
	p->layers[i].end = p->n_layers;
	p->layers[i].ops[1] = p->n_ops;
	p->layers[i].weights[1] = p->n_weights;
	p->layers[i].out = out;
}

/* Lower it in a scope of its own, and restore the scope. */
static rnf_val lower_in_scope(struct walk *k, const struct rnf_ref *ref,
			      const char *label, const rnf_val *in, size_t n_in)
{
	const struct rnf_feature *outer = k->b.lowering;
	const int floor = k->b.floor;
	k->b.graph.enter(&k->b.graph, label);
	if (k->b.failed) return -1;
	k->b.lowering = ref->feature;
	k->b.floor = k->b.n_ends;
	const size_t at = open_layer(k, ref, label, in, n_in);
	rnf_val v = lower(&k->b.graph, ref, in, n_in);
	if (v < 0 && !k->b.failed)
		rnf_builder_broken(&k->b.graph, "it returns no value and reports no failure");
	if (!k->b.failed && k->b.n_ends != k->b.floor)
		rnf_builder_broken(&k->b.graph, "it leaves %d of its scopes open",
				   k->b.n_ends - k->b.floor);
	if (!k->b.failed) check_image(k, "its result", v);
	k->b.floor = floor;
	k->b.lowering = outer;
	if (k->b.failed) return -1;
	close_layer(k, at, v);
	k->b.graph.leave(&k->b.graph);
	return v;
}

/* The feature of a role, with the settings of the caller. */
static rnf_status resolve(struct walk *k, const struct rnf_ref **ref,
			  const struct rnf_setting *settings, size_t n_settings)
{
	if (*ref && (*ref)->role) {
		const char *role = (*ref)->role;
		*ref = role_ref(k, role);
		if (!*ref)
			return k->b.graph.fail(&k->b.graph, "the model has no \"%s\": set model.%s "
				    "= ...", role, role);
	}
	if (!*ref) return k->b.graph.fail(&k->b.graph, "the conf configures nothing here");
	if (!n_settings) return RNF_OK;
	const rnf_status status = rnf_param_settings((*ref)->feature->kind,
			(*ref)->feature->name, *ref, settings, n_settings, ref);
	if (status >= 0) return RNF_OK;
	k->b.failed = status;
	k->placed = (*ref)->node != NULL;
	return status;
}

static rnf_val use(struct rnf_graph *g, const struct rnf_ref *ref,
		   const char *label, const rnf_val *in, size_t n_in,
		   const struct rnf_setting *settings, size_t n_settings)
{
	struct walk *k = of(g);
	if (k->b.failed) return -1;
	for (size_t i = 0; i < n_in; i++)
		if (check_image(k, "an input of another layer", in[i]) < 0) return -1;
	if (resolve(k, &ref, settings, n_settings) < 0) return -1;
	if (++k->depth > MAX_DEPTH)
		return g->fail(g, "layers are nested more than %d deep", MAX_DEPTH);
	const rnf_val v = lower_in_scope(k, ref, label, in, n_in);
	k->depth--;
	return v;
}

static rnf_val node(struct rnf_graph *g, const char *type, const char *label,
		    const rnf_val *in, size_t n_in,
		    const struct rnf_setting *settings, size_t n_settings)
{
	const struct rnf_ref *ref = NULL;
	if (of(g)->b.failed) return -1;
	if (!type || !label)
		return rnf_builder_broken(g, "it asks for a layer whose %s is NULL",
					  type ? "label" : "type");
	if (role_row(type)) {
		const struct rnf_ref role = { .role = type };
		return use(g, &role, label, in, n_in, settings, n_settings);
	}
	const rnf_status status = rnf_param_settings("layer|block", type, NULL, settings,
						     n_settings, &ref);
	if (status < 0) {
		of(g)->b.failed = rnf_fail_in(status, "layer %s_%s: ", of(g)->b.scope, label);
		return -1;
	}
	return use(g, ref, label, in, n_in, NULL, 0);
}

static const char *name_of(const struct rnf_ref *ref)
{
	const struct rnf_layer_common *common = ref->common;
	return common ? common->name : NULL;
}

static void no_such_input(struct walk *k, const struct rnf_ref *ref,
			  const char *name)
{
	const char *words[256] = { NULL };
	size_t n = 0;
	for (size_t i = 0; k->model->layers.at[i] != ref && n < 256; i++)
		if (name_of(k->model->layers.at[i]))
			words[n++] = name_of(k->model->layers.at[i]);
	const char *near = rnf_nearest(name, words, n);
	if (!k->b.failed) k->cause = rnf_conf_get(ref->node, "inputs");
	k->b.graph.fail(&k->b.graph, "inputs: there is no earlier layer named \"%s\"%s%s%s", name,
	     near ? " (did you mean \"" : "", near ? near : "", near ? "\"?)" : "");
}

/* Find the values that a layer of the conf reads. */
static size_t inputs_of(struct walk *k, const struct rnf_ref *ref, rnf_val before,
			rnf_val **in)
{
	const struct rnf_layer_common *c = ref->common;
	const size_t n = c ? c->inputs.n : 0;
	*in = rnf_alloc((n ? n : 1) * sizeof **in);
	**in = before;
	for (size_t i = 0; i < n; i++) {
		(*in)[i] = (rnf_val)rnf_names_find(&k->named, c->inputs.at[i]);
		if ((*in)[i] < 0) no_such_input(k, ref, c->inputs.at[i]);
	}
	return n ? n : 1;
}

/* The last layer has as many channels as there are classes: if its key `units` is 0, set
 * it. */
static int wants_units(const struct rnf_ref *ref)
{
	const struct rnf_param *row = ref->role
		? NULL : rnf_param_row(ref->feature->params, "units");
	return row && row->type == RNF_TYPE_INT &&
	       *(const int64_t *)((const char *)ref->conf + row->offset) == 0;
}

/* Two layers with one label would share names of tensors and random numbers. */
const char *rnf_graph_label(const struct rnf_model_conf *model, size_t i)
{
	const struct rnf_ref *ref = model->layers.at[i];
	const char *name = name_of(ref);
	if (name) return name;
	return rnf_format("%s%zu", ref->role ? ref->role : ref->feature->name, i);
}

/* Put the place and the key path in front of the message. */
static void place(const struct walk *k, const struct rnf_ref *ref)
{
	if (k->placed || !ref->node) return;
	const struct rnf_conf *at = k->cause;
	if (!at && ref->node->retyped) at = rnf_conf_get(ref->node, "type");
	if (!at) at = ref->node;
	rnf_fail_in(k->b.failed, "%s%s: ", rnf_conf_place(at), rnf_conf_path(ref->node));
}

/* A frozen layer has its form of inference: its norms keep their statistics, and nothing in it
 * is random. */
static void freeze(struct walk *k, const char *label)
{
	const struct rnf_strings names = k->model->freeze;
	k->b.frozen = 0;
	for (size_t i = 0; i < names.n; i++)
		k->b.frozen |= !strcmp(names.at[i], label);
	k->b.graph.training = k->b.program->training && !k->b.frozen;
}

static rnf_val add_layer(struct walk *k, size_t i, rnf_val x)
{
	const struct rnf_ref *ref = k->model->layers.at[i];
	const struct rnf_setting units = RNF_SET_INT("units", k->classes);
	const char *name = name_of(ref), *label = rnf_graph_label(k->model, i);
	rnf_val *in;
	k->b.graph.enter(&k->b.graph, label); /* for the message about an unknown input */
	const size_t n = inputs_of(k, ref, x, &in);
	k->b.graph.leave(&k->b.graph);
	freeze(k, label);
	x = use(&k->b.graph, ref, label, in, n, &units, wants_units(ref) ? 1 : 0);
	if (x < 0) place(k, ref);
	if (name && x >= 0) rnf_names_add(&k->named, name, x);
	return x;
}

static void init(struct walk *k, const struct rnf_model_conf *model, int training)
{
	struct rnf_graph *g = &k->b.graph;
	struct rnf_program *program = rnf_alloc(sizeof *program);
	program->training = training;
	program->loss = -1;
	rnf_builder_init(&k->b, program);
	g->training = training;
	g->initializer = model->initializer;
	g->l2 = model->l2;
	g->algorithm = (enum rnf_algorithm)model->algorithm;
	g->standardize = model->standardize;
	g->node = node;
	g->use = use;
	k->model = model;
}

static rnf_status same_label(const struct rnf_model_conf *model, size_t one, size_t two)
{
	const struct rnf_conf *a = model->layers.at[one]->node;
	const struct rnf_conf *b = model->layers.at[two]->node;
	const struct rnf_conf *names[2] = { rnf_conf_get(a, "name"), rnf_conf_get(b, "name") };
	if (!a || !b)
		return rnf_fail(RNF_EINVAL, "model.layers: two are called \"%s\"",
				rnf_graph_label(model, two));
	return rnf_fail(RNF_EINVAL, "%s%s is called \"%s\", as %s%s is: give it another "
			"name", rnf_conf_place(names[1] ? names[1] : b), rnf_conf_path(b),
			rnf_graph_label(model, two), rnf_conf_place(names[0] ? names[0] : a),
			rnf_conf_path(a));
}

static rnf_status check_labels(const struct rnf_model_conf *model)
{
	struct rnf_names labels = { .n = 0 };
	for (size_t i = 0; i < model->layers.n; i++) {
		const int64_t j = rnf_names_add(&labels, rnf_graph_label(model, i), (int64_t)i);
		if (j >= 0) return same_label(model, (size_t)j, i);
	}
	return RNF_OK;
}

static rnf_status check_logits(const struct rnf_program *p, int64_t classes)
{
	const struct rnf_value *y = &p->values[p->logits];
	if (y->h == 1 && y->w == 1 && y->c == classes) return RNF_OK;
	return rnf_fail(RNF_EINVAL, "model.layers: the last layer gives %lld x %lld "
			"x %lld values, the data has %lld classes",
			(long long)y->h, (long long)y->w, (long long)y->c,
			(long long)classes);
}

static int is_same(const struct rnf_model_weight *a, const struct rnf_model_weight *b)
{
	return !strcmp(a->name, b->name) && a->rank == b->rank && a->state == b->state &&
	       a->l2 == b->l2 && !memcmp(a->shape, b->shape, sizeof a->shape);
}

struct rnf_weight_list rnf_graph_weights(const struct rnf_program *p)
{
	return (struct rnf_weight_list){ .at = p->weights, .n = p->n_weights, .names = &p->names,
					 .block = p->block, .training = p->training };
}

static rnf_status declared_in(const struct rnf_names *names, const struct rnf_model_weight *w,
			      int training)
{
	if (rnf_names_find(names, w->name) >= 0) return RNF_OK;
	return rnf_fail(RNF_EPLUGIN, "the tensor %s is declared for %s alone: a layer must declare "
			"the same ones for training and for inference", w->name,
			training ? "training" : "inference");
}

rnf_status rnf_graph_check_weights(const struct rnf_weight_list *list,
				   const struct rnf_program *p)
{
	for (size_t i = 0; i < p->n_weights; i++)
		RNF_TRY(declared_in(list->names, &p->weights[i], p->training));
	for (size_t i = 0; i < list->n; i++)
		RNF_TRY(declared_in(&p->names, &list->at[i], list->training));
	for (size_t i = 0; i < list->n; i++)
		if (!is_same(&p->weights[i], &list->at[i]))
			return rnf_fail(RNF_EPLUGIN, "the tensor %s differs between training and "
					"inference: in its shape, its l2, its state or its place "
					"among the others", p->weights[i].name);
	return RNF_OK;
}

rnf_status rnf_graph_build(const struct rnf_model_conf *model,
			   const int64_t hwc[3], int64_t classes, int training,
			   struct rnf_program **program)
{
	if (model->layers.n == 0)
		return rnf_fail(RNF_EINVAL, "model.layers is empty");
	RNF_TRY(check_labels(model));
	struct walk *k = rnf_alloc(sizeof *k);
	init(k, model, training);
	struct rnf_program *p = *program = k->b.program;
	k->classes = classes;
	p->input = rnf_op_add(p, &rnf_op_row_input, NULL, 0, hwc[0], hwc[1], hwc[2]);
	rnf_val x = p->input;
	for (size_t i = 0; i < model->layers.n; i++) {
		x = add_layer(k, i, x);
		if (x < 0) return k->b.failed;
	}
	p->logits = x;
	RNF_TRY(check_logits(p, classes));
	rnf_param_notices(); /* the conf has been accepted, so later stages must ignore it */
	return RNF_OK;
}
