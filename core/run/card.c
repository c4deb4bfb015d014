/* Source: the Hub's description of model cards (metadata of README.md, model-index). */
#include "run/card.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/json.h"
#include "base/utf8.h"
#include "run/report.h"

enum { CLASSES_SHOWN = 100 };
static const char unknown[] = "not stated";

struct card {
	const struct rnf_experiment *e;
	json_t *run, *report; /* NULL: missing */
	const char *const *labels;
	FILE *out;
};

/* -- values -- */

/* "test.error" */
static const json_t *at(const json_t *json, const char *path)
{
	for (size_t n; json && *path; path += n + (path[n] == '.')) {
		n = strcspn(path, ".");
		json = json_object_get(json, rnf_strndup(path, n));
	}
	return json;
}

/* Characters that Markdown would take for marks get a backslash. */
static const char *escaped(const char *text)
{
	static const char marks[] = "\\`*_[]<>|#";
	char *copy = rnf_alloc(2 * strlen(text) + 1), *to = copy;
	for (; *text; text++) {
		if (strchr(marks, *text)) *to++ = '\\';
		*to++ = (unsigned char)*text < ' ' ? ' ' : *text;
	}
	return copy;
}

static const char *words_of(const json_t *value)
{
	if (json_is_string(value)) return escaped(json_string_value(value));
	if (json_is_integer(value)) return rnf_format("%" JSON_INTEGER_FORMAT, json_integer_value(value));
	if (json_is_real(value)) return rnf_format("%.6g", json_real_value(value));
	return unknown;
}

/* A string of JSON is one of YAML. */
static const char *yaml(const char *text)
{
	json_t *word = rnf_json_word(text && !rnf_utf8_must(text) ? text : unknown);
	char *quoted = json_dumps(word, JSON_ENCODE_ANY);
	const char *copy = rnf_format("%s", quoted ? quoted : "\"\"");
	free(quoted);
	json_decref(word);
	return copy;
}

/* The name of a folder of images says more than that of its plugin. */
static const char *dataset_name(const struct card *c)
{
	const struct rnf_feature *f = c->e->conf.root.data->feature;
	const char *path = c->e->conf.data->path;
	const struct rnf_dataset_impl *impl = f->impl;
	if (!(impl->flags & RNF_DATASET_FOLDER) || !path) return f->name;
	size_t n = strlen(path);
	while (n > 1 && path[n - 1] == '/')
		n--;
	const char *whole = rnf_strndup(path, n), *name = rnf_file_name(whole);
	return *name ? name : whole;
}

/* -- the head -- */

static void put_result(const struct card *c)
{
	const json_t *accuracy = at(c->run, "test.accuracy");
	if (!json_is_number(accuracy)) {
		fputs("  results: []\n", c->out);
		return;
	}
	fprintf(c->out, "  results:\n  - task:\n      type: image-classification\n      name: Image "
		"classification\n    dataset:\n      type: %s\n      name: %s\n      split: test\n    "
		"metrics:\n    - type: accuracy\n      name: Accuracy\n      value: %.6g\n",
		yaml(dataset_name(c)), yaml(dataset_name(c)), json_number_value(accuracy));
}

static void put_head(const struct card *c)
{
	fprintf(c->out, "---\nlicense: unknown # not stated: name one before you publish the model\n"
		"library_name: rnframe\npipeline_tag: image-classification\ntags:\n- rnframe\n"
		"datasets:\n- %s\nmetrics:\n- accuracy\nmodel-index:\n- name: %s\n",
		yaml(dataset_name(c)), yaml(c->e->conf.root.name));
	put_result(c);
	fputs("---\n\n", c->out);
}

/* -- tables -- */

static void put_row(const struct card *c, const char *name, const char *value)
{
	fprintf(c->out, "| %s | %s |\n", name, value);
}

static void put_table(const struct card *c, const char *title)
{
	fprintf(c->out, "\n## %s\n\n| | |\n|---|---|\n", title);
}

struct fact {
	const char *name, *path;
};

static void put_facts(const struct card *c, const json_t *from, const struct fact *facts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		put_row(c, facts[i].name, words_of(at(from, facts[i].path)));
}
#define FACTS(table) table, sizeof(table) / sizeof *(table)

static const char *class_words(const struct card *c)
{
	const int64_t n = c->e->model.classes, shown = n < CLASSES_SHOWN ? n : CLASSES_SHOWN;
	const char *words = rnf_format("%" PRId64 ": ", n);
	for (int64_t i = 0; i < shown; i++)
		words = rnf_format("%s%s%s", words, i ? ", " : "", escaped(c->labels[i]));
	return shown < n ? rnf_format("%s, and %" PRId64 " more", words, n - shown) : words;
}

