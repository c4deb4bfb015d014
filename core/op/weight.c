/* The sources of values: images, and tensors that layers declare. */
#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "base/utf8.h"
#include "op/builder.h"
#include "plugin/param.h"

enum { NAME_MAX_BYTES = 200 };

const struct rnf_op_row rnf_op_row_input = {
	.name = "input", .words = "the input", .class = RNF_INPUT, .rows = 1,
};
const struct rnf_op_row rnf_op_row_weight = {
	.name = "weight", .words = "a weight", .call = "weight", .class = RNF_TENSOR, .rows = 1,
};


static rnf_val check_name(struct rnf_graph *g, const char *name)
{
	if (!name || !name[0])
		return rnf_builder_broken(g, "weight: its name is %s", name ? "empty" : "NULL");
	const char *must = rnf_utf8_must(name);
	if (!must && strchr(name, '/')) must = "without /";
	if (!must && strlen(name) > NAME_MAX_BYTES)
		must = rnf_format("at most %d bytes long", NAME_MAX_BYTES);
	return must ? rnf_builder_broken(g, "weight: its name must be %s", must) : 0;
}

rnf_val rnf_check_shape(struct rnf_graph *g, const char *what, int rank, const int64_t *shape)
{
	int64_t size = 1;
	if (rank < 1 || rank > 4)
		return rnf_builder_broken(g, "%s: rank is %d, must be 1 .. 4", what, rank);
	for (int i = 0; i < rank; i++) {
		if (shape[i] < 1 || shape[i] > INT32_MAX / size)
			return rnf_builder_broken(g, "%s: shape[%d] is %lld, must be 1 or more, and "
				"all of them at most 2^31 values", what, i, (long long)shape[i]);
		size *= shape[i];
	}
	return 0;
}

int64_t rnf_shape_size(int rank, const int64_t *shape)
{
	int64_t size = 1;
	for (int i = 0; i < rank; i++)
		size *= shape[i];
	return size;
}

static rnf_val check_first_values(struct rnf_graph *g, const struct rnf_weight *w)
{
	const struct rnf_ref *ref = w->initializer;
	if (ref && (!ref->feature || strcmp(ref->feature->kind, "initializer")))
		return rnf_builder_broken(g, "weight %s: its initializer is not a plugin of kind "
					  "initializer", w->name);
	if (!ref && !isfinite(w->value))
		return rnf_builder_broken(g, "weight %s: value is %g, must be finite", w->name,
					  w->value);
	return 0;
}

static rnf_val check(struct rnf_graph *g, const struct rnf_weight *w)
{
	if (!w) return rnf_builder_broken(g, "weight: the description is NULL");
	if (check_name(g, w->name) < 0) return -1;
	if (rnf_check_shape(g, rnf_format("weight %s", w->name), w->rank, w->shape) < 0) return -1;
	if (w->fan_in < 0 || w->fan_out < 0)
		return rnf_builder_broken(g, "weight %s: its fans are %lld and %lld, must be 0 or "
					  "more", w->name, (long long)w->fan_in,
					  (long long)w->fan_out);
	if (!(w->l2 >= 0 && isfinite(w->l2)))
		return rnf_builder_broken(g, "weight %s: l2 is %g, must be a number, 0 or more",
					  w->name, w->l2);
	if (w->state != 0 && w->state != 1)
		return rnf_builder_broken(g, "weight %s: state is %d, must be 0 or 1", w->name,
					  w->state);
	return check_first_values(g, w);
}

static rnf_val call(struct rnf_graph *g, const struct rnf_weight *spec)
{
	if (rnf_builder_of(g)->failed || check(g, spec) < 0) return -1;
	const int64_t size = rnf_shape_size(spec->rank, spec->shape);
	const rnf_val v = rnf_append(g, &(struct rnf_op){ .row = &rnf_op_row_weight }, 1, 1, size);
	if (v < 0) return v;
	struct rnf_program *p = rnf_builder_of(g)->program;
	const int frozen = rnf_builder_of(g)->frozen;
	const char *name = rnf_builder_name(g, spec->name);
	if (rnf_names_add(&p->names, name, (int64_t)p->n_weights) >= 0)
		return g->fail(g, "two tensors are called %s: give the layers names that "
			       "differ", name);
	p->values[v].weight = (int)p->n_weights;
	p->values[v].needs_grad = !spec->state && !frozen;
	struct rnf_model_weight *w = rnf_push((void **)&p->weights, &p->n_weights, sizeof *w);
	*w = (struct rnf_model_weight){
		.name = name, .rank = spec->rank, .size = size,
		.offset = p->block, .fan_in = spec->fan_in,
		.fan_out = spec->fan_out, .initializer = spec->initializer,
		.value = spec->value, .l2 = frozen ? 0 : spec->l2, .state = spec->state,
		.value_id = v, .gradient = -1,
	};
	memcpy(w->shape, spec->shape, sizeof w->shape);
	p->block += rnf_round16(size);
	return v;
}

void rnf_primitive_weight(struct rnf_graph *g)
{
	g->weight = call;
}
