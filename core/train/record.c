#include "train/record.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/json.h"
#include "base/machine.h"
#include "base/status.h"

/* -- the folder -- */

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

/* A folder of its own even for runs that start in the same second. */
static rnf_status make_default(struct rnf_record *r)
{
	const time_t now = time(NULL);
	struct tm local;
	char stamp[32];
	strftime(stamp, sizeof stamp, "%Y-%m-%d_%H-%M-%S", localtime_r(&now, &local));
	const char *parent = rnf_format("runs/%s", r->e->conf.name);
	const char *name = rnf_format("%s/%s-s%lld-%04x", parent, stamp,
				      (long long)r->e->conf.seed,
				      conf_hash(r->e->tree));
	RNF_TRY(rnf_folder_make(parent));
	r->dir = name;
	for (int i = 2; mkdir(r->dir, 0777) != 0; i++) {
		if (errno != EEXIST)
			return rnf_fail_errno(r->dir);
		r->dir = rnf_format("%s-%d", name, i);
	}
	return RNF_OK;
}

/* Who creates run.json owns the folder, also when two start at once. */
static rnf_status claim(struct rnf_record *r)
{
	RNF_TRY(r->dir ? rnf_folder_make(r->dir) : make_default(r));
	const char *path = rnf_format("%s/run.json", r->dir);
	const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0 && errno == EEXIST)
		return rnf_fail(RNF_EINVAL, "%s holds a run already: choose another "
				"--out", r->dir);
	if (fd < 0) return rnf_fail_errno(path);
	close(fd);
	return RNF_OK;
}

/* Expanded: without `out`, which is taken now, and with the data found from
 * any folder. */
static rnf_status write_conf(const struct rnf_record *r)
{
	struct rnf_conf *root = r->e->tree, *data = rnf_conf_get(root, "data");
	struct rnf_conf *out = rnf_conf_get(root, "out");
	struct rnf_conf *path = data ? rnf_conf_get(data, "path") : NULL;
	char *whole = r->e->data->path ? realpath(r->e->data->path, NULL) : NULL;
	if (out) rnf_conf_remove(root, out);
	if (path && whole) {
		path->type = RNF_CONF_STRING;
		path->s = rnf_format("%s", whole);
	}
	free(whole);
	const char *file = rnf_format("%s/conf.cfg", r->dir);
	FILE *f;
	RNF_TRY(rnf_file_create(file, &f));
	rnf_conf_write_origins(root, f);
	return rnf_file_close(file, f, RNF_OK);
}

/* -- run.json -- */

static void utc_now(char text[32])
{
	const time_t t = time(NULL);
	struct tm utc;
	strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&t, &utc));
}

static json_t *command(const struct rnf_record *r)
{
	json_t *words = json_array();
	for (int i = 0; i < r->argc; i++)
		json_array_append_new(words, rnf_json_word(r->argv[i]));
	return words;
}

static json_t *epoch(const struct rnf_epoch *h)
{
	const struct { const char *key; double value; } figures[] = {
		{ "train_loss", h->train_loss }, { "train_accuracy", h->train_accuracy },
		{ "val_loss", h->val_loss }, { "val_accuracy", h->val_accuracy },
		{ "time_s", h->time_s }, { "images_per_s", h->images_per_s },
	};
	json_t *object = json_pack("{s:I, s:I}", "epoch", (json_int_t)h->epoch,
				   "step", (json_int_t)h->step);
	for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
		json_object_set_new(object, figures[i].key,
				    rnf_json_number(figures[i].value));
	return object;
}

/* The epochs that a reader asks for first: the last one and the best one. */
static void add_epochs(json_t *run, const struct rnf_experiment *e)
{
	if (e->n_history == 0) return;
	const struct rnf_epoch *best = &e->history[0];
	for (int64_t i = 1; i < e->n_history; i++)
		if (rnf_epoch_criterion(&e->history[i]) < rnf_epoch_criterion(best))
			best = &e->history[i];
	json_object_set_new(run, "last", epoch(&e->history[e->n_history - 1]));
	json_object_set_new(run, "best", epoch(best));
}

/* A metric's plugin, with the index behind it when that stands twice. */
static const char *metric_key(const struct rnf_experiment *e, size_t i)
{
	const struct rnf_refs metrics = e->conf.train.metrics;
	const char *name = metrics.at[i]->feature->name;
	for (size_t j = 0; j < i; j++)
		if (!strcmp(metrics.at[j]->feature->name, name))
			return rnf_format("%s_%zu", name, i);
	return name;
}

