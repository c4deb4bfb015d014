/* A filled table as Markdown, CSV, JSON and a picture. [main] */
#ifndef RNF_STUDY_TABLE_H
#define RNF_STUDY_TABLE_H

#include <stdio.h>
#include "study/compare.h"

/* Escape a text for a cell of Markdown, which a bar would end. Kept. */
const char *rnf_table_cell(const char *text);
void rnf_table_markdown(const struct rnf_table *table, FILE *out);
/* RFC 4180; unknown figures are empty. */
void rnf_table_csv(const struct rnf_table *table, FILE *out);
void rnf_table_json(const struct rnf_table *table, FILE *out);
/* A gnuplot script that draws NAME.svg and NAME.png: an error a row, with its deviation
 * or interval, and the published errors. (picture.c) */
void rnf_table_script(const struct rnf_table *table, const char *name, FILE *out);

#endif
