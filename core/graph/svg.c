#include <string.h>

#include "base/arena.h"
#include "base/utf8.h"
#include "graph/picture.h"

enum {
	GAP = 26,  /* between rows */
	HEAD = 20, /* above what is in a frame, for its name */
	TITLE = 34,
	MORE = 22,  /* letters of a layer's type and figures, beside its name */
	ROUND = 10, /* radius of an edge's bends */
	DOWN = 70,  /* where edges leave and enter a layer, from its left side */
};
static const double width_of_letter = 6.6;

static const char *const looks[] = {
	[RNF_LOOK_INPUT] = "input", [RNF_LOOK_HEAVY] = "heavy", [RNF_LOOK_LEARNS] = "learns",
	[RNF_LOOK_ACTS] = "acts", [RNF_LOOK_JOINS] = "joins", [RNF_LOOK_OTHER] = "other",
};

static const char style[] =
	"text{font:12px sans-serif;fill:#222}text.title{font-size:16px;font-weight:bold}"
	"text.more{fill:#555;font-size:11px}text.shape{fill:#777;font-size:10px}"
	"text.frame{fill:#456;font-size:12px;font-weight:bold}"
	"rect{stroke:#667;stroke-width:1}rect.frame{fill:#456;fill-opacity:.05;stroke:#9ab}"
	".input{fill:#fff}.heavy{fill:#cfe0f5}.learns{fill:#d6edd3}.acts{fill:#fbe3c4}"
	".joins{fill:#e6d8f0}.other{fill:#ececec}"
	"path{fill:none;stroke:#556;stroke-width:1.3}marker path{fill:#556;stroke:none}";

/* The end of an edge, and white paper. */
static const char ground[] =
	"<defs><marker id=\"end\" markerWidth=\"7\" markerHeight=\"7\" refX=\"1\" refY=\"3.5\" "
	"orient=\"auto\" markerUnits=\"userSpaceOnUse\"><path d=\"M0 0 L7 3.5 L0 7 z\"/></marker>"
	"</defs>\n<rect x=\"0\" y=\"0\" width=\"100%\" height=\"100%\" "
	"style=\"fill:#fff;stroke:none\"/>\n";

struct page {
	const struct rnf_picture *q;
	double *y; /* of each row's upper side */
	double height, width;
	FILE *out;
};

/* -- text -- */

/* Escaped for XML; a character that XML may not hold becomes a question mark. */
static void put_text(FILE *out, const char *text, size_t n)
{
	for (size_t i = 0; i < n;) {
		const size_t bytes = rnf_utf8_plain(text + i, n - i);
		switch (bytes ? text[i] : 0) {
		case 0: fputc('?', out); break;
		case '<': fputs("&lt;", out); break;
		case '>': fputs("&gt;", out); break;
		case '&': fputs("&amp;", out); break;
		case '"': fputs("&quot;", out); break;
		default: fwrite(text + i, 1, bytes, out);
		}
		i += bytes ? bytes : 1;
	}
}

/* Bytes of the text's first `columns` letters. */
static size_t fitting(const char *text, int columns, int *is_cut)
{
	const size_t n = strlen(text);
	size_t at = 0;
	for (int i = 0; at < n && i < columns; i++) {
		const size_t bytes = rnf_utf8_plain(text + at, n - at);
		at += bytes ? bytes : 1;
	}
	*is_cut = at < n;
	return at;
}

static void put_words(const struct page *g, const char *class, double x, double y, double width,
		      const char *text)
{
	int is_cut;
	const size_t n = fitting(text, (int)(width / width_of_letter), &is_cut);
	fprintf(g->out, "<text class=\"%s\" x=\"%.0f\" y=\"%.0f\">", class, x, y);
	put_text(g->out, text, n);
	fprintf(g->out, "%s</text>\n", is_cut ? "\xe2\x80\xa6" : "");
}

static const char *shape_words(const struct rnf_program *p, int value)
{
	const struct rnf_value *v = &p->values[value];
	return rnf_format("%lld\xc3\x97%lld\xc3\x97%lld", (long long)v->h, (long long)v->w,
			  (long long)v->c);
}

/* -- places -- */

/* A row stands below the rows before it, the lower sides of frames that end there, and the names
 * of frames that begin with it. */
