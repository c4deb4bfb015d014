/* rnframe verify RUN: is a run folder intact, and does it compute the same bits again? */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/json.h"
#include "base/status.h"
#include "base/text.h"
#include "cli/cli.h"
#include "run/log.h"
#include "run/replay.h"

struct folder {
	const char *dir;
	json_t *run; /* run.json */
	struct rnf_past past; /* what it says */
	struct rnf_saved_list checkpoints;
	struct rnf_step_log log;
	int bad;
	const char *first_bad;
};

static const char *path_in(const struct folder *f, const char *name)
{
	return rnf_format("%s/%s", f->dir, name);
}

static void say(struct folder *f, const char *name, const char *bad, const char *words)
{
	rnf_text_cell(stdout, -40, name);
	printf(" %s\n", bad ? bad : words);
	if (!bad) return;
	f->bad++;
	if (!f->first_bad) f->first_bad = bad;
}

static void say_status(struct folder *f, const char *name, rnf_status status,
		       const char *words)
{
	say(f, name, status < 0 ? rnf_fail_line() : NULL, words);
}

static rnf_status read_run(struct folder *f)
{
	const char *path = path_in(f, "run.json");
	RNF_TRY(rnf_json_load(path, &f->run));
	f->past = rnf_past_of(f->run);
	return json_is_object(f->run) ? RNF_OK
				      : rnf_fail(RNF_EINVAL, "%s: is not an object", path);
}

static const char *run_words(const struct folder *f)
{
	return rnf_format("%s at step %lld of %lld", f->past.state[0] ? f->past.state : "?",
			  (long long)f->past.step,
			  (long long)json_integer_value(json_object_get(f->run, "steps")));
}

static void check_checkpoints(struct folder *f)
{
	const rnf_status status = rnf_checkpoints_list(f->dir, &f->checkpoints);
	if (status < 0) say_status(f, "checkpoints", status, "");
	for (size_t i = 0; i < f->checkpoints.n; i++) {
		const struct rnf_saved *c = &f->checkpoints.at[i];
		say(f, c->path + strlen(f->dir) + 1, c->bad,
		    rnf_format("good, step %lld", (long long)c->progress.step));
	}
}

static void check_model(struct folder *f)
{
	struct rnf_contents contents = { 0 };
	const char *name = rnf_format("model%s", rnf_native_suffix());
	const char *path = path_in(f, name);
	struct stat st;
	if (stat(path, &st) == 0)
		say_status(f, name, rnf_weights_check(path, &contents), "good");
}

static const char *log_words(const struct rnf_step_log *log)
{
	const long long first = log->n_lines ? (long long)log->lines[0].step : 1;
	const long long n = (long long)log->n, lost = n - first + 1 - (long long)log->n_lines;
	return rnf_format("%s%lld steps%s", first > 1 ? rnf_format("%lld to ", first) : "", n,
			  lost ? rnf_format(", %lld of them without a line", lost) : "");
}

static rnf_status check_files(struct folder *f, struct rnf_experiment *e)
{
	if (!rnf_is_folder(f->dir))
		return rnf_fail(RNF_ENOENT, "%s is not a run folder", f->dir);
	RNF_TRY(rnf_native_find());
	const rnf_status run = read_run(f);
	say_status(f, "run.json", run, run < 0 ? "" : run_words(f));
	say_status(f, "conf.cfg", rnf_config_read(&e->conf, path_in(f, "conf.cfg"), NULL, 0),
		   "good");
	const rnf_status log = rnf_step_log_read(path_in(f, RNF_LOG_STEPS), &f->log);
	say_status(f, RNF_LOG_STEPS, log, log_words(&f->log));
	check_checkpoints(f);
	check_model(f);
	if (!f->bad) return RNF_OK;
	return rnf_fail(RNF_EINVAL, "%s: %d of its files cannot be used: %s", f->dir, f->bad,
			f->first_bad);
}

/* At most as many as the run has made. */
static rnf_status read_steps(const struct folder *f, const char *word, int64_t *steps)
{
	if (f->log.n > 0) return rnf_options_number("--steps", word, 1, f->log.n, steps);
	return rnf_fail(RNF_EINVAL, "%s: the run has made no step that --steps could repeat", f->dir);
}

