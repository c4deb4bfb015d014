/* From the model section to primitives: walks the layers of the conf, lets
 * blocks compose and layers lower, and keeps scopes, roles and names. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "graph/graph.h"

#define MAX_DEPTH 16 /* of layers inside layers: more is a circle */

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
	RNF_STRING(struct rnf_layer_common, name, NULL, 0,
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
	size_t ends[64]; /* length of the scope before each enter */
	int n_ends, depth;
	int failed, placed; /* placed: the words say where already */
	const struct rnf_conf *cause; /* narrower than the layer, or NULL */
	int64_t classes;
	struct named { const char *name; rnf_val value; } *named;
	size_t n_named;
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

static rnf_val fail(struct rnf_graph *g, const char *format, ...)
{
	struct rnf_builder *b = of(g);
	if (b->failed) return -1; /* the first cause is the one to tell */
	char words[512];
	va_list args;
	va_start(args, format);
	vsnprintf(words, sizeof words, format, args);
	va_end(args);
	rnf_fail(RNF_EINVAL, "layer %s: %s", b->scope[0] ? b->scope : "(unnamed)",
		 words);
	b->failed = 1;
	return -1;
}

static rnf_status status(struct rnf_graph *g)
{
	return of(g)->failed ? RNF_EINVAL : RNF_OK;
}

static void enter(struct rnf_graph *g, const char *label)
{
	struct rnf_builder *b = of(g);
	const size_t length = strlen(b->scope);
	if (b->n_ends == 64 || length + strlen(label) + 2 > sizeof b->scope) {
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
	if (b->n_ends > 0) b->scope[b->ends[--b->n_ends]] = 0;
}

static void shape(struct rnf_graph *g, rnf_val v, int64_t nhwc[4])
{
	const struct rnf_value *x = v < 0 ? NULL : &of(g)->program->values[v];
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

static rnf_val use(struct rnf_graph *g, const struct rnf_ref *ref,
		   const char *label, const rnf_val *in, size_t n_in,
		   const struct rnf_setting *settings, size_t n_settings)
{
	struct rnf_builder *b = of(g);
	for (size_t i = 0; i < n_in; i++)
		if (in[i] < 0) return -1;
	if (b->failed) return -1;
	if (ref && ref->role) {
		const char *role = ref->role;
		ref = role_ref(b, role);
		if (!ref)
			return fail(g, "the model has no \"%s\": say model.%s "
				    "= ...", role, role);
	}
	if (!ref) return fail(g, "nothing is configured here");
	if (n_settings && rnf_param_settings(ref->feature->kind,
					     ref->feature->name, ref, settings,
					     n_settings, &ref) < 0) {
		b->failed = 1;
		b->placed = ref->node != NULL;
		return -1;
	}
	if (++b->depth > MAX_DEPTH)
		return fail(g, "layers are nested more than %d deep", MAX_DEPTH);
	enter(g, label);
	const rnf_val v = b->failed ? -1 : lower(g, ref, in, n_in);
	if (v < 0) fail(g, "could not be built");
	leave(g);
	b->depth--;
	return v;
}

static rnf_val node(struct rnf_graph *g, const char *type, const char *label,
		    const rnf_val *in, size_t n_in,
		    const struct rnf_setting *settings, size_t n_settings)
{
	const struct rnf_ref *ref = NULL;
	if (of(g)->failed) return -1;
	if (role_row(type)) {
		const struct rnf_ref role = { .role = type };
		return use(g, &role, label, in, n_in, settings, n_settings);
	}
	if (rnf_param_settings("layer|block", type, NULL, settings, n_settings,
			       &ref) < 0) {
		rnf_fail_in(RNF_EINVAL, "layer %s_%s: ", of(g)->scope, label);
		of(g)->failed = 1;
		return -1;
	}
	return use(g, ref, label, in, n_in, NULL, 0);
}

static void no_such_input(struct rnf_builder *b, const struct rnf_ref *ref,
			  const char *name)
{
	const char *words[256] = { NULL };
	size_t n = 0;
	for (; n < b->n_named && n < 256; n++) words[n] = b->named[n].name;
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
		in[n] = -1;
		for (size_t i = 0; i < b->n_named; i++)
			if (!strcmp(b->named[i].name, c->inputs.at[n]))
				in[n] = b->named[i].value;
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

static const char *name_of(const struct rnf_ref *ref)
{
	const struct rnf_layer_common *common = ref->common;
	return common ? common->name : NULL;
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
	rnf_fail_in(RNF_EINVAL, "%s%s: ", rnf_conf_place(at), rnf_conf_path(ref->node));
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
	if (name && x >= 0) {
		struct named *slot = rnf_push((void **)&b->named, &b->n_named,
					      sizeof *slot);
		*slot = (struct named){ name, x };
	}
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
	const char **labels = rnf_alloc(model->layers.n * sizeof *labels);
	for (size_t i = 0; i < model->layers.n; i++) {
		labels[i] = label_of(model, i);
		for (size_t j = 0; j < i; j++)
			if (!strcmp(labels[j], labels[i])) return same_label(model, j, i);
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
		if (x < 0) return RNF_EINVAL;
	}
	b->program->logits = x;
	RNF_TRY(check_logits(b->program, classes));
	rnf_param_notices(); /* the conf is accepted: nothing later reads it */
	return RNF_OK;
}
