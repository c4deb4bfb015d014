#define _GNU_SOURCE /* versionsort */
#include "run/resume.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/status.h"
#include "base/text.h"
#include "run/live.h"
#include "train/step.h"

/* -- is it the same run? -- */

enum { SHOWN = 5 };

struct differences {
	const char *words;
	int n;
};

static void add_difference(void *context, const char *path, const struct rnf_conf *now,
			   const struct rnf_conf *then)
{
	struct differences *d = context;
	if (rnf_live_on_resume(path) || d->n++ >= SHOWN) return;
	d->words = rnf_format("%s%s%s is %s (was %s)", d->words, d->n > 1 ? ", " : "",
			      path, rnf_conf_words(now), rnf_conf_words(then));
}

/* A default that is spelled out is no difference. (If a plugin that `then` names is
 * missing here, its defaults are unknown.) */
static rnf_status compare(const struct rnf_conf *now, const struct rnf_conf *then,
			  struct differences *d)
{
	struct rnf_conf *a = rnf_conf_copy(now, NULL), *b = rnf_conf_copy(then, NULL);
	RNF_TRY(rnf_config_expand(a));
	const rnf_status known = rnf_config_expand(b);
	if (known < 0 && known != RNF_ENOENT) return known;
	rnf_conf_compare(known < 0 ? now : a, known < 0 ? then : b, add_difference, d);
	return RNF_OK;
}

/* `what` names the thing made by the conf `then`. */
static rnf_status compare_confs(const struct rnf_config *c, const struct rnf_conf *then,
				const char *what)
{
	struct differences d = { "", 0 };
	RNF_TRY(compare(c->tree, then, &d));
	if (d.n == 0) return RNF_OK;
	return rnf_fail(RNF_EINVAL, "%s of another conf: %s%s; the keys that may change are "
			"%s", what, d.words, d.n > SHOWN ? ", ..." : "", rnf_live_words());
}

static rnf_status check_conf(const struct rnf_config *c, const struct rnf_saved *found)
{
	struct rnf_conf *then = NULL;
	RNF_TRY(rnf_conf_parse(found->path, rnf_contents_text(&found->contents, RNF_TEXT_CONF),
			       &then));
	return compare_confs(c, then, rnf_format("%s is a checkpoint", found->path));
}

static rnf_status check_finished(const struct rnf_resume *r, const struct rnf_config *c)
{
	struct rnf_conf *then = NULL;
	RNF_TRY(rnf_conf_read(rnf_format("%s/conf.cfg", r->dir), NULL, &then));
	return compare_confs(c, then, rnf_format("%s is a run", r->dir));
}

/* Another build of a plugin may compute other bits, and so may other kernels. */
static void compare_plugins(const struct rnf_saved *found, const char *now_text)
{
	const char *then_text = rnf_contents_text(&found->contents, RNF_TEXT_PLUGINS);
	struct rnf_list words = { 0 };
	const char *name;
	json_t *then = json_loads(then_text ? then_text : "{}", 0, NULL), *digest;
	json_t *now = json_loads(now_text, 0, NULL);
	json_object_foreach(then, name, digest) {
		const json_t *other = json_object_get(now, name);
		if (other && !json_equal(other, digest))
			rnf_list_add(&words, ", ", name);
	}
	if (words.n)
		rnf_log(RNF_LOG_WARNING, "resume  changed since the checkpoint: %s; equal "
			"bits are no longer promised", rnf_list_text(&words, ""));
	json_decref(then);
	json_decref(now);
}

/* -- the folder -- */

static int is_there(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0;
}

/* `longer`: with all its steps made it still counts as unfinished. */
static void read_run(struct rnf_resume *r, const struct rnf_experiment *e, int longer)
{
	r->past = rnf_past_read(r->dir);
	r->finished = !longer && !strcmp(r->past.state, "finished") &&
		      r->past.step >= rnf_training_run(e).steps;
}

