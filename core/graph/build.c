/* From the model section to primitives: walks the layers of the conf, lets
 * blocks compose and layers lower, and keeps scopes, roles and names. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "base/utf8.h"
#include "graph/graph.h"

#define MAX_DEPTH 16 /* of layers inside layers: more is a circle */
#define SCOPES_MAX 64

static const struct rnf_param model_rows[] = {
	RNF_INTS(struct rnf_model_conf, input, 1, 65536, "pixels",
		 "height, width, channels; the data's own when absent"),
	{ .key = "norm", .unit = "", .brief = "what a layer of type norm means",
	  .type = RNF_TYPE_REF, .flags = RNF_PARAM_ROLE,
	  .offset = RNF_AT(struct rnf_model_conf, norm, const struct rnf_ref *),
	  .kinds = "layer" },
	{ .key = "act", .unit = "", .brief = "what a layer of type act means",
	  .type = RNF_TYPE_REF, .flags = RNF_PARAM_ROLE,
	  .offset = RNF_AT(struct rnf_model_conf, act, const struct rnf_ref *),
	  .kinds = "activation|layer" },
	RNF_REF(struct rnf_model_conf, initializer, "initializer", NULL,
		"of kernels whose layer does not say"),
	RNF_FLOAT(struct rnf_model_conf, l2, 0, 0, 1, "",
		  "adds l2 * sum(w^2) to the loss for kernels whose layer does not say"),
	RNF_ENUM(struct rnf_model_conf, algorithm, "auto", rnf_algorithm_words,
		 "of convs whose layer does not say, where it can be used"),
	RNF_REFS(struct rnf_model_conf, layers, "layer|block",
		 "from the input to the logits"),
};
const struct rnf_params rnf_model_params = {
	sizeof(struct rnf_model_conf), sizeof model_rows / sizeof *model_rows,
	sizeof *model_rows, model_rows
};

static const struct rnf_param common_rows[] = {
	RNF_STRING(struct rnf_layer_common, name, NULL, RNF_PARAM_NAME,
		   "label: its tensors and its value are called so"),
	RNF_STRINGS(struct rnf_layer_common, inputs,
		    "names of earlier layers; the one before when absent"),
};
const struct rnf_params rnf_layer_common_params = {
	sizeof(struct rnf_layer_common), sizeof common_rows / sizeof *common_rows,
	sizeof *common_rows, common_rows
};

struct rnf_builder {
	struct rnf_graph graph; /* first: the plugins' view */
	struct rnf_program *program;
	const struct rnf_model_conf *model;
	char scope[256];
	size_t ends[SCOPES_MAX]; /* length of the scope before each enter */
	int n_ends, depth;
	int floor; /* scopes that the layer under way may not leave */
	const struct rnf_feature *lowering; /* that layer's plugin, or NULL */
	rnf_status failed; /* 0: not yet */
	int placed; /* the words say where already */
	const struct rnf_conf *cause; /* narrower than the layer, or NULL */
	int64_t classes;
	struct rnf_names named; /* layers that have a name, each with its value */
};

static struct rnf_builder *of(struct rnf_graph *g)
{
	return (struct rnf_builder *)g;
}

struct rnf_program *rnf_builder_program(struct rnf_graph *g)
{
	return of(g)->program;
}

const char *rnf_builder_scope(struct rnf_graph *g)
{
	return rnf_strndup(of(g)->scope, sizeof of(g)->scope);
}

const char *rnf_builder_name(struct rnf_graph *g, const char *name)
{
	return rnf_format("%s/%s", of(g)->scope, name);
}

/* The first cause is the one to tell. */
static rnf_val fail_as(struct rnf_builder *b, rnf_status status, const char *whose,
		       const char *format, va_list args)
{
	char words[512];
	if (b->failed) return -1;
	vsnprintf(words, sizeof words, format, args);
	b->failed = rnf_fail(status, "layer %s: %s%s", b->scope[0] ? b->scope : "(unnamed)",
			     whose, words);
	return -1;
}

