/* The runs of a study: an arm with a seed each, and where each lies. [main] */
#ifndef RNF_STUDY_RUNS_H
#define RNF_STUDY_RUNS_H

#include <sys/stat.h>
#include <sys/types.h>
#include "base/lock.h"
#include "study/look.h"
#include "study/outcome.h"

enum rnf_turn {
	RNF_TURN_WAITS,     /* to be made */
	RNF_TURN_MADE,      /* it is finished, here or in the folder of results */
	RNF_TURN_RUNS,      /* our child makes it */
	RNF_TURN_ELSEWHERE, /* another process does */
	RNF_TURN_FAILED,
	RNF_TURN_LEFT,      /* not asked for: its arm was not chosen */
};

struct rnf_study_run {
	size_t arm;
	int64_t seed;
	const char *dir;     /* DIR/ARM/sSEED-HASH8, or the folder of a finished run */
	enum rnf_turn turn;
	/* when run.json was written that lay there at first: a run that had failed before is
	 * tried once more */
	struct timespec seen;
	pid_t pid;
	struct rnf_lock claim;
	double begun, next_look; /* seconds of the monotonic clock */
};

struct rnf_study_runs {
	const struct rnf_study *study;
	const char *dir;
	struct rnf_look *looks;     /* [n_arms] */
	struct rnf_study_run *at;   /* seeds go round: seed by seed, all arms of each */
	size_t n;
};

/* Look at each arm to this depth, and find what is there already. Nothing is written. */
rnf_status rnf_study_plan(struct rnf_study_runs *runs, const struct rnf_study *study,
			  const char *dir, enum rnf_look_depth depth);
/* The turn of a run by what its folder says now; nobody works on it. */
enum rnf_turn rnf_study_turn(const struct rnf_study_run *run);

#endif