static int is_run(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* The run that started last or, of two in the same second, the one whose name comes
 * later. A run without a start time counts as the oldest. */
static void newest_unfinished(struct rnf_resume *r, const struct rnf_experiment *e, int longer)
{
	const char *parent = rnf_past_folder(e->conf.root.name);
	struct dirent **entries;
	const int n = scandir(parent, &entries, is_run, versionsort);
	for (int i = 0; i < n; i++) {
		struct rnf_resume one = { .dir = rnf_format("%s/%s", parent,
							    entries[i]->d_name) };
		free(entries[i]);
		if (!rnf_past_is_there(one.dir)) continue;
		read_run(&one, e, longer);
		if (one.finished) continue;
		if (!r->dir || strcmp(one.past.started, r->past.started) >= 0) *r = one;
	}
	if (n >= 0) free(entries);
}

/* RUN of RUN/checkpoints/FILE; NULL when the file lies elsewhere. */
static const char *run_of(const char *file)
{
	static const char name[] = "checkpoints";
	const char *slash = strrchr(file, '/');
	const size_t n = slash ? (size_t)(slash - file) : 0, m = strlen(name);
	if (n < m || strncmp(slash - m, name, m) != 0) return NULL;
	if (n == m) return ".";
	if (file[n - m - 1] != '/') return NULL;
	return n == m + 1 ? "/" : rnf_strndup(file, n - m - 1);
}

/* The run's log has no lines for its later steps any more. */
static int is_abandoned(const char *file)
{
	const char *name = file, *parent = NULL;
	for (const char *c = file; *c; c++) {
		if (*c != '/') continue;
		parent = name;
		name = c + 1;
	}
	return parent && !strncmp(parent, RNF_CHECKPOINTS_ABANDONED,
				  strlen(RNF_CHECKPOINTS_ABANDONED));
}

static rnf_status find_by_file(struct rnf_resume *r, const char *file, const char *out)
{
	if (!is_there(file))
		return rnf_fail(RNF_ENOENT, "--resume %s: there is no such checkpoint; auto "
				"takes the newest one", file);
	r->file = file;
	r->dir = out ? out : run_of(file);
	if (!r->dir)
		return rnf_fail(RNF_EINVAL, "--resume %s is not in a run folder: name the "
				"folder to continue in by --out", file);
	if (is_abandoned(file) && rnf_past_is_there(r->dir))
		return rnf_fail(RNF_EINVAL, "--resume %s: the run went back behind this step: "
				"to continue from it, choose a new folder by --out", file);
	struct rnf_saved *found = rnf_alloc(sizeof *found);
	*found = rnf_checkpoint_look(file);
	r->found = found;
	r->past = rnf_past_read(r->dir);
	if (r->past.epochs == 0) r->past.epochs = found->progress.epochs;
	return found->bad ? rnf_fail(RNF_EINVAL, "%s", found->bad) : RNF_OK;
}

rnf_status rnf_resume_find(struct rnf_resume *r, const struct rnf_experiment *e,
			   const char *wish, const char *out, int longer)
{
	*r = (struct rnf_resume){ 0 };
	if (strcmp(wish, "auto") != 0) return find_by_file(r, wish, out);
	if (!out) {
		newest_unfinished(r, e, longer);
	} else if (rnf_past_is_there(out)) {
		r->dir = out;
		read_run(r, e, longer);
	}
	if (r->finished) return check_finished(r, &e->conf);
	if (!r->dir)
		rnf_log(RNF_LOG_INFO, "resume  nothing to resume in %s: a new run starts",
			out ? out : rnf_past_folder(e->conf.root.name));
	return RNF_OK;
}

/* -- the checkpoint -- */

static rnf_status check_position(const struct rnf_experiment *e, const struct rnf_saved *f)
{
	const struct rnf_run run = rnf_training_run(e);
	if (f->progress.step <= run.steps) return RNF_OK;
	return rnf_fail(RNF_EINVAL, "%s is at step %" PRId64 " of %" PRId64 " epochs, the conf "
			"ends at step %" PRId64 ": raise train.epochs or train.max_steps",
			f->path, f->progress.step, f->progress.epochs, run.steps);
}

static rnf_status read_checkpoint(const struct rnf_saved *f, struct rnf_experiment *e,
				  const struct rnf_checkpoints *c)
{
	RNF_TRY(check_conf(&e->conf, f));
	RNF_TRY(check_position(e, f));
	compare_plugins(f, c->plugins);
	RNF_TRY(rnf_state_read(&e->session, f->path));
	rnf_log(RNF_LOG_INFO, "resume  %s: %" PRId64 " of %" PRId64 " steps are made",
		f->path, f->progress.step, rnf_training_run(e).steps);
	return RNF_OK;
}

rnf_status rnf_resume_read(const struct rnf_resume *r, struct rnf_experiment *e,
			   const struct rnf_checkpoints *c)
{
	return r->file ? read_checkpoint(r->found, e, c) : RNF_OK;
}

/* `weights`: the user has named the initial weights. */
static rnf_status from_the_start(const struct rnf_resume *r, struct rnf_experiment *e,
				 int weights)
{
	rnf_log(RNF_LOG_INFO, "resume  %s has no checkpoint that can be used: from the start",
		r->dir);
	return weights ? RNF_OK : rnf_past_weights(&r->past, e);
}

rnf_status rnf_resume_load(struct rnf_resume *r, struct rnf_experiment *e,
			   struct rnf_checkpoints *c, int weights)
{
	struct rnf_saved_list list;
	RNF_TRY(rnf_checkpoints_list(c->dir, &list));
	if (r->file) {
		RNF_TRY(rnf_checkpoints_set_aside(c, &list, r->found->progress.step));
		return rnf_checkpoints_adopt(c, &list);
	}
	RNF_TRY(rnf_checkpoints_adopt(c, &list));
	r->found = rnf_checkpoints_newest(&list, INT64_MAX);
	return r->found ? read_checkpoint(r->found, e, c) : from_the_start(r, e, weights);
}