static rnf_val fail(struct rnf_graph *g, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	const rnf_val v = fail_as(of(g), RNF_EINVAL, "", format, args);
	va_end(args);
	return v;
}

rnf_val rnf_builder_broken(struct rnf_graph *g, const char *format, ...)
{
	const struct rnf_feature *f = of(g)->lowering;
	va_list args;
	va_start(args, format);
	const rnf_val v = fail_as(of(g), RNF_EPLUGIN, f ? rnf_format("the plugin %s.%s is wrong: ",
								     f->kind, f->name) : "",
				  format, args);
	va_end(args);
	return v;
}

int rnf_builder_failed(const struct rnf_graph *g)
{
	return ((const struct rnf_builder *)g)->failed < 0;
}

static rnf_status status(struct rnf_graph *g)
{
	return of(g)->failed;
}

static void enter(struct rnf_graph *g, const char *label)
{
	struct rnf_builder *b = of(g);
	const char *must = label ? rnf_utf8_must(label) : "a text, \"\" for none";
	if (must) {
		rnf_builder_broken(g, "a label must be %s", must);
		label = "";
	}
	const size_t length = strlen(b->scope);
	if (b->n_ends == SCOPES_MAX || length + strlen(label) + 2 > sizeof b->scope) {
		fail(g, "its name or its nesting is too deep");
		return;
	}
	b->ends[b->n_ends++] = length;
	if (label[0])
		snprintf(b->scope + length, sizeof b->scope - length, "%s%s",
			 length ? "_" : "", label);
}

static void leave(struct rnf_graph *g)
{
	struct rnf_builder *b = of(g);
	if (b->n_ends > b->floor) b->scope[b->ends[--b->n_ends]] = 0;
	else rnf_builder_broken(g, "it leaves a scope that it has not entered");
}

static int is_value(const struct rnf_builder *b, rnf_val v)
{
	return v >= 0 && (size_t)v < b->program->n_values;
}

static void shape(struct rnf_graph *g, rnf_val v, int64_t nhwc[4])
{
	const struct rnf_value *x = is_value(of(g), v) ? &of(g)->program->values[v] : NULL;
	if (!x && !of(g)->failed) rnf_builder_broken(g, "shape: %d is no value of this graph", v);
	nhwc[0] = 1;
	nhwc[1] = x ? x->h : 1;
	nhwc[2] = x ? x->w : 1;
	nhwc[3] = x ? x->c : 1;
}

/* The row of a word that the model gives a meaning to; NULL for other words. */
static const struct rnf_param *role_row(const char *word)
{
	const struct rnf_param *row = rnf_param_row(&rnf_model_params, word);
	return row && (row->flags & RNF_PARAM_ROLE) ? row : NULL;
}

static const struct rnf_ref *role_ref(struct rnf_builder *b, const char *word)
{
	const struct rnf_param *row = role_row(word);
	return row ? *(const struct rnf_ref *const *)((const char *)b->model +
						      row->offset)
		   : NULL;
}

static rnf_val lower_layer(struct rnf_graph *g, const struct rnf_ref *ref,
			   const rnf_val *in, size_t n_in)
{
	const struct rnf_layer_impl *impl = ref->feature->impl;
	if (impl->inputs >= 0 && (size_t)impl->inputs != n_in)
		return fail(g, "%s takes %d input%s, got %zu",
			    ref->feature->name, impl->inputs,
			    impl->inputs == 1 ? "" : "s", n_in);
	return impl->lower(ref->conf, g, in, n_in);
}

