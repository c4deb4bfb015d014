#include "cli/words.h"

#include <string.h>

#include "base/arena.h"

/* Of one verb; NULL: of all others that take it. A value stands here if no verb's usage has it. */
static const struct row {
	const char *verb, *option, *value, *brief;
} rows[] = {
	{ NULL, "--conf", "CONF", "the conf, where it is not the first word" },
	{ "eval", "--conf", "CONF", "the conf; without --weights the first word may be one" },
	{ "predict", "--conf", "CONF", "the conf of weights that hold none" },
	{ "export", "--conf", "CONF", "the conf of weights that hold none" },
	{ "study", "--conf", "CONF", "the study or conf, where it is not the first word" },
	{ NULL, "--set", "KEY=VALUE", "set a key of the conf, as the word key.path=value does" },
	{ NULL, "--plugin-path", "DIR", "a folder of KIND/NAME.so, searched before the program's own "
	  "and after those of RNFRAME_PLUGIN_PATH" },
	{ "train", "--out", NULL, "the run folder; without it a new one below runs/NAME, where NAME "
	  "is that of the conf" },
	{ "predict", "--out", NULL, "the file to write, instead of the standard output" },
	{ "lr", "--out", NULL, "write lr.csv and lr.svg into this folder too" },
	{ "study", "--out", NULL, "the folder of the study; without it runs/NAME" },
	{ "fetch", "--out", NULL, "the folder to put the files into; without it the one where the "
	  "data set looks for them" },
	{ NULL, "--weights", "FILE", "start from the weights of this file, not from those that the "
	  "conf names or draws" },
	{ "eval", "--weights", NULL, "the weights to evaluate" },
	{ NULL, "--log", NULL, "append a line for each step to this file too" },
	{ NULL, "--resume", NULL, "go on from the newest checkpoint of the run (auto), or from this "
	  "one" },
	{ NULL, "--extend", NULL, "with --resume: make the run so many epochs longer" },
	{ NULL, "--split", NULL, "the images to evaluate (test)" },
	{ NULL, "--json", NULL, "write the figures to this file as JSON" },
	{ NULL, "--json!", NULL, "print the table as JSON" },
	{ NULL, "--probs", NULL, "write the probabilities, an array of images and classes for numpy" },
	{ NULL, "--report", NULL, "write a report into this folder: text, JSON, confusion matrix, "
	  "predictions" },
	{ NULL, "--topk", NULL, "name so many classes for each image" },
	{ NULL, "--tta", NULL, "the mean over each image and its mirror image" },
	{ NULL, "--format", NULL, "the form of the output (jsonl)" },
	{ NULL, "--sort-into", NULL, "copy each file into the folder of its class below this one" },
	{ NULL, "--link", NULL, "with --sort-into: hard links instead of copies" },
	{ NULL, "--input", NULL, "what the exported model takes: bytes, or floats that the caller has "
	  "normalised (uint8)" },
	{ NULL, "--names", NULL, "what tensors are called, and how they are laid out (rnframe)" },
	{ NULL, "--fold", NULL, "make norms a part of the convolutions before them" },
	{ NULL, "--int8", NULL, "compute in integers of 8 bits (formats: .c)" },
	{ NULL, "--calibrate", NULL, "with --int8: the number of training images that the ranges of "
	  "values are taken from (512)" },
	{ NULL, "--main", NULL, "add a main function that classifies an image file (formats: .c)" },
	{ NULL, "--measure", NULL, "compile it and say in its head how long a prediction takes "
	  "(formats: .c)" },
	{ NULL, "--top", NULL, "show so many images (64)" },
	{ NULL, "--csv", NULL, "write the table to this file as CSV" },
	{ "mistakes", "--sheet", NULL, "draw the images of both tables" },
	{ "mistakes", "--conf", "CONF", "the conf of weights that hold none" },
	{ "card", "--out", NULL, "write the card to this file instead" },
	{ NULL, "--origin", NULL, "print each key, its value and where it was set" },
	{ NULL, "--svg", NULL, "draw the graph of the layers" },
	{ NULL, "--phases", NULL, "print the ops and the steps of each phase too" },
	{ "profile", "--steps", NULL, "how many steps to measure (20)" },
	{ "lr", "--steps", NULL, "how many rates to try (100)" },
	{ "verify", "--steps", NULL, "repeat so many of the last steps" },
	{ NULL, "--mode", NULL, "what a step is: of training, or of inference (train)" },
	{ NULL, "--arm", NULL, "make the runs of this arm only; may be repeated" },
	{ NULL, "--seeds", NULL, "the seeds of each arm, instead of the study's: a range or 1,2,5" },
	{ NULL, "--jobs", NULL, "so many runs at a time (1)" },
	{ NULL, "--budget", NULL, "begin no run after this time: 90s, 30m, 2h, 1d" },
	{ NULL, "--dry-run", NULL, "print the runs, their time and memory; make none" },
	{ NULL, "--table", NULL, "print the table of the runs that are there; make none" },
	{ NULL, "--vary", NULL, "an arm for each value of this key; several keys give all "
	  "combinations" },
	{ NULL, "--random", NULL, "only so many of the combinations, drawn at random" },
	{ NULL, "--sort", NULL, "order by this column, with a - before it from the largest" },
	{ NULL, "--where", NULL, "only runs for which this is true of a column or of a key of the "
	  "conf; may be repeated" },
	{ NULL, "--sheet", NULL, "draw the first images of each class" },
	{ NULL, "--data", NULL, "the folder of images" },
	{ NULL, "--like", NULL, "the conf whose model and recipe the new one takes "
	  "(se_mxresnet20)" },
	{ NULL, "--mirror", NULL, "where to take the files from, instead of their usual place" },
};

