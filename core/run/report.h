/* The result of an evaluation, for readers and for other programs. [main] */
#ifndef RNF_RUN_REPORT_H
#define RNF_RUN_REPORT_H

#include <stdio.h>
#include <jansson.h>
#include <rnframe/data.h>
#include "train/config.h"
#include "train/tally.h"

struct rnf_report {
	const char *name;          /* of the run */
	const char *split;         /* what was evaluated: "test" */
	const char *const *labels; /* [classes] */
	const struct rnf_tally *tally;
};

/* Labels for k classes: their names, or the number where a name is missing, not UTF-8 or
 * more than a line. No two are equal. names may be NULL. */
const char *const *rnf_report_labels(const char *const *names, int64_t k);

/* The table in the layout of scikit-learn's classification_report, digits=4. */
void rnf_report_table(const struct rnf_report *r, FILE *out);
/* The same with the keys of output_dict; "rnframe" holds what scikit-learn lacks: error
 * (%) with its 95 % interval, top-k, cross-entropy, calibration. */
json_t *rnf_report_json(const struct rnf_report *r);

/* Names of all files of a report, ended by NULL. */
const char *const *rnf_report_files(void);

/* Write report.txt, report.json, confusion.csv and .gp, and predictions.csv if the tally
 * keeps predictions, into the folder `dir`, made when absent, each file whole or not at
 * all. gnuplot draws confusion.svg and .png unless train.pictures is false; its failure
 * is a warning. */
rnf_status rnf_report_write(const struct rnf_config *c, const struct rnf_dataset_info *info,
			    const struct rnf_tally *t, const char *split, const char *dir);

/* The matrix: rows are true classes, columns predicted ones. (confusion.c) CSV: RFC 4180;
 * the first cell names both axes. */
void rnf_confusion_csv(const struct rnf_report *r, FILE *out);
/* A script for gnuplot that draws confusion.svg and confusion.png. */
void rnf_confusion_script(const struct rnf_report *r, FILE *out);
/* Remove the pictures of an earlier report and draw new ones by the script in `dir`; on
 * failure a warning, and no picture is left. */
void rnf_confusion_clear(const char *dir);
void rnf_confusion_draw(const char *dir);
/* Their names, ended by NULL. */
extern const char *const rnf_confusion_pictures[];

#endif