static json_t *scores(const struct rnf_experiment *e, const struct rnf_scores *s)
{
	json_t *object = json_object();
	json_object_set_new(object, "error", rnf_json_number(100 * (1 - s->accuracy)));
	json_object_set_new(object, "cross_entropy", rnf_json_number(s->plain));
	json_object_set_new(object, "accuracy", rnf_json_number(s->accuracy));
	json_object_set_new(object, "count", json_integer(s->count));
	json_object_set_new(object, "images_per_s",
			    rnf_json_number((double)s->count / s->seconds));
	for (size_t i = 0; i < e->conf.train.metrics.n; i++)
		if (i != e->accuracy)
			json_object_set_new(object, metric_key(e, i),
					    rnf_json_number(s->metrics[i]));
	return object;
}

static json_t *describe(const struct rnf_record *r, const char *state)
{
	const struct rnf_experiment *e = r->e;
	char written[32];
	utc_now(written);
	json_t *run = json_pack(
		"{s:s, s:s, s:s, s:s, s:o, s:o, s:s, s:o, s:i, s:s, s:s, s:I, s:I}",
		"name", e->conf.name, "state", state, "started", r->started,
		"written", written, "command", command(r), "weights",
		rnf_json_word(r->weights),
		"version", RNF_VERSION, "cpu", rnf_json_word(rnf_machine_cpu()),
		"threads",
		rnf_pool_threads(e->pool), "backend",
		e->backend ? e->backend->name : "plain", "precision",
		rnf_precision_words[e->conf.precision], "seed",
		(json_int_t)e->conf.seed, "parameters",
		(json_int_t)rnf_program_parameters(e->programs[0]));
	add_epochs(run, e);
	return run;
}

static rnf_status write_json(const char *path, json_t *json)
{
	int fd;
	char *text = json_dumps(json, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
	json_decref(json);
	if (!text) return rnf_fail(RNF_ENOMEM, "%s: no memory", path);
	rnf_status status = rnf_file_begin(path, &fd);
	if (status >= 0) {
		if (dprintf(fd, "%s\n", text) < 0)
			status = rnf_fail(RNF_EIO, "%s", strerror(errno));
		status = rnf_file_commit(path, fd, status);
	}
	free(text);
	return status;
}

rnf_status rnf_record_begin(struct rnf_record *r)
{
	utc_now(r->started);
	RNF_TRY(claim(r));
	const char *path = rnf_format("%s/run.json", r->dir);
	rnf_status status = rnf_folder_make(rnf_format("%s/checkpoints", r->dir));
	if (status >= 0) status = write_conf(r);
	if (status >= 0) status = write_json(path, describe(r, "running"));
	if (status < 0) unlink(path); /* the folder is nobody's again */
	return status;
}

rnf_status rnf_record_end(const struct rnf_record *r, rnf_status status,
			  const struct rnf_scores *test)
{
	const char *path = rnf_format("%s/run.json", r->dir);
	json_t *run = describe(r, status < 0 ? "failed" : "finished");
	if (status >= 0) {
		json_object_set_new(run, "test", scores(r->e, test));
		return write_json(path, run);
	}
	const char *words = rnf_format("%s", rnf_fail_words());
	json_object_set_new(run, "reason", rnf_json_word(words));
	if (write_json(path, run) < 0) rnf_log(RNF_LOG_WARNING, "%s", rnf_fail_words());
	return rnf_fail(status, "%s", words);
}

rnf_status rnf_scores_write(const struct rnf_experiment *e,
			    const struct rnf_scores *s, const char *path)
{
	return rnf_json_write(scores(e, s), path);
}

void rnf_scores_print(const struct rnf_experiment *e, const struct rnf_scores *s,
		      FILE *out)
{
	const struct rnf_refs metrics = e->conf.train.metrics;
	fprintf(out, "error %.2f %%  cross-entropy %.5f", 100 * (1 - s->accuracy),
		fabs(s->plain)); /* never negative, and no "-nan" */
	for (size_t i = 0; i < metrics.n; i++)
		if (i != e->accuracy)
			fprintf(out, "  %s %.2f %%", metric_key(e, i),
				100 * s->metrics[i]);
	fprintf(out, "  images %lld  %.0f images/s\n", (long long)s->count,
		(double)s->count / s->seconds);
}