/* Load the values before step 1 into e: drawn anew, unless the run took them from a file. */
static rnf_status first_values(const struct folder *f, struct rnf_experiment *e)
{
	const int64_t first = f->log.n_lines ? f->log.lines[0].step : 0;
	if (first != 1)
		return rnf_fail(RNF_ENOENT, "its log begins at step %lld only",
				(long long)first);
	return rnf_past_weights(&f->past, e);
}

static const struct rnf_saved *oldest(const struct rnf_saved_list *list)
{
	const struct rnf_saved *oldest = NULL;
	for (size_t i = 0; i < list->n; i++) {
		const struct rnf_saved *f = &list->at[i];
		if (!f->bad && (!oldest || f->progress.step < oldest->progress.step)) oldest = f;
	}
	return oldest;
}

/* Find where to start: the latest checkpoint that has all requested steps after it, or
 * the first values. If these are not available, the oldest checkpoint, with a message why
 * fewer steps follow. */
static rnf_status choose_start(struct folder *f, struct rnf_experiment *e, int64_t steps,
			       int64_t *from)
{
	const struct rnf_saved *c = rnf_checkpoints_newest(&f->checkpoints, f->log.n - steps);
	*from = 0;
	if (!c) {
		const rnf_status status = first_values(f, e);
		if (status != RNF_ENOENT) return status;
		c = oldest(&f->checkpoints);
		if (!c || c->progress.step >= f->log.n)
			return rnf_fail_in(RNF_EINVAL, "%s: its steps cannot be checked: ",
					   f->dir);
		printf("%-40s fewer than %lld steps can be checked: %s\n", "replay",
		       (long long)steps, rnf_fail_line());
	}
	*from = c->progress.step;
	return rnf_replay_start(e, c);
}

/* While the run is under way, a checkpoint may be removed or replaced before its tensors
 * are read: then there are newer ones. */
static rnf_status start(struct folder *f, struct rnf_experiment *e, int64_t steps, int64_t *from)
{
	enum { TRIES = 20 };
	for (int i = 1;; i++) {
		const rnf_status status = choose_start(f, e, steps, from);
		if (status != RNF_ENOENT || i == TRIES) return status;
		RNF_TRY(rnf_step_log_read(path_in(f, RNF_LOG_STEPS), &f->log));
		RNF_TRY(rnf_checkpoints_list(f->dir, &f->checkpoints));
	}
}

static rnf_status judge(const struct folder *f, const struct rnf_replay *r)
{
	const int64_t lost = r->made - r->steps;
	printf("%-40s %lld steps after step %lld: %lld losses and %lld of %lld checkpoints "
	       "equal, bit for bit%s\n", "replay", (long long)r->made, (long long)r->from,
	       (long long)r->equal, (long long)r->states_equal, (long long)r->states,
	       lost ? rnf_format("; the log has no line of %lld steps", (long long)lost) : "");
	if (r->equal == r->steps && r->states_equal == r->states) return RNF_OK;
	return rnf_fail(RNF_EINVAL, "%s: the replay computes other bits%s; equal bits are promised "
			"for the same program, plugins and instruction set", f->dir,
			r->first ? rnf_format(" from step %lld on", (long long)r->first) : "");
}

static rnf_status replay(struct folder *f, struct rnf_experiment *e, const char *word)
{
	int64_t steps, from;
	struct rnf_replay result;
	RNF_TRY(read_steps(f, word, &steps));
	RNF_TRY(rnf_dataset_open(&e->data, &e->conf));
	RNF_TRY(rnf_experiment_shapes(e));
	RNF_TRY(rnf_experiment_build(e, 1));
	RNF_TRY(start(f, e, steps, &from));
	RNF_TRY(rnf_replay(e, from, &f->past, &f->log, &f->checkpoints, &result));
	return judge(f, &result);
}

rnf_status rnf_verb_verify(const struct rnf_options *o)
{
	struct rnf_experiment *e = rnf_alloc(sizeof *e);
	struct folder f = { .dir = o->n_words ? o->words[0] : NULL };
	if (!f.dir) return rnf_fail(RNF_EINVAL, "verify needs a run folder");
	rnf_status status = check_files(&f, e);
	if (status >= 0 && o->steps) status = replay(&f, e, o->steps);
	if (e->session.threads) rnf_experiment_finish(e);
	json_decref(f.run);
	return status;
}
