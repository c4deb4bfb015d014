#include "lib/plugin.h"

#include <string.h>

#include "data/split.h"

enum { N = 1000, CLASSES = 7 };

static int32_t labels[N];
static int64_t *train, *val, n_train, n_val;

static void make_labels(void)
{
	for (int i = 0; i < N; i++)
		labels[i] = (i * i + i / 3) % CLASSES;
}

static void count(const int64_t *at, int64_t n, int64_t *counts)
{
	for (int64_t i = 0; i < n; i++) {
		ck_assert(i == 0 || at[i] > at[i - 1]);
		counts[labels[at[i]]]++;
	}
}

START_TEST(stratified)
{
	make_labels();
	int64_t in_train[CLASSES] = { 0 }, in_val[CLASSES] = { 0 };
	ck_assert_int_eq(rnf_split(labels, N, CLASSES, 0.1, 42, &train, &n_train,
				   &val, &n_val), RNF_OK);
	ck_assert_int_eq(n_train + n_val, N);
	count(train, n_train, in_train);
	count(val, n_val, in_val);
	for (int k = 0; k < CLASSES; k++)
		ck_assert_int_eq(in_val[k],
				 llround(0.1 * (double)(in_train[k] + in_val[k])));
	uint8_t seen[N] = { 0 };
	for (int64_t i = 0; i < n_train; i++) seen[train[i]]++;
	for (int64_t i = 0; i < n_val; i++) seen[val[i]]++;
	for (int i = 0; i < N; i++) ck_assert_int_eq(seen[i], 1);
}
END_TEST

START_TEST(by_seed)
{
	make_labels();
	int64_t *first, *again, *other, n;
	rnf_split(labels, N, CLASSES, 0.1, 42, &train, &n_train, &first, &n_val);
	rnf_split(labels, N, CLASSES, 0.1, 42, &train, &n_train, &again, &n);
	ck_assert_int_eq(n, n_val);
	ck_assert(memcmp(first, again, (size_t)n * sizeof *first) == 0);
	rnf_split(labels, N, CLASSES, 0.1, 43, &train, &n_train, &other, &n);
	ck_assert(memcmp(first, other, (size_t)n * sizeof *first) != 0);
}
END_TEST

START_TEST(nothing_kept)
{
	make_labels();
	ck_assert_int_eq(rnf_split(labels, N, CLASSES, 0.0, 42, &train, &n_train,
				   &val, &n_val), RNF_OK);
	ck_assert_int_eq(n_val, 0);
	ck_assert_int_eq(n_train, N);
	for (int i = 0; i < N; i++) ck_assert_int_eq(train[i], i);
}
END_TEST

START_TEST(no_class_is_lost)
{
	make_labels();
	ck_assert_int_eq(rnf_split(labels, N, CLASSES, 1.0, 42, &train, &n_train,
				   &val, &n_val), RNF_OK);
	ck_assert_int_eq(n_train, CLASSES);
	for (int i = 0; i < CLASSES; i++)
		for (int j = 0; j < i; j++)
			ck_assert_int_ne(labels[train[i]], labels[train[j]]);
}
END_TEST

START_TEST(refused)
{
	make_labels();
	labels[5] = CLASSES;
	ck_assert_int_eq(rnf_split(labels, N, CLASSES, 0.1, 42, &train, &n_train,
				   &val, &n_val), RNF_EINVAL);
}
END_TEST

START_TEST(shuffled)
{
	int64_t in[N], out[N], again[N], next[N];
	uint8_t seen[N] = { 0 };
	for (int i = 0; i < N; i++) in[i] = 3 * i;
	rnf_shuffle(42, 1, in, N, out);
	rnf_shuffle(42, 1, in, N, again);
	rnf_shuffle(42, 2, in, N, next);
	ck_assert(memcmp(out, again, sizeof out) == 0);
	ck_assert(memcmp(out, next, sizeof out) != 0);
	int fixed = 0;
	for (int i = 0; i < N; i++) {
		seen[out[i] / 3]++;
		fixed += out[i] == in[i];
	}
	for (int i = 0; i < N; i++) ck_assert_int_eq(seen[i], 1);
	ck_assert_int_lt(fixed, 10);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		stratified, by_seed, nothing_kept, no_class_is_lost, refused, shuffled, NULL
	};
	return test_run("data/split", tests);
}
