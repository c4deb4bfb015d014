#include "run/checkpoint.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
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

enum { TRIES = 3, AT_LEAST = 2 };
#define PROBE "probe" /* a checkpoint written to check that it can be */

/* -- texts that all checkpoints of a run carry -- */

/* Kinds that do not affect a run's bits. */
static int is_beside(const char *kind)
{
	static const char *const kinds[] = { "archive", "callback", "export", "format", "transport" };
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (!strcmp(kind, kinds[i])) return 1;
	return 0;
}

/* {"layer.conv2d": "0123456789abcdef", ...} for the plugins that are loaded, with the
 * kernels that they have for this processor. */
static const char *plugins_text(const struct rnf_plan *plan)
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
	json_object_set_new(object, "kernels",
			    rnf_json_word(rnf_plan_kernels(plan)));
	char *text = json_dumps(object, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(object);
	const char *kept = rnf_format("%s", text ? text : "{}");
	free(text);
	return kept;
}

void rnf_checkpoints_init(struct rnf_checkpoints *c, const struct rnf_experiment *e)
{
	*c = (struct rnf_checkpoints){ .tensors = &e->session.tensors,
				       .plugins = plugins_text(e->model.plans[1]) };
	rnf_texts_model(e, c->model);
}

static const char *path_of(const struct rnf_checkpoints *c, const char *file,
			   char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/checkpoints/%s%s", c->dir, file, rnf_native_suffix());
	return path;
}

static rnf_status check_room(const struct rnf_checkpoints *c, int64_t log_bytes)
{
	const int64_t bytes = 3 * rnf_weights_bytes(c->tensors, c->tensors->n) + log_bytes;
	struct statvfs disk;
	if (statvfs(c->dir, &disk) != 0 || disk.f_blocks == 0) return RNF_OK;
	const double room = (double)disk.f_bavail * (double)disk.f_frsize;
	if (room >= (double)bytes) return RNF_OK;
	return rnf_fail(RNF_EIO, "%s: %.1f MB are free, three checkpoints and the logs "
			"take %.1f MB", c->dir, room * 1e-6, (double)bytes * 1e-6);
}

/* -- writing -- */

static rnf_status check_finite(const struct rnf_tensors *t)
{
	const struct rnf_named_tensor *bad = rnf_weights_bad(t, t->n);
	if (!bad) return RNF_OK;
	return rnf_fail(RNF_ENUMBER, "%s holds NaN or infinity: such a state is not saved",
			bad->name);
}

/* The first ones are also saved with a model's weights. */
enum { TEXTS = RNF_MODEL_TEXTS + 2 };

static rnf_status write_any_state(const struct rnf_checkpoints *c, const char *path,
				  size_t n_tensors, const char *state, size_t n_texts)
{
	struct rnf_text texts[TEXTS];
	memcpy(texts, c->model, sizeof c->model);
	texts[RNF_MODEL_TEXTS] = (struct rnf_text){ RNF_TEXT_PLUGINS, c->plugins };
	texts[RNF_MODEL_TEXTS + 1] = (struct rnf_text){ RNF_TEXT_STATE, state };
	return rnf_weights_write(c->tensors, path, n_tensors, texts, n_texts);
}

static rnf_status write_tensors(const struct rnf_checkpoints *c, const char *path,
				size_t n_tensors, const char *state, size_t n_texts)
{
	RNF_TRY(check_finite(c->tensors));
	return write_any_state(c, path, n_tensors, state, n_texts);
}

/* Fail now rather than at the first save: the folder, the disk, the format and what it
 * can hold. */
rnf_status rnf_checkpoints_probe(const struct rnf_checkpoints *c, int64_t log_bytes)
{
	const char *path = rnf_format("%s/" PROBE, rnf_checkpoints_folder(c->dir));
	RNF_TRY(rnf_native_find());
	RNF_TRY(rnf_folder_make(rnf_checkpoints_folder(c->dir)));
	RNF_TRY(check_room(c, log_bytes));
	RNF_TRY(write_any_state(c, path, c->tensors->n, "{}", TEXTS));
	return unlink(path) == 0 ? RNF_OK : rnf_fail_errno(path);
}

static rnf_status write_state(const struct rnf_checkpoints *c, const struct rnf_progress *p,
			      const char *path, int may_go)
{
	char *state = rnf_progress_text(p, may_go);
	if (!state) return rnf_fail(RNF_ENOMEM, "%s: no memory", path);
	const rnf_status status =
		write_tensors(c, path, c->tensors->n, state, TEXTS);
	free(state);
	return status;
}

static rnf_status write_model(const struct rnf_checkpoints *c, const char *path)
{
	return write_tensors(c, path, c->tensors->n_model, NULL, RNF_MODEL_TEXTS);
}

/* -- which of them stay -- */

static void forget(struct rnf_checkpoints *c, size_t i)
{
	memmove(c->kept + i, c->kept + i + 1, (c->n_kept - i - 1) * sizeof *c->kept);
	c->n_kept--;
}

/* The checkpoint just written is the newest now, whatever its step: it stays. */
static void remember(struct rnf_checkpoints *c, const char *file)
{
	for (size_t i = 0; i < c->n_kept; i++)
		if (!strcmp(c->kept[i].file, file)) forget(c, i--);
	if (c->n_kept == c->room) {
		struct rnf_kept *larger = rnf_alloc((2 * c->room + 8) * sizeof *larger);
		if (c->n_kept) memcpy(larger, c->kept, c->n_kept * sizeof *larger);
		c->kept = larger;
		c->room = 2 * c->room + 8;
	}
	struct rnf_kept *kept = &c->kept[c->n_kept++];
	snprintf(kept->file, sizeof kept->file, "%s", file);
}

