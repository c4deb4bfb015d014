/* verify RUN: is a run folder whole, and does it compute the same bits again? */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/status.h"
#include "cli/cli.h"
#include "run/replay.h"

struct folder {
	const char *dir;
	json_t *run; /* run.json */
	struct rnf_found_list checkpoints;
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
	printf("%-40s %s\n", name, bad ? bad : words);
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
	return json_is_object(f->run) ? RNF_OK
				      : rnf_fail(RNF_EINVAL, "%s: is no object", path);
}

static const char *run_words(const struct folder *f)
{
	const char *state = json_string_value(json_object_get(f->run, "state"));
	return rnf_format("%s at step %lld of %lld", state ? state : "?",
			  (long long)json_integer_value(json_object_get(f->run, "step")),
			  (long long)json_integer_value(json_object_get(f->run, "steps")));
}

static void check_checkpoints(struct folder *f)
{
	const rnf_status status = rnf_checkpoints_list(f->dir, &f->checkpoints);
	if (status < 0) say_status(f, "checkpoints", status, "");
	for (size_t i = 0; i < f->checkpoints.n; i++) {
		const struct rnf_found *c = &f->checkpoints.at[i];
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

static rnf_status check_files(struct folder *f, struct rnf_experiment *e)
{
	struct stat st;
	if (stat(f->dir, &st) != 0 || !S_ISDIR(st.st_mode))
		return rnf_fail(RNF_ENOENT, "%s is no run folder", f->dir);
	RNF_TRY(rnf_native_find());
	const rnf_status run = read_run(f);
	say_status(f, "run.json", run, run < 0 ? "" : run_words(f));
	say_status(f, "conf.cfg", rnf_experiment_read(e, path_in(f, "conf.cfg"), NULL, 0),
		   "good");
	const rnf_status log = rnf_step_log_read(path_in(f, "steps.jsonl"), &f->log);
	say_status(f, "steps.jsonl", log, rnf_format("%lld steps", (long long)f->log.n));
	check_checkpoints(f);
	check_model(f);
	if (!f->bad) return RNF_OK;
	return rnf_fail(RNF_EINVAL, "%s: %d of its files cannot be used: %s", f->dir, f->bad,
			f->first_bad);
}

static rnf_status parse_steps(const char *word, int64_t *steps)
{
	char *end;
	*steps = strtol(word, &end, 10);
	if (!*end && *steps > 0) return RNF_OK;
	return rnf_fail(RNF_EINVAL, "--steps is \"%s\", must be a number of steps, 1 .. those "
			"that the run has made", word);
}

/* First values are drawn, unless the run took them from a file. */
static rnf_status first_values(const struct folder *f, struct rnf_experiment *e)
{
	const char *weights = json_string_value(json_object_get(f->run, "weights"));
	return weights ? rnf_weights_read(e, weights) : RNF_OK;
}

static rnf_status judge(const struct folder *f, const struct rnf_replay *r)
{
	printf("%-40s %lld steps after step %lld: %lld losses and %lld of %lld checkpoints "
	       "equal, bit for bit\n", "replay", (long long)r->steps, (long long)r->from,
	       (long long)r->equal, (long long)r->states_equal, (long long)r->states);
	if (r->equal == r->steps && r->states_equal == r->states) return RNF_OK;
	return rnf_fail(RNF_EINVAL, "%s: the replay has other bits%s; the same are promised "
			"for the same program, plugins and instruction set", f->dir,
			r->first ? rnf_format(" from step %lld on", (long long)r->first) : "");
}

/* From the latest checkpoint that has all steps asked for after it, to the end. */
static rnf_status replay(struct folder *f, struct rnf_experiment *e, const char *word)
{
	int64_t steps;
	struct rnf_replay result;
	RNF_TRY(parse_steps(word, &steps));
	if (steps > f->log.n)
		return rnf_fail(RNF_EINVAL, "--steps is %lld, the run has made %lld",
				(long long)steps, (long long)f->log.n);
	RNF_TRY(rnf_experiment_data(e));
	RNF_TRY(rnf_experiment_shapes(e));
	RNF_TRY(rnf_experiment_build(e, 1));
	const struct rnf_found *from =
		rnf_checkpoints_newest(&f->checkpoints, f->log.n - steps);
	if (!from) RNF_TRY(first_values(f, e));
	RNF_TRY(rnf_replay(e, from, &f->log, &f->checkpoints, &result));
	return judge(f, &result);
}

rnf_status rnf_verb_verify(const struct rnf_options *o)
{
	struct rnf_experiment *e = rnf_alloc(sizeof *e);
	struct folder f = { .dir = o->n_words ? o->words[0] : NULL };
	if (!f.dir) return rnf_fail(RNF_EINVAL, "verify needs a run folder");
	rnf_status status = check_files(&f, e);
	if (status >= 0 && o->steps) status = replay(&f, e, o->steps);
	if (e->pool) rnf_experiment_finish(e);
	json_decref(f.run);
	return status;
}
