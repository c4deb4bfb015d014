#include "train/weights.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/floats.h"
#include "base/names.h"
#include "base/status.h"
#include "plugin/loader.h"
#include "train/digest.h"

/* Names of the optimizer's tensors: this, the slot, the weight. Of a rollback's snapshot:
 * this, then the tensor's own name. */
#define STATE_PREFIX "optimizer/"
#define SNAPSHOT_PREFIX "snapshot/"

/* -- formats -- */

/* The format plugin that recognises the file by its first bytes. */
static rnf_status probe(const char *path, const struct rnf_format_impl **found)
{
	const struct rnf_feature **list;
	struct stat st;
	uint8_t head[64];
	uint64_t size;
	size_t n, formats;
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return rnf_fail(RNF_EINVAL, "%s is %s, must be a file of weights", path,
				S_ISDIR(st.st_mode) ? "a folder" : "not a regular file");
	RNF_TRY(rnf_file_head(path, head, sizeof head, &n, &size));
	RNF_TRY(rnf_loader_all("format", &list, &formats));
	for (size_t i = 0; i < formats; i++) {
		*found = list[i]->impl;
		if ((*found)->probe(head, n, size)) return RNF_OK;
	}
	return rnf_fail(RNF_EINVAL, "%s: no format plugin knows this kind of file",
			path);
}

/* Found once: the search reads folders and loads every format. */
static const struct rnf_format_impl *native;

rnf_status rnf_native_find(void)
{
	const struct rnf_feature **list;
	size_t n;
	if (native) return RNF_OK;
	RNF_TRY(rnf_loader_all("format", &list, &n));
	for (size_t i = 0; i < n && !native; i++) {
		const struct rnf_format_impl *impl = list[i]->impl;
		if ((impl->flags & RNF_FORMAT_NATIVE) && impl->write) native = impl;
	}
	return native ? RNF_OK : rnf_fail(RNF_ENOENT, "checkpoints cannot be written: there is "
					  "no format plugin for them");
}

rnf_status rnf_native_check(const char *path)
{
	const struct rnf_format_impl *format = NULL;
	RNF_TRY(rnf_native_find());
	RNF_TRY(probe(path, &format));
	return format == native ? RNF_OK : rnf_fail(RNF_EINVAL, "%s is no model%s, as training "
						    "writes one", path, native->suffix);
}

const char *rnf_native_suffix(void)
{
	return rnf_native_find() >= 0 ? native->suffix : "";
}

/* -- reading -- */

struct reader {
	struct rnf_tensor_sink sink; /* first */
	const char *path;
	/* Memory for a tensor of the file, or NULL if there is none. */
	float *(*place)(struct reader *, const struct rnf_named_tensor *);
	const struct rnf_tensors *own; /* the session's */
	size_t n_wanted;  /* the first of these */
	char *seen;       /* [n_wanted] */
	struct rnf_strings skip; /* layers whose tensors are not read */
	char *used;       /* [skip.n] */
	struct rnf_contents *contents; /* NULL: texts are not kept */
	struct rnf_loaded *loaded;     /* where held() keeps tensors */
	uint64_t tensors, texts; /* sums of digests */
	char said[RNF_DIGEST_BYTES]; /* "" when the file has none */
	struct rnf_named_tensor last; /* handed out, not yet in the digest */
	char last_name[512];
	rnf_status no_room; /* why add() gave nothing, where the file is not at fault */
	float *room;      /* for tensors that are dropped; of malloc() */
	size_t room_size;
};

int64_t rnf_tensor_size(const struct rnf_named_tensor *t)
{
	int64_t n = 1;
	for (int i = 0; i < t->rank; i++)
		n *= t->shape[i];
	return n;
}

static int begins(const char *name, const char *prefix)
{
	return !strncmp(name, prefix, strlen(prefix));
}

static const char *shape_words(const struct rnf_named_tensor *t)
{
	char *words = "";
	for (int i = 0; i < t->rank; i++)
		words = rnf_format("%s%s%lld", words, i ? " x " : "",
				   (long long)t->shape[i]);
	return words;
}