const struct rnf_pair rnf_exit_words[] = {
	{ "0", "done" },
	{ "1", "an internal error, or no memory" },
	{ "2", "bad input of any kind: a conf, an option, a file" },
	{ "3", "the storage or the network failed" },
	{ "4", "numbers that are not finite" },
	{ "5", "a plugin failed" },
	{ "75", "stopped by a signal; the run can be resumed" },
	{ NULL, NULL },
};

const struct rnf_pair rnf_environment[] = {
	{ "RNFRAME_PLUGIN_PATH", "a folder of plugins, KIND/NAME.so, that is searched first" },
	{ "RNF_ISA", "portable, avx2, avx512 or avx512bf16: the instruction set of the backend "
	  "native; the default is the best that this processor supports" },
	{ "XDG_CACHE_HOME", "the folder below which decoded images are kept; the default is ~/.cache" },
	{ NULL, NULL },
};

static const struct row *row_of(const struct rnf_verb *verb, const char *option)
{
	const struct row *any = NULL;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (strcmp(rows[i].option, option)) continue;
		if (!rows[i].verb) any = &rows[i];
		else if (!strcmp(rows[i].verb, verb->name)) return &rows[i];
	}
	return any;
}

/* "DIR" of "[--out DIR]" in the usage; "" where the option stands alone; NULL: it has no such
 * option. */
static const char *value_in(const char *usage, const char *option)
{
	const size_t n = strlen(option);
	for (const char *at = usage; (at = strstr(at, option)); at += n) {
		if (!strchr(" ])", at[n])) continue;
		const char *value = at + n + (at[n] == ' ');
		return rnf_strndup(value, strchr("[|", *value) ? 0 : strcspn(value, " ]);"));
	}
	return NULL;
}

int rnf_option_words(const struct rnf_verb *verb, size_t i, struct rnf_option_words *w)
{
	size_t n = 0;
	while (verb->options[n]) n++;
	if (i > n) return 0;
	const char *declared = i < n ? verb->options[i] : "--plugin-path";
	const struct row *row = row_of(verb, declared);
	w->name = rnf_strndup(declared, strcspn(declared, "!"));
	w->value = value_in(verb->usage, w->name);
	if (!w->value) w->value = row && row->value ? row->value : "";
	w->brief = row ? row->brief : "";
	return 1;
}

void rnf_verb_print(const struct rnf_verb *verb, FILE *out)
{
	struct rnf_option_words w;
	fprintf(out, "  rnframe %s%s%s\n      %s\n", verb->name, *verb->usage ? " " : "",
		verb->usage, verb->brief);
	for (size_t i = 0; rnf_option_words(verb, i, &w); i++)
		fprintf(out, "    %s%s%s\n        %s\n", w.name, *w.value ? " " : "", w.value, w.brief);
}
