#include "run/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/json.h"
#include "base/status.h"
#include "base/text.h"
#include "base/utf8.h"
#include "run/predictions.h"

enum { DIGITS = 4 };

/* -- labels -- */

static int is_line(const char *name)
{
	return *name && !rnf_utf8_must(name);
}

/* Equal to a label before it, or to a key that the report has beside its classes. */
static int is_taken(const char *label, const char *const *before, int64_t n)
{
	static const char *const keys[] = { "accuracy", "macro avg", "weighted avg",
					    "rnframe" };
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (!strcmp(label, keys[i])) return 1;
	for (int64_t i = 0; i < n; i++)
		if (!strcmp(label, before[i])) return 1;
	return 0;
}

const char *const *rnf_report_labels(const char *const *names, int64_t k)
{
	const char **labels = rnf_alloc((size_t)k * sizeof *labels);
	for (int64_t i = 0; i < k; i++) {
		const int has = names && names[i] && is_line(names[i]);
		labels[i] = has ? names[i] : rnf_format("%lld", (long long)i);
		while (is_taken(labels[i], labels, i))
			labels[i] = rnf_format("%s (%lld)", labels[i], (long long)i);
	}
	return labels;
}

/* -- report.txt -- */

static void start_row(FILE *out, int width, const char *label)
{
	rnf_text_cell(out, width, label);
	fputc(' ', out);
}

static void row(FILE *out, int width, const char *label,
		const struct rnf_class_figures *c)
{
	start_row(out, width, label);
	fprintf(out, " %9.*f %9.*f %9.*f %9lld\n", DIGITS, c->precision, DIGITS,
		c->recall, DIGITS, c->f1, (long long)c->support);
}

void rnf_report_table(const struct rnf_report *r, FILE *out)
{
	const struct rnf_tally *t = r->tally;
	const struct rnf_class_figures macro = rnf_tally_average(t, 0);
	const struct rnf_class_figures weighted = rnf_tally_average(t, 1);
	int width = rnf_text_width("weighted avg");
	for (int64_t i = 0; i < t->classes; i++)
		if (rnf_text_width(r->labels[i]) > width) width = rnf_text_width(r->labels[i]);
	start_row(out, width, "");
	fprintf(out, " %9s %9s %9s %9s\n\n", "precision", "recall", "f1-score", "support");
	for (int64_t i = 0; i < t->classes; i++) {
		const struct rnf_class_figures c = rnf_tally_class(t, i);
		row(out, width, r->labels[i], &c);
	}
	fputc('\n', out);
	start_row(out, width, "accuracy");
	fprintf(out, " %9s %9s %9.*f %9lld\n", "", "", DIGITS, rnf_tally_accuracy(t),
		(long long)t->n);
	row(out, width, "macro avg", &macro);
	row(out, width, "weighted avg", &weighted);
}

static int64_t tops(const struct rnf_tally *t)
{
	return t->classes < RNF_TALLY_TOP ? t->classes : RNF_TALLY_TOP;
}

/* What scikit-learn's table does not have, below it. */
static void write_text(const struct rnf_report *r, FILE *out)
{
	const struct rnf_tally *t = r->tally;
	const double accuracy = rnf_tally_accuracy(t);
	const struct rnf_interval error = rnf_wilson(1 - accuracy, t->n);
	rnf_report_table(r, out);
	fprintf(out, "\n%s, %s: %lld images\n", r->name, r->split, (long long)t->n);
	fprintf(out, "error %.2f %%, 95 %% interval %.2f to %.2f %%\n",
		100 * (1 - accuracy), 100 * error.low, 100 * error.high);
	for (int64_t i = 0; i < tops(t); i++)
		fprintf(out, "top-%lld accuracy %.*f\n", (long long)i + 1, DIGITS,
			(double)t->within[i] / (double)t->n);
	fprintf(out, "cross-entropy %.5f\n", fabs(t->cross_entropy / (double)t->n)); /* no "-nan" */
	if (rnf_tally_undecided(t) == 0)
		fprintf(out, "expected calibration error %.*f\n", DIGITS,
			rnf_tally_calibration(t));
	else
		fprintf(out, "%lld images got no number, which counts as wrong\n",
			(long long)rnf_tally_undecided(t));
}

/* -- report.json -- */

static json_t *figures(struct rnf_class_figures c)
{
	return json_pack("{s:f, s:f, s:f, s:I}", "precision", c.precision, "recall",
			 c.recall, "f1-score", c.f1, "support", (json_int_t)c.support);
}

