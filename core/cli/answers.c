#include "cli/answers.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <rnframe/npy.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/csv.h"
#include "base/file.h"
#include "base/json.h"
#include "base/status.h"

struct rnf_answer_form {
	const char *name;
	const char *suffix; /* that the file must have; NULL: it may be the standard output */
	void (*begin)(struct rnf_answer_writer *w, size_t n);
	void (*add)(struct rnf_answer_writer *w, const struct rnf_answer *a);
	rnf_status (*end)(struct rnf_answer_writer *w);
};

static const char *class_at(const struct rnf_answer_writer *w, int64_t place)
{
	return rnf_predictor_class(w->p, w->order[place]);
}

/* The first `top` of order are the largest, in their order; ties: the first class. */
static void sort_top(const struct rnf_answer_writer *w, const float *probs)
{
	const int64_t k = rnf_predictor_classes(w->p);
	for (int64_t i = 0; i < k; i++)
		w->order[i] = i;
	for (int64_t t = 0; t < w->top; t++) {
		int64_t best = t;
		for (int64_t i = t + 1; i < k; i++)
			if (probs[w->order[i]] > probs[w->order[best]] ||
			    (probs[w->order[i]] == probs[w->order[best]] &&
			     w->order[i] < w->order[best]))
				best = i;
		const int64_t first = w->order[best];
		w->order[best] = w->order[t];
		w->order[t] = first;
	}
}

/* -- lines of JSON -- */

static json_t *number(float p)
{
	char text[32];
	snprintf(text, sizeof text, "%.6g", (double)p);
	return rnf_json_number(strtod(text, NULL));
}

static void add_classes(const struct rnf_answer_writer *w, const float *probs, json_t *line)
{
	json_t *top = json_array();
	json_object_set_new(line, "label", rnf_json_word(class_at(w, 0)));
	json_object_set_new(line, "p", number(probs[w->order[0]]));
	for (int64_t i = 0; i < w->top; i++)
		json_array_append_new(top, json_pack("[o, o]", rnf_json_word(class_at(w, i)),
						     number(probs[w->order[i]])));
	json_object_set_new(line, "top", top);
}

static void add_json(struct rnf_answer_writer *w, const struct rnf_answer *a)
{
	json_t *line = json_object();
	json_object_set_new(line, "file", rnf_json_word(a->file));
	if (a->bad) json_object_set_new(line, "error", rnf_json_word(a->bad));
	else add_classes(w, a->probs, line);
	if (a->as) json_object_set_new(line, "sorted", rnf_json_word(a->as));
	char *text = json_dumps(line, JSON_COMPACT | JSON_REAL_PRECISION(6));
	fprintf(w->out, "%s\n", text ? text : "{}");
	free(text);
	json_decref(line);
}

/* -- CSV -- */

static void begin_csv(struct rnf_answer_writer *w, size_t n)
{
	(void)n;
	fputs("file,error", w->out);
	for (int64_t i = 1; i <= w->top; i++)
		fprintf(w->out, ",label%" PRId64 ",p%" PRId64, i, i);
	fputs(w->sorted ? ",sorted" RNF_CSV_END : RNF_CSV_END, w->out);
}

static void add_csv(struct rnf_answer_writer *w, const struct rnf_answer *a)
{
	rnf_csv_text(w->out, a->file);
	fputc(',', w->out);
	if (a->bad) rnf_csv_text(w->out, a->bad);
	for (int64_t i = 0; i < w->top; i++) {
		fputc(',', w->out);
		if (!a->bad) rnf_csv_text(w->out, class_at(w, i));
		fputc(',', w->out);
		if (!a->bad) fprintf(w->out, "%.6g", (double)a->probs[w->order[i]]);
	}
	if (w->sorted) fputc(',', w->out);
	if (a->as) rnf_csv_text(w->out, a->as);
	fputs(RNF_CSV_END, w->out);
}

/* -- an array of numpy, and beside it what its rows and columns are -- */

