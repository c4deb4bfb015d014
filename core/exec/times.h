/* Where the time of a run goes: each worker fills a table of times lap by lap, so that the
 * rows leave no gap; sums of it by kind of work, phase and layer. An executor without
 * tables reads no clock. */
#ifndef RNF_EXEC_TIMES_H
#define RNF_EXEC_TIMES_H

#include "base/clock.h"
#include "exec/exec.h"

/* Rows that each phase has; the rows of its tasks follow. */
enum {
	RNF_TIME_WAIT,    /* waiting at barriers and for threads to wake */
	RNF_TIME_MERGE,   /* adding sums: when a leaf is pushed, and in the last worker's merge */
	RNF_TIME_BATCH,   /* batch ops */
	RNF_TIME_PACK,    /* packing weights, before the phases */
	RNF_TIME_TASKS,
};

struct rnf_time {
	double seconds;
	int64_t calls;
};

/* Of one worker. */
struct rnf_times {
	struct rnf_time **phases; /* [1 + n_phases][rows]; the first: before the phases */
	struct rnf_time *rows;    /* of the phase that runs */
	double last;              /* when the last lap ended */
};

/* Time all runs from now on; tables start at zero. [main] */
void rnf_exec_time(struct rnf_exec *exec);

/* A run calls these at its beginning, at each phase's beginning, and after each piece of
 * work. */
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

/* What a kind of work cost, summed over all threads. */
struct rnf_cost {
	const char *name;
	double seconds, calls;
	double operations; /* two for each multiply-add of direct convs and matrix products */
	double bytes;      /* bytes of operands in the batch arena, each counted once a call */
};
struct rnf_costs {
	struct rnf_cost *at;
	size_t n;
};
/* Add a cost to the row of that name, or append the row. [main] */
void rnf_costs_add(struct rnf_costs *costs, const struct rnf_cost *cost);

struct rnf_cost_sums {
	struct rnf_costs kinds, phases, layers; /* each has all of the time */
};
/* Sum the tables of `runs` timed runs into the cost of one run. [main] */
void rnf_exec_costs(const struct rnf_exec *exec, int64_t runs,
		    struct rnf_cost_sums *sums);

#endif
