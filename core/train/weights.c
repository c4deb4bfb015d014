/* Weights, running statistics and optimizer state from and to files of whatever
 * format plugin recognises them. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/status.h"
#include "plugin/loader.h"
#include "train/setup.h"

/* Tensors of the optimizer are called this, then the slot, then the weight. */
static const char state_prefix[] = "optimizer/";

struct reader {
	struct rnf_tensor_sink sink; /* first */
	struct rnf_experiment *e;
	char *seen;
	const char *path;
};

static float *refuse(const struct reader *r, const char *what, const char *name,
		     const char *more)
{
	rnf_fail(RNF_EINVAL, "%s: %s: %s%s", r->path, what, name, more);
	return NULL;
}

static const char *shape_words(int32_t rank, const int64_t *shape)
{
	char *words = "";
	for (int i = 0; i < rank; i++)
		words = rnf_format("%s%s%lld", words, i ? " x " : "",
				   (long long)shape[i]);
	return words;
}

static float *add(struct rnf_tensor_sink *sink, const char *name, int32_t rank,
		  const int64_t *shape)
{
	struct reader *r = (struct reader *)sink;
	const struct rnf_program *p = r->e->programs[0];
	if (!strncmp(name, state_prefix, strlen(state_prefix))) {
		size_t n = 1;
		for (int i = 0; i < rank; i++)
			n *= (size_t)shape[i];
		return rnf_alloc(n * sizeof(float)); /* momenta start at zero */
	}
	for (size_t i = 0; i < p->n_weights; i++) {
		const struct rnf_model_weight *w = &p->weights[i];
		if (strcmp(w->name, name) != 0) continue;
		if (rank != w->rank ||
		    memcmp(shape, w->shape, (size_t)rank * sizeof *shape) != 0)
			return refuse(r, "shape", name,
				      rnf_format(" is %s in the file, %s in the "
						 "model",
						 shape_words(rank, shape),
						 shape_words(w->rank, w->shape)));
		r->seen[i] = 1;
		return r->e->weights + w->offset;
	}
	return refuse(r, "unexpected", name, " is not in the model");
}

static rnf_status text(struct rnf_tensor_sink *sink, const char *key,
		       const char *value)
{
	(void)sink, (void)key, (void)value;
	return RNF_OK;
}

/* The format plugin that knows the file by its first bytes. */
static rnf_status probe(const char *path, const struct rnf_format_impl **found)
{
	uint8_t head[64];
	struct stat st;
	const int there = stat(path, &st) == 0;
	if (there && !S_ISREG(st.st_mode)) /* opening a pipe would wait */
		return rnf_fail(RNF_EINVAL, "%s is %s, must be a file of weights", path,
				S_ISDIR(st.st_mode) ? "a folder" : "not a regular file");
	FILE *f = there ? fopen(path, "rbe") : NULL;
	if (!f) return rnf_fail_input(path);
	const size_t n = fread(head, 1, sizeof head, f);
	const int bad = ferror(f), cause = errno;
	fclose(f);
	errno = cause;
	if (bad) return rnf_fail_input(path);
	const struct rnf_feature **list;
	const size_t formats = rnf_loader_list("format", &list, NULL);
	for (size_t i = 0; i < formats; i++) {
		*found = list[i]->impl;
		if ((*found)->probe(head, n, (uint64_t)st.st_size)) return RNF_OK;
	}
	return rnf_fail(RNF_EINVAL, "%s: no format plugin knows this kind of file",
			path);
}

rnf_status rnf_weights_read(struct rnf_experiment *e, const char *path)
{
	const struct rnf_program *p = e->programs[0];
	const struct rnf_format_impl *format = NULL;
	struct reader r = { .sink = { add, text }, .e = e, .path = path };
	RNF_TRY(probe(path, &format));
	r.seen = rnf_alloc(p->n_weights + 1);
	RNF_TRY(format->read(&rnf_host, path, &r.sink));
	for (size_t i = 0; i < p->n_weights; i++)
		if (!r.seen[i])
			return rnf_fail(RNF_EINVAL, "%s: missing: %s (%s)", path,
					p->weights[i].name,
					shape_words(p->weights[i].rank,
						    p->weights[i].shape));
	if (e->execs[0]) e->execs[0]->stale = 1;
	return RNF_OK;
}

/* Looked for once: a listing reads folders and loads every format. */
static const struct rnf_format_impl *native(void)
{
	static const struct rnf_format_impl *found;
	const struct rnf_feature **list;
	const size_t n = found ? 0 : rnf_loader_list("format", &list, NULL);
	for (size_t i = 0; i < n && !found; i++) {
		const struct rnf_format_impl *impl = list[i]->impl;
		if ((impl->flags & RNF_FORMAT_NATIVE) && impl->write) found = impl;
	}
	return found;
}

const char *rnf_native_suffix(void)
{
	const struct rnf_format_impl *format = native();
	return format ? format->suffix : "";
}

static void push_tensor(struct rnf_experiment *e, const char *name,
			const struct rnf_model_weight *w, const float *block)
{
	struct rnf_named_tensor *t =
		rnf_push((void **)&e->tensors, &e->n_tensors, sizeof *t);
	*t = (struct rnf_named_tensor){ .name = name, .rank = w->rank,
					.data = block + w->offset };
	memcpy(t->shape, w->shape, sizeof w->shape);
}

void rnf_weights_list(struct rnf_experiment *e)
{
	const struct rnf_program *p = e->programs[0];
	const struct rnf_optimizer_impl *optimizer =
		e->conf.train.optimizer->feature->impl;
	for (size_t i = 0; i < p->n_weights; i++)
		push_tensor(e, p->weights[i].name, &p->weights[i], e->weights);
	for (size_t s = 0; e->slots[0] && s < optimizer->n_slots; s++)
		for (size_t i = 0; i < p->n_weights; i++)
			if (!p->weights[i].state)
				push_tensor(e, rnf_format("%s%s/%s", state_prefix,
							  optimizer->slots[s],
							  p->weights[i].name),
					    &p->weights[i], e->slots[s]);
}

rnf_status rnf_weights_write(const struct rnf_experiment *e, const char *path,
			     int state, const struct rnf_text *texts, size_t n_texts)
{
	const struct rnf_format_impl *format = native();
	const size_t n = state ? e->n_tensors : e->programs[0]->n_weights;
	int fd;
	if (!format)
		return rnf_fail(RNF_ENOENT, "%s: no format plugin can write it", path);
	RNF_TRY(rnf_file_begin(path, &fd));
	return rnf_file_commit(path, fd, format->write(&rnf_host, fd, e->tensors, n,
						       texts, n_texts));
}
