/* Checks the files that a verb will write before its work begins, which may take hours. */
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/status.h"
#include "cli/cli.h"

struct row {
	const char *name;
	size_t offset;
	const char *ending; /* of a picture's name; NULL: any */
};
static const struct row outputs[] = {
	{ "--json", offsetof(struct rnf_options, json), NULL },
	{ "--probs", offsetof(struct rnf_options, probs), NULL },
	{ "--csv", offsetof(struct rnf_options, csv), NULL },
	{ "--sheet", offsetof(struct rnf_options, sheet), ".png" },
	{ "--log", offsetof(struct rnf_options, log), NULL },
	{ "--svg", offsetof(struct rnf_options, svg), ".svg" },
};
static const struct row inputs[] = {
	{ "the conf", offsetof(struct rnf_options, conf), NULL },
	{ "--weights", offsetof(struct rnf_options, weights), NULL },
	{ "--resume", offsetof(struct rnf_options, resume), NULL },
};
enum {
	N_OUTPUTS = sizeof outputs / sizeof *outputs,
	N_INPUTS = sizeof inputs / sizeof *inputs,
};

/* NULL, too, where the verb takes --json without a file: its value is then its name. */
static const char *value(const struct rnf_options *o, const struct row *row)
{
	const char *v = *(const char *const *)((const char *)o + row->offset);
	return v && strcmp(v, row->name) ? v : NULL;
}

rnf_status rnf_output_apart(const char *option, const char *output, const char *input)
{
	if (!rnf_file_same(output, input)) return RNF_OK;
	return rnf_fail(RNF_EINVAL, "%s names a file that is read: %s", option, output);
}

static rnf_status check_words(const struct rnf_options *o, const struct row *output)
{
	for (size_t i = 0; i < o->n_words; i++)
		RNF_TRY(rnf_output_apart(output->name, value(o, output), o->words[i]));
	return RNF_OK;
}

static rnf_status check_pair(const struct rnf_options *o, const struct row *output,
			     const struct row *other)
{
	const char *a = value(o, output), *b = value(o, other);
	if (output == other || !a || !b || !rnf_file_same(a, b)) return RNF_OK;
	return rnf_fail(RNF_EINVAL, "%s and %s name one file: %s", other->name, output->name,
			a);
}

/* A viewer goes by the name: a PNG called .jpg looks broken. */
static rnf_status check_ending(const struct rnf_options *o, const struct row *output)
{
	const char *file = value(o, output);
	if (!output->ending || rnf_file_ends(file, output->ending)) return RNF_OK;
	return rnf_fail(RNF_EINVAL, "%s writes a %s file: %s has another ending", output->name,
			output->ending, file);
}

rnf_status rnf_outputs_check(const struct rnf_options *o)
{
	for (size_t i = 0; i < N_OUTPUTS; i++) {
		if (!value(o, &outputs[i])) continue;
		for (size_t j = 0; j < N_INPUTS; j++)
			RNF_TRY(check_pair(o, &outputs[i], &inputs[j]));
		for (size_t j = 0; j < i; j++)
			RNF_TRY(check_pair(o, &outputs[i], &outputs[j]));
		RNF_TRY(check_words(o, &outputs[i]));
		RNF_TRY(check_ending(o, &outputs[i]));
		RNF_TRY(rnf_file_writable(value(o, &outputs[i])));
	}
	return RNF_OK;
}

rnf_status rnf_output_folder(const char *option, const char *dir)
{
	if (!dir) return RNF_OK;
	if (access(dir, F_OK) == 0 && !rnf_is_folder(dir))
		return rnf_fail(RNF_EINVAL, "%s is %s, must be a folder", option, dir);
	return rnf_folder_writable(dir);
}
