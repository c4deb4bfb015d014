/* Computes offsets from lifetimes: the largest buffer first, each at the lowest place that
 * is free during its whole life. A binary tree over the time keeps what is taken: a life
 * consists of few spans of the tree, and each span has few runs of taken bytes, so a place
 * is found without a look at every buffer. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "plan/planner.h"

/* Runs of bytes that are taken, ascending, with gaps between them. */
struct run {
	int64_t from, to; /* behind the last */
};
struct runs {
	struct run *at;
	size_t n, room;
};

/* A span of the time; its children 2i and 2i + 1 are its halves. */
struct span {
	struct runs whole; /* taken during the whole span */
	struct runs part;  /* taken by lives that overlap it only in part */
};

/* The runs that a life must avoid: those of at most four spans on each level of the tree. */
enum { CROWD_MAX = 8 * 64 };
struct crowd {
	const struct runs *at[CROWD_MAX];
	int n;
};

/* The first run that ends at `offset` or behind it. */
static size_t find(const struct runs *r, int64_t offset)
{
	size_t low = 0, high = r->n;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		if (r->at[middle].to < offset) low = middle + 1;
		else high = middle;
	}
	return low;
}

static void make_room(struct runs *r)
{
	if (r->n < r->room) return;
	r->room = r->room ? 2 * r->room : 4;
	struct run *larger = rnf_alloc(r->room * sizeof *larger);
	if (r->n > 0) memcpy(larger, r->at, r->n * sizeof *larger);
	r->at = larger;
}

/* Add a run, merged with all that it touches. */
static void take(struct runs *r, struct run new)
{
	const size_t first = find(r, new.from);
	size_t end = first;
	for (; end < r->n && r->at[end].from <= new.to; end++) {
		if (r->at[end].from < new.from) new.from = r->at[end].from;
		if (r->at[end].to > new.to) new.to = r->at[end].to;
	}
	make_room(r);
	memmove(r->at + first + 1, r->at + end, (r->n - end) * sizeof *r->at);
	r->n = r->n - (end - first) + 1;
	r->at[first] = new;
}

/* Add a life's run to the spans below number i, which covers first .. last. */
static void take_spans(struct span *spans, size_t i, int64_t first, int64_t last,
		       const struct rnf_buffer *b)
{
	const struct run run = { b->offset, b->offset + b->size };
	const int64_t middle = first + (last - first) / 2;
	if (b->last < first || last < b->first) return;
	if (b->first <= first && last <= b->last) {
		take(&spans[i].whole, run);
		return;
	}
	take(&spans[i].part, run);
	take_spans(spans, 2 * i, first, middle, b);
	take_spans(spans, 2 * i + 1, middle + 1, last, b);
}

static void join(struct crowd *crowd, const struct runs *runs)
{
	if (runs->n > 0) crowd->at[crowd->n++] = runs;
}

/* Collect the runs of buffers whose lives overlap that of b. */
static void gather(struct span *spans, size_t i, int64_t first, int64_t last,
		   const struct rnf_buffer *b, struct crowd *crowd)
{
	const int64_t middle = first + (last - first) / 2;
	if (b->last < first || last < b->first) return;
	join(crowd, &spans[i].whole);
	if (b->first <= first && last <= b->last) {
		join(crowd, &spans[i].part);
		return;
	}
	gather(spans, 2 * i, first, middle, b, crowd);
	gather(spans, 2 * i + 1, middle + 1, last, b, crowd);
}

/* The lowest place from `offset` on where these runs leave `size` free. */
static int64_t clear_of(const struct runs *r, int64_t offset, int64_t size)
{
	for (size_t i = find(r, offset + 1); i < r->n && r->at[i].from < offset + size; i++)
		offset = r->at[i].to;
	return offset;
}

/* The lowest offset of all: 0, or the end of a buffer. */
static int64_t lowest(const struct crowd *crowd, int64_t size)
{
	int64_t offset = 0;
	for (int moved = 1; moved;) {
		moved = 0;
		for (int i = 0; i < crowd->n; i++) {
			const int64_t next = clear_of(crowd->at[i], offset, size);
			moved |= next != offset;
			offset = next;
		}
	}
	return offset;
}

static int larger(const void *a, const void *b)
{
	const struct rnf_buffer *x = *(struct rnf_buffer *const *)a;
	const struct rnf_buffer *y = *(struct rnf_buffer *const *)b;
	if (x->size != y->size) return x->size < y->size ? 1 : -1;
	return x < y ? -1 : x > y; /* ties by number, so that qsort cannot change the order */
}

/* The end of the last life; fills `order` with the buffers in the order in which they are
 * placed. */
static int64_t sort(struct rnf_buffer *buffers, size_t n, struct rnf_buffer **order)
{
	int64_t last = 0;
	for (size_t i = 0; i < n; i++) {
		order[i] = &buffers[i];
		if (buffers[i].last > last) last = buffers[i].last;
	}
	qsort(order, n, sizeof *order, larger);
	return last;
}

/* Its own working memory is free again when all buffers have a place. */
int64_t rnf_memory_place(struct rnf_buffer *buffers, size_t n)
{
	const void *mark = rnf_arena_mark();
	if (n == 0) return 0;
	struct rnf_buffer **order = rnf_alloc(n * sizeof *order);
	const int64_t last = sort(buffers, n, order);
	struct span *spans = rnf_alloc(4 * (size_t)(last + 1) * sizeof *spans);
	int64_t end = 0;
	for (size_t i = 0; i < n; i++) {
		struct crowd crowd = { .n = 0 };
		gather(spans, 1, 0, last, order[i], &crowd);
		order[i]->offset = lowest(&crowd, order[i]->size);
		take_spans(spans, 1, 0, last, order[i]);
		if (order[i]->offset + order[i]->size > end)
			end = order[i]->offset + order[i]->size;
	}
	rnf_arena_release(mark);
	return end;
}
