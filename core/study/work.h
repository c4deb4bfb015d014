/* The runs of a study, made: each in a child process, by any number of studies at once. The
 * state is the run folders alone. [main] */
#ifndef RNF_STUDY_WORK_H
#define RNF_STUDY_WORK_H

#include "study/runs.h"

struct rnf_study_work {
	struct rnf_study_runs *runs;
	const char *plugin_path;     /* for the children, or NULL */
	size_t jobs;                 /* at a time; they share the cores */
	int threads_told;            /* the command line says `threads`: they do not share */
	double budget_s;             /* no run begins later than this; INFINITY */
	const char *budget;          /* as it was told */
	/* what goes on */
	double start;
	size_t n_running;
	rnf_status failed;           /* of the first run that failed */
	const char *why;             /* which, and its words */
	size_t n_failed;             /* during this work */
	int stopping, published;     /* the tables are in the folder */
};

/* Make all that waits, and wait for what others make. RNF_ESTOPPED when a signal or the end
 * of the budget left some; the status of the first run that failed when all others are
 * made. Tables are written after each run. */
rnf_status rnf_study_work(struct rnf_study_work *work);

#endif
