/* rnframe mistakes RUN|WEIGHTS: the images that cost most, and labels that are probably wrong, as a
 * table, CSV, JSON and a contact sheet. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/csv.h"
#include "base/file.h"
#include "base/json.h"
#include "base/status.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/samples.h"
#include "data/picture.h"
#include "data/sheet.h"
#include "data/survey.h"
#include "run/doubt.h"
#include "run/report.h"
#include "run/subject.h"
#include "train/eval.h"

enum { TOP = 64, TOP_MAX = 1000000, COLUMNS = 8, TILE = 112, SHEET_MAX = 512 };

struct entry {
	struct rnf_prediction said;
	int32_t likely; /* the class that it should have; -1: its own */
};

struct mistakes {
	struct rnf_experiment *e;
	struct rnf_samples samples;
	int64_t top, n_wrong;
	const char *const *labels; /* [classes] */
	double *thresholds;        /* [classes] */
	struct rnf_survey survey;  /* where images and their files are found */
	struct list {
		const char *name, *words; /* in files, for readers */
		struct entry *at; /* [n], the worst first */
		int64_t n;
	} costly, doubtful;
};

/* -- the two lists -- */

static int compare(double x, double y, const struct entry *a, const struct entry *b)
{
	if (x != y) return x < y ? -1 : 1;
	return (a->said.index > b->said.index) - (a->said.index < b->said.index);
}

/* An image without a prediction costs most. */
static double cost(const struct entry *e)
{
	return isnan(e->said.cross_entropy) ? INFINITY : e->said.cross_entropy;
}

static int by_cost(const void *a, const void *b)
{
	return compare(-cost(a), -cost(b), a, b);
}

/* As cleanlab's rank_by="self_confidence". */
static int by_confidence(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	return compare((double)x->said.p_label, (double)y->said.p_label, x, y);
}

static void make_lists(struct mistakes *m, const struct rnf_tally *t, const int32_t *likely)
{
	m->costly = (struct list){ "costliest", "costliest images", NULL, t->n };
	m->doubtful = (struct list){ "label", "labels that are probably wrong", NULL, 0 };
	m->costly.at = rnf_alloc((size_t)t->n * sizeof *m->costly.at);
	m->doubtful.at = rnf_alloc((size_t)t->n * sizeof *m->doubtful.at);
	for (int64_t i = 0; i < t->n; i++) {
		const struct entry entry = { t->predictions[i], likely[i] };
		m->costly.at[i] = entry;
		m->n_wrong += entry.said.class != entry.said.label;
		if (likely[i] >= 0) m->doubtful.at[m->doubtful.n++] = entry;
	}
	qsort(m->costly.at, (size_t)m->costly.n, sizeof *m->costly.at, by_cost);
	qsort(m->doubtful.at, (size_t)m->doubtful.n, sizeof *m->doubtful.at, by_confidence);
}

static void doubt(struct mistakes *m, const struct rnf_tally *t, const float *probs)
{
	const int64_t k = t->classes;
	int32_t *labels = rnf_alloc((size_t)t->n * sizeof *labels);
	int32_t *likely = rnf_alloc((size_t)t->n * sizeof *likely);
	m->thresholds = rnf_alloc((size_t)k * sizeof *m->thresholds);
	for (int64_t i = 0; i < t->n; i++)
		labels[i] = t->predictions[i].label;
	rnf_doubt_labels(probs, labels, t->n, k, m->thresholds, likely);
	make_lists(m, t, likely);
}

static rnf_status evaluate(struct mistakes *m)
{
	const int64_t n = m->samples.n, k = m->e->data.info.classes;
	float *probs = rnf_alloc((size_t)(n * k) * sizeof *probs);
	struct rnf_tally tally;
	struct rnf_scores scores;
	const struct rnf_answers keep = { probs, &tally };
	rnf_tally_init(&tally, k);
	rnf_tally_keep(&tally, n);
	RNF_TRY(rnf_evaluate(m->e, m->samples.split, m->samples.at, n, &keep, &scores));
	doubt(m, &tally, probs);
	return RNF_OK;
}

/* -- the table -- */

static int64_t shown(const struct mistakes *m, const struct list *l)
{
	return l->n < m->top ? l->n : m->top;
}

static const char *label(const struct mistakes *m, int64_t class)
{
	return class < 0 ? "-" : m->labels[class];
}

/* Its file; NULL: the data set has none. */
static const char *file_of(const struct mistakes *m, const struct entry *e)
{
	return rnf_survey_path(&m->survey, m->survey.first[m->samples.split] + e->said.index);
}

