/* rnframe predict RUN|WEIGHTS IMAGE|DIR|-...: a line for each image, in their order. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/csv.h"
#include "base/file.h"
#include "base/json.h"
#include "base/signal.h"
#include "base/status.h"
#include "cli/cli.h"
#include "data/picture.h"
#include "run/predict.h"

enum { TOP = 3 };

/* -- which images -- */

struct list {
	const char **at;
	size_t n;
};

static void add(struct list *files, const char *name)
{
	*(const char **)rnf_push((void **)&files->at, &files->n, sizeof *files->at) = name;
}

static int is_image(const struct dirent *entry)
{
	const char *const *endings = rnf_picture_endings();
	if (entry->d_name[0] == '.') return 0;
	for (size_t i = 0; endings[i]; i++) {
		const size_t n = strlen(entry->d_name), m = strlen(endings[i]);
		if (n > m && !strcasecmp(entry->d_name + n - m, endings[i])) return 1;
	}
	return 0;
}

static rnf_status add_folder(struct list *files, const char *dir)
{
	struct dirent **entries;
	const int n = scandir(dir, &entries, is_image, alphasort);
	if (n < 0) return rnf_fail_input(dir);
	for (int i = 0; i < n; i++) {
		add(files, rnf_format("%s%s%s", dir, rnf_file_ends(dir, "/") ? "" : "/",
				      entries[i]->d_name));
		free(entries[i]);
	}
	free(entries);
	return n > 0 ? RNF_OK : rnf_fail(RNF_EINVAL, "%s has no images", dir);
}

/* A name a line, as find prints them. */
static rnf_status add_listed(struct list *files)
{
	char *line = NULL;
	size_t room = 0;
	for (ssize_t n; (n = getline(&line, &room, stdin)) > 0;) {
		if (line[n - 1] == '\n') n--;
		if (n > 0) add(files, rnf_strndup(line, (size_t)n));
	}
	free(line);
	return ferror(stdin) ? rnf_fail(RNF_EIO, "standard input: %s", strerror(errno)) : RNF_OK;
}

static rnf_status add_word(struct list *files, const char *word)
{
	if (!strcmp(word, "-")) return add_listed(files);
	if (rnf_is_folder(word)) return add_folder(files, word);
	add(files, word); /* if it is missing, its line says so */
	return RNF_OK;
}

/* -- lines -- */

struct lines {
	const struct rnf_predictor *p;
	int csv;
	int64_t top, *order; /* [classes]: scratch */
};

/* The first `top` of order are the largest, in their order; ties: the first class. */
static void sort_top(const struct lines *l, const float *probs)
{
	const int64_t k = rnf_predictor_classes(l->p);
	for (int64_t i = 0; i < k; i++)
		l->order[i] = i;
	for (int64_t t = 0; t < l->top; t++) {
		int64_t best = t;
		for (int64_t i = t + 1; i < k; i++)
			if (probs[l->order[i]] > probs[l->order[best]] ||
			    (probs[l->order[i]] == probs[l->order[best]] &&
			     l->order[i] < l->order[best]))
				best = i;
		const int64_t first = l->order[best];
		l->order[best] = l->order[t];
		l->order[t] = first;
	}
}

static json_t *number(float p)
{
	return rnf_json_number(strtod(rnf_format("%.6g", (double)p), NULL));
}

static void print_json(const struct lines *l, const char *file, const float *probs,
		       const char *bad)
{
	json_t *line = json_object(), *top = json_array();
	json_object_set_new(line, "file", rnf_json_word(file));
	if (bad) {
		json_object_set_new(line, "error", rnf_json_word(bad));
	} else {
		json_object_set_new(line, "label",
				    rnf_json_word(rnf_predictor_class(l->p, l->order[0])));
		json_object_set_new(line, "p", number(probs[l->order[0]]));
		for (int64_t i = 0; i < l->top; i++)
			json_array_append_new(top, json_pack("[o, o]",
				rnf_json_word(rnf_predictor_class(l->p, l->order[i])),
				number(probs[l->order[i]])));
		json_object_set(line, "top", top);
	}
	char *text = json_dumps(line, JSON_COMPACT | JSON_REAL_PRECISION(6));
	puts(text ? text : "{}");
	free(text);
	json_decref(top);
	json_decref(line);
}