/* What a feature becomes depends on its kind alone. */
static rnf_val lower(struct rnf_graph *g, const struct rnf_ref *ref,
		     const rnf_val *in, size_t n_in)
{
	const char *kind = ref->feature->kind;
	if (!strcmp(kind, "layer")) return lower_layer(g, ref, in, n_in);
	if (n_in != 1)
		return fail(g, "%s takes one input", ref->feature->name);
	if (!strcmp(kind, "block")) {
		const struct rnf_block_impl *impl = ref->feature->impl;
		return impl->build(ref->conf, g, in[0]);
	}
	return g->pointwise(g, in[0], ref->feature->impl, ref->conf);
}

/* What a layer takes from another one, or gives: an image. */
static rnf_val check_image(struct rnf_builder *b, const char *what, rnf_val v)
{
	if (!is_value(b, v))
		return rnf_builder_broken(&b->graph, "%s is %d, no value of this graph", what, v);
	if (b->program->values[v].domain != RNF_IMAGE)
		return rnf_builder_broken(&b->graph, "%s is a weight, must be an image", what);
	return v;
}

/* Lower it in a scope of its own, which it leaves as it found it. */
static rnf_val lower_in_scope(struct rnf_builder *b, const struct rnf_ref *ref,
			      const char *label, const rnf_val *in, size_t n_in)
{
	const struct rnf_feature *outer = b->lowering;
	const int floor = b->floor;
	enter(&b->graph, label);
	if (b->failed) return -1;
	b->lowering = ref->feature;
	b->floor = b->n_ends;
	rnf_val v = lower(&b->graph, ref, in, n_in);
	if (v < 0 && !b->failed) rnf_builder_broken(&b->graph, "it gives no value and no reason");
	if (!b->failed && b->n_ends != b->floor)
		rnf_builder_broken(&b->graph, "it leaves %d of its scopes open",
				   b->n_ends - b->floor);
	if (!b->failed) check_image(b, "what it gives", v);
	b->floor = floor;
	b->lowering = outer;
	if (b->failed) return -1;
	leave(&b->graph);
	return v;
}

/* What a role stands for, and the settings of who asked. */
static rnf_status resolve(struct rnf_builder *b, const struct rnf_ref **ref,
			  const struct rnf_setting *settings, size_t n_settings)
{
	if (*ref && (*ref)->role) {
		const char *role = (*ref)->role;
		*ref = role_ref(b, role);
		if (!*ref)
			return fail(&b->graph, "the model has no \"%s\": say model.%s "
				    "= ...", role, role);
	}
	if (!*ref) return fail(&b->graph, "nothing is configured here");
	if (!n_settings) return RNF_OK;
	const rnf_status status = rnf_param_settings((*ref)->feature->kind,
			(*ref)->feature->name, *ref, settings, n_settings, ref);
	if (status >= 0) return RNF_OK;
	b->failed = status;
	b->placed = (*ref)->node != NULL;
	return status;
}

static rnf_val use(struct rnf_graph *g, const struct rnf_ref *ref,
		   const char *label, const rnf_val *in, size_t n_in,
		   const struct rnf_setting *settings, size_t n_settings)
{
	struct rnf_builder *b = of(g);
	if (b->failed) return -1;
	for (size_t i = 0; i < n_in; i++)
		if (check_image(b, "an input of another layer", in[i]) < 0) return -1;
	if (resolve(b, &ref, settings, n_settings) < 0) return -1;
	if (++b->depth > MAX_DEPTH)
		return fail(g, "layers are nested more than %d deep", MAX_DEPTH);
	const rnf_val v = lower_in_scope(b, ref, label, in, n_in);
	b->depth--;
	return v;
}

static rnf_val node(struct rnf_graph *g, const char *type, const char *label,
		    const rnf_val *in, size_t n_in,
		    const struct rnf_setting *settings, size_t n_settings)
{
	const struct rnf_ref *ref = NULL;
	if (of(g)->failed) return -1;
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
		of(g)->failed = rnf_fail_in(status, "layer %s_%s: ", of(g)->scope, label);
		return -1;
	}
	return use(g, ref, label, in, n_in, NULL, 0);
}