static int widest(const struct mistakes *m)
{
	int width = (int)strlen("predicted");
	for (int64_t i = 0; i < m->e->data.info.classes; i++)
		if (rnf_text_width(m->labels[i]) > width) width = rnf_text_width(m->labels[i]);
	return width;
}

static void print_name(const char *name, int width)
{
	fputs("  ", stdout);
	rnf_text_cell(stdout, -width, name);
}

static void print_entry(const struct mistakes *m, const struct entry *e, int64_t rank, int width)
{
	const char *file = file_of(m, e);
	printf("%5" PRId64 " %8" PRId64, rank, e->said.index);
	print_name(label(m, e->said.label), width);
	print_name(label(m, e->said.class), width);
	print_name(e->likely < 0 ? "" : m->labels[e->likely], width);
	printf("  %8.5f %8.5f %8.4f%s%s\n", (double)e->said.p_label, (double)e->said.p_class,
	       e->said.cross_entropy, file ? "  " : "", file ? file : "");
}

static void print_list(const struct mistakes *m, const struct list *l)
{
	const int width = widest(m);
	printf("\n%s, %" PRId64 " of %" PRId64 ":\n", l->words, shown(m, l), l->n);
	if (l->n == 0) return;
	printf(" rank    index  %-*s  %-*s  %-*s   p(true)  p(pred)  entropy\n", width, "true", width,
	       "predicted", width, "likely");
	for (int64_t i = 0; i < shown(m, l); i++)
		print_entry(m, &l->at[i], i + 1, width);
}

static void print_all(const struct mistakes *m)
{
	printf("%s: %" PRId64 " of %" PRId64 " images are classified wrongly; labels that are probably "
	       "wrong, by confident learning: %" PRId64 "\n", m->samples.name, m->n_wrong, m->samples.n,
	       m->doubtful.n);
	print_list(m, &m->costly);
	print_list(m, &m->doubtful);
}

/* -- CSV -- */

static void put_name(FILE *out, const char *name)
{
	fputc(',', out);
	if (name) rnf_csv_text(out, name);
}

static void put_list(const struct mistakes *m, const struct list *l, FILE *out)
{
	for (int64_t i = 0; i < shown(m, l); i++) {
		const struct entry *e = &l->at[i];
		const int decided = e->said.class >= 0;
		fprintf(out, "%s,%" PRId64 ",%" PRId64, l->name, i + 1, e->said.index);
		put_name(out, file_of(m, e));
		put_name(out, m->labels[e->said.label]);
		put_name(out, decided ? m->labels[e->said.class] : NULL);
		put_name(out, e->likely >= 0 ? m->labels[e->likely] : NULL);
		if (decided) fprintf(out, ",%.9g,%.9g,%.9g", (double)e->said.p_label,
				     (double)e->said.p_class, e->said.cross_entropy);
		else fputs(",,,", out);
		fputs(RNF_CSV_END, out);
	}
}

static rnf_status write_csv(const struct mistakes *m, const char *path)
{
	FILE *out;
	RNF_TRY(rnf_file_create(path, &out));
	fputs("list,rank,index,file,true,predicted,likely,p_true,p_predicted,cross_entropy" RNF_CSV_END,
	      out);
	put_list(m, &m->costly, out);
	put_list(m, &m->doubtful, out);
	return rnf_file_close(path, out, RNF_OK);
}

/* -- JSON -- */

static json_t *class_json(const struct mistakes *m, int64_t class)
{
	return rnf_json_word(class < 0 ? NULL : m->labels[class]);
}

static json_t *list_json(const struct mistakes *m, const struct list *l)
{
	json_t *list = json_array();
	for (int64_t i = 0; i < shown(m, l); i++) {
		const struct entry *e = &l->at[i];
		json_array_append_new(list, json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
			"index", (json_int_t)e->said.index, "file", rnf_json_word(file_of(m, e)),
			"true", class_json(m, e->said.label),
			"predicted", class_json(m, e->said.class),
			"likely", class_json(m, e->likely),
			"p_true", rnf_json_number((double)e->said.p_label),
			"p_predicted", rnf_json_number((double)e->said.p_class),
			"cross_entropy", rnf_json_number(e->said.cross_entropy)));
	}
	return list;
}

