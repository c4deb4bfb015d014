/* The confusion matrix as a table and as a picture. */
#include "run/report.h"

#include <rnframe/gnuplot.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/csv.h"
#include "base/draw.h"
#include "base/status.h"
#include "base/text.h"

/* -- the matrix, with a last column for images without a prediction, if any -- */

static int64_t columns(const struct rnf_tally *t)
{
	return t->classes + (rnf_tally_undecided(t) > 0);
}

static int64_t cell(const struct rnf_tally *t, int64_t row, int64_t column)
{
	return column < t->classes ? t->confusion[row * t->classes + column]
				   : t->undecided[row];
}

static const char *column_label(const struct rnf_report *r, int64_t column)
{
	return column < r->tally->classes ? r->labels[column] : "(no prediction)";
}

/* -- CSV -- */

void rnf_confusion_csv(const struct rnf_report *r, FILE *out)
{
	const struct rnf_tally *t = r->tally;
	rnf_csv_text(out, "true \\ predicted");
	for (int64_t j = 0; j < columns(t); j++) {
		fputc(',', out);
		rnf_csv_text(out, column_label(r, j));
	}
	fputs(RNF_CSV_END, out);
	for (int64_t i = 0; i < t->classes; i++) {
		rnf_csv_text(out, r->labels[i]);
		for (int64_t j = 0; j < columns(t); j++)
			fprintf(out, ",%lld", (long long)cell(t, i, j));
		fputs(RNF_CSV_END, out);
	}
}

/* -- the picture -- */

/* In pixels. Where counts would be too small to read, cells have no numbers and axes show
 * class numbers. */
struct sizes {
	int side; /* of a cell */
	int labelled;
	int left, right, top, bottom; /* margins */
	int width, height;            /* of the whole picture */
};

enum { FEW = 20, MANY = 101 }; /* columns */

static int longest(const struct rnf_report *r)
{
	int most = 0;
	for (int64_t j = 0; j < columns(r->tally); j++) {
		const int n = rnf_text_width(column_label(r, j));
		if (n > most) most = n;
	}
	return most;
}

/* Two classes still make a picture of some 400 pixels, 1,000 one of 2,000. */
static int side_of(int64_t k)
{
	return k <= 8 ? 400 / (int)k : k <= FEW ? 52 : k <= MANY ? 36 : k <= 400 ? 4 : 2;
}

static struct sizes choose_sizes(const struct rnf_report *r)
{
	enum { CHARACTER = 8, AXIS = 52, SCALE = 120, TITLE = 64, WIDEST = 30 };
	const int64_t k = columns(r->tally);
	const int label = CHARACTER * (longest(r) < WIDEST ? longest(r) : WIDEST);
	struct sizes s = { .side = side_of(k), .labelled = k <= MANY, .right = SCALE,
			   .top = TITLE };
	s.left = s.bottom = AXIS + (s.labelled ? label : 4 * CHARACTER);
	s.width = s.left + (int)k * s.side + s.right;
	s.height = s.top + (int)r->tally->classes * s.side + s.bottom;
	return s;
}

/* Rows of: true class, predicted class, count, % of the true class' images. */
static void write_cells(const struct rnf_report *r, FILE *out)
{
	const struct rnf_tally *t = r->tally;
	fputs("$cells << END\n", out);
	for (int64_t i = 0; i < t->classes; i++) {
		const double support = (double)rnf_tally_class(t, i).support;
		for (int64_t j = 0; j < columns(t); j++)
			fprintf(out, "%lld %lld %lld %.4g\n", (long long)i, (long long)j,
				(long long)cell(t, i, j), support > 0 ?
				100 * (double)cell(t, i, j) / support : 0.0);
	}
	fputs("END\n", out);
}

static void write_labels(const struct rnf_report *r, FILE *out)
{
	static const char *const axes[] = { "ytics", "xtics rotate by 90 right" };
	for (int a = 0; a < 2; a++) {
		const int64_t n = a ? columns(r->tally) : r->tally->classes;
		fprintf(out, "set %s noenhanced (", axes[a]);
		for (int64_t i = 0; i < n; i++) {
			fputs(i ? ", " : "", out);
			rnf_gnuplot_string(out, column_label(r, i));
			fprintf(out, " %lld", (long long)i);
		}
		fputs(")\n", out);
	}
}

static void write_title(const struct rnf_report *r, FILE *out)
{
	const double error = 1 - rnf_tally_accuracy(r->tally);
	fputs("set title ", out);
	rnf_gnuplot_string(out, rnf_format("%s, %s: %.2f %% of %lld images are wrong", r->name,
			      r->split, 100 * error, (long long)r->tally->n));
	fputs(" noenhanced\n", out);
}

/* At fixed places: gnuplot guesses places from the labels, and they may lie outside of
 * the picture. */
