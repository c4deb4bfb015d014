/* training_monitor: after each epoch rewrites history.json and the plots curves.png and
 * curves.svg in the run's folder. gnuplot draws the plots from epochs.csv; the script
 * curves.gp stays there, to be run again by hand (cd DIR; gnuplot -d curves.gp). */
#include <rnframe/callback.h>
#include <rnframe/gnuplot.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH = 4096 };

struct conf {
	int32_t plot;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_BOOL(struct conf, plot, 1, "draw the curves, by gnuplot"));

struct state {
	const struct rnf_host *host;
	int plot;
	int scripted; /* curves.gp is written */
	char said[512]; /* gnuplot's last failure; "": none */
};

struct series {
	const char *key;
	size_t offset; /* of a double in struct rnf_epoch */
};

static const struct series all_series[] = {
	{ "loss", offsetof(struct rnf_epoch, train_loss) },
	{ "accuracy", offsetof(struct rnf_epoch, train_accuracy) },
	{ "val_loss", offsetof(struct rnf_epoch, val_loss) },
	{ "val_accuracy", offsetof(struct rnf_epoch, val_accuracy) },
};
enum { N_SERIES = sizeof all_series / sizeof *all_series };

/* Colours: Okabe and Ito 2008, told apart by all kinds of colour vision. */
static const char script[] =
	"set datafile separator ','\n"
	"stats 'epochs.csv' using 1 skip 1 name 'EPOCH' nooutput\n"
	"last = EPOCH_max\n"
	"margin = last > 1 ? 0.02 * last : 0.5\n"
	"between = last > 10 ? ceil(last / 10.0) : 1\n"
	"set xrange [1 - margin:last + margin]\n"
	"set xtics between nomirror\n"
	"set xlabel 'epoch'\n"
	"set ylabel 'loss'\n"
	"set ytics nomirror\n"
	"set y2label 'accuracy, %'\n"
	"set y2tics\n"
	"set grid xtics ytics linetype 1 linewidth 1 linecolor rgb '#DDDDDD'\n"
	"set key outside bottom center horizontal\n"
	"mark = last > 40 ? 0 : 0.6\n"
	"set style line 1 linewidth 2 linecolor rgb '#0072B2' pointtype 7 pointsize mark\n"
	"set style line 2 linewidth 2 linecolor rgb '#56B4E9' pointtype 5 pointsize mark dashtype 2\n"
	"set style line 3 linewidth 2 linecolor rgb '#D55E00' pointtype 7 pointsize mark\n"
	"set style line 4 linewidth 2 linecolor rgb '#E69F00' pointtype 5 pointsize mark dashtype 2\n"
	"png = strstrt(GPVAL_TERMINALS, 'pngcairo') ? 'pngcairo' : 'png'\n"
	"do for [i = 1:2] {\n"
	"\tif (i == 1) { set terminal @png size 1000,600 }\n"
	"\tif (i == 2) { set terminal svg size 1000,600 background rgb 'white' }\n"
	"\tset output (i == 1 ? 'curves.png' : 'curves.svg').draft\n"
	"\tplot 'epochs.csv' using 1:5 skip 1 with linespoints linestyle 1 title 'loss', \\\n"
	"\t     '' using 1:8 skip 1 with linespoints linestyle 2 title 'val loss', \\\n"
	"\t     '' using 1:(100 * $7) skip 1 axes x1y2 with linespoints linestyle 3 title 'accuracy', \\\n"
	"\t     '' using 1:(100 * $9) skip 1 axes x1y2 with linespoints linestyle 4 title 'val accuracy'\n"
	"\tset output\n"
	"}\n";

static rnf_status open_state(const struct rnf_host *host, const void *conf,
			     void **self)
{
	struct state *s = host->alloc(sizeof *s);
	if (!s) return host->fail(RNF_ENOMEM, "no memory");
	s->host = host;
	s->plot = ((const struct conf *)conf)->plot;
	*self = s;
	return RNF_OK;
}

/* -- files -- */

static void write_history(const struct rnf_run *run, FILE *file)
{
	for (int s = 0; s < N_SERIES; s++) {
		fprintf(file, "%s\"%s\": [", s ? ",\n " : "{", all_series[s].key);
		for (int64_t i = 0; i < run->n_history; i++) {
			double value;
			memcpy(&value, (const char *)&run->history[i] +
			       all_series[s].offset, sizeof value);
			fprintf(file, isfinite(value) ? "%s%.9g" : "%snull",
				i ? ", " : "", value);
		}
		fprintf(file, "]");
	}
	fprintf(file, "}\n");
}

static void write_script(const struct rnf_run *run, FILE *file)
{
	fputs("# Run in this folder: gnuplot -d curves.gp\n"
	      "if (!exists('draft')) draft = ''\nset encoding utf8\nset title ", file);
	rnf_gnuplot_string(file, run->name);
	fprintf(file, " noenhanced\n%s", script);
}

/* A full disk does not end the run: the next epoch writes the whole file again. */
static int put(const struct state *s, const struct rnf_run *run, const char *name,
	       void (*write)(const struct rnf_run *, FILE *))
{
	char path[PATH], *text = NULL;
	size_t n = 0;
	FILE *file = open_memstream(&text, &n);
	snprintf(path, sizeof path, "%s/%s", run->dir, name);
	if (file) write(run, file);
	const int good = file && fclose(file) == 0;
	const char *wrong = good ? s->host->put(path, text, n) : "no memory";
	if (wrong)
		s->host->log(RNF_LOG_WARNING, "epoch %lld: %s was not written: %s",
			     (long long)run->epoch, name, wrong);
	free(text);
	return !wrong;
}

/* -- gnuplot -- */

/* Reported once, and again when the reason changes; tried again after each epoch. */
static void plot(struct state *s, const struct rnf_run *run)
{
	static const char *const pictures[] = { "curves.png", "curves.svg", NULL };
	const char *wrong = s->host->draw(run->dir, "curves.gp", pictures);
	char words[sizeof s->said];
	snprintf(words, sizeof words, "%s", wrong ? wrong : "");
	if (wrong && strcmp(words, s->said) != 0)
		s->host->log(RNF_LOG_WARNING, "epoch %lld: no plots: gnuplot: %s (to try "
			     "again: cd %s; gnuplot -d curves.gp)", (long long)run->epoch,
			     words, run->dir);
	strcpy(s->said, words);
}

static void on_epoch(struct state *s, const struct rnf_run *run)
{
	put(s, run, "history.json", write_history);
	if (!s->plot) return;
	if (!s->scripted) s->scripted = put(s, run, "curves.gp", write_script);
	if (s->scripted) plot(s, run);
}

/* A run that resumes from a checkpoint drops the epochs after it. */
static rnf_status on(void *self, enum rnf_event event, const struct rnf_run *run)
{
	struct state *s = self;
	if (event == RNF_EVENT_BEGIN && run->step > 0)
		put(s, run, "history.json", write_history);
	if (event == RNF_EVENT_EPOCH) on_epoch(s, run);
	return RNF_OK;
}

static const char *const files[] = {
	"history.json", "curves.gp", "curves.png", "curves.svg", NULL,
};

static const struct rnf_callback_impl impl = { .open = open_state, .on = on, .files = files };

RNF_PLUGIN(callback, training_monitor,
	   "history.json and the plotted curves, after each epoch", &params, impl)
