#include "run/subject.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/status.h"
#include "plugin/loader.h"
#include "run/live.h"
#include "run/past.h"
#include "run/texts.h"
#include "train/weights.h"

static rnf_status find_weights(const char *word, const char **weights)
{
	*weights = word;
	if (access(word, F_OK) != 0)
		return rnf_fail(RNF_ENOENT, "%s: there is no such run folder or file of weights",
				word);
	if (!rnf_is_folder(word))
		return !rnf_file_ends(word, ".cfg") ? RNF_OK
			: rnf_fail(RNF_EINVAL, "%s is a conf, must be a run folder or a file of weights",
				   word);
	if (!rnf_past_is_there(word))
		return rnf_fail(RNF_EINVAL, "%s is a folder, but not that of a run", word);
	RNF_TRY(rnf_native_find());
	*weights = rnf_format("%s/model%s", word, rnf_native_suffix());
	if (access(*weights, F_OK) == 0) return RNF_OK;
	return rnf_fail(RNF_ENOENT, "%s has no model%s, which a run writes at its end: name one of "
			"its checkpoints", word, rnf_native_suffix());
}

static rnf_status read_inner(struct rnf_experiment *e, const struct rnf_subject *s)
{
	const char *text = rnf_contents_text(&s->file.contents, RNF_TEXT_CONF);
	if (!text)
		return rnf_fail(RNF_EINVAL, "%s has no conf inside: name it by --conf", s->file.path);
	RNF_TRY(rnf_conf_parse(s->file.path, text, &e->conf.tree));
	rnf_live_drop_machine(e->conf.tree);
	RNF_TRY(rnf_loader_any());
	return rnf_config_override(&e->conf, s->sets, s->n_sets);
}

rnf_status rnf_subject_read(struct rnf_experiment *e, struct rnf_subject *s)
{
	const char *weights = s->file.path, *conf = s->conf;
	if (!weights) RNF_TRY(find_weights(s->model, &weights));
	if (!conf && rnf_is_folder(s->model)) conf = rnf_format("%s/conf.cfg", s->model);
	if (conf) RNF_TRY(rnf_config_read(&e->conf, conf, s->sets, s->n_sets));
	RNF_TRY(rnf_weights_load(weights, &s->file));
	return conf ? RNF_OK : read_inner(e, s);
}

rnf_status rnf_subject_alone(struct rnf_experiment *e, struct rnf_subject *s)
{
	static const char *const needed[] = { RNF_TEXT_CONF, RNF_TEXT_CLASSES, RNF_TEXT_INPUT };
	if (access(s->model, F_OK) != 0)
		return rnf_fail(RNF_ENOENT, "%s: there is no such file", s->model);
	RNF_TRY(rnf_native_check(s->model));
	RNF_TRY(rnf_weights_load(s->model, &s->file));
	for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
		if (!rnf_contents_text(&s->file.contents, needed[i]))
			return rnf_fail(RNF_EINVAL, "%s holds weights, but not all of the model: its text "
					"%s is missing", s->model, needed[i]);
	return read_inner(e, s);
}

rnf_status rnf_subject_shapes(struct rnf_experiment *e, const struct rnf_subject *s)
{
	rnf_dataset_describe(&e->data, &e->conf); /* the file knows better */
	RNF_TRY(rnf_texts_shapes(s->file.path, &s->file.contents, &e->data.info));
	return rnf_experiment_shapes(e);
}

static rnf_status check_classes(const struct rnf_dataset_info *info, const struct rnf_subject *s)
{
	const char *file = s->file.path;
	struct rnf_dataset_info said = { .names = NULL };
	RNF_TRY(rnf_texts_shapes(file, &s->file.contents, &said));
	if (!said.names || !info->names) return RNF_OK;
	if (said.classes != info->classes)
		return rnf_fail(RNF_EINVAL, "%s: classes of the model: %" PRId64 ", of the data: %" PRId64,
				file, said.classes, info->classes);
	for (int64_t i = 0; i < said.classes; i++)
		if (strcmp(said.names[i], info->names[i]) != 0)
			return rnf_fail(RNF_EINVAL, "%s: class %" PRId64 " of the model is \"%s\", of the "
					"data \"%s\"", file, i, said.names[i], info->names[i]);
	return RNF_OK;
}

rnf_status rnf_subject_data(struct rnf_experiment *e, struct rnf_subject *s)
{
	RNF_TRY(rnf_subject_read(e, s));
	RNF_TRY(rnf_dataset_open(&e->data, &e->conf));
	RNF_TRY(check_classes(&e->data.info, s));
	return rnf_experiment_shapes(e);
}

rnf_status rnf_subject_build(struct rnf_experiment *e, struct rnf_subject *s)
{
	RNF_TRY(rnf_experiment_build(e, 0));
	return rnf_weights_put(&e->session, &s->file);
}