/* Means of a bin, null when it is empty. */
static json_t *bin(const struct rnf_tally_bin *b)
{
	const double n = (double)b->count;
	return json_pack("{s:I, s:o, s:o}", "count", (json_int_t)b->count, "confidence",
			 rnf_json_number(b->confidence / n), "accuracy",
			 rnf_json_number((double)b->right / n));
}

static json_t *own_block(const struct rnf_report *r)
{
	const struct rnf_tally *t = r->tally;
	const double n = (double)t->n, error = 1 - rnf_tally_accuracy(t);
	const struct rnf_interval interval = rnf_wilson(error, t->n);
	json_t *top = json_object(), *bins = json_array();
	for (int64_t i = 0; i < tops(t); i++)
		json_object_set_new(top, rnf_format("%lld", (long long)i + 1),
				    json_real((double)t->within[i] / n));
	for (int b = 0; b < RNF_TALLY_BINS; b++)
		json_array_append_new(bins, bin(&t->bins[b]));
	return json_pack("{s:o, s:s, s:I, s:I, s:f, s:f, s:f, s:o, s:o, s:o, s:o}",
			 "name", rnf_json_word(r->name), "split", r->split, "n",
			 (json_int_t)t->n, "undecided",
			 (json_int_t)rnf_tally_undecided(t), "error", 100 * error,
			 "error_low", 100 * interval.low, "error_high",
			 100 * interval.high, "top_k", top, "cross_entropy",
			 rnf_json_number(t->cross_entropy / n),
			 "expected_calibration_error",
			 rnf_json_number(rnf_tally_calibration(t)), "calibration_bins",
			 bins);
}

json_t *rnf_report_json(const struct rnf_report *r)
{
	const struct rnf_tally *t = r->tally;
	json_t *report = json_object();
	for (int64_t i = 0; i < t->classes; i++)
		json_object_set_new(report, r->labels[i], figures(rnf_tally_class(t, i)));
	json_object_set_new(report, "accuracy", json_real(rnf_tally_accuracy(t)));
	json_object_set_new(report, "macro avg", figures(rnf_tally_average(t, 0)));
	json_object_set_new(report, "weighted avg", figures(rnf_tally_average(t, 1)));
	json_object_set_new(report, "rnframe", own_block(r));
	return report;
}

/* 15 digits: no digit beyond the precision, and 0.1 stays 0.1. */
static void write_json(const struct rnf_report *r, FILE *out)
{
	json_t *report = rnf_report_json(r);
	json_dumpf(report, out, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
	fputc('\n', out);
	json_decref(report);
}

/* -- the files -- */

static const struct {
	const char *name;
	void (*write)(const struct rnf_report *, FILE *);
} files[] = {
	{ "report.txt", write_text },
	{ "report.json", write_json },
	{ "confusion.csv", rnf_confusion_csv },
	{ "confusion.gp", rnf_confusion_script },
	{ RNF_PREDICTIONS, rnf_predictions_csv },
};

enum { N_FILES = sizeof files / sizeof *files };
enum { CLASSES_DRAWN = 500 }; /* a picture of more would show nothing, and take minutes */

const char *const *rnf_report_files(void)
{
	static const char *names[N_FILES + 8];
	size_t n = 0;
	for (size_t i = 0; i < N_FILES; i++)
		names[n++] = files[i].name;
	for (const char *const *p = rnf_confusion_pictures; *p; p++)
		names[n++] = *p;
	return names;
}

static rnf_status put(const struct rnf_report *r, size_t i, const char *dir)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);
	if (out) files[i].write(r, out);
	rnf_status status = out && fclose(out) == 0
		? rnf_file_put(rnf_format("%s/%s", dir, files[i].name), text, n)
		: rnf_fail(RNF_ENOMEM, "%s: no memory for %s", dir, files[i].name);
	free(text);
	return status;
}

static int is_wanted(void (*write)(const struct rnf_report *, FILE *), const struct rnf_tally *t)
{
	if (write == rnf_predictions_csv) return t->predictions != NULL;
	return write != rnf_confusion_script || t->classes <= CLASSES_DRAWN;
}

rnf_status rnf_report_write(const struct rnf_config *c, const struct rnf_dataset_info *info,
			    const struct rnf_tally *t, const char *split, const char *dir)
{
	const struct rnf_report r = {
		.name = c->root.name, .split = split, .tally = t,
		.labels = rnf_report_labels(info->names, t->classes) };
	RNF_TRY(rnf_folder_make(dir));
	for (size_t i = 0; i < N_FILES; i++)
		if (is_wanted(files[i].write, t)) RNF_TRY(put(&r, i, dir));
	rnf_confusion_clear(dir);
	if (c->root.train.pictures && is_wanted(rnf_confusion_script, t)) rnf_confusion_draw(dir);
	return RNF_OK;
}