/* The format's reader fills a tensor after add() has returned it. */
static void digest_last(struct reader *r)
{
	if (r->last.data) r->tensors += rnf_digest_tensor(&r->last);
	r->last.data = NULL;
}

/* For tensors that are checked once and dropped: one growing buffer for all. */
static float *passing(struct reader *r, const struct rnf_named_tensor *t)
{
	const size_t n = (size_t)rnf_tensor_size(t);
	if (n <= r->room_size && r->room) return r->room;
	free(r->room);
	r->room_size = n > 2 * r->room_size ? n : 2 * r->room_size;
	r->room = calloc(r->room_size + 1, sizeof *r->room);
	if (!r->room) r->room_size = 0;
	return r->room;
}

static void drop_room(struct reader *r)
{
	free(r->room);
	r->room = NULL;
	r->last.data = NULL;
}

/* For tensors that wait until there is a model. */
static float *held(struct reader *r, const struct rnf_named_tensor *t)
{
	struct rnf_loaded *l = r->loaded;
	float *data = malloc((size_t)rnf_tensor_size(t) * sizeof(float) + 1);
	if (!data) return NULL;
	struct rnf_named_tensor *kept = rnf_push((void **)&l->at, &l->n, sizeof *kept);
	*kept = *t;
	kept->name = rnf_strndup(t->name, strlen(t->name));
	kept->data = data;
	return data;
}

/* One table for all readers, in the program's memory: a save reads back, and must not need
 * more memory each time. */
static struct rnf_names came = { .passing = 1 };

static int came_before(const char *name)
{
	struct rnf_arena *before = rnf_arena_use(NULL);
	const int64_t number = rnf_names_add(&came, name, 0);
	rnf_arena_use(before);
	return number >= 0;
}

/* Does a word name the tensor's layer, or one that the layer is in? */
static int is_skipped(struct reader *r, const char *name)
{
	int found = 0;
	for (size_t i = 0; i < r->skip.n; i++) {
		const size_t n = strlen(r->skip.at[i]);
		if (strncmp(name, r->skip.at[i], n) != 0 || !strchr("/_", name[n])) continue;
		found = 1;
		r->used[i] = 1;
	}
	return found;
}

/* What does not fit is put aside, so that all of it is told. */
static float *in_model(struct reader *r, const struct rnf_named_tensor *t)
{
	const int64_t i = rnf_names_find(&r->own->names, t->name);
	if (is_skipped(r, t->name)) return passing(r, t);
	if (i >= 0 && (size_t)i < r->n_wanted) {
		const struct rnf_named_tensor *own = &r->own->at[i];
		r->seen[i] = 1;
		if (own->rank == t->rank &&
		    !memcmp(own->shape, t->shape, (size_t)t->rank * sizeof *t->shape))
			return (float *)own->data;
		rnf_fail_aside(rnf_fail(RNF_EINVAL, "%s: shape: %s is %s in the file, %s in the "
					"model", r->path, t->name, shape_words(t),
					shape_words(own)));
	} else if (!begins(t->name, STATE_PREFIX) && !begins(t->name, SNAPSHOT_PREFIX)) {
		rnf_fail_aside(rnf_fail(RNF_EINVAL, "%s: unexpected: %s is not in the model",
					r->path, t->name));
	}
	return passing(r, t);
}

static float *place(struct reader *r, const struct rnf_named_tensor *t)
{
	float *data = r->place(r, t);
	if (!data)
		r->no_room = rnf_fail(RNF_ENOMEM, "%s: no memory for the %lld values of %s",
				      r->path, (long long)rnf_tensor_size(t), t->name);
	return data;
}

static float *add(struct rnf_tensor_sink *sink, const char *name, int32_t rank,
		  const int64_t *shape)
{
	struct reader *r = (struct reader *)sink;
	digest_last(r);
	if (rank < 0 || rank > 8 || strlen(name) >= sizeof r->last_name) {
		rnf_fail(RNF_EINVAL, "%s: %.100s: its name is too long or its rank not "
			 "0 .. 8", r->path, name);
		return NULL;
	}
	if (came_before(name)) {
		rnf_fail(RNF_EINVAL, "%s: two tensors are named %s", r->path, name);
		return NULL;
	}
	strcpy(r->last_name, name);
	r->last = (struct rnf_named_tensor){ .name = r->last_name, .rank = rank };
	memcpy(r->last.shape, shape, (size_t)rank * sizeof *shape);
	float *data = place(r, &r->last);
	r->last.data = data;
	return data;
}

