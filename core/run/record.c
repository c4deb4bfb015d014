#include "run/record.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/floats.h"
#include "base/json.h"
#include "base/machine.h"
#include "base/status.h"
#include "run/history.h"
#include "train/step.h"

/* -- the folder -- */

/* FNV-1a of the expanded conf: tells runs of different confs apart. */
static unsigned conf_hash(const struct rnf_conf *tree)
{
	uint64_t hash = 14695981039346656037ull;
	for (const char *c = rnf_conf_text(tree); *c; c++)
		hash = (hash ^ (unsigned char)*c) * 1099511628211ull;
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
	return rnf_folder_sync(r->dir);
}

static int holds_run(const char *dir)
{
	return access(rnf_format("%s/run.json", dir), F_OK) == 0;
}

/* For the user who has no right to write there, or no room. */
static rnf_status name_out(rnf_status status)
{
	return status != RNF_EIO ? status
		: rnf_fail(status, "%s; --out DIR is another folder for the run", rnf_fail_line());
}

rnf_status rnf_record_take(struct rnf_record *r)
{
	RNF_TRY(name_out(r->dir ? rnf_folder_make(r->dir) : make_default(r)));
	RNF_TRY(name_out(rnf_lock_take(&r->lock, r->dir)));
	if (r->goes_on || !holds_run(r->dir)) return RNF_OK;
	rnf_lock_release(&r->lock);
	return rnf_fail(RNF_EINVAL, "%s holds a run already: choose another --out, or go "
			"on with it by --resume auto", r->dir);
}

void rnf_record_release(struct rnf_record *r)
{
	rnf_lock_release(&r->lock);
	json_decref(r->resumed);
}

/* Expanded: without `out`, which is taken now, and with the data found from
 * any folder. */
static rnf_status write_conf(const struct rnf_record *r)
{
	struct rnf_conf *root = r->e->tree, *data = rnf_conf_get(root, "data");
	struct rnf_conf *out = rnf_conf_get(root, "out");
	struct rnf_conf *path = data ? rnf_conf_get(data, "path") : NULL;
	char whole[PATH_MAX];
	if (out) rnf_conf_remove(root, out);
	if (path && r->e->data->path && realpath(r->e->data->path, whole)) {
		path->type = RNF_CONF_STRING;
		path->s = rnf_format("%s", whole);
	}
	const char *text = rnf_conf_text_origins(root);
	return rnf_file_put(rnf_format("%s/conf.cfg", r->dir), text, strlen(text));
}

/* -- run.json -- */

static const char *utc_now(void)
{
	const time_t t = time(NULL);
	struct tm utc;
	char text[32];
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&t, &utc));
	return rnf_format("%s", text);
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
	json_t *object = json_object();
	for (size_t i = 0; i < RNF_EPOCH_FIGURES; i++) {
		const double value = rnf_epoch_figure(h, i);
		json_object_set_new(object, rnf_epoch_figures[i].key,
				    rnf_epoch_figures[i].whole
				    ? json_integer((json_int_t)value)
				    : rnf_json_number(value));
	}
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
	const struct rnf_interval error = rnf_wilson(1 - s->accuracy, s->count);
	json_object_set_new(object, "error", rnf_json_number(100 * (1 - s->accuracy)));
	json_object_set_new(object, "error_low", rnf_json_number(100 * error.low));
	json_object_set_new(object, "error_high", rnf_json_number(100 * error.high));
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
	const struct rnf_run plan = rnf_training_run(e);
	json_t *run = json_pack(
		"{s:s, s:s, s:s, s:s, s:O, s:o, s:o, s:s, s:o, s:i, s:s, s:o, s:s, s:I, "
		"s:I, s:I, s:I, s:I}",
		"name", e->conf.name, "state", state, "started", r->started,
		"written", utc_now(), "resumed", r->resumed, "command", command(r),
		"weights", rnf_json_word(r->weights),
		"version", RNF_VERSION, "cpu", rnf_json_word(rnf_machine_cpu()),
		"threads", rnf_pool_threads(e->pool),
		"backend", e->backend ? e->backend->name : "plain",
		"kernels", rnf_json_word(rnf_plan_kernels(e->plans[1])),
		"precision", rnf_precision_words[e->conf.precision],
		"seed", (json_int_t)e->conf.seed,
		"parameters", (json_int_t)rnf_program_parameters(e->programs[0]),
		"step", (json_int_t)e->step, "steps", (json_int_t)plan.steps,
		"epochs", (json_int_t)plan.epochs);
	json_object_set_new(run, "denormals", json_string(rnf_float_denormals()));
	add_epochs(run, e);
	return run;
}

static rnf_status write_json(const char *path, json_t *json)
{
	char *text = json_dumps(json, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
	json_decref(json);
	if (!text) return rnf_fail(RNF_ENOMEM, "%s: no memory", path);
	const char *line = rnf_format("%s\n", text);
	free(text);
	return rnf_file_put(path, line, strlen(line));
}

static const char *run_path(const struct rnf_record *r)
{
	return rnf_format("%s/run.json", r->dir);
}

/* A run that goes on keeps its start, and lists when it went on. */
static void read_past(struct rnf_record *r)
{
	json_t *past = r->goes_on ? rnf_json_read(run_path(r)) : NULL;
	const char *started = json_string_value(json_object_get(past, "started"));
	json_t *resumed = json_object_get(past, "resumed");
	r->started = started ? rnf_format("%s", started) : utc_now();
	r->resumed = json_is_array(resumed) ? json_incref(resumed) : json_array();
	if (r->goes_on)
		json_array_append_new(r->resumed, json_pack("{s:s, s:I}", "at", utc_now(),
							    "step", (json_int_t)r->from));
	json_decref(past);
}

rnf_status rnf_record_begin(struct rnf_record *r)
{
	read_past(r);
	RNF_TRY(write_conf(r));
	return write_json(run_path(r), describe(r, "running"));
}

rnf_status rnf_record_end(const struct rnf_record *r, rnf_status status,
			  const struct rnf_scores *test)
{
	const char *state = status == RNF_ESTOPPED ? "stopped"
			  : status < 0 ? "failed" : "finished";
	json_t *run = describe(r, state);
	if (test->count > 0) json_object_set_new(run, "test", scores(r->e, test));
	if (status >= 0) return write_json(run_path(r), run);
	const char *words = rnf_format("%s", rnf_fail_words());
	json_object_set_new(run, "reason", rnf_json_word(words));
	if (write_json(run_path(r), run) < 0)
		rnf_log(RNF_LOG_WARNING, "%s", rnf_fail_words());
	return rnf_fail_again(status, words);
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
	const struct rnf_interval error = rnf_wilson(1 - s->accuracy, s->count);
	fprintf(out, "error %.2f %% (95 %%: %.2f-%.2f)  cross-entropy %.5f",
		100 * (1 - s->accuracy), 100 * error.low, 100 * error.high,
		fabs(s->plain)); /* never negative, and no "-nan" */
	for (size_t i = 0; i < metrics.n; i++)
		if (i != e->accuracy)
			fprintf(out, "  %s %.2f %%", metric_key(e, i),
				100 * s->metrics[i]);
	fprintf(out, "  images %lld  %.0f images/s\n", (long long)s->count,
		(double)s->count / s->seconds);
}
