/* Where each image lies: it lives from the op that makes it to the last one that reads it. */
#include "writer.h"

static int64_t size_of(const struct writer *w, int32_t v)
{
	const struct rnf_export_value *x = &w->model->values[v];
	return x->h * x->w * x->c;
}

struct lives {
	int64_t *first, *last; /* [n_values], ops; the input is there before op 0 */
};

static struct lives lives_of(const struct writer *w)
{
	const struct rnf_export_model *m = w->model;
	struct lives l = { w->host->alloc(m->n_values * 8), w->host->alloc(m->n_values * 8) };
	for (uint32_t i = 0; i < m->n_values; i++)
		l.first[i] = l.last[i] = -2; /* never */
	l.first[m->input] = l.last[m->input] = -1;
	for (uint32_t i = 0; i < m->n_ops; i++) {
		l.first[m->ops[i].out] = l.last[m->ops[i].out] = i;
		for (uint32_t k = 0; k < m->ops[i].n_in; k++)
			if (!m->values[m->ops[i].in[k]].tensor) l.last[m->ops[i].in[k]] = i;
	}
	l.last[m->logits] = m->n_ops;
	return l;
}

static int meet(const struct lives *l, int32_t a, int32_t b)
{
	return l->first[a] <= l->last[b] && l->first[b] <= l->last[a];
}

/* The lowest place that no image of the same time has; each round steps over one of them. */
static int64_t lowest(const struct writer *w, const struct lives *l, const char *placed, int32_t v)
{
	int64_t at = 0;
	for (int moved = 1; moved;) {
		moved = 0;
		for (uint32_t i = 0; i < w->model->n_values; i++) {
			const int64_t end = w->offset[i] + size_of(w, (int32_t)i);
			if (!placed[i] || !meet(l, v, (int32_t)i) || at >= end ||
			    w->offset[i] >= at + size_of(w, v))
				continue;
			at = end;
			moved = 1;
		}
	}
	return at;
}

static void place(struct writer *w, const struct lives *l, char *placed, int32_t v)
{
	w->offset[v] = lowest(w, l, placed, v);
	placed[v] = 1;
	const int64_t end = w->offset[v] + size_of(w, v);
	if (end > w->memory) w->memory = end;
}

void writer_place(struct writer *w)
{
	const struct rnf_export_model *m = w->model;
	const struct lives l = lives_of(w);
	char *placed = w->host->alloc(m->n_values);
	w->offset = w->host->alloc(m->n_values * sizeof *w->offset);
	place(w, &l, placed, m->input);
	for (uint32_t i = 0; i < m->n_ops; i++)
		place(w, &l, placed, m->ops[i].out);
}