static void begin_npy(struct rnf_answer_writer *w, size_t n)
{
	char header[RNF_NPY_HEADER];
	rnf_npy_header(header, 2, (const int64_t[]){ (int64_t)n, rnf_predictor_classes(w->p) });
	fwrite(header, 1, sizeof header, w->out);
	w->files = json_array();
	w->errors = json_array();
}

static void add_npy(struct rnf_answer_writer *w, const struct rnf_answer *a)
{
	const float none = NAN;
	for (int64_t i = 0; i < rnf_predictor_classes(w->p); i++)
		fwrite(a->bad ? &none : &a->probs[i], sizeof none, 1, w->out);
	json_array_append_new(w->files, rnf_json_word(a->file));
	json_array_append_new(w->errors, rnf_json_word(a->bad));
}

/* p.json of p.npy */
static rnf_status end_npy(struct rnf_answer_writer *w)
{
	const int stem = (int)(strlen(w->path) - strlen(w->form->suffix));
	json_t *names = json_array();
	for (int64_t i = 0; i < rnf_predictor_classes(w->p); i++)
		json_array_append_new(names, rnf_json_word(rnf_predictor_class(w->p, i)));
	return rnf_json_write(json_pack("{s:o, s:O, s:O}", "classes", names, "files", w->files,
					"errors", w->errors),
			      rnf_format("%.*s.json", stem, w->path));
}

/* -- all of them -- */

static const struct rnf_answer_form forms[] = {
	{ "jsonl", NULL, NULL, add_json, NULL },
	{ "csv", NULL, begin_csv, add_csv, NULL },
	{ "npy", ".npy", begin_npy, add_npy, end_npy },
};
enum { N_FORMS = sizeof forms / sizeof *forms };

rnf_status rnf_answers_form(struct rnf_answer_writer *w, const char *name)
{
	w->form = name ? NULL : &forms[0];
	for (size_t i = 0; i < N_FORMS && name; i++)
		if (!strcmp(forms[i].name, name)) w->form = &forms[i];
	if (!w->form)
		return rnf_fail(RNF_EINVAL, "--format is \"%s\", must be jsonl, csv or npy", name);
	const char *suffix = w->form->suffix;
	if (suffix && (!w->path || !rnf_file_ends(w->path, suffix)))
		return rnf_fail(RNF_EINVAL, "--format %s needs a file to write: --out FILE%s",
				w->form->name, suffix);
	return w->path ? rnf_file_writable(w->path) : RNF_OK;
}

rnf_status rnf_answers_begin(struct rnf_answer_writer *w, size_t n)
{
	int fd;
	const int64_t k = rnf_predictor_classes(w->p);
	if (w->top > k) w->top = k;
	w->order = rnf_alloc((size_t)k * sizeof *w->order);
	w->out = stdout;
	if (w->path) {
		RNF_TRY(rnf_file_begin(w->path, 0, &fd));
		w->out = fdopen(fd, "wb");
		if (!w->out) rnf_no_memory(BUFSIZ);
	}
	if (w->form->begin) w->form->begin(w, n);
	return RNF_OK;
}

void rnf_answers_add(struct rnf_answer_writer *w, const struct rnf_answer *a)
{
	if (!a->bad) sort_top(w, a->probs);
	w->form->add(w, a);
}

static rnf_status complete(struct rnf_answer_writer *w, rnf_status status)
{
	errno = EIO; /* an earlier write failed; its errno is gone */
	if (status >= 0 && (fflush(w->out) != 0 || ferror(w->out)))
		status = rnf_fail(RNF_EIO, "cannot write: %s", strerror(errno));
	if (status >= 0 && w->form->end) status = w->form->end(w);
	return status;
}

rnf_status rnf_answers_end(struct rnf_answer_writer *w, rnf_status status)
{
	if (w->out && w->path) {
		status = complete(w, status);
		const int fd = dup(fileno(w->out));
		fclose(w->out);
		status = rnf_file_commit(w->path, fd, status);
	}
	json_decref(w->files);
	json_decref(w->errors);
	return status;
}
