/* Scopes, the first failure, and appending ops to the program. */
#include "op/builder.h"

#include <rnframe/random.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "base/utf8.h"

/* Floats of a value in one image: with this limit the offsets of a thousand values in the
 * largest batch fit into 63 bits. */
static const int64_t values_max = (int64_t)1 << 36;

const char *rnf_builder_scope(struct rnf_graph *g)
{
	const struct rnf_builder *b = rnf_builder_of(g);
	return rnf_strndup(b->scope, sizeof b->scope);
}

const char *rnf_builder_name(struct rnf_graph *g, const char *name)
{
	return rnf_format("%s/%s", rnf_builder_of(g)->scope, name);
}

const char *rnf_builder_layer(struct rnf_graph *g)
{
	const struct rnf_feature *f = rnf_builder_of(g)->lowering;
	return f ? f->name : "open";
}

int rnf_builder_has(const struct rnf_builder *b, rnf_val v)
{
	return v >= 0 && (size_t)v < b->program->n_values;
}

/* -- failures -- */

/* Only the first cause is reported. */
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
	const rnf_val v = fail_as(rnf_builder_of(g), RNF_EINVAL, "", format, args);
	va_end(args);
	return v;
}

rnf_val rnf_builder_broken(struct rnf_graph *g, const char *format, ...)
{
	const struct rnf_feature *f = rnf_builder_of(g)->lowering;
	va_list args;
	va_start(args, format);
	const rnf_val v = fail_as(rnf_builder_of(g), RNF_EPLUGIN,
		f ? rnf_format("the plugin %s.%s is wrong: ", f->kind, f->name) : "",
		format, args);
	va_end(args);
	return v;
}

static rnf_status status(struct rnf_graph *g)
{
	return rnf_builder_of(g)->failed;
}

/* -- scopes -- */

static void enter(struct rnf_graph *g, const char *label)
{
	struct rnf_builder *b = rnf_builder_of(g);
	const char *must = label ? rnf_utf8_must(label) : "a text, \"\" for none";
	if (must) {
		rnf_builder_broken(g, "a label must be %s", must);
		label = "";
	}
	const size_t length = strlen(b->scope);
	if (b->n_ends == RNF_SCOPES_MAX || length + strlen(label) + 2 > sizeof b->scope) {
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
	struct rnf_builder *b = rnf_builder_of(g);
	if (b->n_ends > b->floor) b->scope[b->ends[--b->n_ends]] = 0;
	else rnf_builder_broken(g, "it leaves a scope that it did not enter");
}

static void shape(struct rnf_graph *g, rnf_val v, int64_t nhwc[4])
{
	const struct rnf_builder *b = rnf_builder_of(g);
	const struct rnf_value *x = rnf_builder_has(b, v) ? &b->program->values[v] : NULL;
	if (!x && !b->failed) rnf_builder_broken(g, "shape: %d is no value of this graph", v);
	nhwc[0] = 1;
	nhwc[1] = x ? x->h : 1;
	nhwc[2] = x ? x->w : 1;
	nhwc[3] = x ? x->c : 1;
}

void rnf_builder_init(struct rnf_builder *b, struct rnf_program *program)
{
	struct rnf_graph *g = &b->graph;
	b->program = program;
	g->size = sizeof *g;
	g->host = &rnf_host;
	g->block_count = 1;
	g->shape = shape;
	g->enter = enter;
	g->leave = leave;
	g->fail = fail;
	g->status = status;
#define FILL(name) rnf_primitive_##name(g);
	RNF_PRIMITIVES(FILL)
#undef FILL
}

/* -- keys of random ops -- */

/* Does one of the layer's ops have this key? They are the last ones of the program, with
 * those of its inner layers, whose labels begin with its own. */
static int is_drawn_by(const struct rnf_program *p, const char *label, uint64_t node)
{
	const size_t n = strlen(label);
	for (size_t i = p->n_ops; i > 0; i--) {
		const struct rnf_op *op = &p->ops[i - 1];
		if (!op->label || strncmp(op->label, label, n) != 0) return 0;
		if (op->node && op->node == node) return 1;
	}
	return 0;
}

uint64_t rnf_builder_key(struct rnf_graph *g)
{
	const struct rnf_builder *b = rnf_builder_of(g);
	uint64_t key = 0;
	for (const char *s = b->scope; *s; s++)
		key = key * 1099511628211ull + (unsigned char)*s;
	for (uint64_t first = key, n = 1; is_drawn_by(b->program, b->scope, key); n++)
		key = rnf_random_key(first, n);
	return key;
}

/* -- ops -- */

static rnf_val check_output(struct rnf_graph *g, const struct rnf_op_row *row, int64_t h, int64_t w,
			    int64_t c)
{
	if (h < 1 || w < 1 || c < 1)
		return g->fail(g, "%s: its output would be %lld x %lld x %lld", row->name,
			       (long long)h, (long long)w, (long long)c);
	if (h * w > values_max / c)
		return g->fail(g, "%s: its output would have %lld x %lld x %lld values, more "
			       "than 2^36", row->name, (long long)h, (long long)w,
			       (long long)c);
	return 0;
}

rnf_val rnf_append(struct rnf_graph *g, const struct rnf_op *op, int64_t h, int64_t w, int64_t c)
{
	if (rnf_roles_check(g, op, c) < 0 || check_output(g, op->row, h, w, c) < 0) return -1;
	struct rnf_program *p = rnf_builder_of(g)->program;
	const rnf_val v = rnf_op_add(p, op->row, op->in, op->n_in, h, w, c * op->row->rows);
	struct rnf_op *made = rnf_op_of(p, v);
	const int depth = made->depth;
	*made = *op;
	made->frozen = rnf_builder_of(g)->frozen;
	made->depth = depth;
	made->out = v;
	if (made->groups == 0) made->groups = 1;
	made->label = rnf_builder_scope(g);
	return v;
}

rnf_val rnf_append_like(struct rnf_graph *g, const struct rnf_op *op)
{
	const struct rnf_value v = rnf_shape_of(g, op->in[0]);
	return rnf_append(g, op, v.h, v.w, v.c);
}

struct rnf_value rnf_shape_of(struct rnf_graph *g, rnf_val x)
{
	const struct rnf_builder *b = rnf_builder_of(g);
	if (!rnf_builder_has(b, x))
		return (struct rnf_value){ .h = 1, .w = 1, .c = 1, .weight = -1 };
	return b->program->values[x];
}

int64_t rnf_made_by(struct rnf_graph *g, rnf_val w)
{
	const struct rnf_builder *b = rnf_builder_of(g);
	const struct rnf_model_weight *t = rnf_builder_has(b, w) ? rnf_tensor_of(b->program, w)
								 : NULL;
	return t ? t->shape[t->rank - 1] : 1;
}