static void write_axis(const char *text, double x, double y, const char *rotate, FILE *out)
{
	fprintf(out, "set label '%s' at screen %.6f, screen %.6f center%s\n", text, x, y,
		rotate);
}

static void write_frame(const struct rnf_report *r, const struct sizes *s, FILE *out)
{
	const struct rnf_tally *t = r->tally;
	fprintf(out, "set lmargin at screen %.6f\nset rmargin at screen %.6f\n"
		"set tmargin at screen %.6f\nset bmargin at screen %.6f\n",
		(double)s->left / s->width, 1 - (double)s->right / s->width,
		1 - (double)s->top / s->height, (double)s->bottom / s->height);
	write_axis("predicted class", (double)(s->left + s->width - s->right) / 2 / s->width,
		   18.0 / s->height, "", out);
	write_axis("true class", 18.0 / s->width,
		   (double)(s->bottom + s->height - s->top) / 2 / s->height, " rotate", out);
	fprintf(out, "set xrange [-0.5:%lld.5]\nset yrange [%lld.5:-0.5]\n",
		(long long)columns(t) - 1, (long long)t->classes - 1);
}

static void write_scale(const struct sizes *s, FILE *out)
{
	const int whole = s->height - s->top - s->bottom;
	const int bar = whole < 520 ? whole : 520;
	fprintf(out, "set colorbox user origin screen %.6f, screen %.6f "
		"size screen %.6f, screen %.6f\n", 1 - (s->right - 14.0) / s->width,
		1 - (double)(s->top + bar) / s->height, 26.0 / s->width,
		(double)bar / s->height);
	write_axis("share of the true class, %", 1 - 14.0 / s->width,
		   1 - (s->top + bar / 2.0) / s->height, " rotate", out);
}

/* One hue from light to dark, so that the order is visible with any colour vision and in
 * a grey print; the numbers say the rest. */
static const char head[] =
	"set tics out nomirror scale 0.4\n"
	"set cbrange [0:100]\n"
	"set palette defined (0 '#FFFFFF', 5 '#DCE9F6', 25 '#9ECAE1', 50 '#4292C6', "
	"75 '#2171B5', 100 '#08306B')\n"
	"unset key\n"
	"png = strstrt(GPVAL_TERMINALS, 'pngcairo') ? 'pngcairo' : 'png'\n";

static void write_terminals(const struct sizes *s, FILE *out)
{
	fprintf(out, "do for [i = 1:2] {\n"
		"\tif (i == 1) { set terminal @png size %d,%d }\n"
		"\tif (i == 2) { set terminal svg size %d,%d background rgb 'white' }\n"
		"\tset output (i == 1 ? 'confusion.png' : 'confusion.svg').draft\n",
		s->width, s->height, s->width, s->height);
}

/* A zero is grey or, in a large matrix, left out, so that mistakes stand out. */
static void write_numbers(const struct rnf_report *r, FILE *out)
{
	const char *zero = columns(r->tally) <= FEW ? "$2" : "NaN";
	fprintf(out, ", \\\n\t     '' using ($3 == 0 ? %s : $2):1:3:"
		"($3 == 0 ? 0x707070 : $4 > 65 ? 0xFFFFFF : 0) "
		"with labels textcolor rgb variable", zero);
}

void rnf_confusion_script(const struct rnf_report *r, FILE *out)
{
	const struct sizes s = choose_sizes(r);
	fputs("# Run in this folder: gnuplot -d confusion.gp\n"
	      "if (!exists('draft')) draft = ''\nset encoding utf8\n", out);
	write_cells(r, out);
	write_title(r, out);
	write_frame(r, &s, out);
	write_scale(&s, out);
	if (s.labelled) write_labels(r, out);
	fputs(head, out);
	write_terminals(&s, out);
	fputs("\tplot $cells using 2:1:4 with image", out);
	if (s.labelled) fputs(" pixels", out);
	if (s.labelled) write_numbers(r, out);
	fputs("\n\tset output\n}\n", out);
}

/* -- gnuplot -- */

const char *const rnf_confusion_pictures[] = { "confusion.png", "confusion.svg", NULL };

void rnf_confusion_clear(const char *dir)
{
	for (const char *const *p = rnf_confusion_pictures; *p; p++)
		unlink(rnf_format("%s/%s", dir, *p));
}

void rnf_confusion_draw(const char *dir)
{
	const char *wrong = rnf_draw(dir, "confusion.gp", rnf_confusion_pictures);
	if (!wrong) return;
	rnf_confusion_clear(dir);
	rnf_log(RNF_LOG_WARNING, "%s has no picture of the confusion matrix: gnuplot: %s "
		"(to try again: cd %s; gnuplot -d confusion.gp)", dir, wrong, dir);
}
