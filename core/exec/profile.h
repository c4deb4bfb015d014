/* Where the time of runs goes: a table of times for each worker, filled lap by
 * lap, so that no moment of a run is left out, and its sums by kind of work, by
 * phase and by layer. An executor without tables reads no clock. */
#ifndef RNF_EXEC_PROFILE_H
#define RNF_EXEC_PROFILE_H

#include "base/clock.h"
#include "exec/exec.h"

/* Rows of a phase; those of its steps come after these. */
enum {
	RNF_TIME_WAIT,    /* at barriers, and for threads to wake */
	RNF_TIME_MERGE,   /* of sums: in a leaf's push, in the last worker's finish */
	RNF_TIME_BARRIER, /* channel ops */
	RNF_TIME_PACK,    /* of weights, before the phases */
	RNF_TIME_STEPS,
};

struct rnf_time {
	double seconds;
	int64_t calls;
};

/* Of one worker. */
struct rnf_times {
	struct rnf_time **phases; /* [1 + n_phases][rows]; the first: before them */
	struct rnf_time *rows;    /* of the phase that runs */
	double last;              /* when the last lap ended */
};

/* Runs from here on are timed; tables start at zero. [main] */
void rnf_exec_time(struct rnf_exec *exec);

/* Called by a run: at its start, at a phase's, and after each piece of work. */
void rnf_times_start(const struct rnf_exec *exec);
static inline void rnf_times_phase(struct rnf_times *t, size_t phase)
{
	t->rows = t->phases[1 + phase];
}
static inline void rnf_times_lap(struct rnf_times *t, size_t row)
{
	const double now = rnf_now();
	t->rows[row].seconds += now - t->last;
	t->rows[row].calls++;
	t->last = now;
}

/* What some work cost, in all threads together. */
struct rnf_cost {
	const char *name;
	double seconds, calls;
	double operations; /* two a multiply-add of direct convs, matrix products */
	double bytes;      /* operands in the batch arena, each once a call */
};
struct rnf_costs {
	struct rnf_cost *at;
	size_t n;
};
/* To the row of that name, which is appended if there is none. [main] */
void rnf_costs_add(struct rnf_costs *costs, const struct rnf_cost *cost);

struct rnf_profile_sums {
	struct rnf_costs kinds, phases, layers; /* each has all of the time */
};
/* Sums of the tables over `runs` timed runs, as costs of one. [main] */
void rnf_exec_costs(const struct rnf_exec *exec, int64_t runs,
		    struct rnf_profile_sums *sums);

#endif
