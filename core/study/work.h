/* Makes the runs of a study: each in a child process, by any number of studies at once.
 * The run folders are the only state. [main] */
#ifndef RNF_STUDY_WORK_H
#define RNF_STUDY_WORK_H

#include "study/runs.h"

struct rnf_study_work {
	struct rnf_study_runs *runs;
	const char *plugin_path;     /* for the children, or NULL */
	size_t jobs;                 /* at a time; they share the cores */
	int threads_told;            /* the command line sets `threads`: they do not share */
	double budget_s;             /* no run begins after this time; INFINITY */
	const char *budget;          /* as it was told */
	/* what goes on */
	double start;
	size_t n_running;
	rnf_status failed;           /* of the first run that failed */
	const char *why;             /* its name and message */
	size_t n_failed;             /* during this call */
	int stopping, published;     /* the tables are in the folder */
};

/* Make all waiting runs, and wait for those of other processes. RNF_ESTOPPED when a signal or
 * the end of the budget left some undone; else, after all others are made, the status of the
 * first run that failed. Tables are written after each run. rnf_study_folder_check() comes
 * first. */
rnf_status rnf_study_work(struct rnf_study_work *work);

#endif
