#include "study/table.h"

#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "base/csv.h"
#include "base/json.h"
#include "base/lines.h"

static int is_baseline(const struct rnf_table *t, size_t i)
{
	return t->rows[i].against.with == i;
}

/* -- Markdown -- */

/* 269,722 */
static const char *grouped(int64_t n)
{
	const char *text = "";
	for (; n >= 1000; n /= 1000)
		text = rnf_format(",%03d%s", (int)(n % 1000), text);
	return rnf_format("%d%s", (int)n, text);
}

static const char *number(double value, int digits)
{
	return isfinite(value) ? rnf_format("%.*f", digits, value) : "-";
}

const char *rnf_table_cell(const char *text)
{
	const char *done = "";
	for (size_t n; *text; text += n + (text[n] == '|')) {
		n = strcspn(text, "|");
		done = rnf_format("%s%.*s%s", done, (int)n, text, text[n] ? "\\|" : "");
	}
	return done;
}

static const char *counts(const struct rnf_row *r)
{
	return r->n_failed ? rnf_format("%zu (%zu failed)", r->n, r->n_failed)
			   : rnf_format("%zu", r->n);
}

static const char *error(const struct rnf_row *r)
{
	if (r->n == 0) return r->n_failed ? "-" : "not measured yet";
	if (r->n == 1)
		return rnf_format("%.2f [%.2f, %.2f]", r->mean, r->interval.low,
				  r->interval.high);
	return rnf_format("%.2f ± %.2f", r->mean, r->deviation);
}

/* The number of runs behind a p-value. */
static const char *grounds(const struct rnf_table *t, const struct rnf_row *r)
{
	const struct rnf_comparison *c = &r->against;
	if (c->method == RNF_METHOD_MCNEMAR)
		return rnf_format("n = 1 + 1, seed %lld", (long long)c->seed);
	return rnf_format("n = %zu + %zu", r->n, t->rows[c->with].n);
}

static const char *verdict(const struct rnf_table *t, const struct rnf_row *r)
{
	const struct rnf_comparison *c = &r->against;
	if (c->method == RNF_METHOD_UNKNOWN) return c->why;
	if (isnan(c->p)) return rnf_format("p undefined: no scatter (%s)", grounds(t, r));
	const char *p = rnf_format("p = %.2g, %s", c->holm, grounds(t, r));
	return rnf_is_significant(c) ? rnf_format("(%s)", p)
				     : rnf_format("not significant (%s)", p);
}

static const char *difference(const struct rnf_table *t, size_t i)
{
	const struct rnf_row *r = &t->rows[i];
	const struct rnf_comparison *c = &r->against;
	if (c->method == RNF_METHOD_NONE) return "-";
	if (!isfinite(c->interval.low))
		return rnf_format("%+.2f; %s", c->difference, verdict(t, r));
	return rnf_format("%+.2f [%+.2f, %+.2f] %s", c->difference, c->interval.low,
			  c->interval.high, verdict(t, r));
}

static const char *beside(const struct rnf_table *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->rows[i].against.with != t->rows[0].against.with)
			return "the row before";
	return t->n ? rnf_table_cell(t->rows[t->rows[0].against.with].name) : "";
}

static void write_row(const struct rnf_table *t, size_t i, FILE *out)
{
	const struct rnf_row *r = &t->rows[i];
	fprintf(out, "| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", rnf_table_cell(r->name),
		counts(r), error(r), difference(t, i), number(r->published, 2),
		r->parameters ? grouped(r->parameters) : "-",
		r->macs ? rnf_format("%.1f", (double)r->macs * 1e-6) : "-",
		number(r->epoch_seconds, r->epoch_seconds < 10 ? 2 : 0),
		number(r->images_per_s, 0), number(r->peak_bytes * 1e-6, 0));
}

