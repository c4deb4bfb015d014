/* What an evaluation came to, for readers and for other programs. [main] */
#ifndef RNF_RUN_REPORT_H
#define RNF_RUN_REPORT_H

#include <stdio.h>
#include <jansson.h>
#include "train/setup.h"

struct rnf_report {
	const char *name;          /* of the run */
	const char *split;         /* what was evaluated: "test" */
	const char *const *labels; /* [classes] */
	const struct rnf_tally *tally;
};

/* Labels for k classes: their names, or, where there is none that is UTF-8 in one
 * line, their numbers; no two are the same. names may be NULL. */
const char *const *rnf_report_labels(const char *const *names, int64_t k);

/* In characters of UTF-8. */
int rnf_label_width(const char *label);

/* The table as scikit-learn's classification_report lays it out, digits=4. */
void rnf_report_table(const struct rnf_report *r, FILE *out);
/* The same with output_dict's keys; "rnframe" holds what scikit-learn has not:
 * error (%) with its 95 % interval, top-k, cross-entropy, calibration. */
json_t *rnf_report_json(const struct rnf_report *r);

/* Names of all files that a report has, ended by NULL. */
const char *const *rnf_report_files(void);

/* report.txt, report.json, confusion.csv and .gp, and predictions.csv where the tally
 * keeps them, into the folder `dir`, made when absent, each file whole or not at all;
 * confusion.svg and .png too, drawn by gnuplot unless train.pictures is false, with a
 * warning when that fails. */
rnf_status rnf_report_write(const struct rnf_experiment *e, const struct rnf_tally *t,
			    const char *split, const char *dir);

/* The matrix, rows the true classes and columns the predicted ones. (confusion.c)
 * CSV: RFC 4180, its first cell names both axes. */
void rnf_confusion_csv(const struct rnf_report *r, FILE *out);
/* A script for gnuplot that draws confusion.svg and confusion.png. */
void rnf_confusion_script(const struct rnf_report *r, FILE *out);
/* Remove the pictures of an earlier report; draw them by the script in `dir`, with a
 * warning, and none left, when that does not come off. */
void rnf_confusion_clear(const char *dir);
void rnf_confusion_draw(const char *dir);
/* Their names, ended by NULL. */
extern const char *const rnf_confusion_pictures[];

#endif