static void measure(struct page *g)
{
	const struct rnf_picture *q = g->q;
	double y = RNF_DRAWN_MARGIN + TITLE;
	g->y = rnf_alloc((size_t)q->rows * sizeof *g->y);
	for (int row = 0; row < q->rows; row++) {
		for (size_t i = 0; i < q->n_frames; i++) {
			if (q->frames[i].first == row) y += HEAD;
			if (q->frames[i].last == row - 1) y += RNF_DRAWN_PAD;
		}
		g->y[row] = y;
		y += RNF_DRAWN_HEIGHT + GAP;
	}
	g->height = y + RNF_DRAWN_MARGIN;
	g->width = rnf_picture_x(q, q->columns - 1) + RNF_DRAWN_WIDTH;
	for (size_t i = 0; i < q->n_frames; i++)
		if (q->frames[i].edge > g->width) g->width = q->frames[i].edge;
	for (size_t i = 0; i < q->n_edges; i++)
		if (q->edges[i].lane > g->width) g->width = q->edges[i].lane;
	g->width += RNF_DRAWN_MARGIN + 12; /* a lane's shape */
}

/* How deep the frames inside it are nested that touch the rows: these need room around them. */
static int depth_inside(const struct rnf_picture *q, const struct rnf_drawn_frame *f, int first,
			int last)
{
	int n = 0;
	for (size_t i = 0; i < q->n_frames; i++) {
		const struct rnf_drawn_frame *g = &q->frames[i];
		const int inside = g->first >= f->first && g->last <= f->last;
		const int touches = g->first <= last && g->last >= first;
		if (inside && touches && g->depth - f->depth > n) n = g->depth - f->depth;
	}
	return n;
}

static void put_frame(const struct page *g, const struct rnf_drawn_frame *f)
{
	const double top = g->y[f->first] - HEAD * (1 + depth_inside(g->q, f, f->first, f->first)) - 4;
	const double bottom = g->y[f->last] + RNF_DRAWN_HEIGHT +
			      RNF_DRAWN_PAD * (1 + depth_inside(g->q, f, f->last, f->last)) - 4;
	const double left = rnf_picture_x(g->q, f->left) -
			    RNF_DRAWN_PAD * (1 + depth_inside(g->q, f, f->first, f->last));
	const char *times = f->n > 1 ? rnf_format(" \xc3\x97%zu", f->n) : "";
	fprintf(g->out, "<rect class=\"frame\" rx=\"6\" x=\"%.0f\" y=\"%.0f\" width=\"%.0f\" "
		"height=\"%.0f\"/>\n", left, top, f->edge - left, bottom - top);
	/* right of the edge that comes from above */
	const double x = rnf_picture_x(g->q, f->left) + DOWN + 8;
	put_words(g, "frame", x, top + 15, f->edge - x,
		  rnf_format("%s%s%s%s", f->label, times, *f->label ? "  " : "", f->type));
}

/* -- layers -- */

static const char *more_words(const struct rnf_drawn *d)
{
	const char *words = rnf_format("%s%s%s", d->type, *d->kernel ? " " : "", d->kernel);
	if (d->parameters)
		words = rnf_format("%s \xc2\xb7 %lld", words, (long long)d->parameters);
	return words;
}

/* The first n bytes of the text, aligned right at x. */
static void put_more(const struct page *g, double x, double y, const char *text, size_t n)
{
	fprintf(g->out, "<text class=\"more\" text-anchor=\"end\" x=\"%.0f\" y=\"%.0f\">", x, y);
	put_text(g->out, text, n);
	fprintf(g->out, "%s</text>", text[n] ? "\xe2\x80\xa6" : "");
}

static void put_drawn(const struct page *g, const struct rnf_drawn *d)
{
	const double x = rnf_picture_x(g->q, d->column), y = g->y[d->row];
	const char *more = more_words(d);
	int is_cut;
	const size_t n = fitting(more, MORE, &is_cut);
	fprintf(g->out, "<g><title>");
	put_text(g->out, d->label, strlen(d->label));
	if (*more) fputs(": ", g->out);
	put_text(g->out, more, strlen(more));
	fprintf(g->out, "</title><rect class=\"%s\" rx=\"4\" x=\"%.0f\" y=\"%.0f\" width=\"%d\" "
		"height=\"%d\"/>\n", looks[d->look], x, y, RNF_DRAWN_WIDTH, RNF_DRAWN_HEIGHT);
	put_words(g, "name", x + 8, y + 15, RNF_DRAWN_WIDTH - 24 - (double)n * 6, d->label);
	if (n) put_more(g, x + RNF_DRAWN_WIDTH - 8, y + 15, more, n);
	fputs("</g>\n", g->out);
}

/* -- edges -- */

static void put_shape(const struct page *g, const struct rnf_drawn_edge *e, double x, double y)
{
	put_words(g, "shape", x + 5, y, 1000, shape_words(g->q->program, e->value));
}

