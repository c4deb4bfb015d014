/* rnframe export RUN|WEIGHTS FILE: the plugin whose suffix FILE has writes it, of kind "export" or
 * a format of tensors. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/running.h"
#include "base/status.h"
#include "cli/cli.h"
#include "cli/suffix.h"
#include "plugin/answer.h"
#include "plugin/loader.h"
#include "run/subject.h"
#include "run/texts.h"
#include "run/torch.h"
#include "train/export.h"
#include "train/watch.h"
#include "train/weights.h"

/* Options that are keys of the plugin. */
static const struct {
	const char *name, *key;
	size_t offset;
} keys[] = {
	{ "--input", "input", offsetof(struct rnf_options, input) },
	{ "--fold", "fold", offsetof(struct rnf_options, fold) },
	{ "--int8", "int8", offsetof(struct rnf_options, int8) },
	{ "--calibrate", "calibrate", offsetof(struct rnf_options, calibrate) },
	{ "--main", "main", offsetof(struct rnf_options, main) },
	{ "--measure", "measure", offsetof(struct rnf_options, measure) },
};

/* What writes the file: one of the two. */
struct target {
	const struct rnf_feature *feature;
	const struct rnf_export_impl *export;
	const struct rnf_format_impl *format;
	const char *suffix;
	const void *conf;
};

static rnf_status find_target(const char *file, struct target *t)
{
	const struct rnf_feature **list;
	struct rnf_suffixes suffixes = { .file = file };
	size_t n;
	RNF_TRY(rnf_loader_all("export", &list, &n));
	for (size_t i = 0; i < n; i++) {
		const struct rnf_export_impl *impl = list[i]->impl;
		if (rnf_suffix_offer(&suffixes, impl->suffix))
			*t = (struct target){ list[i], impl, NULL, impl->suffix, NULL };
	}
	RNF_TRY(rnf_loader_all("format", &list, &n));
	for (size_t i = 0; i < n; i++) {
		const struct rnf_format_impl *impl = list[i]->impl;
		if (impl->write && rnf_suffix_offer(&suffixes, impl->suffix))
			*t = (struct target){ list[i], NULL, impl, impl->suffix, NULL };
	}
	return rnf_suffix_check(&suffixes, "no plugin that exports models is built");
}

/* Does the file hold tensors alone? Then they may have other names. */
static int is_of_tensors(const struct target *t)
{
	return t->format || t->export->flags & RNF_EXPORT_TENSORS;
}

static rnf_status check_names(const struct target *t, const char *names)
{
	if (!names) return RNF_OK;
	if (!is_of_tensors(t))
		return rnf_fail(RNF_EINVAL, "--names does not apply to %s files", t->suffix);
	if (!strcmp(names, "torch") || !strcmp(names, "rnframe")) return RNF_OK;
	return rnf_fail(RNF_EINVAL, "--names is \"%s\", must be \"rnframe\" or \"torch\"", names);
}

/* Fill the plugin's configuration from the options. */
static rnf_status configure(struct target *t, const struct rnf_options *o)
{
	const struct rnf_params *params = t->feature->params;
	struct rnf_conf *root = rnf_conf_add(NULL, NULL, RNF_CONF_GROUP, "--set", 0);
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		const char *value = *(const char *const *)((const char *)o + keys[i].offset);
		if (!value) continue;
		if (t->format || !rnf_param_row(params, keys[i].key))
			return rnf_fail(RNF_EINVAL, "%s does not apply to %s files", keys[i].name,
					t->suffix);
		struct rnf_conf *node = rnf_conf_add(root, keys[i].key, RNF_CONF_RAW,
						     keys[i].name, 0);
		node->s = strcmp(value, keys[i].name) ? value : "true";
	}
	RNF_TRY(check_names(t, o->names));
	if (t->format || !params) return RNF_OK;
	void *conf = rnf_alloc(params->conf_size);
	t->conf = conf;
	return rnf_param_fill(root, params, conf);
}

/* leaf of DIR/leaf.onnx */
static const char *name_of(const char *file, const char *suffix)
{
	const char *name = rnf_file_name(file);
	return rnf_strndup(name, strlen(name) - strlen(suffix));
}

static rnf_status write_file(const struct target *t, const char *file,
			     const struct rnf_export_model *m, int64_t bytes)
{
	int fd;
	RNF_TRY(rnf_file_begin(file, bytes, &fd));
	rnf_answer_begin();
	rnf_running_set(t->feature);
	rnf_status status = t->export
		? t->export->write(t->conf, &rnf_host, fd, name_of(file, t->suffix), m)
		: t->format->write(&rnf_host, fd, m->tensors, m->n_tensors, m->texts, m->n_texts);
	rnf_running_set(NULL);
	status = rnf_answer(t->feature, "write", status);
	return rnf_file_commit(file, fd, status);
}

static void print_done(const struct rnf_experiment *e, const char *file)
{
	printf("%s: %lld parameters, input %lld x %lld x %lld, %lld class%s\n", file,
	       (long long)rnf_program_parameters(e->model.programs[0]), (long long)e->model.hwc[0],
	       (long long)e->model.hwc[1], (long long)e->model.hwc[2], (long long)e->model.classes,
	       e->model.classes == 1 ? "" : "es");
}

static rnf_status export_model(struct rnf_experiment *e, struct rnf_subject *subject,
			       const struct rnf_options *o)
{
	const char *file = o->words[1];
	struct target t = { 0 };
	struct rnf_text texts[RNF_MODEL_TEXTS];
	struct rnf_export_model model;
	RNF_TRY(find_target(file, &t));
	RNF_TRY(configure(&t, o));
	RNF_TRY(rnf_file_writable(file));
	RNF_TRY(rnf_subject_read(e, subject));
	if (rnf_file_same(subject->file.path, file))
		return rnf_fail(RNF_EINVAL, "%s is the model itself", file);
	RNF_TRY(rnf_subject_shapes(e, subject));
	RNF_TRY(rnf_export_load(e, &subject->file));
	rnf_texts_model(e, texts);
	RNF_TRY(rnf_export_view(e, rnf_format("%s files", t.suffix), !is_of_tensors(&t), texts,
				RNF_MODEL_TEXTS, &model));
	rnf_watch_offer(e, &model);
	if (o->names && !strcmp(o->names, "torch"))
		model.tensors = rnf_torch_tensors(model.tensors, model.n_tensors);
	RNF_TRY(write_file(&t, file, &model,
			   rnf_weights_bytes(&e->session.tensors, model.n_tensors)));
	print_done(e, file);
	return RNF_OK;
}

rnf_status rnf_verb_export(const struct rnf_options *o)
{
	struct rnf_experiment *e = rnf_alloc(sizeof *e);
	if (o->n_words != 2)
		return rnf_fail(RNF_EINVAL, "export needs a run folder or a file of weights, and the "
				"file to write: rnframe export RUN model.onnx");
	struct rnf_subject subject = { o->words[0], o->conf, o->sets, o->n_sets, { 0 } };
	const rnf_status status = export_model(e, &subject, o);
	rnf_loaded_drop(&subject.file);
	return status;
}
