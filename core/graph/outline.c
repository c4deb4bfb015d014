#include <string.h>

#include "graph/outline.h"

int64_t rnf_layer_parameters(const struct rnf_program *p, const struct rnf_model_layer *l)
{
	int64_t n = 0;
	for (size_t i = l->weights[0]; i < l->weights[1]; i++)
		if (!p->weights[i].state) n += p->weights[i].size;
	return n;
}

int64_t rnf_layer_macs(const struct rnf_program *p, const struct rnf_model_layer *l)
{
	int64_t n = 0;
	for (size_t i = l->ops[0]; i < l->ops[1]; i++)
		n += rnf_op_macs(p, &p->ops[i]);
	return n;
}

static int makes_image(const struct rnf_program *p, size_t op)
{
	return p->values[p->ops[op].out].domain == RNF_IMAGE;
}

/* Does it make images itself, by ops outside of the layers inside it? */
static int has_own_images(const struct rnf_program *p, size_t layer)
{
	const struct rnf_model_layer *l = &p->layers[layer];
	size_t inside = layer + 1;
	for (size_t op = l->ops[0]; op < l->ops[1]; op++) {
		while (inside < l->end && p->layers[inside].ops[1] <= op)
			inside = p->layers[inside].end;
		const int is_own = inside == l->end || op < p->layers[inside].ops[0];
		if (is_own && makes_image(p, op)) return 1;
	}
	return 0;
}

int rnf_layer_is_block(const struct rnf_model_layer *l)
{
	return !strcmp(l->feature->kind, "block");
}

int rnf_layer_composes(const struct rnf_program *p, size_t layer)
{
	const struct rnf_model_layer *l = &p->layers[layer];
	if (l->end == layer + 1) return 0;
	return rnf_layer_is_block(l) || !has_own_images(p, layer);
}

/* Each op of a plugin's own primitive has a row of its own: compare names. */
static int same_work(const struct rnf_op *a, const struct rnf_op *b)
{
	return a->row->class == b->row->class && !strcmp(a->row->name, b->row->name);
}

static int same_shape(const struct rnf_program *p, int one, int two)
{
	const struct rnf_value *a = &p->values[one], *b = &p->values[two];
	return a->h == b->h && a->w == b->w && a->c == b->c;
}

static int is_same(const struct rnf_program *p, const struct rnf_model_layer *a,
		   const struct rnf_model_layer *b)
{
	const size_t n = a->ops[1] - a->ops[0];
	if (a->feature != b->feature || a->n_in != b->n_in || b->ops[1] - b->ops[0] != n ||
	    rnf_layer_parameters(p, a) != rnf_layer_parameters(p, b))
		return 0;
	for (size_t i = 0; i < a->n_in; i++)
		if (!same_shape(p, a->in[i], b->in[i])) return 0;
	for (size_t i = 0; i < n; i++) {
		const struct rnf_op *x = &p->ops[a->ops[0] + i], *y = &p->ops[b->ops[0] + i];
		if (!same_work(x, y) || !same_shape(p, x->out, y->out)) return 0;
	}
	return same_shape(p, a->out, b->out);
}

size_t rnf_layer_run(const struct rnf_program *p, size_t layer, size_t end, size_t *n)
{
	size_t next = p->layers[layer].end;
	for (*n = 1; next < end && is_same(p, &p->layers[layer], &p->layers[next]); ++*n)
		next = p->layers[next].end;
	return next;
}