static void put_model(const struct card *c)
{
	static const struct fact facts[] = { { "Parameters", "parameters" } };
	const int64_t *hwc = c->e->model.hwc;
	put_table(c, "Model");
	put_row(c, "Task", "one class for each image");
	put_row(c, "Classes", class_words(c));
	put_row(c, "Input", rnf_format("%" PRId64 " x %" PRId64 " pixels of %" PRId64 " channel%s (height, "
			"width); `rnframe predict` resizes and normalises", hwc[0], hwc[1], hwc[2],
			hwc[2] == 1 ? "" : "s"));
	put_facts(c, c->run, FACTS(facts));
	put_row(c, "Licence", unknown);
	put_row(c, "Authors", unknown);
	put_row(c, "Intended use", unknown);
	put_row(c, "Limitations and bias", unknown);
}

static void put_use(const struct card *c)
{
	fprintf(c->out, "\n## Use\n\n```\nrnframe predict model%s photo.jpg\n```\n\nThe file holds the "
		"weights, the conf, the names of the classes and the size of the input. `rnframe export` "
		"makes an ONNX or a C file of it.\n", rnf_native_suffix());
}

static const char *augmentations(const struct card *c)
{
	const struct rnf_refs list = c->e->conf.data->augment;
	const char *words = "none";
	for (size_t i = 0; i < list.n; i++)
		words = rnf_format("%s%s%s", i ? words : "", i ? ", " : "", list.at[i]->feature->name);
	return escaped(words);
}

/* The name of a file without its folders, which are of no use to others. */
static const char *first_weights(const struct card *c)
{
	const json_t *weights = at(c->run, "weights");
	const char *file = json_string_value(weights);
	if (!file) return json_is_null(weights) ? "values drawn by its seed" : unknown;
	return rnf_format("%s, digest %s", escaped(rnf_file_name(file)),
			  words_of(at(c->run, "weights_digest")));
}

static void put_training(const struct card *c)
{
	static const struct fact facts[] = {
		{ "Started", "started" }, { "Last written", "written" }, { "State", "state" },
		{ "Epochs", "epochs" }, { "Steps", "step" }, { "Seconds", "last.time_s" },
		{ "Seed", "seed" }, { "Precision", "precision" },
		{ "Processor", "cpu" }, { "Threads", "threads" }, { "Backend", "backend" },
		{ "rnframe", "version" },
	};
	const struct rnf_train_conf *t = &c->e->conf.root.train;
	put_table(c, "Training");
	put_row(c, "Data set", escaped(dataset_name(c)));
	put_row(c, "Augmentations", augmentations(c));
	put_row(c, "Batch", rnf_format("%" PRId64 " images", t->batch_size));
	put_row(c, "Optimizer", escaped(t->optimizer->feature->name));
	put_row(c, "Schedule", escaped(t->scheduler->feature->name));
	put_row(c, "Loss", escaped(t->loss->feature->name));
	put_row(c, "Started from", first_weights(c));
	put_facts(c, c->run, FACTS(facts));
}

/* -- the evaluation -- */

static void put_classes(const struct card *c)
{
	static const char *const keys[] = { "precision", "recall", "f1-score", "support" };
	if (!c->report) return;
	fputs("\n| class | precision | recall | F1 | images |\n|---|---|---|---|---|\n", c->out);
	for (int64_t i = 0; i < c->e->model.classes && i < CLASSES_SHOWN; i++) {
		const json_t *class = json_object_get(c->report, c->labels[i]);
		fprintf(c->out, "| %s |", escaped(c->labels[i]));
		for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
			fprintf(c->out, " %s |", words_of(json_object_get(class, keys[k])));
		fputc('\n', c->out);
	}
}

static void put_evaluation(const struct card *c)
{
	static const struct fact of_run[] = {
		{ "Test images", "test.count" }, { "Error, %", "test.error" },
		{ "95 % interval, from", "test.error_low" }, { "95 % interval, to", "test.error_high" },
		{ "Cross-entropy", "test.cross_entropy" },
	};
	static const struct fact of_report[] = {
		{ "Expected calibration error", "rnframe.expected_calibration_error" },
	};
	put_table(c, "Evaluation");
	put_facts(c, c->run, FACTS(of_run));
	put_facts(c, c->report, FACTS(of_report));
	put_classes(c);
}

void rnf_card_text(const struct rnf_experiment *e, const char *dir, const char **text)
{
	char *made = NULL;
	size_t n;
	struct card c = {
		.e = e, .run = rnf_json_read(rnf_format("%s/run.json", dir)),
		.report = rnf_json_read(rnf_format("%s/report.json", dir)),
		.labels = rnf_report_labels(e->data.info.names, e->model.classes),
		.out = open_memstream(&made, &n) };
	if (!c.out) rnf_no_memory(BUFSIZ);
	put_head(&c);
	fprintf(c.out, "# %s\n\nAn image classifier, trained by rnframe.\n", escaped(e->conf.root.name));
	put_model(&c);
	put_use(&c);
	put_training(&c);
	put_evaluation(&c);
	if (fclose(c.out) != 0) rnf_no_memory(n);
	*text = rnf_format("%s", made);
	free(made);
	json_decref(c.run);
	json_decref(c.report);
}