static rnf_status text(struct rnf_tensor_sink *sink, const char *key, const char *value)
{
	struct reader *r = (struct reader *)sink;
	r->texts += rnf_digest_text(key, value);
	if (!strcmp(key, RNF_DIGEST_KEY)) snprintf(r->said, sizeof r->said, "%s", value);
	if (!r->contents || !begins(key, RNF_TEXT_PREFIX)) return RNF_OK;
	struct rnf_text *kept = rnf_push((void **)&r->contents->at, &r->contents->n,
					 sizeof *kept);
	*kept = (struct rnf_text){ rnf_strndup(key, strlen(key)),
				   rnf_strndup(value, strlen(value)) };
	return RNF_OK;
}

static rnf_status read_all(struct reader *r, const struct rnf_format_impl *format)
{
	char words[RNF_DIGEST_BYTES];
	r->sink = (struct rnf_tensor_sink){ add, text };
	rnf_names_clear(&came);
	const rnf_status status = format->read(&rnf_host, r->path, &r->sink);
	if (status >= 0) digest_last(r);
	drop_room(r);
	if (status < 0 && r->no_room < 0) return r->no_room;
	RNF_TRY(status);
	rnf_digest_words(r->tensors + r->texts, words);
	if (!r->said[0] || !strcmp(r->said, words)) return RNF_OK;
	return rnf_fail(RNF_EINVAL, "%s is damaged or changed: its digest is %s, must be %s; if "
			"you changed it, drop the text " RNF_DIGEST_KEY " from its metadata",
			r->path, words, r->said);
}

const struct rnf_named_tensor *rnf_weights_bad(const struct rnf_tensors *t, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (rnf_count_bad(t->at[i].data, rnf_tensor_size(&t->at[i])))
			return &t->at[i];
	return NULL;
}

/* One bad weight makes every result NaN. */
static rnf_status check_numbers(const struct rnf_tensors *t, const char *path, size_t n)
{
	const struct rnf_named_tensor *bad = rnf_weights_bad(t, n);
	if (!bad) return RNF_OK;
	return rnf_fail(RNF_EINVAL, "%s: %s holds NaN or infinity in %lld of its %lld values",
			path, bad->name,
			(long long)rnf_count_bad(bad->data, rnf_tensor_size(bad)),
			(long long)rnf_tensor_size(bad));
}

static void check_missing(struct reader *r)
{
	for (size_t i = 0; i < r->n_wanted; i++) {
		const struct rnf_named_tensor *own = &r->own->at[i];
		if (r->seen[i] || is_skipped(r, own->name)) continue;
		rnf_fail_aside(rnf_fail(RNF_EINVAL, "%s: missing: %s (%s)", r->path, own->name,
					shape_words(own)));
	}
	for (size_t i = 0; i < r->skip.n; i++)
		if (!r->used[i])
			rnf_fail_aside(rnf_fail(RNF_EINVAL, "train.init.skip: neither the model nor "
						"%s has tensors of a layer \"%s\"", r->path,
						r->skip.at[i]));
}

static struct reader into_model(struct rnf_session *s, const char *path, size_t n,
				struct rnf_strings skip)
{
	return (struct reader){ .path = path, .place = in_model, .own = &s->tensors, .n_wanted = n,
				.skip = skip, .seen = rnf_alloc(n + 1), .used = rnf_alloc(skip.n + 1) };
}

/* After all tensors came, or reading failed. */
static rnf_status finish(struct reader *r, struct rnf_session *s, rnf_status status)
{
	drop_room(r);
	rnf_fail_aside(status);
	if (status >= 0) check_missing(r);
	RNF_TRY(rnf_fail_all());
	if (s->execs[0]) s->execs[0]->stale = 1;
	return check_numbers(r->own, r->path, r->n_wanted);
}

