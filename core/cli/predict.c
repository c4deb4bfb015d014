/* rnframe predict RUN|WEIGHTS IMAGE|DIR|-...: a line for each image, in their order. */
#include <dirent.h>
#include <errno.h>
#include <rnframe/training.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/signal.h"
#include "base/status.h"
#include "cli/answers.h"
#include "cli/cli.h"
#include "data/picture.h"
#include "run/predict.h"
#include "run/sort.h"

enum { TOP = 3, TOP_MAX = 1000000 };

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
	return n > 0 ? RNF_OK : rnf_fail(RNF_EINVAL, "%s has no images; the folders in it "
					"are not searched", dir);
}

/* All of the standard input, with a NUL behind it. */
static rnf_status read_input(char **text, size_t *n)
{
	size_t room = 0;
	*text = NULL;
	*n = 0;
	do {
		room = room ? 2 * room : 1 << 16;
		*text = realloc(*text, room + 1);
		if (!*text) rnf_no_memory(room);
		*n += fread(*text + *n, 1, room - *n, stdin);
	} while (*n == room);
	(*text)[*n] = 0;
	return ferror(stdin) ? rnf_fail(RNF_EIO, "standard input: %s", strerror(errno)) : RNF_OK;
}

/* One name on each line, as find prints them; or each ended by a NUL, as by find -print0. */
static rnf_status add_listed(struct list *files)
{
	char *text;
	size_t n;
	const rnf_status status = read_input(&text, &n);
	const char end = memchr(text, 0, n) ? 0 : '\n';
	for (size_t at = 0; status >= 0 && at < n;) {
		const char *stop = memchr(text + at, end, n - at);
		const size_t length = stop ? (size_t)(stop - text) - at : n - at;
		if (length > 0) add(files, rnf_strndup(text + at, length));
		at += length + 1;
	}
	free(text);
	return status;
}

static rnf_status add_word(struct list *files, const char *word)
{
	if (!strcmp(word, "-")) return add_listed(files);
	if (rnf_is_folder(word)) return add_folder(files, word);
	add(files, word); /* if it is missing, its line says so */
	return RNF_OK;
}

/* -- options -- */

struct prediction {
	struct rnf_predictor *p;
	struct rnf_answer_writer writer;
	struct rnf_sorter sorter; /* dir NULL: nothing is sorted */
	struct list files;
	size_t n_bad;
};

static rnf_status read_options(struct prediction *t, const struct rnf_options *o)
{
	RNF_TRY(rnf_options_number("--topk", o->topk, TOP, TOP_MAX, &t->writer.top));
	if (o->tta && strcmp(o->tta, "flip"))
		return rnf_fail(RNF_EINVAL, "--tta is \"%s\", must be flip", o->tta);
	if (o->link && !o->sort_into)
		return rnf_fail(RNF_EINVAL, "--link says how --sort-into DIR sorts, which is not given");
	t->writer.path = o->out;
	t->writer.sorted = o->sort_into != NULL;
	t->sorter = (struct rnf_sorter){ o->sort_into, o->link != NULL };
	return rnf_answers_form(&t->writer, o->format);
}

/* -- all of them -- */

static rnf_status check_out(const struct prediction *t, const struct rnf_options *o)
{
	const char *out = t->writer.path;
	if (!out) return RNF_OK;
	RNF_TRY(rnf_output_apart("--out", out, rnf_predictor_file(t->p)->path));
	if (o->conf) RNF_TRY(rnf_output_apart("--out", out, o->conf));
	for (size_t i = 0; i < t->files.n; i++)
		RNF_TRY(rnf_output_apart("--out", out, t->files.at[i]));
	return RNF_OK;
}

static rnf_status check_sorter(const struct prediction *t)
{
	const size_t k = (size_t)rnf_predictor_classes(t->p);
	const char **classes = rnf_alloc(k * sizeof *classes);
	for (size_t i = 0; i < k; i++)
		classes[i] = rnf_predictor_class(t->p, (int64_t)i);
	return rnf_sorter_check(&t->sorter, t->files.at, t->files.n, classes, k);
}

static rnf_status tell(struct prediction *t, const char *file, const float *probs, const char *bad)
{
	struct rnf_answer answer = { file, probs, bad, NULL };
	if (t->sorter.dir && !bad)
		RNF_TRY(rnf_sorter_add(&t->sorter, file, rnf_predictor_class(t->p,
				       rnf_largest(rnf_predictor_classes(t->p), probs)), &answer.as));
	rnf_answers_add(&t->writer, &answer);
	t->n_bad += bad != NULL;
	return RNF_OK;
}

static rnf_status predict_all(struct prediction *t)
{
	const size_t batch = (size_t)rnf_predictor_batch(t->p);
	const int64_t k = rnf_predictor_classes(t->p);
	float *probs = rnf_alloc(batch * (size_t)k * sizeof *probs);
	const char **bad = rnf_alloc(batch * sizeof *bad);
	for (size_t from = 0; from < t->files.n; from += batch) {
		const size_t left = t->files.n - from, n = left < batch ? left : batch;
		const void *mark = rnf_arena_mark();
		RNF_TRY(rnf_signal_check("while it predicted"));
		RNF_TRY(rnf_predictor_run(t->p, t->files.at + from, (int64_t)n, probs, bad));
		for (size_t i = 0; i < n; i++)
			RNF_TRY(tell(t, t->files.at[from + i], probs + (int64_t)i * k, bad[i]));
		rnf_arena_release(mark);
	}
	return RNF_OK;
}

static rnf_status predict(struct prediction *t, const struct rnf_options *o)
{
	const struct rnf_subject subject = { o->words[0], o->conf, o->sets, o->n_sets, { 0 } };
	RNF_TRY(read_options(t, o));
	RNF_TRY(rnf_predictor_open(&subject, &t->p));
	if (o->tta) rnf_predictor_flip(t->p);
	t->writer.p = t->p;
	for (size_t i = 1; i < o->n_words; i++)
		RNF_TRY(add_word(&t->files, o->words[i]));
	RNF_TRY(check_out(t, o));
	if (t->sorter.dir) RNF_TRY(check_sorter(t));
	RNF_TRY(rnf_answers_begin(&t->writer, t->files.n));
	RNF_TRY(rnf_answers_end(&t->writer, predict_all(t)));
	return t->n_bad == 0 ? RNF_OK : rnf_fail(RNF_EINVAL, "%zu of %zu images cannot be used; their "
						 "lines say why", t->n_bad, t->files.n);
}

rnf_status rnf_verb_predict(const struct rnf_options *o)
{
	struct prediction t = { 0 };
	if (o->n_words < 2)
		return rnf_fail(RNF_EINVAL, "predict needs a run folder or a file of weights, and images: "
				"rnframe predict RUN photo.jpg");
	const rnf_status status = predict(&t, o);
	rnf_predictor_close(t.p);
	return status;
}
