#include "study/runs.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/status.h"

/* -- runs that were made elsewhere -- */

struct results {
	const char **dirs, **confs;
	struct rnf_look *looks;
	size_t n;
};

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void add_result(struct results *r, const char *dir)
{
	size_t n = r->n;
	struct rnf_outcome outcome;
	rnf_outcome_read(&outcome, dir);
	if (outcome.state != RNF_RUN_FINISHED) return;
	*(const char **)rnf_push((void **)&r->dirs, &n, sizeof dir) = dir;
	*(const char **)rnf_push((void **)&r->confs, &r->n, sizeof dir) =
		rnf_format("%s/conf.cfg", dir);
}

static rnf_status find_results(struct results *r, const struct rnf_study *study)
{
	struct dirent **entries;
	const char *folder = study->results;
	*r = (struct results){ 0 };
	if (!folder) return RNF_OK;
	const int n = scandir(folder, &entries, is_visible, alphasort);
	if (n < 0) return rnf_fail_in(rnf_fail_input(folder), "%sstudy.results: ",
				      study->results_place);
	for (int i = 0; i < n; i++) {
		add_result(r, rnf_format("%s/%s", folder, entries[i]->d_name));
		free(entries[i]);
	}
	free(entries);
	r->looks = rnf_alloc((r->n + 1) * sizeof *r->looks);
	return rnf_look_at_confs(r->confs, r->n, RNF_LOOK_CONF, r->looks);
}

static const char *find_result(const struct results *r, uint64_t digest, int64_t seed)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->looks[i].digest == digest && r->looks[i].seed == seed) return r->dirs[i];
	return NULL;
}

/* -- the plan -- */

static rnf_status look_at_arms(struct rnf_study_runs *runs, enum rnf_look_depth depth)
{
	const struct rnf_study *study = runs->study;
	runs->looks = rnf_alloc(study->n_arms * sizeof *runs->looks);
	for (size_t i = 0; i < study->n_arms; i++) {
		const rnf_status status = rnf_look_at_arm(&study->arms[i], depth, &runs->looks[i]);
		if (status == RNF_ESTOPPED) return status; /* so would all others be */
		rnf_fail_aside(status);
	}
	return rnf_fail_all();
}

/* A row that occurs twice costs its time twice: warn once for each. */
static void warn_of_twins(const struct rnf_study_runs *runs)
{
	for (size_t i = 0; i < runs->study->n_arms; i++)
		for (size_t k = 0; k < i; k++)
			if (runs->looks[i].digest == runs->looks[k].digest) {
				rnf_log(RNF_LOG_WARNING, "the arms %s and %s have the same conf",
					runs->study->arms[k].name, runs->study->arms[i].name);
				break;
			}
}

static struct timespec written_at(const char *dir)
{
	struct stat st;
	if (stat(rnf_format("%s/run.json", dir), &st) != 0) return (struct timespec){ 0 };
	return st.st_mtim;
}

enum rnf_turn rnf_study_turn(const struct rnf_study_run *run)
{
	struct rnf_outcome outcome;
	rnf_outcome_read(&outcome, run->dir);
	if (outcome.state == RNF_RUN_FINISHED) return RNF_TURN_MADE;
	if (outcome.state != RNF_RUN_FAILED) return RNF_TURN_WAITS;
	if (rnf_outcome_diverged(&outcome)) return RNF_TURN_FAILED;
	const struct timespec now = written_at(run->dir);
	return now.tv_sec == run->seen.tv_sec && now.tv_nsec == run->seen.tv_nsec
		? RNF_TURN_WAITS : RNF_TURN_FAILED;
}

static void plan_run(struct rnf_study_run *run, const struct rnf_study_runs *runs,
		     const struct results *results)
{
	const struct rnf_arm *arm = &runs->study->arms[run->arm];
	const uint64_t digest = runs->looks[run->arm].digest;
	const char *made = find_result(results, digest, run->seed);
	run->dir = made ? made : rnf_format("%s/%s/s%lld-%08x", runs->dir, arm->name,
					    (long long)run->seed, (unsigned)digest);
	run->seen = written_at(run->dir);
	run->turn = rnf_study_turn(run);
	if (run->turn != RNF_TURN_MADE && !arm->chosen) run->turn = RNF_TURN_LEFT;
}

static rnf_status check_number(const struct rnf_study *study)
{
	enum { MOST = 100000 };
	if (study->n_arms * study->n_seeds <= MOST) return RNF_OK;
	return rnf_fail(RNF_EINVAL, "%zu arms with %zu seeds each are more than %d runs",
			study->n_arms, study->n_seeds, MOST);
}

rnf_status rnf_study_plan(struct rnf_study_runs *runs, const struct rnf_study *study,
			  const char *dir, enum rnf_look_depth depth)
{
	struct results results;
	*runs = (struct rnf_study_runs){ .study = study, .dir = dir };
	RNF_TRY(check_number(study));
	RNF_TRY(look_at_arms(runs, depth));
	RNF_TRY(find_results(&results, study));
	warn_of_twins(runs);
	runs->n = study->n_arms * study->n_seeds;
	runs->at = rnf_alloc(runs->n * sizeof *runs->at);
	for (size_t i = 0; i < runs->n; i++) {
		runs->at[i].arm = i % study->n_arms;
		runs->at[i].seed = study->seeds[i / study->n_arms];
		plan_run(&runs->at[i], runs, &results);
	}
	return RNF_OK;
}