static rnf_status write_json(const struct mistakes *m, const char *path)
{
	json_t *thresholds = json_object();
	for (int64_t i = 0; i < m->e->data.info.classes; i++)
		json_object_set_new(thresholds, m->labels[i], rnf_json_number(m->thresholds[i]));
	return rnf_json_write(json_pack("{s:s, s:I, s:I, s:I, s:s, s:o, s:o, s:o}",
		"split", m->samples.name, "images", (json_int_t)m->samples.n,
		"wrong", (json_int_t)m->n_wrong, "probably_wrong_labels", (json_int_t)m->doubtful.n,
		"method", "confident learning", "thresholds", thresholds,
		m->costly.name, list_json(m, &m->costly), "labels", list_json(m, &m->doubtful)), path);
}

/* -- the contact sheet -- */

static rnf_status add_picture(const struct mistakes *m, const struct entry *e, int32_t class, float p,
			      struct rnf_sheet *sheet)
{
	struct rnf_picture picture;
	const char *captions[RNF_SHEET_CAPTIONS] = { m->labels[e->said.label], label(m, class) };
	if (p >= 0) captions[1] = rnf_format("%.0f%% %s", 100 * (double)p, label(m, class));
	RNF_TRY(rnf_survey_pixels(&m->survey, m->survey.first[m->samples.split] + e->said.index,
				  &picture.rgb, &picture.h, &picture.w));
	return rnf_sheet_add(sheet, &picture, captions, class != e->said.label);
}

static int64_t pictures(const struct mistakes *m, const struct list *l)
{
	return shown(m, l) < SHEET_MAX ? shown(m, l) : SHEET_MAX;
}

static rnf_status write_sheet(const struct mistakes *m, const char *path)
{
	const int64_t n = pictures(m, &m->costly), n_labels = pictures(m, &m->doubtful);
	struct rnf_sheet sheet = { .columns = COLUMNS, .tile = TILE, .captions = RNF_SHEET_CAPTIONS };
	rnf_sheet_begin(&sheet, 2, (n + COLUMNS - 1) / COLUMNS + (n_labels + COLUMNS - 1) / COLUMNS);
	rnf_sheet_heading(&sheet, rnf_format("%" PRId64 " costliest of %" PRId64 " %s images: label, then "
					     "prediction", n, m->samples.n, m->samples.name));
	for (int64_t i = 0; i < n; i++) {
		const struct entry *e = &m->costly.at[i];
		RNF_TRY(add_picture(m, e, e->said.class, e->said.p_class, &sheet));
	}
	rnf_sheet_heading(&sheet, rnf_format("%" PRId64 " of %" PRId64 " labels that are probably wrong: "
					     "label, then likely class", n_labels, m->doubtful.n));
	for (int64_t i = 0; i < n_labels; i++)
		RNF_TRY(add_picture(m, &m->doubtful.at[i], m->doubtful.at[i].likely, -1, &sheet));
	return rnf_sheet_write(&sheet, path);
}

/* -- the verb -- */

static void find_images(struct mistakes *m)
{
	const struct rnf_dataset *d = &m->e->data;
	struct rnf_survey *s = &m->survey;
	*s = (struct rnf_survey){ .dataset = d->impl, .self = d->self, .info = &d->info };
	for (int split = 0; split < RNF_SPLITS; split++)
		s->first[split + 1] = s->first[split] + d->info.images[split];
}

static rnf_status find_mistakes(struct mistakes *m, struct rnf_subject *subject,
				const struct rnf_options *o)
{
	RNF_TRY(rnf_options_number("--top", o->top, TOP, TOP_MAX, &m->top));
	RNF_TRY(rnf_outputs_check(o));
	RNF_TRY(rnf_subject_data(m->e, subject));
	RNF_TRY(rnf_samples_choose(&m->e->data, o->split, &m->samples));
	RNF_TRY(rnf_subject_build(m->e, subject));
	m->labels = rnf_report_labels(m->e->data.info.names, m->e->data.info.classes);
	find_images(m);
	RNF_TRY(evaluate(m));
	print_all(m);
	if (o->csv) RNF_TRY(write_csv(m, o->csv));
	if (o->json) RNF_TRY(write_json(m, o->json));
	return o->sheet ? write_sheet(m, o->sheet) : RNF_OK;
}

rnf_status rnf_verb_mistakes(const struct rnf_options *o)
{
	struct mistakes m = { .e = rnf_alloc(sizeof *m.e) };
	if (o->n_words != 1)
		return rnf_fail(RNF_EINVAL, "mistakes needs a run folder or a file of weights: rnframe "
				"mistakes RUN --sheet mistakes.png");
	struct rnf_subject subject = { o->words[0], o->conf, o->sets, o->n_sets, { 0 } };
	const rnf_status status = find_mistakes(&m, &subject, o);
	rnf_loaded_drop(&subject.file);
	rnf_experiment_finish(m.e);
	return status;
}