static const char *name_of(const struct rnf_ref *ref)
{
	const struct rnf_layer_common *common = ref->common;
	return common ? common->name : NULL;
}

static void no_such_input(struct rnf_builder *b, const struct rnf_ref *ref,
			  const char *name)
{
	const char *words[256] = { NULL };
	size_t n = 0;
	for (size_t i = 0; b->model->layers.at[i] != ref && n < 256; i++)
		if (name_of(b->model->layers.at[i]))
			words[n++] = name_of(b->model->layers.at[i]);
	const char *near = rnf_nearest(name, words, n);
	if (!b->failed) b->cause = rnf_conf_get(ref->node, "inputs");
	fail(&b->graph, "inputs: there is no earlier layer named \"%s\"%s%s%s", name,
	     near ? " (did you mean \"" : "", near ? near : "", near ? "\"?)" : "");
}

static size_t too_many_inputs(struct rnf_builder *b, const struct rnf_ref *ref, size_t n)
{
	if (!b->failed) b->cause = rnf_conf_get(ref->node, "inputs");
	fail(&b->graph, "inputs: %zu names, must be at most %d", n, RNF_OP_INPUTS);
	return 1;
}

/* The values that a layer of the conf reads. */
static size_t inputs_of(struct rnf_builder *b, const struct rnf_ref *ref,
			rnf_val before, rnf_val in[RNF_OP_INPUTS])
{
	const struct rnf_layer_common *c = ref->common;
	in[0] = before;
	if (!c || c->inputs.n == 0) return 1;
	if (c->inputs.n > RNF_OP_INPUTS) return too_many_inputs(b, ref, c->inputs.n);
	size_t n = 0;
	for (; n < c->inputs.n; n++) {
		in[n] = (rnf_val)rnf_names_find(&b->named, c->inputs.at[n]);
		if (in[n] < 0) no_such_input(b, ref, c->inputs.at[n]);
	}
	return n;
}

/* The last layer's channels are the classes unless it says otherwise: a layer
 * with a key `units` that is 0 is told. */
static int wants_units(const struct rnf_ref *ref)
{
	const struct rnf_param *row = ref->role
		? NULL : rnf_param_row(ref->feature->params, "units");
	return row && row->type == RNF_TYPE_INT &&
	       *(const int64_t *)((const char *)ref->conf + row->offset) == 0;
}

/* Two layers of one label would share tensors' names and random numbers. */
static const char *label_of(const struct rnf_model_conf *model, size_t i)
{
	const struct rnf_ref *ref = model->layers.at[i];
	const char *name = name_of(ref);
	if (name) return name;
	return rnf_format("%s%zu", ref->role ? ref->role : ref->feature->name, i);
}

/* The place and the path of what is wrong, before the words. */
static void place(const struct rnf_builder *b, const struct rnf_ref *ref)
{
	if (b->placed || !ref->node) return;
	const struct rnf_conf *at = b->cause;
	if (!at && ref->node->retyped) at = rnf_conf_get(ref->node, "type");
	if (!at) at = ref->node;
	rnf_fail_in(b->failed, "%s%s: ", rnf_conf_place(at), rnf_conf_path(ref->node));
}

static rnf_val add_layer(struct rnf_builder *b, size_t i, rnf_val x)
{
	const struct rnf_ref *ref = b->model->layers.at[i];
	const struct rnf_setting units = RNF_SET_INT("units", b->classes);
	const char *name = name_of(ref), *label = label_of(b->model, i);
	rnf_val in[RNF_OP_INPUTS];
	enter(&b->graph, label); /* for the words when an input is not there */
	const size_t n = inputs_of(b, ref, x, in);
	leave(&b->graph);
	x = use(&b->graph, ref, label, in, n, &units, wants_units(ref) ? 1 : 0);
	if (x < 0) place(b, ref);
	if (name && x >= 0) rnf_names_add(&b->named, name, x);
	return x;
}