static rnf_status read_wanted(struct rnf_session *s, const char *path, size_t n,
			      struct rnf_strings skip)
{
	const struct rnf_format_impl *format = NULL;
	struct reader r = into_model(s, path, n, skip);
	RNF_TRY(probe(path, &format));
	return finish(&r, s, read_all(&r, format));
}

/* All of the file must fit: one tensor that does not says enough. */
static rnf_status first_line(rnf_status status)
{
	return status < 0 ? rnf_fail_again(status, rnf_fail_line()) : RNF_OK;
}

static rnf_status read_whole(struct rnf_session *s, const char *path, size_t n)
{
	return first_line(read_wanted(s, path, n, (struct rnf_strings){ 0 }));
}

rnf_status rnf_weights_read(struct rnf_session *s, const char *path)
{
	return read_whole(s, path, s->tensors.n_model);
}

rnf_status rnf_weights_take(struct rnf_session *s, const char *path, struct rnf_strings skip)
{
	return read_wanted(s, path, s->tensors.n_model, skip);
}

rnf_status rnf_state_read(struct rnf_session *s, const char *path)
{
	return read_whole(s, path, s->tensors.n);
}

rnf_status rnf_weights_check(const char *path, struct rnf_contents *contents)
{
	const struct rnf_format_impl *format = NULL;
	struct reader r = { .path = path, .place = passing, .contents = contents };
	RNF_TRY(probe(path, &format));
	RNF_TRY(read_all(&r, format));
	contents->tensors = r.tensors;
	return RNF_OK;
}

rnf_status rnf_weights_load(const char *path, struct rnf_loaded *loaded)
{
	const struct rnf_format_impl *format = NULL;
	struct reader r = { .path = path, .place = held, .contents = &loaded->contents,
			    .loaded = loaded };
	loaded->path = path;
	RNF_TRY(probe(path, &format));
	const rnf_status status = read_all(&r, format);
	loaded->contents.tensors = r.tensors;
	if (status < 0) rnf_loaded_drop(loaded);
	return status;
}

rnf_status rnf_weights_put(struct rnf_session *s, struct rnf_loaded *loaded)
{
	struct reader r = into_model(s, loaded->path, s->tensors.n_model, (struct rnf_strings){ 0 });
	for (size_t i = 0; i < loaded->n && r.no_room >= 0; i++) {
		const struct rnf_named_tensor *t = &loaded->at[i];
		float *to = place(&r, t);
		if (to) memcpy(to, t->data, (size_t)rnf_tensor_size(t) * sizeof(float));
	}
	rnf_loaded_drop(loaded);
	return first_line(finish(&r, s, r.no_room));
}

void rnf_loaded_drop(struct rnf_loaded *loaded)
{
	for (size_t i = 0; i < loaded->n; i++)
		free((void *)(uintptr_t)loaded->at[i].data);
	loaded->n = 0;
}

const char *rnf_contents_text(const struct rnf_contents *contents, const char *key)
{
	for (size_t i = 0; i < contents->n; i++)
		if (!strcmp(contents->at[i].key, key)) return contents->at[i].value;
	return NULL;
}

/* -- writing -- */

/* The tensors of a block; that of the weights includes the running statistics. */
static void list_block(struct rnf_tensors *t, const struct rnf_weight_list *weights,
		       const char *prefix, const float *block, int statistics)
{
	for (size_t i = 0; i < weights->n; i++) {
		const struct rnf_model_weight *w = &weights->at[i];
		if (w->state && !statistics) continue;
		struct rnf_named_tensor *tensor =
			rnf_push((void **)&t->at, &t->n, sizeof *tensor);
		*tensor = (struct rnf_named_tensor){
			.name = rnf_format("%s%s", prefix, w->name), .rank = w->rank,
			.data = block + w->offset };
		memcpy(tensor->shape, w->shape, sizeof w->shape);
		rnf_names_add(&t->names, tensor->name, (int64_t)t->n - 1);
	}
}