static void print_csv_head(const struct lines *l)
{
	fputs("file,error", stdout);
	for (int64_t i = 1; i <= l->top; i++)
		printf(",label%" PRId64 ",p%" PRId64, i, i);
	fputs("\n", stdout);
}

static void print_csv(const struct lines *l, const char *file, const float *probs, const char *bad)
{
	rnf_csv_text(stdout, file);
	putchar(',');
	if (bad) rnf_csv_text(stdout, bad);
	for (int64_t i = 0; i < l->top; i++) {
		putchar(',');
		if (!bad) rnf_csv_text(stdout, rnf_predictor_class(l->p, l->order[i]));
		putchar(',');
		if (!bad) printf("%.6g", (double)probs[l->order[i]]);
	}
	fputs("\n", stdout);
}

static void print_line(const struct lines *l, const char *file, const float *probs, const char *bad)
{
	if (!bad) sort_top(l, probs);
	if (l->csv) print_csv(l, file, probs, bad);
	else print_json(l, file, probs, bad);
}

/* -- all of them -- */

static rnf_status predict_all(struct rnf_predictor *p, const struct lines *l,
			      const struct list *files)
{
	const size_t batch = (size_t)rnf_predictor_batch(p);
	const int64_t k = rnf_predictor_classes(p);
	float *probs = rnf_alloc(batch * (size_t)k * sizeof *probs);
	const char **bad = rnf_alloc(batch * sizeof *bad);
	size_t n_bad = 0;
	for (size_t from = 0; from < files->n; from += batch) {
		const size_t left = files->n - from, n = left < batch ? left : batch;
		RNF_TRY(rnf_signal_check("while it predicted"));
		RNF_TRY(rnf_predictor_run(p, files->at + from, (int64_t)n, probs, bad));
		for (size_t i = 0; i < n; i++) {
			print_line(l, files->at[from + i], probs + (int64_t)i * k, bad[i]);
			n_bad += bad[i] != NULL;
		}
	}
	return n_bad == 0 ? RNF_OK : rnf_fail(RNF_EINVAL, "%zu of %zu images cannot be used; their "
					      "lines say why", n_bad, files->n);
}

static rnf_status read_options(struct lines *l, const struct rnf_options *o)
{
	char *end;
	l->top = o->topk ? strtol(o->topk, &end, 10) : TOP;
	if (o->topk && (*end || l->top < 1 || l->top > 1000000))
		return rnf_fail(RNF_EINVAL, "--topk is %s, must be a number of classes", o->topk);
	l->csv = o->format && !strcmp(o->format, "csv");
	if (o->format && !l->csv && strcmp(o->format, "jsonl"))
		return rnf_fail(RNF_EINVAL, "--format is \"%s\", must be jsonl or csv", o->format);
	return RNF_OK;
}

static rnf_status predict(const struct rnf_options *o, struct rnf_predictor **p)
{
	const struct rnf_subject subject = { o->words[0], o->conf, o->sets, o->n_sets, { 0 } };
	struct list files = { 0 };
	struct lines l = { 0 };
	RNF_TRY(read_options(&l, o));
	RNF_TRY(rnf_predictor_open(&subject, p));
	for (size_t i = 1; i < o->n_words; i++)
		RNF_TRY(add_word(&files, o->words[i]));
	const int64_t k = rnf_predictor_classes(*p);
	l.p = *p;
	if (l.top > k) l.top = k;
	l.order = rnf_alloc((size_t)k * sizeof *l.order);
	if (l.csv) print_csv_head(&l);
	return predict_all(*p, &l, &files);
}

rnf_status rnf_verb_predict(const struct rnf_options *o)
{
	struct rnf_predictor *p = NULL;
	if (o->n_words < 2)
		return rnf_fail(RNF_EINVAL, "predict needs a run folder or a file of weights, and images: "
				"rnframe predict RUN photo.jpg");
	const rnf_status status = predict(o, &p);
	rnf_predictor_close(p);
	return status;
}