static void init(struct rnf_builder *b, const struct rnf_model_conf *model,
		 int training)
{
	b->graph = (struct rnf_graph){
		.size = sizeof b->graph, .training = training, .host = &rnf_host,
		.initializer = model->initializer, .l2 = model->l2,
		.algorithm = (enum rnf_algorithm)model->algorithm,
		.node = node, .use = use, .shape = shape, .enter = enter,
		.leave = leave, .fail = fail, .status = status,
	};
	rnf_primitives(&b->graph);
	b->model = model;
}

static rnf_status same_label(const struct rnf_model_conf *model, size_t one, size_t two)
{
	const struct rnf_conf *a = model->layers.at[one]->node;
	const struct rnf_conf *b = model->layers.at[two]->node;
	const struct rnf_conf *names[2] = { rnf_conf_get(a, "name"), rnf_conf_get(b, "name") };
	if (!a || !b)
		return rnf_fail(RNF_EINVAL, "model.layers: two are called \"%s\"",
				label_of(model, two));
	return rnf_fail(RNF_EINVAL, "%s%s is called \"%s\", as %s%s is: give it another "
			"name", rnf_conf_place(names[1] ? names[1] : b), rnf_conf_path(b),
			label_of(model, two), rnf_conf_place(names[0] ? names[0] : a),
			rnf_conf_path(a));
}

static rnf_status check_labels(const struct rnf_model_conf *model)
{
	struct rnf_names labels = { .n = 0 };
	for (size_t i = 0; i < model->layers.n; i++) {
		const int64_t j = rnf_names_add(&labels, label_of(model, i), (int64_t)i);
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

static rnf_status declared_in(const struct rnf_program *p, const struct rnf_model_weight *w,
			      const char *alone)
{
	if (rnf_names_find(&p->names, w->name) >= 0) return RNF_OK;
	return rnf_fail(RNF_EPLUGIN, "the tensor %s is declared for %s alone: a layer must declare "
			"the same ones for training and for inference", w->name, alone);
}

rnf_status rnf_graph_same_weights(const struct rnf_program *inference,
				  const struct rnf_program *training)
{
	for (size_t i = 0; i < training->n_weights; i++)
		RNF_TRY(declared_in(inference, &training->weights[i], "training"));
	for (size_t i = 0; i < inference->n_weights; i++)
		RNF_TRY(declared_in(training, &inference->weights[i], "inference"));
	for (size_t i = 0; i < training->n_weights; i++)
		if (!is_same(&training->weights[i], &inference->weights[i]))
			return rnf_fail(RNF_EPLUGIN, "the tensor %s differs between training and "
					"inference: in its shape, its l2, its state or its place "
					"among the others", training->weights[i].name);
	return RNF_OK;
}

rnf_status rnf_graph_build(const struct rnf_model_conf *model,
			   const int64_t hwc[3], int64_t classes, int training,
			   struct rnf_program **program)
{
	if (model->layers.n == 0)
		return rnf_fail(RNF_EINVAL, "model.layers is empty");
	RNF_TRY(check_labels(model));
	struct rnf_builder *b = rnf_alloc(sizeof *b);
	init(b, model, training);
	b->classes = classes;
	b->program = *program = rnf_alloc(sizeof **program);
	b->program->training = training;
	b->program->loss = -1;
	b->program->input = rnf_op_add(b->program, RNF_OP_INPUT, NULL, 0,
				       hwc[0], hwc[1], hwc[2]);
	rnf_val x = b->program->input;
	for (size_t i = 0; i < model->layers.n; i++) {
		x = add_layer(b, i, x);
		if (x < 0) return b->failed;
	}
	b->program->logits = x;
	RNF_TRY(check_logits(b->program, classes));
	rnf_param_notices(); /* the conf is accepted: nothing later reads it */
	return RNF_OK;
}
