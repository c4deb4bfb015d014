#include "run/record.h"

#include <dirent.h>
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
#include "run/checkpoint.h"
#include "run/history.h"
#include "run/log.h"
#include "run/past.h"
#include "run/report.h"
#include "train/step.h"

/* -- the folder -- */

/* A folder of its own even for runs that start in the same second. */
static rnf_status make_default(struct rnf_record *r)
{
	const time_t now = time(NULL);
	struct tm utc;
	char stamp[32];
	strftime(stamp, sizeof stamp, "%Y-%m-%d_%H-%M-%SZ", gmtime_r(&now, &utc));
	const char *parent = rnf_past_folder(r->e->conf.root.name);
	const char *name = rnf_format("%s/%s-s%lld-%04x", parent, stamp,
				      (long long)r->e->conf.root.seed,
				      (unsigned)(rnf_conf_digest(r->e->conf.tree, NULL) & 0xffff));
	RNF_TRY(rnf_folder_make(parent));
	return rnf_folder_new(name, &r->dir);
}

/* The names of its files would be truncated. */
static rnf_status check_length(const char *dir)
{
	const size_t n = dir ? strlen(dir) : 0;
	if (n <= RNF_RUN_PATH_MAX) return RNF_OK;
	return rnf_fail(RNF_EINVAL, "--out is a path of %zu bytes, must be of at most %d", n,
			RNF_RUN_PATH_MAX);
}

/* -- files that are not a run's -- */

static const char *const own_files[] = { "conf.cfg", RNF_LOG_STEPS, RNF_LOG_EPOCHS, NULL };

/* The first of these names that exists in the folder, or NULL. */
static const char *taken(const char *dir, const char *const *names)
{
	struct stat st;
	for (; names && *names; names++)
		if (lstat(rnf_format("%s/%s", dir, *names), &st) == 0) return *names;
	return NULL;
}

static const char *taken_by_callbacks(const struct rnf_record *r)
{
	const struct rnf_refs callbacks = r->e->conf.root.train.callbacks;
	const char *name = NULL;
	for (size_t i = 0; i < callbacks.n && !name; i++) {
		const struct rnf_callback_impl *impl = callbacks.at[i]->feature->impl;
		name = taken(r->dir, impl->files);
	}
	return name;
}

static const char *taken_by_checkpoint(const char *dir)
{
	struct dirent **entries;
	const char *folder = rnf_checkpoints_folder(dir);
	const int n = scandir(folder, &entries, rnf_is_checkpoint, alphasort);
	const char *name = n > 0 ? rnf_format("checkpoints/%s", entries[0]->d_name) : NULL;
	for (int i = 0; i < n; i++)
		free(entries[i]);
	if (n >= 0) free(entries);
	return name;
}

/* run.json is written before all of these files, and it is missing: so none of them is a
 * run's, unless the run resumes from one of the checkpoints, which somebody copied
 * without it. */
static rnf_status check_others(const struct rnf_record *r)
{
	RNF_TRY(rnf_native_find());
	const char *const model[] = { rnf_format("model%s", rnf_native_suffix()), NULL };
	const char *const *const lists[] = { own_files, model, rnf_report_files() };
	const char *name = taken_by_checkpoint(r->dir);
	if (name && r->goes_on) return RNF_OK;
	for (size_t i = 0; i < sizeof lists / sizeof *lists && !name; i++)
		name = taken(r->dir, lists[i]);
	if (!name) name = taken_by_callbacks(r);
	if (!name) return RNF_OK;
	return rnf_fail(RNF_EINVAL, "%s/%s is not a file of a run (there is no run.json) and would "
			"be overwritten: move it, or choose another --out", r->dir, name);
}

static rnf_status check_new(const char *dir)
{
	if (!rnf_past_is_there(dir)) return RNF_OK;
	return rnf_fail(RNF_EINVAL, "%s holds a run already: choose another --out, or "
			"continue it with --resume auto", dir);
}

static rnf_status check_folder(const struct rnf_record *r)
{
	if (!rnf_past_is_there(r->dir)) return check_others(r);
	return r->goes_on ? RNF_OK : check_new(r->dir);
}

static const char the_run[] = "the run"; /* as the message that names --out calls it */

