/* Offsets from lifetimes: largest first, each at the lowest place that is free
 * during its whole life. */
#include <stdlib.h>

#include "base/arena.h"
#include "plan/planner.h"

static int larger(const void *a, const void *b)
{
	const struct rnf_buffer *x = *(struct rnf_buffer *const *)a;
	const struct rnf_buffer *y = *(struct rnf_buffer *const *)b;
	if (x->size != y->size) return x->size < y->size ? 1 : -1;
	return x < y ? -1 : x > y; /* a fixed order, whatever qsort does */
}

static int touch(const struct rnf_buffer *a, const struct rnf_buffer *b)
{
	return a->first <= b->last && b->first <= a->last;
}

/* The lowest offset at which none of the n buffers placed before is in the way:
 * 0, or the end of one of them. */
static int64_t lowest(struct rnf_buffer *const *placed, size_t n,
		      const struct rnf_buffer *b)
{
	int64_t offset = 0;
	for (int moved = 1; moved;) {
		moved = 0;
		for (size_t i = 0; i < n; i++) {
			const struct rnf_buffer *o = placed[i];
			if (touch(o, b) && o->offset < offset + b->size &&
			    offset < o->offset + o->size) {
				offset = o->offset + o->size;
				moved = 1;
			}
		}
	}
	return offset;
}

int64_t rnf_memory_place(struct rnf_buffer *buffers, size_t n)
{
	struct rnf_buffer **order = rnf_alloc((n + 1) * sizeof *order);
	int64_t end = 0;
	for (size_t i = 0; i < n; i++)
		order[i] = &buffers[i];
	qsort(order, n, sizeof *order, larger);
	for (size_t i = 0; i < n; i++) {
		order[i]->offset = lowest(order, i, order[i]);
		if (order[i]->offset + order[i]->size > end)
			end = order[i]->offset + order[i]->size;
	}
	return end;
}
