#include "study/compare.h"

#include <math.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/status.h"
#include "run/predictions.h"
#include "study/stats.h"

/* -- a row -- */

static double mean_of(const struct rnf_row *row, double (*figure)(const struct rnf_outcome *))
{
	double sum = 0;
	for (size_t i = 0; i < row->n_runs; i++)
		if (rnf_outcome_counts(&row->runs[i])) sum += figure(&row->runs[i]);
	return row->n ? sum / (double)row->n : NAN;
}

static double epoch_seconds(const struct rnf_outcome *o)
{
	return o->seconds / (double)o->epoch;
}

static double images_per_s(const struct rnf_outcome *o) { return o->images_per_s; }
static double peak_bytes(const struct rnf_outcome *o) { return o->peak_bytes; }

static void fill_row(struct rnf_row *row)
{
	row->n = row->n_failed = 0;
	row->errors = rnf_alloc((row->n_runs + 1) * sizeof *row->errors);
	for (size_t i = 0; i < row->n_runs; i++) {
		const struct rnf_outcome *o = &row->runs[i];
		if (o->parameters && !row->parameters) row->parameters = o->parameters;
		if (rnf_outcome_counts(o)) {
			row->errors[row->n++] = o->error;
			row->interval = (struct rnf_interval){ o->low, o->high };
		} else if (o->state == RNF_RUN_FAILED || rnf_outcome_diverged(o)) {
			row->n_failed++;
		}
	}
	row->mean = rnf_mean(row->errors, row->n);
	row->deviation = rnf_deviation(row->errors, row->n);
	row->epoch_seconds = mean_of(row, epoch_seconds);
	row->images_per_s = mean_of(row, images_per_s);
	row->peak_bytes = mean_of(row, peak_bytes);
}

/* -- two rows -- */

/* The runs of the first seed that both have. */
static int find_pair(const struct rnf_row *a, const struct rnf_row *b,
		     const struct rnf_outcome **x, const struct rnf_outcome **y)
{
	for (size_t i = 0; i < a->n_runs; i++)
		for (size_t k = 0; k < b->n_runs; k++) {
			*x = &a->runs[i];
			*y = &b->runs[k];
			if ((*x)->seed == (*y)->seed && rnf_outcome_counts(*x) &&
			    rnf_outcome_counts(*y))
				return 1;
		}
	return 0;
}

static void no_test(struct rnf_comparison *c, const char *why)
{
	c->method = RNF_METHOD_UNKNOWN;
	c->why = why;
}

/* Error in % is the share of wrong images. */
static void test_images(struct rnf_comparison *c, const struct rnf_answered *x,
			const struct rnf_answered *y)
{
	int64_t b = 0, k = 0; /* wrong only in x, only in y */
	for (int64_t i = 0; i < x->n; i++) {
		b += !x->right[i] && y->right[i];
		k += x->right[i] && !y->right[i];
	}
	const struct rnf_interval share = rnf_paired(b, k, x->n);
	c->method = RNF_METHOD_MCNEMAR;
	c->difference = 100 * (double)(b - k) / (double)x->n;
	c->interval = (struct rnf_interval){ 100 * share.low, 100 * share.high };
	c->p = rnf_mcnemar(b, k);
}

static void test_pair(struct rnf_comparison *c, const struct rnf_outcome *x,
		      const struct rnf_outcome *y)
{
	struct rnf_answered a, b = { 0 };
	const rnf_status here = rnf_predictions_read(
		rnf_format("%s/%s", x->dir, RNF_PREDICTIONS), &a);
	const rnf_status there = here < 0 ? here : rnf_predictions_read(
		rnf_format("%s/%s", y->dir, RNF_PREDICTIONS), &b);
	c->difference = x->error - y->error;
	c->seed = x->seed;
	if (there == RNF_ENOENT) no_test(c, "no test: predictions were not kept");
	else if (there < 0) no_test(c, rnf_format("no test: %s", rnf_fail_words()));
	else if (a.n != b.n || a.images != b.images || a.n == 0)
		no_test(c, "no test: other test images");
	else test_images(c, &a, &b);
	free(a.right);
	free(b.right);
}

static void test_means(struct rnf_comparison *c, const struct rnf_row *a, const struct rnf_row *b)
{
	c->method = RNF_METHOD_WELCH;
	c->difference = a->mean - b->mean;
	c->interval = rnf_bootstrap(a->errors, a->n, b->errors, b->n);
	c->p = rnf_welch(a->errors, a->n, b->errors, b->n);
}

static void compare(struct rnf_table *table, size_t i, size_t with)
{
	const struct rnf_outcome *x, *y;
	struct rnf_row *a = &table->rows[i];
	const struct rnf_row *b = &table->rows[with];
	struct rnf_comparison *c = &a->against;
	*c = (struct rnf_comparison){ .with = with, .difference = NAN, .p = NAN, .holm = NAN,
				      .interval = { NAN, NAN } };
	if (i == with || a->n == 0 || b->n == 0) return;
	if (a->n > 1 && b->n > 1) test_means(c, a, b);
	else if (find_pair(a, b, &x, &y)) test_pair(c, x, y);
	else {
		c->difference = a->mean - b->mean;
		no_test(c, "no test: one seed each, and not the same");
	}
}

static void adjust(struct rnf_table *table)
{
	double *p = rnf_alloc((table->n + 1) * sizeof *p);
	double *holm = rnf_alloc((table->n + 1) * sizeof *holm);
	for (size_t i = 0; i < table->n; i++) {
		p[i] = table->rows[i].against.p;
		table->n_comparisons += !isnan(p[i]);
	}
	rnf_holm(p, holm, table->n);
	for (size_t i = 0; i < table->n; i++)
		table->rows[i].against.holm = holm[i];
}

void rnf_table_fill(struct rnf_table *table, int baseline)
{
	table->n_comparisons = 0;
	for (size_t i = 0; i < table->n; i++)
		fill_row(&table->rows[i]);
	for (size_t i = 0; i < table->n; i++)
		compare(table, i, baseline >= 0 ? (size_t)baseline : i > 0 ? i - 1 : 0);
	adjust(table);
}

int rnf_is_significant(const struct rnf_comparison *c)
{
	return c->holm < 0.05;
}
