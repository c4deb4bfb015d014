/* Places of a picture. A layer stands one row below the lowest of its inputs. Of a layer's
 * readers, the one with the longest path to the end continues its column; the others start
 * columns to the right, which end where branches join. An edge that would cross layers in its
 * column takes a lane at the right. */
#include "base/arena.h"
#include "graph/picture.h"

enum { COLUMNS = 24 };

struct places {
	struct rnf_picture *q;
	int *height; /* of each drawn layer: the edges of the longest path to the end */
	int *heir;   /* the reader that continues its column; -1: none */
	char *taken; /* [rows][COLUMNS] */
};

/* -- rows -- */

static void place_rows(struct places *s)
{
	struct rnf_picture *q = s->q;
	for (size_t i = 0; i < q->n_edges; i++) { /* in the order of `to` */
		const struct rnf_drawn *from = &q->drawn[q->edges[i].from];
		struct rnf_drawn *to = &q->drawn[q->edges[i].to];
		if (from->row >= to->row) to->row = from->row + 1;
	}
	for (size_t i = 0; i < q->n_drawn; i++)
		if (q->drawn[i].row >= q->rows) q->rows = q->drawn[i].row + 1;
	for (size_t i = q->n_edges; i-- > 0;) {
		int *from = &s->height[q->edges[i].from];
		const int to = s->height[q->edges[i].to] + 1;
		if (to > *from) *from = to;
	}
}

static void choose_heirs(struct places *s)
{
	for (size_t i = 0; i < s->q->n_drawn; i++)
		s->heir[i] = -1;
	for (size_t i = 0; i < s->q->n_edges; i++) {
		const struct rnf_drawn_edge *e = &s->q->edges[i];
		int *heir = &s->heir[e->from];
		if (*heir < 0 || s->height[e->to] > s->height[*heir]) *heir = e->to;
	}
}

/* -- columns -- */

static int is_free(const struct places *s, int column, int first, int last)
{
	for (int row = first; row <= last; row++)
		if (s->taken[row * COLUMNS + column]) return 0;
	return 1;
}

/* The last column takes whatever finds none free. */
static int first_free(const struct places *s, int column, int first, int last)
{
	while (column < COLUMNS - 1 && !is_free(s, column, first, last))
		column++;
	return column < COLUMNS ? column : COLUMNS - 1;
}

static void place_column(struct places *s, int i)
{
	struct rnf_drawn *d = &s->q->drawn[i];
	int inherited = -1, beside = -1, above = 0;
	for (size_t j = 0; j < s->q->n_edges; j++) {
		const struct rnf_drawn_edge *e = &s->q->edges[j];
		const struct rnf_drawn *from = &s->q->drawn[e->from];
		if (e->to != i) continue;
		if (s->heir[e->from] == i && (inherited < 0 || from->column < inherited))
			inherited = from->column;
		if (from->column >= beside) {
			beside = from->column;
			above = from->row;
		}
	}
	d->column = inherited >= 0 ? first_free(s, inherited, d->row, d->row)
				   : first_free(s, beside + 1, above + 1, d->row);
	s->taken[d->row * COLUMNS + d->column] = 1;
	if (d->column >= s->q->columns) s->q->columns = d->column + 1;
}

/* -- frames -- */

static void grow(struct rnf_drawn_frame *f, const struct rnf_drawn *d)
{
	if (d->row < f->first) f->first = d->row;
	if (d->row > f->last) f->last = d->row;
	if (d->column < f->left) f->left = d->column;
	if (d->column > f->right) f->right = d->column;
}

static void place_frames(struct rnf_picture *q)
{
	for (size_t i = 0; i < q->n_frames; i++) {
		q->frames[i].first = q->rows;
		q->frames[i].left = COLUMNS;
		q->frames[i].last = q->frames[i].right = -1;
	}
	for (size_t i = 0; i < q->n_drawn; i++)
		for (int f = q->drawn[i].frame; f >= 0; f = q->frames[f].outer)
			grow(&q->frames[f], &q->drawn[i]);
}

/* -- lanes -- */