rnf_status rnf_record_probe(const struct rnf_record *r)
{
	if (r->dir && !r->goes_on) RNF_TRY(check_new(r->dir));
	RNF_TRY(check_length(r->dir));
	const char *dir = r->dir ? r->dir : rnf_past_folder(r->e->conf.root.name);
	return rnf_fail_out(rnf_folder_writable(dir), the_run);
}

rnf_status rnf_record_take(struct rnf_record *r)
{
	RNF_TRY(check_length(r->dir)); /* a resume names another */
	RNF_TRY(rnf_fail_out(r->dir ? rnf_folder_make(r->dir) : make_default(r), the_run));
	RNF_TRY(rnf_fail_out(rnf_lock_take(&r->lock, r->dir), the_run));
	const rnf_status status = check_folder(r);
	if (status < 0) rnf_lock_release(&r->lock);
	return status;
}

void rnf_record_release(struct rnf_record *r)
{
	rnf_lock_release(&r->lock);
	json_decref(r->resumed);
}

/* The conf with its defaults: without `out`, and with a path to the data that is valid in
 * any folder. */
static rnf_status write_conf(const struct rnf_record *r)
{
	struct rnf_conf *root = r->e->conf.tree, *data = rnf_conf_get(root, "data");
	struct rnf_conf *out = rnf_conf_get(root, "out");
	struct rnf_conf *path = data ? rnf_conf_get(data, "path") : NULL;
	char whole[PATH_MAX];
	if (out) rnf_conf_remove(root, out);
	if (path && r->e->conf.data->path && realpath(r->e->conf.data->path, whole)) {
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

/* The epochs that readers look for first: the last and the best. */
static void add_epochs(json_t *run, const struct rnf_session *s)
{
	if (s->n_history == 0) return;
	const struct rnf_epoch *best = &s->history[0];
	for (int64_t i = 1; i < s->n_history; i++)
		if (rnf_epoch_criterion(&s->history[i]) < rnf_epoch_criterion(best))
			best = &s->history[i];
	json_object_set_new(run, "last", epoch(&s->history[s->n_history - 1]));
	json_object_set_new(run, "best", epoch(best));
}

/* A metric's plugin name, followed by its index when it occurs twice. */
static const char *metric_key(const struct rnf_config *c, size_t i)
{
	const struct rnf_refs metrics = c->root.train.metrics;
	const char *name = metrics.at[i]->feature->name;
	for (size_t j = 0; j < i; j++)
		if (!strcmp(metrics.at[j]->feature->name, name))
			return rnf_format("%s_%zu", name, i);
	return name;
}

static json_t *scores(const struct rnf_config *c, const struct rnf_scores *s)
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
	for (size_t i = 0; i < c->root.train.metrics.n; i++)
		if (i != c->accuracy)
			json_object_set_new(object, metric_key(c, i),
					    rnf_json_number(s->metrics[i]));
	return object;
}

static json_t *describe(const struct rnf_record *r, const char *state)
{
	const struct rnf_experiment *e = r->e;
	const struct rnf_run plan = rnf_training_run(e);
	json_t *run = json_pack(
		"{s:s, s:s, s:s, s:s, s:O, s:o, s:o, s:o, s:s, s:o, s:i, s:s, s:o, s:s, s:I, "
		"s:I, s:I, s:I, s:I, s:I}",
		"name", e->conf.root.name, "state", state, "started", r->started,
		"written", utc_now(), "resumed", r->resumed, "command", command(r),
		"weights", rnf_json_word(r->weights),
		"weights_digest", rnf_json_word(r->weights_digest),
		"version", RNF_VERSION, "cpu", rnf_json_word(rnf_machine_cpu()),
		"threads", rnf_threads_count(e->session.threads),
		"backend", rnf_model_backend(&e->model),
		"kernels", rnf_json_word(rnf_plan_kernels(e->model.plans[1])),
		"precision", rnf_precision_words[e->conf.root.precision],
		"seed", (json_int_t)e->conf.root.seed,
		"parameters", (json_int_t)rnf_program_parameters(e->model.programs[0]),
		"step", (json_int_t)e->session.step, "steps", (json_int_t)plan.steps,
		"epochs", (json_int_t)plan.epochs,
		"first_epochs", (json_int_t)r->first_epochs);
	json_object_set_new(run, "processors", json_integer(rnf_machine_cpus()));
	json_object_set_new(run, "memory_bytes", json_integer(rnf_machine_memory()));
	json_object_set_new(run, "denormals", json_string(rnf_float_denormals()));
	add_epochs(run, &e->session);
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

/* An absolute path, and a digest to recognise the file. */
static rnf_status note_weights(struct rnf_record *r)
{
	char whole[PATH_MAX];
	if (!r->weights) return RNF_OK;
	RNF_TRY(rnf_past_digest(r->weights, &r->weights_digest));
	if (realpath(r->weights, whole)) r->weights = rnf_format("%s", whole);
	return RNF_OK;
}

/* When the run resumed, from which step, and how many epochs it then planned. */
static void note_resume(struct rnf_record *r)
{
	json_array_append_new(r->resumed, json_pack(
		"{s:s, s:I, s:I}", "at", utc_now(), "step", (json_int_t)r->from, "epochs",
		(json_int_t)r->e->conf.root.train.epochs));
}

/* A resumed run keeps its start; at step 0 it starts anew. */
static rnf_status read_past(struct rnf_record *r)
{
	json_t *json = r->goes_on ? rnf_json_read(run_path(r)) : NULL;
	const struct rnf_past past = rnf_past_of(json);
	json_t *resumed = json_object_get(json, "resumed");
	r->resumed = json_is_array(resumed) ? json_incref(resumed) : json_array();
	json_decref(json);
	r->started = past.started[0] ? past.started : utc_now();
	r->first_epochs = past.first_epochs > 0 || r->from > 0 ? past.first_epochs
							       : r->e->conf.root.train.epochs;
	if (r->goes_on) note_resume(r);
	if (r->from == 0 && r->weights) return note_weights(r);
	r->weights = past.weights;
	r->weights_digest = past.digest;
	return RNF_OK;
}

rnf_status rnf_record_begin(struct rnf_record *r)
{
	RNF_TRY(read_past(r));
	/* Written first, so that all later files belong to a run; its conf completes it. */
	if (!rnf_past_is_there(r->dir)) RNF_TRY(write_json(run_path(r), describe(r, "starting")));
	RNF_TRY(write_conf(r));
	return write_json(run_path(r), describe(r, "running"));
}

rnf_status rnf_record_end(const struct rnf_record *r, rnf_status status,
			  const struct rnf_scores *test)
{
	const char *state = status == RNF_ESTOPPED ? "stopped"
			  : status < 0 ? "failed" : "finished";
	json_t *run = describe(r, state);
	json_object_set_new(run, "exit_status", json_integer(rnf_status_exit(status)));
	if (test->count > 0) json_object_set_new(run, "test", scores(&r->e->conf, test));
	if (status >= 0) return write_json(run_path(r), run);
	const char *words = rnf_format("%s", rnf_fail_words());
	json_object_set_new(run, "reason", rnf_json_word(words));
	if (write_json(run_path(r), run) < 0)
		rnf_log(RNF_LOG_WARNING, "%s", rnf_fail_words());
	return rnf_fail_again(status, words);
}

rnf_status rnf_scores_write(const struct rnf_config *c, const struct rnf_scores *s,
			    const char *path)
{
	return rnf_json_write(scores(c, s), path);
}

void rnf_scores_print(const struct rnf_config *c, const struct rnf_scores *s, FILE *out)
{
	const struct rnf_refs metrics = c->root.train.metrics;
	const struct rnf_interval error = rnf_wilson(1 - s->accuracy, s->count);
	fprintf(out, "error %.2f %% (95 %%: %.2f-%.2f)  cross-entropy %.5f",
		100 * (1 - s->accuracy), 100 * error.low, 100 * error.high,
		fabs(s->plain)); /* never negative, and no "-nan" */
	for (size_t i = 0; i < metrics.n; i++)
		if (i != c->accuracy)
			fprintf(out, "  %s %.2f %%", metric_key(c, i),
				100 * s->metrics[i]);
	fprintf(out, "  images %lld  %.0f images/s\n", (long long)s->count,
		(double)s->count / s->seconds);
}
