/* What `rnframe plan` shows first: a row for each layer of the conf. */
#ifndef RNF_CLI_SUMMARY_H
#define RNF_CLI_SUMMARY_H

#include <jansson.h>
#include "op/op.h"

/* Print the table. A layer that only repeats blocks has a row for each of them below its own;
 * equal blocks in sequence share a row, with the sum of their figures. */
void rnf_summary_print(const struct rnf_program *inference);
/* The same with a row for each block: { input, layers, parameters, running_statistics, macs }. */
json_t *rnf_summary_json(const struct rnf_program *inference);

#endif
