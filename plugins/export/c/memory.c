/* Where each image lies: it lives from the op that makes it to the last one that reads it. */
#include "writer.h"

static int meet(const struct life *a, const struct life *b)
{
	return a->first <= b->last && b->first <= a->last;
}

/* The lowest place that no image of the same time has; each round steps over one of them. */
static int64_t lowest(const struct life *lives, size_t n, const char *placed, const struct life *v)
{
	int64_t at = 0;
	for (int moved = 1; moved;) {
		moved = 0;
		for (size_t i = 0; i < n; i++) {
			const struct life *other = &lives[i];
			const int64_t end = other->offset + other->size;
			if (!placed[i] || !meet(v, other) || at >= end || other->offset >= at + v->size)
				continue;
			at = end;
			moved = 1;
		}
	}
	return at;
}

/* Those that take the place of another make it live longer. */
static void join(struct life *lives, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct life *first = &lives[i];
		if (first->with < 0) continue;
		while (first->with >= 0)
			first = &lives[first->with];
		if (lives[i].last > first->last) first->last = lives[i].last;
	}
}

static int64_t first_of(const struct life *lives, size_t n, const char *placed)
{
	int64_t best = -1;
	for (size_t i = 0; i < n; i++)
		if (!placed[i] && lives[i].with < 0 && lives[i].size > 0 &&
		    (best < 0 || lives[i].first < lives[best].first))
			best = (int64_t)i;
	return best;
}

int64_t writer_place_lives(const struct rnf_host *host, struct life *lives, size_t n)
{
	char *placed = host->alloc(n);
	int64_t all = 0;
	join(lives, n);
	for (int64_t i; (i = first_of(lives, n, placed)) >= 0;) {
		lives[i].offset = lowest(lives, n, placed, &lives[i]);
		placed[i] = 1;
		const int64_t end = lives[i].offset + lives[i].size;
		if (end > all) all = end;
	}
	for (size_t i = 0; i < n; i++) {
		const struct life *first = &lives[i];
		while (first->with >= 0)
			first = &lives[first->with];
		lives[i].offset = first->offset;
	}
	return all;
}

static void live(const struct writer *w, struct life *lives, int32_t v, int64_t from, int64_t to)
{
	const struct rnf_export_value *x = &w->model->values[v];
	if (x->tensor) return;
	if (lives[v].size == 0) lives[v].first = from;
	lives[v].size = x->h * x->w * x->c;
	lives[v].last = to;
}

void writer_place(struct writer *w)
{
	const struct rnf_export_model *m = w->model;
	struct life *lives = w->host->alloc(m->n_values * sizeof *lives);
	for (uint32_t i = 0; i < m->n_values; i++)
		lives[i].with = -1;
	live(w, lives, m->input, -1, -1);
	for (uint32_t i = 0; i < m->n_ops; i++) {
		live(w, lives, m->ops[i].out, i, i);
		for (uint32_t k = 0; k < m->ops[i].n_in; k++)
			live(w, lives, m->ops[i].in[k], i, i);
	}
	live(w, lives, m->logits, m->n_ops, m->n_ops);
	w->memory = writer_place_lives(w->host, lives, m->n_values);
	w->offset = w->host->alloc(m->n_values * sizeof *w->offset);
	for (uint32_t i = 0; i < m->n_values; i++)
		w->offset[i] = lives[i].offset;
}
