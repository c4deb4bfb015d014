/* The runs of a study: each is an arm with a seed, in a folder. [main] */
#ifndef RNF_STUDY_RUNS_H
#define RNF_STUDY_RUNS_H

#include <sys/stat.h>
#include <sys/types.h>
#include "base/lock.h"
#include "study/look.h"
#include "study/outcome.h"

enum rnf_turn {
	RNF_TURN_WAITS,     /* to be made */
	RNF_TURN_MADE,      /* finished, here or in the folder of results */
	RNF_TURN_RUNS,      /* a child of ours makes it */
	RNF_TURN_ELSEWHERE, /* another process makes it */
	RNF_TURN_FAILED,
	RNF_TURN_LEFT,      /* not requested: its arm was not chosen */
};

struct rnf_study_run {
	size_t arm;
	int64_t seed;
	const char *dir;     /* DIR/ARM/sSEED-HASH8, or the folder of a finished run */
	enum rnf_turn turn;
	/* when the run.json found at first was written: a run that failed earlier is
	 * tried again once */
	struct timespec seen;
	pid_t pid;
	struct rnf_lock claim;
	double begun, next_look; /* seconds of the monotonic clock */
};

struct rnf_study_runs {
	const struct rnf_study *study;
	const char *dir;
	struct rnf_look *looks;     /* [n_arms] */
	struct rnf_study_run *at;   /* by seed: seed 1 of all arms, then the next */
	size_t n;
};

/* Evaluate each arm to this depth, and find the runs that exist. Nothing is written. */
rnf_status rnf_study_plan(struct rnf_study_runs *runs, const struct rnf_study *study,
			  const char *dir, enum rnf_look_depth depth);
/* A run's turn by the present state of its folder, while nobody works on it. */
enum rnf_turn rnf_study_turn(const struct rnf_study_run *run);

#endif