double rnf_picture_x(const struct rnf_picture *q, int column)
{
	int depth = 0;
	for (size_t i = 0; i < q->n_frames; i++)
		if (q->frames[i].depth >= depth) depth = q->frames[i].depth + 1;
	return RNF_DRAWN_MARGIN + depth * RNF_DRAWN_PAD +
	       column * (RNF_DRAWN_WIDTH + RNF_DRAWN_BETWEEN);
}

int rnf_picture_is_free(const struct rnf_picture *q, int column, int first, int last)
{
	for (size_t i = 0; i < q->n_drawn; i++) {
		const struct rnf_drawn *d = &q->drawn[i];
		if (d->column == column && d->row >= first && d->row <= last) return 0;
	}
	return 1;
}

/* Does it reach its end without crossing a layer: straight down, aside and down, or down and
 * aside? */
static int has_column(const struct rnf_picture *q, const struct rnf_drawn_edge *e)
{
	const struct rnf_drawn *a = &q->drawn[e->from], *b = &q->drawn[e->to];
	const int column = b->column > a->column ? b->column : a->column;
	const int row = b->column > a->column ? a->row : b->row;
	const int other = b->column > a->column ? a->column : b->column;
	if (!rnf_picture_is_free(q, column, a->row + 1, b->row - 1)) return 0;
	if (a->column == b->column) return 1;
	for (int c = other + 1; c <= column; c++)
		if (!rnf_picture_is_free(q, c, row, row)) return 0;
	return 1;
}

/* The innermost frame around both ends; -1: none. */
static int common_frame(const struct rnf_picture *q, const struct rnf_drawn_edge *e)
{
	for (int a = q->drawn[e->from].frame; a >= 0; a = q->frames[a].outer)
		for (int b = q->drawn[e->to].frame; b >= 0; b = q->frames[b].outer)
			if (a == b) return a;
	return -1;
}

/* x of the right side of all that is placed in rows first .. last. */
static double beside(const struct rnf_picture *q, int first, int last)
{
	double x = 0;
	for (size_t i = 0; i < q->n_drawn; i++) {
		const struct rnf_drawn *d = &q->drawn[i];
		const double edge = rnf_picture_x(q, d->column) + RNF_DRAWN_WIDTH;
		if (d->row >= first && d->row <= last && edge > x) x = edge;
	}
	for (size_t i = 0; i < q->n_frames; i++) {
		const struct rnf_drawn_frame *f = &q->frames[i];
		if (f->last >= first && f->first <= last && f->edge > x) x = f->edge;
	}
	for (size_t i = 0; i < q->n_edges; i++) {
		const struct rnf_drawn_edge *e = &q->edges[i];
		if (q->drawn[e->to].row > first && q->drawn[e->from].row < last && e->lane > x)
			x = e->lane;
	}
	return x;
}

/* Short edges first, so that their lanes are the inner ones. */
static void place_lanes_in(struct rnf_picture *q, int frame)
{
	for (int span = 2; span <= q->rows; span++)
		for (size_t i = 0; i < q->n_edges; i++) {
			struct rnf_drawn_edge *e = &q->edges[i];
			const int first = q->drawn[e->from].row, last = q->drawn[e->to].row;
			if (last - first != span || e->lane > 0 || common_frame(q, e) != frame ||
			    has_column(q, e))
				continue;
			e->lane = beside(q, first, last) + RNF_DRAWN_LANE;
		}
}

/* Inner frames first: a frame's inner ones follow it in the list. */
static void place_lanes(struct rnf_picture *q)
{
	for (size_t i = q->n_frames; i-- > 0;) {
		struct rnf_drawn_frame *f = &q->frames[i];
		place_lanes_in(q, (int)i);
		f->edge = beside(q, f->first, f->last) + RNF_DRAWN_PAD;
	}
	place_lanes_in(q, -1);
}

void rnf_picture_place(struct rnf_picture *q)
{
	struct places s = { .q = q, .height = rnf_alloc(q->n_drawn * sizeof(int)),
			    .heir = rnf_alloc(q->n_drawn * sizeof(int)) };
	place_rows(&s);
	choose_heirs(&s);
	s.taken = rnf_alloc((size_t)q->rows * COLUMNS);
	for (size_t i = 0; i < q->n_drawn; i++)
		place_column(&s, (int)i);
	place_frames(q);
	place_lanes(q);
}