static void list_slots(struct rnf_tensors *t, const struct rnf_weight_list *weights,
		       const char *prefix, float *const *slots,
		       const struct rnf_optimizer_impl *optimizer)
{
	for (size_t s = 0; slots[0] && s < optimizer->n_slots; s++)
		list_block(t, weights, rnf_format("%s" STATE_PREFIX "%s/", prefix,
						  optimizer->slots[s]), slots[s], 0);
}

void rnf_weights_list(struct rnf_session *s, const struct rnf_model *m,
		      const struct rnf_optimizer_impl *optimizer)
{
	struct rnf_tensors *t = &s->tensors;
	list_block(t, &m->weights, "", s->weights, 1);
	t->n_model = t->n;
	list_slots(t, &m->weights, "", s->slots, optimizer);
	if (!s->snapshot[0]) return;
	list_block(t, &m->weights, SNAPSHOT_PREFIX, s->snapshot[0], 1);
	list_slots(t, &m->weights, SNAPSHOT_PREFIX, s->snapshot + 1, optimizer);
}

int64_t rnf_weights_bytes(const struct rnf_tensors *t, size_t n)
{
	int64_t floats = 0;
	for (size_t i = 0; i < n; i++)
		floats += rnf_tensor_size(&t->at[i]);
	return floats * (int64_t)sizeof(float);
}

uint64_t rnf_weights_digest(const struct rnf_tensors *t, size_t n)
{
	uint64_t digest = 0;
	for (size_t i = 0; i < n; i++)
		digest += rnf_digest_tensor(&t->at[i]);
	return digest;
}

enum { TEXTS_MAX = 16 };

/* The texts and, last, the digest of everything. */
static size_t with_digest(const struct rnf_tensors *t, size_t n,
			  const struct rnf_text *texts, size_t n_texts,
			  struct rnf_text *all, char words[RNF_DIGEST_BYTES])
{
	uint64_t digest = rnf_weights_digest(t, n);
	for (size_t i = 0; i < n_texts; i++) {
		all[i] = texts[i];
		digest += rnf_digest_text(texts[i].key, texts[i].value);
	}
	rnf_digest_words(digest, words);
	all[n_texts] = (struct rnf_text){ RNF_DIGEST_KEY, words };
	return n_texts + 1;
}

/* The file must hold what was meant to be written: it may be corrupted on its way to the disk. */
static rnf_status read_back(const char *path, const char *digest)
{
	char name[PATH_MAX];
	struct reader r = { .path = rnf_file_draft(path, name), .place = passing };
	const rnf_status status = read_all(&r, native);
	if (status >= 0 && !strcmp(r.said, digest)) return RNF_OK;
	if (status == RNF_ENOMEM) return status;
	if (status < 0) return rnf_fail_again(RNF_EIO, rnf_fail_line());
	return rnf_fail(RNF_EIO, "%s does not read back as it was written", r.path);
}

rnf_status rnf_weights_write(const struct rnf_tensors *t, const char *path, size_t n,
			     const struct rnf_text *texts, size_t n_texts)
{
	struct rnf_text all[TEXTS_MAX];
	char digest[RNF_DIGEST_BYTES];
	int fd;
	RNF_TRY(rnf_native_find());
	const size_t n_all = with_digest(t, n, texts, n_texts, all, digest);
	RNF_TRY(rnf_file_begin(path, rnf_weights_bytes(t, n), &fd));
	rnf_status status = native->write(&rnf_host, fd, t->at, n, all, n_all);
	status = rnf_file_sync(path, fd, status);
	if (status >= 0) status = read_back(path, digest);
	return rnf_file_publish(path, status);
}

rnf_status rnf_weights_fit(const struct rnf_tensors *t)
{
	static const char nowhere[] = "/dev/null";
	RNF_TRY(rnf_native_find());
	const int fd = open(nowhere, O_WRONLY | O_CLOEXEC);
	if (fd < 0) return rnf_fail_errno(nowhere);
	const rnf_status status =
		native->write(&rnf_host, fd, t->at, t->n, NULL, 0);
	close(fd);
	return status < 0 ? rnf_fail_in(status, "a checkpoint cannot hold the model: ") : status;
}
