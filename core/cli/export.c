/* rnframe export RUN|WEIGHTS FILE: the plugin of kind "export" whose suffix FILE has writes it. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/running.h"
#include "base/status.h"
#include "cli/cli.h"
#include "plugin/answer.h"
#include "plugin/loader.h"
#include "run/subject.h"
#include "run/texts.h"
#include "train/export.h"
#include "train/weights.h"

/* Options that are keys of the plugin. */
static const struct {
	const char *name, *key;
	size_t offset;
} keys[] = {
	{ "--input", "input", offsetof(struct rnf_options, input) },
	{ "--names", "names", offsetof(struct rnf_options, names) },
	{ "--fold", "fold", offsetof(struct rnf_options, fold) },
};

static const struct rnf_export_impl *impl_of(const struct rnf_feature *f)
{
	return f->impl;
}

static const char *without_folders(const char *file)
{
	const char *slash = strrchr(file, '/');
	return slash ? slash + 1 : file;
}

/* The one whose suffix is the longest that the name has. */
static rnf_status find_plugin(const char *file, const struct rnf_feature **found)
{
	const struct rnf_feature **list;
	const char *words = "";
	size_t n;
	RNF_TRY(rnf_loader_all("export", &list, &n));
	*found = NULL;
	for (size_t i = 0; i < n; i++) {
		const char *suffix = impl_of(list[i])->suffix;
		words = rnf_format("%s%s%s", words, i ? ", " : "", suffix);
		if (rnf_file_ends(without_folders(file), suffix) &&
		    (!*found || strlen(suffix) > strlen(impl_of(*found)->suffix)))
			*found = list[i];
	}
	if (*found) return RNF_OK;
	return rnf_fail(RNF_EINVAL, "%s: its suffix says what it is to be, one of %s", file,
			n ? words : "none: there is no plugin of kind export");
}

/* Fill the plugin's configuration from the options. */
static rnf_status configure(const struct rnf_feature *f, const struct rnf_options *o,
			    const struct rnf_ref **ref)
{
	struct rnf_conf *root = rnf_conf_add(NULL, NULL, RNF_CONF_GROUP, "--set", 0);
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		const char *value = *(const char *const *)((const char *)o + keys[i].offset);
		if (!value) continue;
		if (!rnf_param_row(f->params, keys[i].key))
			return rnf_fail(RNF_EINVAL, "%s does not apply to %s files", keys[i].name,
					impl_of(f)->suffix);
		struct rnf_conf *node = rnf_conf_add(root, keys[i].key, RNF_CONF_RAW,
						     keys[i].name, 0);
		node->s = strcmp(value, keys[i].name) ? value : "true";
	}
	struct rnf_ref *to = rnf_alloc(sizeof *to);
	void *conf = rnf_alloc(f->params ? f->params->conf_size : 1);
	*to = (struct rnf_ref){ .feature = f, .conf = conf };
	*ref = to;
	return f->params ? rnf_param_fill(root, f->params, conf) : RNF_OK;
}

/* leaf of DIR/leaf.onnx */
static const char *name_of(const char *file, const char *suffix)
{
	const char *name = without_folders(file);
	return rnf_strndup(name, strlen(name) - strlen(suffix));
}

static rnf_status write_file(const struct rnf_ref *ref, const char *file,
			     const struct rnf_export_model *model, int64_t bytes)
{
	const struct rnf_export_impl *impl = ref->feature->impl;
	int fd;
	RNF_TRY(rnf_file_begin(file, bytes, &fd));
	rnf_answer_begin();
	rnf_running_set(ref->feature);
	rnf_status status = impl->write(ref->conf, &rnf_host, fd, name_of(file, impl->suffix),
					model);
	rnf_running_set(NULL);
	status = rnf_answer(ref->feature, "write", status);
	return rnf_file_commit(file, fd, status);
}

static void print_done(const struct rnf_experiment *e, const char *file)
{
	printf("%s: %lld parameters, input %lld x %lld x %lld, %lld classes\n", file,
	       (long long)rnf_program_parameters(e->model.programs[0]), (long long)e->model.hwc[0],
	       (long long)e->model.hwc[1], (long long)e->model.hwc[2], (long long)e->model.classes);
}

static rnf_status export_model(struct rnf_experiment *e, const struct rnf_options *o)
{
	const struct rnf_subject words = { o->words[0], o->conf, o->sets, o->n_sets };
	const char *file = o->words[1], *weights = NULL;
	const struct rnf_feature *f = NULL;
	const struct rnf_ref *ref = NULL;
	struct rnf_text texts[RNF_MODEL_TEXTS];
	struct rnf_export_model model;
	RNF_TRY(find_plugin(file, &f));
	RNF_TRY(configure(f, o, &ref));
	RNF_TRY(rnf_file_writable(file));
	RNF_TRY(rnf_subject_read(e, &words, &weights));
	if (rnf_file_same(weights, file))
		return rnf_fail(RNF_EINVAL, "%s is the model itself", file);
	RNF_TRY(rnf_subject_shapes(e, weights));
	RNF_TRY(rnf_export_load(e, weights));
	rnf_texts_model(e, texts);
	const char *suffix = impl_of(f)->suffix;
	RNF_TRY(rnf_export_view(e, rnf_format("%s files", suffix),
				!(impl_of(f)->flags & RNF_EXPORT_TENSORS), texts, RNF_MODEL_TEXTS,
				&model));
	RNF_TRY(write_file(ref, file, &model, rnf_weights_bytes(&e->session.tensors, model.n_tensors)));
	print_done(e, file);
	return RNF_OK;
}

rnf_status rnf_verb_export(const struct rnf_options *o)
{
	struct rnf_experiment *e = rnf_alloc(sizeof *e);
	if (o->n_words != 2)
		return rnf_fail(RNF_EINVAL, "export needs a run folder or a file of weights, and the "
				"file to write: rnframe export RUN model.onnx");
	return export_model(e, o);
}