static void remove_file(const char *path)
{
	if (unlink(path) != 0 && errno != ENOENT)
		rnf_log(RNF_LOG_WARNING, "%s is no longer needed and cannot be removed: %s", path,
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

static void rotate(struct rnf_checkpoints *c, const char *file, int64_t keep)
{
	if (keep <= 0) return;
	remember(c, file);
	remove_old(c, keep);
}

void rnf_checkpoint_write(struct rnf_checkpoints *c, const struct rnf_progress *p,
			  const char *file, int64_t keep)
{
	char path[PATH_MAX];
	const rnf_status status = write_state(c, p, path_of(c, file, path), keep > 0);
	if (status < 0) {
		rnf_log(RNF_LOG_WARNING, "step %lld: no checkpoint: %s; the run continues "
			"and tries again when the next one is due (%lld bytes are needed)",
			(long long)p->step, rnf_fail_words(),
			(long long)rnf_weights_bytes(c->tensors, c->tensors->n));
		return;
	}
	rotate(c, file, keep);
}

static rnf_status write_any(const struct rnf_checkpoints *c, const struct rnf_progress *p,
			    const char *path, int may_go)
{
	return p ? write_state(c, p, path, may_go) : write_model(c, path);
}

/* Three tries in place, then one in $TMPDIR; p NULL: the model's weights alone. */
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
		 c->model[0].value, file, (long)getpid(), rnf_native_suffix());
	if (write_any(c, p, spare, 0) < 0)
		return rnf_fail(RNF_EIO, "%s; nor could it be saved as %s", words, spare);
	return rnf_fail(RNF_EIO, "%s; saved as %s instead%s", words, spare,
			p ? ": continue from it with --resume" : "");
}

rnf_status rnf_checkpoint_write_last(struct rnf_checkpoints *c,
				     const struct rnf_progress *p, const char *file,
				     int64_t keep)
{
	char path[PATH_MAX];
	RNF_TRY(write_surely(c, p, path_of(c, file, path), file, keep > 0));
	rotate(c, file, keep);
	return RNF_OK;
}

rnf_status rnf_model_write(struct rnf_checkpoints *c)
{
	char path[PATH_MAX];
	snprintf(path, sizeof path, "%s/model%s", c->dir, rnf_native_suffix());
	return write_surely(c, NULL, path, "model", 0);
}

/* -- of a run that goes on -- */

/* A draft of a checkpoint or of the probe; other files are not ours. */
static int is_draft(const struct dirent *entry)
{
	const char *draft = rnf_format("%s.tmp", rnf_native_suffix());
	return rnf_file_ends(entry->d_name, draft) || !strcmp(entry->d_name, PROBE ".tmp");
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
	const char *name = rnf_file_name(path);
	return rnf_strndup(name, strlen(name) - strlen(rnf_native_suffix()));
}

/* By age: unreadable ones first, whose age nobody knows. */
static int by_age(const void *a_, const void *b_)
{
	const struct rnf_saved *a = a_, *b = b_;
	if (a->bad || b->bad) return !a->bad - !b->bad;
	return rnf_progress_is_later(&a->progress, &b->progress) -
	       rnf_progress_is_later(&b->progress, &a->progress);
}

static struct rnf_saved_list sorted_by_age(const struct rnf_saved_list *list)
{
	struct rnf_saved_list sorted = { rnf_alloc((list->n + 1) * sizeof *list->at), list->n };
	memcpy(sorted.at, list->at, list->n * sizeof *list->at);
	qsort(sorted.at, sorted.n, sizeof *sorted.at, by_age);
	return sorted;
}

rnf_status rnf_checkpoints_adopt(struct rnf_checkpoints *c,
				 const struct rnf_saved_list *list)
{
	const struct rnf_saved_list sorted = sorted_by_age(list);
	for (size_t i = 0; i < sorted.n; i++) {
		const struct rnf_saved *f = &sorted.at[i];
		if (f->bad) rnf_log(RNF_LOG_WARNING, "resume  skipped: %s", f->bad);
		else if (f->may_go) remember(c, file_of(f->path));
	}
	return remove_drafts(rnf_checkpoints_folder(c->dir));
}

static rnf_status move_to(const char *folder, const struct rnf_saved_list *left)
{
	const char *words = "";
	for (size_t i = 0; i < left->n; i++) {
		const char *path = left->at[i].path;
		RNF_TRY(rnf_file_move(path, rnf_format("%s/%s", folder, rnf_file_name(path))));
		words = rnf_format("%s%s%s", words, i ? ", " : "", file_of(path));
	}
	rnf_log(RNF_LOG_INFO, "resume  the run goes back: %s moved to %s", words, folder);
	return RNF_OK;
}

rnf_status rnf_checkpoints_set_aside(const struct rnf_checkpoints *c,
				     struct rnf_saved_list *list, int64_t step)
{
	const char *folder;
	struct rnf_saved_list left = sorted_by_age(list), stay = { list->at, 0 };
	const size_t n = left.n;
	left.n = 0;
	for (size_t i = 0; i < n; i++) {
		const struct rnf_saved f = left.at[i];
		if (f.bad || f.progress.step > step) left.at[left.n++] = f;
		else stay.at[stay.n++] = f;
	}
	*list = stay;
	if (left.n == 0) return RNF_OK;
	RNF_TRY(rnf_folder_new(rnf_format("%s/" RNF_CHECKPOINTS_ABANDONED "%" PRId64,
					  rnf_checkpoints_folder(c->dir), step), &folder));
	return move_to(folder, &left);
}
