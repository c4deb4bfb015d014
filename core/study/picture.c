/* The picture of a table: rows from top to bottom, errors from left to right. */
#include <math.h>
#include <rnframe/gnuplot.h>

#include "base/arena.h"
#include "base/text.h"
#include "run/report.h"
#include "study/table.h"

/* Rows of: place, error, low end, high end, published error; NaN: none. */
static void write_rows(const struct rnf_table *t, FILE *out)
{
	fputs("$rows << END\n", out);
	for (size_t i = 0; i < t->n; i++) {
		const struct rnf_row *r = &t->rows[i];
		const double low = r->n == 1 ? r->interval.low : r->mean - r->deviation;
		const double high = r->n == 1 ? r->interval.high : r->mean + r->deviation;
		const double figures[] = { r->mean, low, high, r->published };
		fprintf(out, "%zu", i);
		for (int k = 0; k < 4; k++)
			fprintf(out, isfinite(figures[k]) ? " %.6g" : " NaN", figures[k]);
		fputc('\n', out);
	}
	fputs("END\n", out);
}

static void write_names(const struct rnf_table *t, FILE *out)
{
	fputs("set ytics noenhanced (", out);
	for (size_t i = 0; i < t->n; i++) {
		fputs(i ? ", " : "", out);
		rnf_gnuplot_string(out, t->rows[i].name);
		fprintf(out, " %zu", i);
	}
	fputs(")\n", out);
}

static int longest(const struct rnf_table *t)
{
	enum { LEAST = 4, MOST = 60 };
	int most = LEAST;
	for (size_t i = 0; i < t->n; i++) {
		const int n = rnf_text_width(t->rows[i].name);
		if (n > most) most = n;
	}
	return most < MOST ? most : MOST;
}

static int any(const struct rnf_table *t, int published)
{
	for (size_t i = 0; i < t->n; i++)
		if (isfinite(published ? t->rows[i].published : t->rows[i].mean)) return 1;
	return 0;
}

struct sizes { int width, height, left, right, top, bottom; }; /* in pixels, margins too */

static struct sizes choose_sizes(const struct rnf_table *t)
{
	enum { CHARACTER = 10, ROW = 28, PLOT = 520 };
	struct sizes s = { .left = 24 + CHARACTER * longest(t), .right = 32, .top = 88, .bottom = 64 };
	s.width = s.left + PLOT + s.right;
	s.height = s.top + ROW * ((int)t->n + 1) + s.bottom;
	return s;
}

/* At fixed places: gnuplot guesses places from the labels, and they may lie outside of
 * the picture or overlap. */
static void write_frame(const struct rnf_table *t, const struct sizes *s, FILE *out)
{
	const double middle = (s->left + s->width - s->right) / 2.0 / s->width;
	fprintf(out, "set lmargin at screen %.6f\nset rmargin at screen %.6f\n"
		"set tmargin at screen %.6f\nset bmargin at screen %.6f\n"
		"set yrange [%zu.5:-0.5]\nset label ", (double)s->left / s->width,
		1 - (double)s->right / s->width, 1 - (double)s->top / s->height,
		(double)s->bottom / s->height, t->n ? t->n - 1 : 0);
	rnf_gnuplot_string(out, rnf_format("%s: test error of the last epoch", t->title));
	fprintf(out, " at screen 0.5, screen %.6f center noenhanced\n"
		"set label 'test error, %%' at screen %.6f, screen %.6f center\n"
		"set key at screen %.6f, screen %.6f center top vertical samplen 1\n",
		1 - 20.0 / s->height, middle, 16.0 / s->height, middle, 1 - 40.0 / s->height);
}

static void write_plot(const struct rnf_table *t, FILE *out)
{
	fputs("\tplot ", out);
	if (any(t, 0))
		fputs("$rows using 2:1:3:4 with xerrorbars pointtype 7 pointsize 0.8 linewidth 1.6 "
		      "linecolor rgb '#08306B' title 'mean ± sd (n = 1: 95 % interval)'", out);
	if (any(t, 0) && any(t, 1)) fputs(", \\\n\t     ", out);
	if (any(t, 1))
		fputs("$rows using 5:1 with points pointtype 12 pointsize 1.4 linewidth 1.6 "
		      "linecolor rgb '#D95F02' title 'published'", out);
	fputs("\n\tset output\n", out);
}

static void write_terminals(const struct sizes *s, const char *name, FILE *out)
{
	fprintf(out, "png = strstrt(GPVAL_TERMINALS, 'pngcairo') ? 'pngcairo' : 'png'\n"
		"do for [i = 1:2] {\n"
		"\tif (i == 1) { set terminal @png size %d,%d }\n"
		"\tif (i == 2) { set terminal svg size %d,%d background rgb 'white' }\n"
		"\tset output (i == 1 ? '%s.png' : '%s.svg').draft\n", s->width, s->height,
		s->width, s->height, name, name);
}

/* Without values gnuplot has no range for its axis. */
void rnf_table_script(const struct rnf_table *t, const char *name, FILE *out)
{
	const struct sizes s = choose_sizes(t);
	const int empty = !any(t, 0) && !any(t, 1);
	fputs("# Run by gnuplot in this folder.\n"
	      "if (!exists('draft')) draft = ''\nset encoding utf8\n", out);
	write_rows(t, out);
	write_names(t, out);
	write_frame(t, &s, out);
	if (empty) fputs("set xrange [0:100]\n", out);
	fputs("set tics out nomirror scale 0.4\n"
	      "set grid xtics linetype 1 linewidth 1 linecolor rgb '#DDDDDD'\n"
	      "set offsets graph 0.04, graph 0.04, 0, 0\n", out);
	write_terminals(&s, name, out);
	if (empty) fputs("\tplot NaN notitle\n\tset output\n", out);
	else write_plot(t, out);
	fputs("}\n", out);
}
