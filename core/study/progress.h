/* How far a study is, in words and in time. [main] */
#ifndef RNF_STUDY_PROGRESS_H
#define RNF_STUDY_PROGRESS_H

#include "study/work.h"

/* What a run costs: multiply-adds, up to a factor that is the same for all. */
double rnf_study_cost(const struct rnf_study_runs *runs, const struct rnf_study_run *run);
/* Seconds for such a cost by what was measured in the folder of the study; NAN: nothing. */
double rnf_study_pace(const struct rnf_study_runs *runs);
/* Seconds until all is made, `jobs` at a time; NAN: not known. */
double rnf_study_left(const struct rnf_study_runs *runs, size_t jobs);
/* "2:05:09", "1:30"; "?" for NAN. */
const char *rnf_study_time(char text[32], double seconds);

/* A line on stderr about a run that has ended, with what is left. */
void rnf_study_say_end(const struct rnf_study_work *work, const struct rnf_study_run *run,
		       const char *words);
/* From time to time: a line on what goes on; on a terminal one that is written over. */
void rnf_study_say_progress(const struct rnf_study_work *work);

#endif
