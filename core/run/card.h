/* The model card of a run: Markdown behind a head of YAML, as the Hugging Face Hub reads it. */
#ifndef RNF_RUN_CARD_H
#define RNF_RUN_CARD_H

#include "run/subject.h"

/* After rnf_subject_shapes(), of the run folder `dir`: what run.json, report.json, the conf and the
 * file of weights say. What they do not say is "not stated". *text is kept. [main] */
void rnf_card_text(const struct rnf_experiment *e, const char *dir, const char **text);

#endif
