#include "train/checkpoint.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/json.h"
#include "base/status.h"
#include "plugin/loader.h"
#include "train/digest.h"
#include "train/history.h"

enum { TRIES = 3, AT_LEAST = 2 };

#define STATE_KEY "rnframe.state"
#define CONF_KEY "rnframe.conf"
#define PLUGINS_KEY "rnframe.plugins"

/* -- texts that all checkpoints of a run carry -- */

/* Keys that say where a run runs, not what it is. */
static const char *const machine_keys[][2] = {
	{ NULL, "threads" }, { NULL, "out" }, { "data", "path" },
};

static const char *conf_text(const struct rnf_conf *tree)
{
	struct rnf_conf *copy = rnf_conf_copy(tree, NULL);
	for (size_t i = 0; i < sizeof machine_keys / sizeof *machine_keys; i++) {
		const char *group = machine_keys[i][0];
		struct rnf_conf *parent = group ? rnf_conf_get(copy, group) : copy;
		const struct rnf_conf *node = rnf_conf_get(parent, machine_keys[i][1]);
		if (node) rnf_conf_remove(parent, node);
	}
	return rnf_conf_text(copy);
}

/* Kinds that a run's bits do not depend on. */
static int is_beside(const char *kind)
{
	static const char *const kinds[] = { "archive", "callback", "format", "transport" };
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (!strcmp(kind, kinds[i])) return 1;
	return 0;
}