/* How far below a layer the shape at an edge that goes down stands: below the frames that the
 * edge leaves. */
static double below(const struct rnf_picture *q, const struct rnf_drawn_edge *e)
{
	int left = 0;
	for (int f = q->drawn[e->from].frame; f >= 0; f = q->frames[f].outer) {
		int inside = 0;
		for (int g = q->drawn[e->to].frame; g >= 0; g = q->frames[g].outer)
			inside |= f == g;
		left += !inside;
	}
	return left ? 9 + RNF_DRAWN_PAD * left : 13;
}

/* To the right out of the first layer, down the lane, to the left into the other. */
static void put_lane(const struct page *g, const struct rnf_drawn_edge *e)
{
	const struct rnf_drawn *a = &g->q->drawn[e->from], *b = &g->q->drawn[e->to];
	const double right = RNF_DRAWN_WIDTH, half = RNF_DRAWN_HEIGHT / 2.0;
	const double x0 = rnf_picture_x(g->q, a->column) + right, y0 = g->y[a->row] + half;
	const double x1 = rnf_picture_x(g->q, b->column) + right, y1 = g->y[b->row] + half;
	fprintf(g->out, "<path marker-end=\"url(#end)\" d=\"M%.0f %.0f C%.0f %.0f %.0f %.0f %.0f %.0f "
		"V%.0f C%.0f %.0f %.0f %.0f %.0f %.0f\"/>\n", x0, y0, e->lane, y0, e->lane, y0,
		e->lane, y0 + 2 * ROUND, y1 - 2 * ROUND, e->lane, y1, e->lane, y1, x1 + 6, y1);
	fprintf(g->out, "<text class=\"shape\" text-anchor=\"middle\" transform=\"translate(%.0f %.0f) "
		"rotate(90)\">%s</text>\n", e->lane + 4, (y0 + y1) / 2,
		shape_words(g->q->program, e->value));
}

/* Straight down; to a column at the right: aside, then down; at the left: down, then aside. */
static void put_direct(const struct page *g, const struct rnf_drawn_edge *e)
{
	const struct rnf_drawn *a = &g->q->drawn[e->from], *b = &g->q->drawn[e->to];
	const double half = RNF_DRAWN_HEIGHT / 2.0;
	const double xa = rnf_picture_x(g->q, a->column), xb = rnf_picture_x(g->q, b->column);
	const double ya = g->y[a->row], yb = g->y[b->row];
	fputs("<path marker-end=\"url(#end)\" d=\"", g->out);
	if (a->column == b->column)
		fprintf(g->out, "M%.0f %.0f V%.0f\"/>\n", xa + DOWN, ya + 2 * half, yb - 6);
	else if (a->column < b->column)
		fprintf(g->out, "M%.0f %.0f H%.0f Q%.0f %.0f %.0f %.0f V%.0f\"/>\n",
			xa + RNF_DRAWN_WIDTH, ya + half, xb + DOWN - ROUND, xb + DOWN, ya + half,
			xb + DOWN, ya + half + ROUND, yb - 6);
	else
		fprintf(g->out, "M%.0f %.0f V%.0f Q%.0f %.0f %.0f %.0f H%.0f\"/>\n",
			xa + DOWN, ya + 2 * half, yb + half - ROUND, xa + DOWN, yb + half,
			xa + DOWN - ROUND, yb + half, xb + RNF_DRAWN_WIDTH + 6);
	if (a->column < b->column) put_shape(g, e, xa + RNF_DRAWN_WIDTH, ya + half - 4);
	else put_shape(g, e, xa + DOWN, ya + 2 * half + below(g->q, e));
}

void rnf_picture_svg(const struct rnf_picture *q, const char *title, FILE *out)
{
	struct page g = { .q = q, .out = out };
	measure(&g);
	fprintf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" "
		"width=\"%.0f\" height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\">\n<style>%s</style>\n"
		"%s", g.width, g.height, g.width, g.height, style, ground);
	put_words(&g, "title", RNF_DRAWN_MARGIN, RNF_DRAWN_MARGIN + 14, g.width * 0.8, title);
	for (size_t i = 0; i < q->n_frames; i++)
		if (q->frames[i].last >= q->frames[i].first) /* it has layers that are drawn */
			put_frame(&g, &q->frames[i]);
	for (size_t i = 0; i < q->n_edges; i++)
		if (q->edges[i].lane > 0) put_lane(&g, &q->edges[i]);
		else put_direct(&g, &q->edges[i]);
	for (size_t i = 0; i < q->n_drawn; i++)
		put_drawn(&g, &q->drawn[i]);
	fputs("</svg>\n", out);
}
