#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/machine.h"
#include "base/meter.h"
#include "base/status.h"
#include "base/text.h"
#include "cli/cli.h"
#include "run/past.h"
#include "study/progress.h"
#include "study/publish.h"
#include "study/table.h"
#include "study/work.h"

/* -- options -- */

/* "90s", "30m", "2h", "1d"; a bare number is seconds. */
static rnf_status read_budget(const char *text, double *seconds)
{
	static const struct { char unit; double seconds; } units[] = {
		{ 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 }, { 0, 1 },
	};
	char *end = NULL;
	*seconds = text ? strtod(text, &end) : INFINITY;
	if (!text) return RNF_OK;
	for (size_t i = 0; i < sizeof units / sizeof *units && end != text; i++) {
		if (*end != units[i].unit || (*end && end[1])) continue;
		*seconds *= units[i].seconds;
		if (*seconds > 0 && isfinite(*seconds)) return RNF_OK;
	}
	return rnf_fail(RNF_EINVAL, "--budget is \"%s\", must be a time above 0: 90s, 30m, 2h, 1d",
			text);
}

static rnf_status read_jobs(const char *text, size_t *jobs)
{
	enum { MOST = 1024 };
	int64_t n;
	RNF_TRY(rnf_options_number("--jobs", text, 1, MOST, &n));
	*jobs = (size_t)n;
	return RNF_OK;
}

static rnf_status read_wish(const struct rnf_options *o, struct rnf_study_wish *wish)
{
	*wish = (struct rnf_study_wish){
		.conf = o->conf, .sets = o->sets, .n_sets = o->n_sets,
		.varies = o->varies.at, .n_varies = o->varies.n,
		.arms = o->arms.at, .n_arms = o->arms.n,
		.seeds = o->seeds };
	return rnf_options_number("--random", o->random, 0, RNF_STUDY_ARMS, &wish->random);
}

/* An option without effect is a mistake. */
static rnf_status check_table(const struct rnf_options *o)
{
	const char *idle = o->dry_run ? "--dry-run" : o->jobs ? "--jobs"
			   : o->budget ? "--budget" : NULL;
	if (!o->table || !idle) return RNF_OK;
	return rnf_fail(RNF_EINVAL, "--table makes no run: %s has no effect beside it", idle);
}

static int tells_threads(const struct rnf_options *o)
{
	for (size_t i = 0; i < o->n_sets; i++)
		if (!strncmp(o->sets[i], "threads=", 8)) return 1;
	return 0;
}

/* -- --dry-run -- */

static const char *const turn_words[] = {
	[RNF_TURN_WAITS] = "to do", [RNF_TURN_MADE] = "there", [RNF_TURN_FAILED] = "failed",
	[RNF_TURN_LEFT] = "left out",
};

/* From the time that this arm took in the study's folder, else from its timed steps. */
static double seconds_of(const struct rnf_study_runs *runs, const struct rnf_study_run *run)
{
	const struct rnf_look *look = &runs->looks[run->arm];
	const double measured = rnf_study_cost(runs, run) * rnf_study_pace(runs);
	return isfinite(measured) ? measured : look->step_seconds * (double)look->steps;
}

static const char *state_of(const struct rnf_study_run *run)
{
	struct rnf_outcome o;
	rnf_outcome_read(&o, run->dir);
	if (run->turn != RNF_TURN_WAITS || o.state == RNF_RUN_NONE || o.steps == 0)
		return turn_words[run->turn];
	return rnf_format("%s at %.0f %%", rnf_run_states[o.state],
			  100 * (double)o.step / (double)o.steps);
}

static void print_plan(const struct rnf_study_runs *runs, size_t jobs)
{
	char time[32];
	double all = 0, most = 0;
	size_t n = 0, made = 0;
	printf("%-32s %8s %-20s %10s %8s  %s\n", "arm", "seed", "state", "time", "MB", "folder");
	for (size_t i = 0; i < runs->n; i++) {
		const struct rnf_study_run *run = &runs->at[i];
		const double seconds = seconds_of(runs, run), bytes = runs->looks[run->arm].bytes;
		const int waits = run->turn == RNF_TURN_WAITS;
		rnf_text_cell(stdout, -32, runs->study->arms[run->arm].name);
		printf(" %8lld %-20s %10s %8.0f  %s\n", (long long)run->seed, state_of(run),
		       waits ? rnf_meter_time(time, seconds) : "-", bytes * 1e-6, run->dir);
		made += run->turn == RNF_TURN_MADE;
		if (!waits) continue;
		all += seconds;
		n++;
		if (bytes > most) most = bytes;
	}
	printf("%zu run%s, %zu are there, %zu to do: about %s, %zu at a time with %.0f MB at most "
	       "besides the data; there are %.0f MB\n", runs->n, runs->n == 1 ? "" : "s", made, n,
	       rnf_meter_time(time, all / (double)(jobs < n ? jobs : n ? n : 1)), jobs,
	       (double)jobs * most * 1e-6, (double)rnf_machine_memory() * 1e-6);
}

/* -- the verb -- */

static void print_table(const struct rnf_study_runs *runs)
{
	struct rnf_table table;
	rnf_study_table(runs, &table);
	rnf_table_markdown(&table, stdout);
}

static rnf_status work(struct rnf_study_runs *runs, const struct rnf_options *o, size_t jobs,
		       double budget_s)
{
	struct rnf_study_work work = {
		.runs = runs, .plugin_path = o->plugin_path, .jobs = jobs,
		.threads_told = tells_threads(o), .budget_s = budget_s, .budget = o->budget };
	const rnf_status status = rnf_study_work(&work);
	const char *words = status < 0 ? rnf_format("%s", rnf_fail_words()) : NULL;
	print_table(runs);
	if (work.published)
		printf("\nstudy folder %s: table.md, table.csv, study.json\n", runs->dir);
	return words ? rnf_fail_again(status, words) : RNF_OK;
}

rnf_status rnf_verb_study(const struct rnf_options *o)
{
	struct rnf_study study;
	struct rnf_study_runs runs;
	size_t jobs = 1;
	double budget_s;
	if (!o->conf) return rnf_fail(RNF_EINVAL, "study needs the conf of a study, or that of "
				      "a model and --vary");
	struct rnf_study_wish wish;
	RNF_TRY(read_wish(o, &wish));
	RNF_TRY(check_table(o));
	RNF_TRY(read_budget(o->budget, &budget_s));
	RNF_TRY(read_jobs(o->jobs, &jobs));
	RNF_TRY(rnf_study_read(&study, &wish));
	const char *dir = o->out ? o->out : rnf_past_folder(study.name);
	if (!o->dry_run && !o->table) RNF_TRY(rnf_study_folder_check(dir));
	RNF_TRY(rnf_study_plan(&runs, &study, dir, o->table ? RNF_LOOK_MODEL
			       : o->dry_run ? RNF_LOOK_TIME : RNF_LOOK_CHECK));
	if (o->dry_run) print_plan(&runs, jobs);
	else if (o->table) print_table(&runs);
	else return work(&runs, o, jobs, budget_s);
	return RNF_OK;
}
