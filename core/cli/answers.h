/* Writes predictions as lines of JSON or CSV, or as an array for numpy. (answers.c) */
#ifndef RNF_CLI_ANSWERS_H
#define RNF_CLI_ANSWERS_H

#include <stdio.h>
#include "run/predict.h"

struct rnf_answer { /* of one image */
	const char *file;
	const float *probs;  /* [classes] */
	const char *bad;     /* NULL, or why there are none */
	const char *as;      /* where it was sorted to; NULL: nowhere */
};

struct rnf_answer_writer {
	const struct rnf_predictor *p;
	const char *path; /* NULL: the standard output */
	int64_t top;      /* classes shown of each image; 1 .. */
	int sorted;       /* lines of CSV say where images were sorted to */
	/* private: */
	const struct rnf_answer_form *form;
	FILE *out;
	int64_t *order;              /* [classes]: scratch */
	struct json_t *files, *errors; /* of an array */
};

/* Choose the format by its name (NULL: jsonl) before any work. */
rnf_status rnf_answers_form(struct rnf_answer_writer *w, const char *name);
/* Begin, for n images. A file at w->path is replaced when all is written. */
rnf_status rnf_answers_begin(struct rnf_answer_writer *w, size_t n);
void rnf_answers_add(struct rnf_answer_writer *w, const struct rnf_answer *answer);
/* Complete the file; if `status` is bad, remove it and return `status`. */
rnf_status rnf_answers_end(struct rnf_answer_writer *w, rnf_status status);

#endif
