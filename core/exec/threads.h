/* A pool of threads: runs a job on every worker, with barriers inside it. All workers
 * compute in the float mode of base/floats.h. */
#ifndef RNF_EXEC_THREADS_H
#define RNF_EXEC_THREADS_H

#include <stdint.h>

struct rnf_threads;

/* `threads` includes the caller; 0: as many as may run at once. The pool is smaller if the
 * system refuses threads. Sets the float mode of the calling thread. */
struct rnf_threads *rnf_threads_create(int threads);
int rnf_threads_count(const struct rnf_threads *pool);

/* Run job(arg, worker) on workers 0 .. threads-1; the caller is worker 0. Returns when all
 * are done; their writes are visible then. Not reentrant. */
void rnf_threads_run(struct rnf_threads *pool, void (*job)(void *arg, int worker),
		     void *arg);

/* Run each(arg, i, worker) for i in 0 .. n-1: a worker takes the next i that none has taken, and
 * ends when each() says 0. Returns how many did not. Not reentrant. */
int64_t rnf_threads_each(struct rnf_threads *pool, int64_t n,
			 int (*each)(void *arg, int64_t i, int worker), void *arg);

/* Called by all workers inside a job: the last to arrive runs serial(arg), which may be
 * NULL, then all continue. */
void rnf_threads_barrier(struct rnf_threads *pool, void (*serial)(void *arg),
			 void *arg);

/* Have all jobs and the caller kept the float mode since the last call? Restores it. [main] */
int rnf_threads_mode_kept(struct rnf_threads *pool);

/* Ends the threads; the memory belongs to the arena. NULL is fine. */
void rnf_threads_destroy(struct rnf_threads *pool);

/* This worker's part from <= i < to of 0 .. n-1. */
void rnf_threads_share(int64_t n, int worker, int workers, int64_t *from,
		       int64_t *to);

#endif
