/* rnframe lr CONF: which learning rate? The loss while the rate grows, as a table, and with
 * --out as CSV and as a picture. */
#include <math.h>
#include <rnframe/gnuplot.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/csv.h"
#include "base/draw.h"
#include "base/file.h"
#include "base/status.h"
#include "cli/cli.h"
#include "train/finder.h"

enum { STEPS_MAX = 100000, ROWS = 20 };

struct result {
	const struct rnf_experiment *e;
	struct rnf_finder f;
	struct rnf_finder_pick picks[RNF_FINDER_PICKS];
};

static void print(const struct result *r)
{
	const struct rnf_finder *f = &r->f;
	const size_t every = (f->n + ROWS - 1) / ROWS;
	printf("%10s %10s %10s\n", "rate", "loss", "smoothed");
	for (size_t i = 0; i < f->n; i += every)
		printf("%10.3g %10.4f %10.4f\n", f->rates[i], f->losses[i], f->smooth[i]);
	printf("%zu of %zu steps%s%s; the weights are as before\n", f->n, f->steps,
	       f->end ? ": " : "", f->end ? f->end : "");
	for (int i = 0; i < RNF_FINDER_PICKS; i++)
		if (isfinite(r->picks[i].rate))
			printf("%-8s %10.3g  %s\n", r->picks[i].name, r->picks[i].rate,
			       r->picks[i].words);
		else
			printf("%-8s %10s  the loss has too few points\n", r->picks[i].name, "-");
}

/* -- files -- */

static void write_csv(const struct result *r, FILE *out)
{
	fputs("step,rate,loss,smoothed" RNF_CSV_END, out);
	for (size_t i = 0; i < r->f.n; i++)
		fprintf(out, "%zu,%.9g,%.9g,%.9g" RNF_CSV_END, i + 1, r->f.rates[i], r->f.losses[i],
			r->f.smooth[i]);
}

/* What goes wrong at the end would press the rest flat. */
static double highest(const struct rnf_finder *f)
{
	double most = f->smooth[0];
	for (size_t i = 0; i + RNF_FINDER_END < f->n; i++)
		if (f->smooth[i] > most) most = f->smooth[i];
	return most;
}

/* A line for each rate, with names at heights of their own: two may be close. */
static void write_picks(const struct result *r, FILE *out)
{
	for (int i = 0; i < RNF_FINDER_PICKS; i++) {
		const double rate = r->picks[i].rate, height = 0.94 - 0.07 * i;
		if (!isfinite(rate)) continue;
		fprintf(out, "set arrow from %.9g, graph 0 to %.9g, graph %.2f nohead linewidth 1.4 "
			"linecolor rgb '#D95F02'\nset label '%s' at %.9g, graph %.2f "
			"offset 0.5, 0\n", rate, rate, height, r->picks[i].name, rate, height);
	}
}

static const char frame[] =
	"set logscale x\nset format x '10^{%T}'\nunset key\n"
	"set xlabel 'learning rate'\nset ylabel 'loss, smoothed'\n"
	"set tics out nomirror scale 0.4\n"
	"set terminal svg size 760,460 background rgb 'white'\n"
	"set output 'lr.svg'.draft\n"
	"plot $curve using 1:2 with lines linewidth 2 linecolor rgb '#08306B'\nset output\n";

static void write_script(const struct result *r, FILE *out)
{
	fputs("# Run in this folder: gnuplot -d lr.gp\n"
	      "if (!exists('draft')) draft = ''\nset encoding utf8\n$curve << END\n", out);
	for (size_t i = 0; i < r->f.n; i++)
		fprintf(out, "%.9g %.9g\n", r->f.rates[i], r->f.smooth[i]);
	fprintf(out, "END\nset yrange [:%.9g]\nset title noenhanced ", 1.05 * highest(&r->f));
	rnf_gnuplot_string(out, r->e->conf.root.name);
	fputs("\n", out);
	write_picks(r, out);
	fputs(frame, out);
}

static rnf_status put(const struct result *r, const char *path,
		      void (*write)(const struct result *, FILE *))
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);
	if (!out) return rnf_fail_errno(path);
	write(r, out);
	if (fclose(out) != 0) rnf_no_memory(n);
	const rnf_status status = rnf_file_put(path, text, n);
	free(text);
	return status;
}

static rnf_status write_files(const struct result *r, const char *dir)
{
	static const char *const pictures[] = { "lr.svg", NULL };
	if (r->f.n == 0) return RNF_OK;
	RNF_TRY(rnf_folder_make(dir));
	RNF_TRY(put(r, rnf_format("%s/lr.csv", dir), write_csv));
	RNF_TRY(put(r, rnf_format("%s/lr.gp", dir), write_script));
	const char *wrong = rnf_draw(dir, "lr.gp", pictures);
	if (wrong) rnf_log(RNF_LOG_WARNING, "%s has no picture: gnuplot: %s", dir, wrong);
	return RNF_OK;
}

/* -- the verb -- */

static rnf_status look(struct rnf_experiment *e, const struct rnf_options *o)
{
	struct result r = { .e = e };
	int64_t steps;
	RNF_TRY(rnf_options_number("--steps", o->steps, RNF_FINDER_STEPS, STEPS_MAX, &steps));
	RNF_TRY(rnf_output_folder("--out", o->out));
	RNF_TRY(rnf_experiment_open(e, o->conf, o->sets, o->n_sets));
	RNF_TRY(rnf_experiment_build(e, 1));
	RNF_TRY(rnf_experiment_weights(e, o->weights));
	RNF_TRY(rnf_finder_run(e, (size_t)steps, &r.f));
	rnf_finder_picks(&r.f, r.picks);
	print(&r);
	return o->out ? write_files(&r, o->out) : RNF_OK;
}

rnf_status rnf_verb_lr(const struct rnf_options *o)
{
	struct rnf_experiment *e = rnf_alloc(sizeof *e);
	if (!o->conf) return rnf_fail(RNF_EINVAL, "lr needs a conf");
	const rnf_status status = look(e, o);
	rnf_experiment_finish(e); /* as in train */
	return status;
}
