#include "run/texts.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/status.h"
#include "run/live.h"

enum { CLASSES_MAX = 1 << 20, PIXELS_MAX = 65536, CHANNELS_MAX = 4096 };

/* -- writing -- */

static const char *conf_text(const struct rnf_conf *tree)
{
	struct rnf_conf *copy = rnf_conf_copy(tree, NULL);
	rnf_live_drop_machine(copy);
	return rnf_conf_text(copy);
}

static const char *kept(json_t *json)
{
	char *text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
	const char *copy = rnf_format("%s", text ? text : "null");
	free(text);
	json_decref(json);
	return copy;
}

static const char *classes_text(const struct rnf_dataset_info *info)
{
	if (!info->names) return kept(json_integer(info->classes));
	json_t *names = json_array();
	for (int64_t i = 0; i < info->classes; i++)
		json_array_append_new(names, rnf_json_word(info->names[i]));
	return kept(names);
}

static const char *input_text(const int64_t hwc[3])
{
	return kept(json_pack("[I, I, I]", (json_int_t)hwc[0], (json_int_t)hwc[1],
			      (json_int_t)hwc[2]));
}

void rnf_texts_model(const struct rnf_experiment *e, struct rnf_text texts[RNF_MODEL_TEXTS])
{
	const struct rnf_text all[RNF_MODEL_TEXTS] = {
		{ "rnframe.name", e->conf.root.name }, { "rnframe.version", RNF_VERSION },
		{ RNF_TEXT_CONF, conf_text(e->conf.tree) },
		{ RNF_TEXT_CLASSES, classes_text(&e->data.info) },
		{ RNF_TEXT_INPUT, input_text(e->model.hwc) },
	};
	for (int i = 0; i < RNF_MODEL_TEXTS; i++)
		texts[i] = all[i];
}

/* -- reading -- */

static rnf_status refuse(const char *path, const char *key, const char *must)
{
	return rnf_fail(RNF_EINVAL, "%s: its text %s must be %s", path, key, must);
}

static rnf_status take_names(const char *path, const json_t *names, struct rnf_dataset_info *info)
{
	const size_t n = json_array_size(names);
	const char **list = rnf_alloc((n + 1) * sizeof *list);
	for (size_t i = 0; i < n; i++) {
		const char *name = json_string_value(json_array_get(names, i));
		if (!name || !*name) return refuse(path, RNF_TEXT_CLASSES, "a list of names");
		list[i] = rnf_format("%s", name);
	}
	info->names = list;
	info->classes = (int64_t)n;
	return RNF_OK;
}

static rnf_status take_classes(const char *path, const json_t *json,
			       struct rnf_dataset_info *info)
{
	if (json_is_array(json)) {
		RNF_TRY(take_names(path, json, info));
	} else {
		info->names = NULL;
		info->classes = json_integer_value(json);
	}
	return info->classes >= 1 && info->classes <= CLASSES_MAX ? RNF_OK
		: refuse(path, RNF_TEXT_CLASSES, "a list of names or a number of classes");
}

static rnf_status take_input(const char *path, const json_t *json,
			     struct rnf_dataset_info *info)
{
	int64_t *const to[3] = { &info->h, &info->w, &info->c };
	int bad = json_array_size(json) != 3;
	for (size_t i = 0; i < 3; i++) {
		*to[i] = json_integer_value(json_array_get(json, i));
		bad |= *to[i] < 1 || *to[i] > (i == 2 ? CHANNELS_MAX : PIXELS_MAX);
	}
	return bad ? refuse(path, RNF_TEXT_INPUT, "[height, width, channels]") : RNF_OK;
}

static rnf_status take(const char *path, const struct rnf_contents *contents, const char *key,
		       rnf_status (*taker)(const char *, const json_t *,
					   struct rnf_dataset_info *),
		       struct rnf_dataset_info *info)
{
	const char *text = rnf_contents_text(contents, key);
	if (!text) return RNF_OK;
	json_t *json = json_loads(text, JSON_DECODE_ANY, NULL);
	if (!json) return refuse(path, key, "JSON");
	const rnf_status status = taker(path, json, info);
	json_decref(json);
	return status;
}

rnf_status rnf_texts_shapes(const char *path, const struct rnf_contents *contents,
			    struct rnf_dataset_info *info)
{
	RNF_TRY(take(path, contents, RNF_TEXT_CLASSES, take_classes, info));
	return take(path, contents, RNF_TEXT_INPUT, take_input, info);
}
