#include "cli/words.h"

#include <string.h>

#include "base/arena.h"

/* Words for an option of one verb, or (NULL) of all other verbs that take it. The value stands here
 * if the usage of a verb does not have it. */
static const struct row {
	const char *verb, *option, *value, *brief;
} rows[] = {
	{ NULL, "--conf", "CONF", "the conf, if it is not the first argument" },
	{ "eval", "--conf", "CONF", "the conf of the weights that --weights names, if it is not the "
	  "first argument" },
	{ "predict", "--conf", "CONF", "the conf of weights that hold none" },
	{ "export", "--conf", "CONF", "the conf of weights that hold none" },
	{ "study", "--conf", "CONF", "the study or conf, if it is not the first argument" },
	{ NULL, "--set", "KEY=VALUE", "set a key of the conf, as the argument key.path=value does" },
	{ NULL, "--plugin-path", "DIR", "a folder of KIND/NAME.so, searched before the program's own "
	  "and after those of RNFRAME_PLUGIN_PATH" },
	{ "train", "--out", NULL, "the run folder; without it a new folder in runs/NAME, NAME being "
	  "that of the conf" },
	{ "predict", "--out", NULL, "the file to write, instead of the standard output" },
	{ "lr", "--out", NULL, "write lr.csv and lr.svg into this folder too" },
	{ "study", "--out", NULL, "the folder of the study; without it runs/NAME" },
	{ "fetch", "--out", NULL, "the folder for the files; without it the one where the data set "
	  "searches for them" },
	{ NULL, "--weights", "FILE", "start from the weights of this file, not from those that the "
	  "conf names or draws" },
	{ "eval", "--weights", NULL, "the weights to evaluate" },
	{ NULL, "--log", NULL, "append a line for each step to this file too" },
	{ NULL, "--resume", NULL, "resume from the newest checkpoint of the run (auto), or from this "
	  "file" },
	{ NULL, "--extend", NULL, "with --resume: the number of epochs to add to the run" },
	{ NULL, "--split", NULL, "the images to evaluate (test)" },
	{ NULL, "--json", NULL, "write the figures to this file as JSON" },
	{ NULL, "--json!", NULL, "print the table as JSON" },
	{ NULL, "--probs", NULL, "write the probabilities, an array of images and classes for numpy" },
	{ NULL, "--report", NULL, "write a report into this folder: text, JSON, confusion matrix, "
	  "predictions" },
	{ NULL, "--topk", NULL, "the number of classes that are printed for each image" },
	{ NULL, "--tta", NULL, "the mean of the probabilities of each image and of its mirror image" },
	{ NULL, "--format", NULL, "the format of the output (jsonl)" },
	{ NULL, "--sort-into", NULL, "copy each image into DIR/CLASS" },
	{ NULL, "--link", NULL, "with --sort-into: hard links instead of copies" },
	{ NULL, "--input", NULL, "what the exported model takes: bytes, or floats that the caller has "
	  "normalised (uint8)" },
	{ NULL, "--names", NULL, "the names and the layout of the tensors (rnframe)" },
	{ NULL, "--fold", NULL, "fold norms into the convolutions before them" },
	{ NULL, "--int8", NULL, "compute in integers of 8 bits (formats: .c)" },
	{ NULL, "--calibrate", NULL, "with --int8: the number of training images that give the ranges of "
	  "values (512)" },
	{ NULL, "--main", NULL, "add a main function that classifies an image file (formats: .c)" },
	{ NULL, "--measure", NULL, "compile the file, measure it, and write into its head how long a "
	  "prediction takes (formats: .c)" },
	{ NULL, "--top", NULL, "the number of images in each list (64)" },
	{ NULL, "--csv", NULL, "write the table to this file as CSV" },
	{ "mistakes", "--sheet", NULL, "draw the images of both lists" },
	{ "mistakes", "--conf", "CONF", "the conf of weights that hold none" },
	{ "card", "--out", NULL, "the file to write, instead of the standard output" },
	{ NULL, "--origin", NULL, "print each key, its value and where it was set" },
	{ NULL, "--svg", NULL, "draw the graph of the layers into this file" },
	{ NULL, "--phases", NULL, "print the ops and the steps of each phase too" },
	{ "profile", "--steps", NULL, "the number of steps to measure (20)" },
	{ "lr", "--steps", NULL, "the number of rates to try (100)" },
	{ "verify", "--steps", NULL, "the number of last steps to repeat" },
	{ NULL, "--mode", NULL, "measure steps of training or of inference (train)" },
	{ NULL, "--arm", NULL, "make the runs of this arm only; may be repeated" },
	{ NULL, "--seeds", NULL, "the seeds of each arm, instead of the study's: a range or 1,2,5" },
	{ NULL, "--jobs", NULL, "the number of runs made at a time (1)" },
	{ NULL, "--budget", NULL, "start no run after this time: 90s, 30m, 2h, 1d" },
	{ NULL, "--dry-run", NULL, "print the runs, their time and memory; make none" },
	{ NULL, "--table", NULL, "print the table of the finished runs; make none" },
	{ NULL, "--vary", NULL, "an arm for each value of this key; several keys give all "
	  "combinations" },
	{ NULL, "--random", NULL, "the number of combinations to draw at random, instead of all" },
	{ NULL, "--sort", NULL, "sort by this column; -COLUMN: the largest first" },
	{ NULL, "--where", NULL, "list only runs for which this holds, of a column or of a key of the "
	  "conf; may be repeated" },
	{ NULL, "--sheet", NULL, "draw the first images of each class" },
	{ NULL, "--data", NULL, "the folder of images" },
	{ NULL, "--like", NULL, "the conf whose model and recipe the new one takes "
	  "(se_mxresnet20)" },
	{ NULL, "--mirror", NULL, "take the files from here, not from their usual place" },
};

const struct rnf_pair rnf_exit_words[] = {
	{ "0", "done" },
	{ "1", "an internal error, or no memory" },
	{ "2", "bad input of any kind: a conf, an option, a file" },
	{ "3", "the storage or the network failed" },
	{ "4", "numbers that are not finite" },
	{ "5", "a plugin broke its contract" },
	{ "75", "stopped by a signal; the run can be resumed" },
	{ NULL, NULL },
};

const struct rnf_pair rnf_environment[] = {
	{ "RNFRAME_PLUGIN_PATH", "a folder of plugins, KIND/NAME.so, which is searched first" },
	{ "RNF_ISA", "portable, avx2, avx512 or avx512bf16: the instruction set of the backend "
	  "native; the default is the best that this processor supports" },
	{ "RNFRAME_DATA", "where the data set NAME is searched first without data.path, in NAME, and where "
	  "fetch puts it" },
	{ "XDG_DATA_HOME", "where it is searched next, in rnframe/NAME; the default is ~/.local/share" },
	{ "XDG_CACHE_HOME", "decoded images are kept in its folder rnframe; the default is ~/.cache" },
	{ "TMPDIR", "the folder for the last checkpoint if the run folder cannot hold it; the default "
	  "is /tmp" },
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

/* "DIR" of "[--out DIR]" in the usage; "" if the option has no value; NULL if the usage does not
 * have the option. */
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
