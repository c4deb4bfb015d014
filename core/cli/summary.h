/* What `rnframe plan` shows first: a row for each layer of the conf. */
#ifndef RNF_CLI_SUMMARY_H
#define RNF_CLI_SUMMARY_H

#include <jansson.h>
#include "op/op.h"

/* Layers that only repeat others get a row for each block below them; equal blocks one after the
 * other share a row, which counts them together. */
void rnf_summary_print(const struct rnf_program *inference);
/* The same with a row for each block: { input, layers, parameters, running_statistics, macs }. */
json_t *rnf_summary_json(const struct rnf_program *inference);

#endif