/* Explain the figures that occur in the table. */
static void write_notes(const struct rnf_table *t, FILE *out)
{
	fputs("\nTest error of the last epoch: mean ± standard deviation (n - 1) over n seeds; of "
	      "one seed with its 95 % interval (Wilson). Differences in points, with 95 % "
	      "intervals: over seeds by bootstrap, which is too narrow for a few of them, and "
	      "Welch's t-test; where a row has one seed, by the predictions for the same images "
	      "and McNemar's exact test. ", out);
	if (t->n_comparisons > 1)
		fprintf(out, "p-values are corrected for %zu comparisons (Holm). ",
			t->n_comparisons);
	fputs("Failed runs are counted and left out of the means.\n", out);
}

struct machine { /* runs of one kind */
	const struct rnf_outcome *like;
	size_t n;
	double seconds;
};

static int is_like(const struct rnf_outcome *a, const struct rnf_outcome *b)
{
	return !strcmp(a->cpu, b->cpu) && a->threads == b->threads &&
	       !strcmp(a->kernels, b->kernels);
}

static void count_run(struct machine **machines, size_t *n, const struct rnf_outcome *o)
{
	size_t i = 0;
	if (!rnf_outcome_counts(o)) return;
	while (i < *n && !is_like((*machines)[i].like, o)) i++;
	if (i == *n)
		*(struct machine *)rnf_push((void **)machines, n, sizeof **machines) =
			(struct machine){ .like = o };
	(*machines)[i].n++;
	if (isfinite(o->seconds)) (*machines)[i].seconds += o->seconds;
}

static void write_machines(const struct rnf_table *t, FILE *out)
{
	struct machine *machines = NULL;
	size_t n = 0;
	for (size_t i = 0; i < t->n; i++)
		for (size_t k = 0; k < t->rows[i].n_runs; k++)
			count_run(&machines, &n, &t->rows[i].runs[k]);
	for (size_t i = 0; i < n; i++)
		fprintf(out, "\n%zu run%s, %.*f h of training: %s, %lld threads, %s.\n",
			machines[i].n, machines[i].n == 1 ? "" : "s",
			machines[i].seconds < 3600 ? 2 : 1, machines[i].seconds / 3600,
			machines[i].like->cpu, (long long)machines[i].like->threads,
			machines[i].like->kernels);
}

void rnf_table_markdown(const struct rnf_table *t, FILE *out)
{
	fprintf(out, "| %s | n | test error, %% | beside %s | published | parameters | M MAC | "
		"s/epoch | images/s | peak MB |\n|---|---|---|---|---|---|---|---|---|---|\n",
		t->of_runs ? "runs" : "arm", beside(t));
	for (size_t i = 0; i < t->n; i++)
		write_row(t, i, out);
	write_notes(t, out);
	write_machines(t, out);
}

/* -- CSV -- */

static const char *const methods[] = { "", "mcnemar", "welch", "" };

static void put(FILE *out, double value)
{
	char text[32];
	fprintf(out, ",%s", isfinite(value) ? rnf_number_text(text, value) : "");
}

static void put_count(FILE *out, int64_t n)
{
	fprintf(out, n ? ",%lld" : ",", (long long)n);
}

static void write_line(const struct rnf_table *t, size_t i, FILE *out)
{
	const struct rnf_row *r = &t->rows[i];
	const struct rnf_comparison *c = &r->against;
	rnf_csv_text(out, r->name);
	fprintf(out, ",%zu,%zu", r->n, r->n_failed);
	put(out, r->mean);
	put(out, r->deviation);
	put(out, r->n == 1 ? r->interval.low : NAN);
	put(out, r->n == 1 ? r->interval.high : NAN);
	fputc(',', out);
	if (!is_baseline(t, i)) rnf_csv_text(out, t->rows[c->with].name);
	put(out, c->difference);
	put(out, c->interval.low);
	put(out, c->interval.high);
	put(out, c->p);
	put(out, c->holm);
	fprintf(out, ",%s", methods[c->method]);
	put(out, r->published);
	put_count(out, r->parameters);
	put_count(out, r->macs);
	put(out, r->epoch_seconds);
	put(out, r->images_per_s);
	put(out, r->peak_bytes);
	fputs(RNF_CSV_END, out);
}

