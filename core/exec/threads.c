#define _GNU_SOURCE
#include "exec/threads.h"

#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/floats.h"
#include "base/machine.h"
#include "exec/crash.h"

/* Some 20 to 50 microseconds: longer than the gap between two phases of a
 * step, shorter than anything that a user would notice. */
enum { SPINS = 1000, THREADS_MAX = 1024 };

/* A number that threads wait for; it has a cache line of its own. */
struct word {
	_Atomic uint32_t value, sleepers;
	char padding[56];
};

struct worker {
	struct rnf_threads *pool;
	pthread_t thread;
	int index;
};

struct rnf_threads {
	struct word start;   /* number of jobs begun */
	struct word running; /* workers that have not finished the job */
	struct word phase;   /* number of barriers passed */
	struct word arrived; /* at the barrier */
	void (*job)(void *arg, int worker); /* NULL: the threads end */
	void *arg;
	int n, spins;
	unsigned policy; /* the float mode */
	atomic_int strayed; /* a job changed a worker's float mode */
	struct worker *workers;
};

static void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

/* Restores the mode; returns 1 if it was unchanged. */
static int keep_mode(unsigned policy)
{
	if (rnf_float_mode() == policy) return 1;
	rnf_float_mode_put(policy);
	return 0;
}

static void futex(struct word *word, int operation, uint32_t value)
{
	syscall(SYS_futex, &word->value, operation, value, NULL, NULL, 0);
}

/* Wait until the value differs from `old`. */
static void wait_while(struct word *word, uint32_t old, int spins)
{
	for (int i = 0; i < spins; i++) {
		if (atomic_load_explicit(&word->value, memory_order_acquire) != old)
			return;
		relax();
	}
	/* Sequentially consistent with set(): either set() sees the sleeper, or this sees
	 * the new value (or the kernel does, when it compares). */
	atomic_fetch_add(&word->sleepers, 1);
	while (atomic_load(&word->value) == old)
		futex(word, FUTEX_WAIT_PRIVATE, old);
	atomic_fetch_sub(&word->sleepers, 1);
}

static void wake(struct word *word)
{
	if (atomic_load(&word->sleepers) > 0)
		futex(word, FUTEX_WAKE_PRIVATE, INT32_MAX);
}

static void advance(struct word *word)
{
	atomic_fetch_add(&word->value, 1);
	wake(word);
}

static void finish_job(struct rnf_threads *pool)
{
	if (atomic_fetch_sub(&pool->running.value, 1) == 1)
		wake(&pool->running);
}

static void *work(void *context)
{
	struct worker *self = context;
	struct rnf_threads *pool = self->pool;
	keep_mode(pool->policy);
	rnf_crash_thread_begin();
	for (uint32_t seen = 0;; seen++) {
		wait_while(&pool->start, seen, pool->spins);
		if (!pool->job) break;
		pool->job(pool->arg, self->index);
		if (!keep_mode(pool->policy)) atomic_store(&pool->strayed, 1);
		finish_job(pool);
	}
	rnf_crash_thread_end();
	return NULL;
}

/* The main thread takes all signals, except that a crash is handled by the thread that
 * crashed (crash.h). */
static void start_threads(struct rnf_threads *pool, int threads)
{
	static const int own[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
	sigset_t all, before;
	sigfillset(&all);
	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		sigdelset(&all, own[i]);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int made = 1;
	for (; made < threads; made++) {
		struct worker *w = &pool->workers[made];
		*w = (struct worker){ .pool = pool, .index = made };
		if (pthread_create(&w->thread, NULL, work, w) != 0) break;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pool->n = made; /* threads read it only after a job has begun */
}

struct rnf_threads *rnf_threads_create(int threads)
{
	const int available = rnf_machine_cpus();
	if (threads <= 0) threads = available;
	if (threads > THREADS_MAX) threads = THREADS_MAX;
	struct rnf_threads *pool = rnf_alloc(sizeof *pool);
	pool->workers = rnf_alloc((size_t)threads * sizeof *pool->workers);
	/* With more threads than CPUs, the awaited thread may need this CPU: do not spin. */
	pool->spins = threads <= available ? SPINS : 1;
	pool->policy = rnf_float_mode_policy();
	keep_mode(pool->policy);
	start_threads(pool, threads);
	return pool;
}

int rnf_threads_count(const struct rnf_threads *pool)
{
	return pool->n;
}

void rnf_threads_run(struct rnf_threads *pool, void (*job)(void *arg, int worker),
		     void *arg)
{
	pool->job = job;
	pool->arg = arg;
	atomic_store_explicit(&pool->running.value, (uint32_t)pool->n - 1,
			      memory_order_relaxed);
	advance(&pool->start);
	job(arg, 0);
	uint32_t left;
	while ((left = atomic_load_explicit(&pool->running.value,
					    memory_order_acquire)) != 0)
		wait_while(&pool->running, left, pool->spins);
}

struct each {
	int (*each)(void *arg, int64_t i, int worker);
	void *arg;
	int64_t n;
	_Atomic int64_t next, done;
};

static void take_each(void *arg, int worker)
{
	struct each *e = arg;
	for (int64_t i; (i = atomic_fetch_add(&e->next, 1)) < e->n;) {
		if (!e->each(e->arg, i, worker)) return;
		atomic_fetch_add(&e->done, 1);
	}
}

int64_t rnf_threads_each(struct rnf_threads *pool, int64_t n,
			 int (*each)(void *arg, int64_t i, int worker), void *arg)
{
	struct each e = { .each = each, .arg = arg, .n = n };
	rnf_threads_run(pool, take_each, &e);
	return e.done;
}

void rnf_threads_barrier(struct rnf_threads *pool, void (*serial)(void *arg), void *arg)
{
	/* The others cannot pass before this worker has arrived. */
	const uint32_t phase = atomic_load_explicit(&pool->phase.value,
						    memory_order_relaxed);
	const uint32_t before = atomic_fetch_add_explicit(&pool->arrived.value, 1,
							  memory_order_acq_rel);
	if (before + 1 < (uint32_t)pool->n) {
		wait_while(&pool->phase, phase, pool->spins);
		return;
	}
	if (serial) serial(arg);
	atomic_store_explicit(&pool->arrived.value, 0, memory_order_relaxed);
	advance(&pool->phase);
}

int rnf_threads_mode_kept(struct rnf_threads *pool)
{
	const int caller = keep_mode(pool->policy);
	return !atomic_exchange(&pool->strayed, 0) && caller;
}

void rnf_threads_destroy(struct rnf_threads *pool)
{
	if (!pool) return;
	pool->job = NULL;
	advance(&pool->start);
	for (int i = 1; i < pool->n; i++)
		pthread_join(pool->workers[i].thread, NULL);
	pool->n = 1;
}

void rnf_threads_share(int64_t n, int worker, int workers, int64_t *from, int64_t *to)
{
	*from = n * worker / workers;
	*to = n * (worker + 1) / workers;
}
