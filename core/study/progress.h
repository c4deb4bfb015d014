/* The progress of a study, for messages and forecasts. [main] */
#ifndef RNF_STUDY_PROGRESS_H
#define RNF_STUDY_PROGRESS_H

#include "study/work.h"

/* The cost of a run: multiply-adds, up to a factor common to all. */
double rnf_study_cost(const struct rnf_study_runs *runs, const struct rnf_study_run *run);
/* Seconds for such a cost, from what was measured in the study's folder; NAN: nothing
 * was. */
double rnf_study_pace(const struct rnf_study_runs *runs);
/* Seconds until everything is done, `jobs` at a time; NAN: unknown. */
double rnf_study_left(const struct rnf_study_runs *runs, size_t jobs);

/* A line on stderr about a run that has ended, with what is left. */
void rnf_study_say_end(const struct rnf_study_work *work, const struct rnf_study_run *run,
		       const char *words);
/* A status line now and then; on a terminal it is rewritten in place. */
void rnf_study_say_progress(const struct rnf_study_work *work);

#endif
