/* Writes the tables of a study into its folder. [main] */
#ifndef RNF_STUDY_PUBLISH_H
#define RNF_STUDY_PUBLISH_H

#include "study/compare.h"
#include "study/runs.h"

/* Is this the name of a file that the study writes into its folder? */
int rnf_study_writes(const char *file);
/* The rows of a study by the present state of its folders. */
void rnf_study_table(const struct rnf_study_runs *runs, struct rnf_table *table);
/* Refuse a folder that cannot be written, or has a file that a study writes and that is not of a
 * study. Asked before the arms are checked, which reads their data. */
rnf_status rnf_study_folder_check(const char *dir);
/* Write table.md, table.csv, study.json and study.gp into the folder, and study.svg and
 * .png, drawn by gnuplot; each whole or not at all. Without gnuplot there is a warning.
 * Concurrent processes take turns. */
rnf_status rnf_study_publish(const struct rnf_study_runs *runs);

#endif
