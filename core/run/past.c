#include "run/past.h"

#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/status.h"
#include "train/digest.h"

static const char *word(const json_t *run, const char *key, const char *otherwise)
{
	const char *text = json_string_value(json_object_get(run, key));
	return text ? rnf_strndup(text, strlen(text)) : otherwise;
}

/* 0 for nonsense values too. */
static int64_t count(const json_t *run, const char *key)
{
	const json_int_t n = json_integer_value(json_object_get(run, key));
	return n > 0 ? n : 0;
}

static void read_went_on(struct rnf_past *past, const json_t *list)
{
	past->n_went_on = json_array_size(list);
	past->went_on = rnf_alloc(past->n_went_on * sizeof *past->went_on);
	for (size_t i = 0; i < past->n_went_on; i++) {
		const json_t *entry = json_array_get(list, i);
		past->went_on[i] = (struct rnf_went_on){ count(entry, "step"),
							 count(entry, "epochs") };
	}
}

struct rnf_past rnf_past_of(const json_t *run)
{
	struct rnf_past past = {
		.state = word(run, "state", ""), .started = word(run, "started", ""),
		.weights = word(run, "weights", NULL),
		.digest = word(run, "weights_digest", NULL),
		.step = count(run, "step"), .epochs = count(run, "epochs"),
		.first_epochs = count(run, "first_epochs") };
	read_went_on(&past, json_object_get(run, "resumed"));
	return past;
}

static const char *path_of(const char *dir)
{
	return rnf_format("%s/run.json", dir);
}

const char *rnf_past_folder(const char *name)
{
	return rnf_format("runs/%s", name);
}

int rnf_past_is_there(const char *dir)
{
	return access(path_of(dir), F_OK) == 0;
}

struct rnf_past rnf_past_read(const char *dir)
{
	json_t *run = rnf_json_read(path_of(dir));
	const struct rnf_past past = rnf_past_of(run);
	json_decref(run);
	return past;
}

/* A run that went back has made later steps again: the last entry counts. */
int64_t rnf_past_epochs(const struct rnf_past *past, int64_t step)
{
	int64_t epochs = past->first_epochs;
	for (size_t i = 0; i < past->n_went_on; i++)
		if (past->went_on[i].step < step && past->went_on[i].epochs > 0)
			epochs = past->went_on[i].epochs;
	return epochs > 0 ? epochs : past->epochs;
}

rnf_status rnf_past_digest(const char *path, const char **words)
{
	uint64_t digest;
	char text[RNF_DIGEST_BYTES];
	RNF_TRY(rnf_digest_file(path, &digest));
	rnf_digest_words(digest, text);
	*words = rnf_format("%s", text);
	return RNF_OK;
}

rnf_status rnf_past_weights(const struct rnf_past *past, struct rnf_experiment *e)
{
	const char *now = NULL;
	if (!past->weights) return rnf_experiment_weights(e, NULL);
	if (access(past->weights, R_OK) != 0)
		return rnf_fail(RNF_ENOENT, "the run started from the weights %s, which "
				"cannot be read any more", past->weights);
	RNF_TRY(rnf_past_digest(past->weights, &now));
	if (past->digest && strcmp(now, past->digest) != 0)
		return rnf_fail(RNF_ENOENT, "the run started from the weights %s, which "
				"have changed since", past->weights);
	return rnf_experiment_weights(e, past->weights);
}
