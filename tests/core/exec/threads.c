#include "lib/plugin.h"

#include <string.h>

#include "exec/threads.h"

enum { ROUNDS = 200, WORKERS_MAX = 8 };

struct sum {
	struct rnf_threads *pool;
	int64_t parts[WORKERS_MAX][8]; /* plain: the barrier must order them */
	int64_t total, runs, seen_wrong[WORKERS_MAX][8];
};

static void add_up(void *arg)
{
	struct sum *s = arg;
	s->total = 0;
	s->runs++;
	for (int w = 0; w < rnf_threads_count(s->pool); w++)
		s->total += s->parts[w][0];
}

/* Each round: all write, one adds, all read what was added. */
static void rounds(void *arg, int worker)
{
	struct sum *s = arg;
	const int n = rnf_threads_count(s->pool);
	for (int64_t round = 1; round <= ROUNDS; round++) {
		s->parts[worker][0] = round * (worker + 1);
		rnf_threads_barrier(s->pool, add_up, s);
		if (s->total != round * n * (n + 1) / 2)
			s->seen_wrong[worker][0]++;
		rnf_threads_barrier(s->pool, NULL, NULL);
	}
}

START_TEST(barrier)
{
	for (int n = 1; n <= WORKERS_MAX; n++) {
		struct sum s = { .pool = rnf_threads_create(n) };
		ck_assert_int_eq(rnf_threads_count(s.pool), n);
		rnf_threads_run(s.pool, rounds, &s);
		ck_assert_int_eq(s.runs, ROUNDS);
		for (int w = 0; w < n; w++)
			ck_assert_int_eq(s.seen_wrong[w][0], 0);
		rnf_threads_destroy(s.pool);
	}
}
END_TEST

static void count(void *arg, int worker)
{
	((int *)arg)[worker]++;
}

START_TEST(every_worker_once)
{
	for (int n = 1; n <= WORKERS_MAX; n++) {
		struct rnf_threads *pool = rnf_threads_create(n);
		int counts[WORKERS_MAX] = { 0 };
		for (int round = 1; round <= ROUNDS; round++) {
			rnf_threads_run(pool, count, counts);
			for (int w = 0; w < WORKERS_MAX; w++)
				ck_assert_int_eq(counts[w], w < n ? round : 0);
		}
		rnf_threads_destroy(pool);
	}
	rnf_threads_destroy(NULL);
}
END_TEST

static void halve(void *arg, int worker)
{
	volatile float smallest = 1.17549435e-38f;
	smallest = smallest * 0.5f;
	memcpy((uint32_t *)arg + worker, (const void *)(uintptr_t)&smallest,
	       sizeof smallest);
}

enum { ITEMS = 1000 };

struct items {
	int64_t last; /* the one at which a worker ends */
	int times[ITEMS];
};

static int count_item(void *arg, int64_t i, int worker)
{
	struct items *items = arg;
	(void)worker;
	items->times[i]++;
	return i != items->last;
}

START_TEST(each_item_once)
{
	for (int n = 1; n <= WORKERS_MAX; n++) {
		struct rnf_threads *pool = rnf_threads_create(n);
		struct items all = { .last = -1 }, part = { .last = ITEMS / 2 };
		ck_assert_int_eq(rnf_threads_each(pool, ITEMS, count_item, &all), ITEMS);
		for (int i = 0; i < ITEMS; i++)
			ck_assert_int_eq(all.times[i], 1);
		/* one worker ends; others, if there are any, do the rest */
		const int64_t done = rnf_threads_each(pool, ITEMS, count_item, &part);
		ck_assert_int_eq(done, n == 1 ? ITEMS / 2 : ITEMS - 1);
		ck_assert_int_eq(part.times[ITEMS - 1], n > 1);
		rnf_threads_destroy(pool);
	}
}
END_TEST

START_TEST(denormals_are_flushed)
{
	struct rnf_threads *pool = rnf_threads_create(3);
	uint32_t bits[3] = { 1, 1, 1 };
	rnf_threads_run(pool, halve, bits);
	for (int w = 0; w < 3; w++)
		ck_assert_uint_eq(bits[w], 0);
	rnf_threads_destroy(pool);
}
END_TEST

START_TEST(default_size)
{
	struct rnf_threads *pool = rnf_threads_create(0);
	ck_assert_int_ge(rnf_threads_count(pool), 1);
	rnf_threads_destroy(pool);
}
END_TEST

START_TEST(shares)
{
	for (int64_t n = 0; n < 20; n++)
		for (int workers = 1; workers <= WORKERS_MAX; workers++) {
			int64_t next = 0;
			for (int w = 0; w < workers; w++) {
				int64_t from, to;
				rnf_threads_share(n, w, workers, &from, &to);
				ck_assert_int_eq(from, next);
				ck_assert_int_le(to - from, n / workers + 1);
				ck_assert_int_ge(to - from, n / workers);
				next = to;
			}
			ck_assert_int_eq(next, n);
		}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		barrier, every_worker_once, each_item_once, denormals_are_flushed, default_size,
		shares, NULL
	};
	return test_run("exec/threads", tests);
}