void rnf_table_csv(const struct rnf_table *t, FILE *out)
{
	fputs("arm,n,failed,error,error_sd,error_low,error_high,baseline,difference,"
	      "difference_low,difference_high,p,p_holm,method,published,parameters,macs,"
	      "epoch_s,images_per_s,peak_rss_bytes" RNF_CSV_END, out);
	for (size_t i = 0; i < t->n; i++)
		write_line(t, i, out);
}

/* -- JSON -- */

/* Folders inside of the study by their relative path. */
static const char *folder_of(const struct rnf_table *t, const char *dir)
{
	const size_t n = t->dir ? strlen(t->dir) : 0;
	return n && !strncmp(dir, t->dir, n) && dir[n] == '/' ? dir + n + 1 : dir;
}

static json_t *run(const struct rnf_table *t, const struct rnf_outcome *o)
{
	return json_pack("{s:o, s:s, s:I, s:I, s:I, s:o, s:o, s:o}", "folder",
			 rnf_json_word(folder_of(t, o->dir)), "state", rnf_run_states[o->state],
			 "seed", (json_int_t)o->seed, "step", (json_int_t)o->step, "steps",
			 (json_int_t)o->steps, "error", rnf_json_number(o->error),
			 "cross_entropy", rnf_json_number(o->cross_entropy), "time_s",
			 rnf_json_number(o->seconds));
}

static json_t *against(const struct rnf_table *t, size_t i)
{
	const struct rnf_comparison *c = &t->rows[i].against;
	if (c->method == RNF_METHOD_NONE) return json_null();
	json_t *object = json_pack(
		"{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "arm",
		rnf_json_word(t->rows[c->with].name), "difference",
		rnf_json_number(c->difference), "low", rnf_json_number(c->interval.low), "high",
		rnf_json_number(c->interval.high), "p", rnf_json_number(c->p), "p_holm",
		rnf_json_number(c->holm), "method",
		c->method == RNF_METHOD_UNKNOWN ? json_null() : json_string(methods[c->method]));
	if (c->why) json_object_set_new(object, "why", rnf_json_word(c->why));
	if (c->method == RNF_METHOD_MCNEMAR)
		json_object_set_new(object, "seed", json_integer(c->seed));
	return object;
}

static json_t *arm(const struct rnf_table *t, size_t i)
{
	const struct rnf_row *r = &t->rows[i];
	json_t *runs = json_array();
	for (size_t k = 0; k < r->n_runs; k++)
		json_array_append_new(runs, run(t, &r->runs[k]));
	return json_pack(
		"{s:o, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:o, s:o, s:o, s:o}",
		"name", rnf_json_word(r->name), "n", (json_int_t)r->n, "failed",
		(json_int_t)r->n_failed, "error", rnf_json_number(r->mean), "error_sd",
		rnf_json_number(r->deviation), "error_low",
		rnf_json_number(r->n == 1 ? r->interval.low : NAN), "error_high",
		rnf_json_number(r->n == 1 ? r->interval.high : NAN), "against", against(t, i),
		"published", rnf_json_number(r->published), "parameters",
		(json_int_t)r->parameters, "macs", (json_int_t)r->macs, "epoch_s",
		rnf_json_number(r->epoch_seconds), "images_per_s",
		rnf_json_number(r->images_per_s), "peak_rss_bytes",
		rnf_json_number(r->peak_bytes), "runs", runs);
}

void rnf_table_json(const struct rnf_table *t, FILE *out)
{
	json_t *arms = json_array();
	for (size_t i = 0; i < t->n; i++)
		json_array_append_new(arms, arm(t, i));
	json_t *all = json_pack("{s:o, s:I, s:o}", "name", rnf_json_word(t->title),
				"comparisons", (json_int_t)t->n_comparisons, "arms", arms);
	json_dumpf(all, out, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
	fputc('\n', out);
	json_decref(all);
}
