#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/status.h"
#include "cli/cli.h"
#include "train/setup.h"

/* FNV-1a of the expanded conf: tells runs of different confs apart. */
static unsigned conf_hash(const struct rnf_conf *tree)
{
	char *text = NULL;
	size_t n = 0;
	uint64_t hash = 14695981039346656037ull;
	FILE *f = open_memstream(&text, &n);
	rnf_conf_write(tree, f);
	fclose(f);
	for (size_t i = 0; i < n; i++)
		hash = (hash ^ (unsigned char)text[i]) * 1099511628211ull;
	free(text);
	return (unsigned)(hash & 0xffff);
}

static const char *default_dir(const struct rnf_experiment *e)
{
	const time_t t = time(NULL);
	struct tm local;
	char stamp[32];
	localtime_r(&t, &local);
	strftime(stamp, sizeof stamp, "%Y-%m-%d_%H-%M-%S", &local);
	return rnf_format("runs/%s/%s-s%lld-%04x", e->conf.name, stamp,
			  (long long)e->conf.seed, conf_hash(e->tree));
}

static rnf_status make_run_folder(const struct rnf_experiment *e, const char *dir)
{
	if (access(rnf_format("%s/run.json", dir), F_OK) == 0)
		return rnf_fail(RNF_EINVAL, "%s holds a run already: choose another "
				"--out", dir);
	RNF_TRY(rnf_folder_make(rnf_format("%s/checkpoints", dir)));
	const char *path = rnf_format("%s/conf.cfg", dir);
	FILE *f;
	RNF_TRY(rnf_file_create(path, &f));
	rnf_conf_write(e->tree, f);
	return rnf_file_close(f, path);
}

/* What is known of the run so far, as JSON. */
static json_t *describe(const struct rnf_experiment *e, const char *state,
			const struct rnf_scores *test)
{
	json_t *run = json_pack("{s:s, s:s, s:s, s:I, s:i, s:s}", "name", e->conf.name,
				"state", state, "version", RNF_VERSION, "seed",
				(json_int_t)e->conf.seed, "threads",
				rnf_pool_threads(e->pool), "backend",
				e->backend ? e->backend->name : "plain");
	if (!test) return run;
	json_object_set_new(run, "test_error", json_real(100 * (1 - test->accuracy)));
	json_object_set_new(run, "test_cross_entropy", json_real(test->plain));
	return run;
}

static rnf_status write_run(const struct rnf_experiment *e, const char *dir,
			    const char *state, const struct rnf_scores *test)
{
	const char *path = rnf_format("%s/run.json", dir);
	const char *temporary = rnf_format("%s.tmp", path);
	FILE *f;
	RNF_TRY(rnf_file_create(temporary, &f));
	json_t *run = describe(e, state, test);
	const int bad = json_dumpf(run, f, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
	json_decref(run);
	RNF_TRY(rnf_file_close(f, temporary));
	if (bad)
		return rnf_fail(RNF_EINVAL, "%s: the run's name is not UTF-8", path);
	if (rename(temporary, path) != 0)
		return rnf_fail(RNF_EIO, "%s: %s", path, strerror(errno));
	return RNF_OK;
}

static rnf_status prepare(struct rnf_experiment *e, const struct rnf_options *o)
{
	RNF_TRY(rnf_experiment_read(e, o->conf, o->sets, o->n_sets));
	RNF_TRY(rnf_experiment_data(e));
	RNF_TRY(rnf_experiment_shapes(e));
	RNF_TRY(rnf_experiment_plan(e, 0, 1));
	RNF_TRY(rnf_experiment_plan(e, 1, 1));
	RNF_TRY(rnf_experiment_start(e, 1));
	return o->weights ? rnf_weights_read(e, o->weights) : RNF_OK;
}

rnf_status rnf_verb_train(const struct rnf_options *o)
{
	struct rnf_experiment *e = rnf_alloc(sizeof *e);
	struct rnf_scores test;
	if (!o->conf) return rnf_fail(RNF_EINVAL, "train needs a conf");
	RNF_TRY(prepare(e, o));
	const char *dir = o->out ? o->out : e->conf.out ? e->conf.out : default_dir(e);
	RNF_TRY(make_run_folder(e, dir));
	RNF_TRY(write_run(e, dir, "running", NULL));
	RNF_TRY(rnf_train(e, dir, o->log));
	RNF_TRY(rnf_evaluate(e, RNF_SPLIT_TEST, NULL, e->info.images[RNF_SPLIT_TEST],
			     NULL, &test));
	RNF_TRY(write_run(e, dir, "finished", &test));
	printf("test error %.2f %%  cross-entropy %.4f  run folder %s\n",
	       100 * (1 - test.accuracy), test.plain, dir);
	rnf_experiment_finish(e);
	return RNF_OK;
}
