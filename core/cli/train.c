#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/status.h"
#include "cli/cli.h"
#include "train/setup.h"

static rnf_status make_folders(const char *path)
{
	for (const char *p = path + 1;; p++) {
		if (*p != '/' && *p != 0) continue;
		const char *part = rnf_strndup(path, (size_t)(p - path));
		if (mkdir(part, 0777) != 0 && errno != EEXIST)
			return rnf_fail(RNF_EIO, "%s: %s", part, strerror(errno));
		if (*p == 0) return RNF_OK;
	}
}

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
	RNF_TRY(make_folders(rnf_format("%s/checkpoints", dir)));
	const char *path = rnf_format("%s/conf.cfg", dir);
	FILE *f = fopen(path, "w");
	if (!f) return rnf_fail(RNF_EIO, "%s: %s", path, strerror(errno));
	rnf_conf_write(e->tree, f);
	return fclose(f) == 0 ? RNF_OK
			      : rnf_fail(RNF_EIO, "%s: %s", path, strerror(errno));
}

static rnf_status write_run(const struct rnf_experiment *e, const char *dir,
			    const char *state, const struct rnf_scores *test)
{
	const char *path = rnf_format("%s/run.json", dir);
	const char *temporary = rnf_format("%s.tmp", path);
	FILE *f = fopen(temporary, "w");
	if (!f) return rnf_fail(RNF_EIO, "%s: %s", temporary, strerror(errno));
	fprintf(f, "{\"name\": \"%s\", \"state\": \"%s\", \"version\": \"" RNF_VERSION
		"\", \"seed\": %lld, \"threads\": %d, \"backend\": \"%s\"",
		e->conf.name, state, (long long)e->conf.seed,
		rnf_pool_threads(e->pool), e->backend ? e->backend->name : "plain");
	if (test)
		fprintf(f, ", \"test_error\": %.9g, \"test_cross_entropy\": %.9g",
			100 * (1 - test->accuracy), test->plain);
	fputs("}\n", f);
	if (fclose(f) != 0 || rename(temporary, path) != 0)
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