/* {"layer.conv2d": "0123456789abcdef", ...} of the plugins that are loaded. */
static const char *plugins_text(void)
{
	const struct rnf_feature **list;
	const size_t n = rnf_loader_loaded(&list);
	json_t *object = json_object();
	for (size_t i = 0; i < n; i++) {
		char words[RNF_DIGEST_BYTES];
		uint64_t digest;
		if (is_beside(list[i]->kind) ||
		    rnf_digest_file(rnf_loader_file(list[i]), &digest) < 0)
			continue;
		rnf_digest_words(digest, words);
		json_object_set_new(object, rnf_format("%s.%s", list[i]->kind,
						       list[i]->name), json_string(words));
	}
	char *text = json_dumps(object, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(object);
	const char *kept = rnf_format("%s", text ? text : "{}");
	free(text);
	return kept;
}

static const char *folder_of(const char *dir)
{
	return rnf_format("%s/checkpoints", dir);
}

rnf_status rnf_checkpoints_open(struct rnf_checkpoints *c,
				const struct rnf_experiment *e, const char *dir)
{
	*c = (struct rnf_checkpoints){ .e = e, .dir = dir, .conf = conf_text(e->tree),
				       .plugins = plugins_text() };
	return rnf_folder_make(folder_of(dir));
}

static const char *path_of(const struct rnf_checkpoints *c, const char *file,
			   char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/checkpoints/%s%s", c->dir, file, rnf_native_suffix());
	return path;
}

rnf_status rnf_checkpoints_probe(const struct rnf_checkpoints *c, int64_t log_bytes)
{
	const char *path = rnf_format("%s/checkpoints/probe", c->dir);
	const int64_t bytes = 3 * rnf_weights_bytes(c->e, c->e->n_tensors) + log_bytes;
	struct statvfs disk;
	int fd;
	RNF_TRY(rnf_file_begin(path, 0, &fd));
	const rnf_status written = write(fd, "", 1) == 1 ? RNF_OK
		: rnf_fail(RNF_EIO, "%s", strerror(errno));
	RNF_TRY(rnf_file_commit(path, fd, written));
	if (unlink(path) != 0) return rnf_fail_errno(path);
	if (statvfs(c->dir, &disk) != 0 || disk.f_blocks == 0) return RNF_OK;
	const double room = (double)disk.f_bavail * (double)disk.f_frsize;
	if (room >= (double)bytes) return RNF_OK;
	return rnf_fail(RNF_EIO, "%s: %.1f MB are free, three checkpoints and the logs "
			"take %.1f MB", c->dir, room * 1e-6, (double)bytes * 1e-6);
}

/* -- the state as a text -- */

static json_t *sums_list(const struct rnf_epoch_sums *s)
{
	return json_pack("[f, f, f, f, I]", s->loss, s->data_loss, s->accuracy, s->seconds,
			 (json_int_t)s->images);
}

/* For free(); NULL: no memory. */
static char *state_text(const struct rnf_progress *p, int may_go)
{
	json_t *history = json_array();
	for (int64_t i = 0; i < p->n_history; i++)
		json_array_append_new(history, rnf_epoch_list(&p->history[i]));
	json_t *state = json_pack("{s:I, s:I, s:f, s:b, s:o*, s:[I, I, I], s:o}", "step",
				  (json_int_t)p->step, "epochs", (json_int_t)p->epochs,
				  "seconds", p->seconds, "may_go", may_go, "sums",
				  sums_list(&p->sums), "numerics",
				  (json_int_t)p->numerics.bad,
				  (json_int_t)p->numerics.recent,
				  (json_int_t)p->numerics.epoch, "history", history);
	char *text = state ? json_dumps(state, JSON_COMPACT) : NULL;
	json_decref(state);
	return text;
}

static rnf_status read_sums(const json_t *list, struct rnf_epoch_sums *s)
{
	double *const at[] = { &s->loss, &s->data_loss, &s->accuracy, &s->seconds };
	if (json_array_size(list) != 5) return RNF_OK; /* they were not finite */
	for (size_t i = 0; i < 4; i++)
		*at[i] = json_number_value(json_array_get(list, i));
	s->images = json_integer_value(json_array_get(list, 4));
	return s->images >= 0 ? RNF_OK : rnf_fail(RNF_EINVAL, "its sums are no sums");
}

/* Steps that were not finite; negative numbers would lift the limit. */
static rnf_status read_numerics(const json_t *list, struct rnf_numerics *n)
{
	n->bad = json_integer_value(json_array_get(list, 0));
	n->recent = json_integer_value(json_array_get(list, 1));
	n->epoch = json_integer_value(json_array_get(list, 2));
	if (n->bad >= 0 && n->recent >= 0 && n->epoch >= 0) return RNF_OK;
	return rnf_fail(RNF_EINVAL, "its counts of bad steps make no sense");
}

static rnf_status read_history(const json_t *list, struct rnf_progress *p)
{
	p->n_history = (int64_t)json_array_size(list);
	p->history = rnf_alloc((size_t)(p->n_history + 1) * sizeof *p->history);
	for (int64_t i = 0; i < p->n_history; i++)
		RNF_TRY(rnf_epoch_read(json_array_get(list, (size_t)i), &p->history[i]));
	return RNF_OK;
}

static rnf_status read_state(const json_t *state, struct rnf_progress *p, int *may_go)
{
	p->step = json_integer_value(json_object_get(state, "step"));
	p->epochs = json_integer_value(json_object_get(state, "epochs"));
	p->seconds = json_number_value(json_object_get(state, "seconds"));
	*may_go = json_is_true(json_object_get(state, "may_go"));
	if (p->step < 0 || p->epochs < 1 || !(p->seconds >= 0))
		return rnf_fail(RNF_EINVAL, "its position makes no sense");
	RNF_TRY(read_sums(json_object_get(state, "sums"), &p->sums));
	RNF_TRY(read_numerics(json_object_get(state, "numerics"), &p->numerics));
	return read_history(json_object_get(state, "history"), p);
}

/* Position and history out of a file's texts. */
static rnf_status read_progress(struct rnf_found *found)
{
	const char *text = rnf_contents_text(&found->contents, STATE_KEY);
	if (!text || !rnf_contents_text(&found->contents, RNF_DIGEST_KEY) ||
	    !rnf_contents_text(&found->contents, CONF_KEY))
		return rnf_fail(RNF_EINVAL, "%s is no checkpoint: it holds weights only (to "
				"start from them: --weights)", found->path);
	json_t *state = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	const rnf_status status = json_is_object(state)
		? read_state(state, &found->progress, &found->may_go)
		: rnf_fail(RNF_EINVAL, "its state is no JSON");
	json_decref(state);
	return status < 0 ? rnf_fail_in(status, "%s: ", found->path) : RNF_OK;
}

/* -- writing -- */

static rnf_status check_finite(const struct rnf_experiment *e)
{
	const struct rnf_named_tensor *bad = rnf_weights_bad(e, e->n_tensors);
	if (!bad) return RNF_OK;
	return rnf_fail(RNF_ENUMBER, "%s holds NaN or infinity: such a state is not saved",
			bad->name);
}

static rnf_status write_state(const struct rnf_checkpoints *c, const struct rnf_progress *p,
			      const char *path, int may_go)
{
	RNF_TRY(check_finite(c->e));
	char *state = state_text(p, may_go);
	if (!state) return rnf_fail(RNF_ENOMEM, "%s: no memory", path);
	const struct rnf_text texts[] = {
		{ "rnframe.name", c->e->conf.name }, { "rnframe.version", RNF_VERSION },
		{ CONF_KEY, c->conf }, { PLUGINS_KEY, c->plugins }, { STATE_KEY, state },
	};
	const rnf_status status = rnf_weights_write(c->e, path, c->e->n_tensors, texts,
						    sizeof texts / sizeof *texts);
	free(state);
	return status;
}

static rnf_status write_model(const struct rnf_checkpoints *c, const char *path)
{
	const struct rnf_text texts[] = {
		{ "rnframe.name", c->e->conf.name }, { "rnframe.version", RNF_VERSION },
		{ CONF_KEY, c->conf },
	};
	RNF_TRY(check_finite(c->e));
	return rnf_weights_write(c->e, path, c->e->programs[0]->n_weights, texts,
				 sizeof texts / sizeof *texts);
}

/* -- which of them stay -- */

static void forget(struct rnf_checkpoints *c, size_t i)
{
	memmove(c->kept + i, c->kept + i + 1, (c->n_kept - i - 1) * sizeof *c->kept);
	c->n_kept--;
}

static void remember(struct rnf_checkpoints *c, const char *file, int64_t step)
{
	for (size_t i = 0; i < c->n_kept; i++)
		if (!strcmp(c->kept[i].file, file)) forget(c, i--);
	if (c->n_kept == c->room) {
		struct rnf_kept *larger = rnf_alloc((2 * c->room + 8) * sizeof *larger);
		if (c->n_kept) memcpy(larger, c->kept, c->n_kept * sizeof *larger);
		c->kept = larger;
		c->room = 2 * c->room + 8;
	}
	size_t i = c->n_kept++;
	for (; i > 0 && c->kept[i - 1].step > step; i--)
		c->kept[i] = c->kept[i - 1];
	snprintf(c->kept[i].file, sizeof c->kept[i].file, "%s", file);
	c->kept[i].step = step;
}

static void remove_file(const char *path)
{
	if (unlink(path) != 0 && errno != ENOENT)
		rnf_log(RNF_LOG_WARNING, "%s should go and cannot be removed: %s", path,
			strerror(errno));
}

static void remove_old(struct rnf_checkpoints *c, int64_t keep)
{
	char path[PATH_MAX];
	const size_t stay = keep < AT_LEAST ? AT_LEAST : (size_t)keep;
	while (c->n_kept > stay) {
		remove_file(path_of(c, c->kept[0].file, path));
		forget(c, 0);
	}
}

static void rotate(struct rnf_checkpoints *c, const char *file, int64_t step, int64_t keep)
{
	if (keep <= 0) return;
	remember(c, file, step);
	remove_old(c, keep);
}

void rnf_checkpoint_write(struct rnf_checkpoints *c, const struct rnf_progress *p,
			  const char *file, int64_t keep)
{
	char path[PATH_MAX];
	const rnf_status status = write_state(c, p, path_of(c, file, path), keep > 0);
	if (status < 0) {
		rnf_log(RNF_LOG_WARNING, "step %lld: no checkpoint: %s; the next one is "
			"tried at its time (%lld bytes are needed)",
			(long long)p->step, rnf_fail_words(),
			(long long)rnf_weights_bytes(c->e, c->e->n_tensors));
		return;
	}
	rotate(c, file, p->step, keep);
}

static rnf_status write_any(const struct rnf_checkpoints *c, const struct rnf_progress *p,
			    const char *path, int may_go)
{
	return p ? write_state(c, p, path, may_go) : write_model(c, path);
}

/* Three tries in place, the next in $TMPDIR; p NULL: the model's weights alone. */
static rnf_status write_surely(struct rnf_checkpoints *c, const struct rnf_progress *p,
			       const char *path, const char *file, int may_go)
{
	const char *other = getenv("TMPDIR");
	char spare[PATH_MAX], words[1024];
	rnf_status status = RNF_EIO;
	for (int i = 0; i < TRIES && status == RNF_EIO; i++)
		status = write_any(c, p, path, may_go);
	if (status != RNF_EIO) return status;
	snprintf(words, sizeof words, "%s", rnf_fail_words());
	snprintf(spare, sizeof spare, "%s/%s_%s_%ld%s", other && *other ? other : "/tmp",
		 c->e->conf.name, file, (long)getpid(), rnf_native_suffix());
	if (write_any(c, p, spare, 0) < 0)
		return rnf_fail(RNF_EIO, "%s; nor could it be saved as %s", words, spare);
	return rnf_fail(RNF_EIO, "%s; saved as %s instead%s", words, spare,
			p ? ": go on from it with --resume" : "");
}

rnf_status rnf_checkpoint_write_last(struct rnf_checkpoints *c,
				     const struct rnf_progress *p, const char *file,
				     int64_t keep)
{
	char path[PATH_MAX];
	RNF_TRY(write_surely(c, p, path_of(c, file, path), file, keep > 0));
	rotate(c, file, p->step, keep);
	return RNF_OK;
}

rnf_status rnf_model_write(struct rnf_checkpoints *c)
{
	char path[PATH_MAX];
	snprintf(path, sizeof path, "%s/model%s", c->dir, rnf_native_suffix());
	return write_surely(c, NULL, path, "model", 0);
}

/* -- reading -- */

struct rnf_found rnf_checkpoint_look(const char *path)
{
	struct rnf_found found = { .path = path };
	if (rnf_weights_check(path, &found.contents) < 0 || read_progress(&found) < 0)
		found.bad = rnf_format("%s", rnf_fail_words());
	return found;
}

static int has_ending(const char *name, const char *ending)
{
	const size_t n = strlen(name), m = strlen(ending);
	return m > 0 && n > m && !strcmp(name + n - m, ending);
}

static int is_checkpoint(const struct dirent *entry)
{
	return has_ending(entry->d_name, rnf_native_suffix());
}

static int is_draft(const struct dirent *entry)
{
	return has_ending(entry->d_name, ".tmp");
}

rnf_status rnf_checkpoints_list(const char *dir, struct rnf_found_list *list)
{
	const char *folder = folder_of(dir);
	struct dirent **entries;
	const int n = scandir(folder, &entries, is_checkpoint, alphasort);
	if (n < 0) return rnf_fail_input(folder);
	*list = (struct rnf_found_list){ rnf_alloc((size_t)(n + 1) * sizeof *list->at), 0 };
	for (int i = 0; i < n; i++) {
		list->at[list->n++] = rnf_checkpoint_look(
			rnf_format("%s/%s", folder, entries[i]->d_name));
		free(entries[i]);
	}
	free(entries);
	return RNF_OK;
}

static int is_newer(const struct rnf_progress *a, const struct rnf_progress *b)
{
	return a->step != b->step ? a->step > b->step : a->n_history > b->n_history;
}

const struct rnf_found *rnf_checkpoints_newest(const struct rnf_found_list *list,
					       int64_t step)
{
	const struct rnf_found *newest = NULL;
	for (size_t i = 0; i < list->n; i++) {
		const struct rnf_found *f = &list->at[i];
		if (f->bad || f->progress.step > step) continue;
		if (!newest || is_newer(&f->progress, &newest->progress)) newest = f;
	}
	return newest;
}

static rnf_status remove_drafts(const char *folder)
{
	struct dirent **entries;
	const int n = scandir(folder, &entries, is_draft, NULL);
	if (n < 0) return rnf_fail_input(folder);
	for (int i = 0; i < n; i++) {
		remove_file(rnf_format("%s/%s", folder, entries[i]->d_name));
		free(entries[i]);
	}
	free(entries);
	return RNF_OK;
}

/* checkpoints/FILE.SUFFIX is FILE. */
static const char *file_of(const char *path)
{
	const char *name = strrchr(path, '/') + 1;
	return rnf_strndup(name, strlen(name) - strlen(rnf_native_suffix()));
}

rnf_status rnf_checkpoints_adopt(struct rnf_checkpoints *c,
				 const struct rnf_found_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct rnf_found *f = &list->at[i];
		if (f->bad) rnf_log(RNF_LOG_WARNING, "resume  skipped: %s", f->bad);
		else if (f->may_go) remember(c, file_of(f->path), f->progress.step);
	}
	return remove_drafts(folder_of(c->dir));
}
