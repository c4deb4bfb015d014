/* A run resumes by its own conf only: a conf in conf.cfg or inside a checkpoint comes
 * from outside and may say anything. */
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "lib/plugin.h"
#include "lib/program.h"
#include "run/saved.h"
#include "train/digest.h"

#define RUN "train synthetic.cfg train.callbacks.training_monitor.plot=false " \
	"train.pictures=false --out %s/a "

static char out[16384];

/* The header of a safetensors file, and all behind it. */
struct file {
	json_t *header;
	char *body;
	size_t n;
};

static struct file read_file(const char *path)
{
	uint64_t length;
	struct file file = { NULL, rnf_alloc(1 << 20), 0 };
	FILE *f = fopen(path, "rb");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fread(&length, sizeof length, 1, f), 1);
	char *text = rnf_alloc(length);
	ck_assert_uint_eq(fread(text, 1, length, f), length);
	file.header = json_loadb(text, length, 0, NULL);
	file.n = fread(file.body, 1, 1 << 20, f);
	fclose(f);
	ck_assert(file.header && file.n > 0 && file.n < 1 << 20);
	return file;
}

static void write_file(const char *path, const struct file *file)
{
	char *text = json_dumps(file->header, JSON_COMPACT);
	const uint64_t length = strlen(text);
	FILE *f = fopen(path, "wb");
	ck_assert_ptr_nonnull(f);
	fwrite(&length, sizeof length, 1, f);
	fwrite(text, 1, length, f);
	fwrite(file->body, 1, file->n, f);
	ck_assert_int_eq(fclose(f), 0);
	free(text);
	json_decref(file->header);
}

/* Another text in a checkpoint, with a matching digest, which is a sum over everything. */
static void forge(const char *path, const char *key, const char *value)
{
	const struct file file = read_file(path);
	json_t *texts = json_object_get(file.header, "__metadata__");
	const char *old = json_string_value(json_object_get(texts, key));
	const char *digest = json_string_value(json_object_get(texts, RNF_DIGEST_KEY));
	char words[RNF_DIGEST_BYTES];
	ck_assert(old && digest);
	rnf_digest_words(strtoull(digest, NULL, 16) - rnf_digest_text(key, old) +
			 rnf_digest_text(key, value), words);
	json_object_set_new(texts, key, json_string(value));
	json_object_set_new(texts, RNF_DIGEST_KEY, json_string(words));
	write_file(path, &file);
}

static const struct {
	const char *conf, *words;
} wrong[] = {
	{ "data = 5;", "data is 5, must be the name of a dataset" },
	{ "data = { type = 7; };", "data.type is 7, must be the name of a dataset" },
	{ "model = { layers = 3; };", "model.layers is 3, must be a list of layer" },
	{ "train = { metrics = (1, 2); };", "train.metrics[0] is 1, must be the name of a metric" },
	{ "train = 7;", "train is 7, must be a group" },
	{ "model = { act = (); };", "model.act is a list, must be the name of a" },
};

static void refused(const char *dir, const char *conf, const char *words)
{
	ck_assert_msg(test_program(out, sizeof out, RUN "--resume auto", dir) == 2, "%s: %s",
		      conf, out);
	ck_assert_msg(strstr(out, words) != NULL, "%s: %s", conf, out);
}

START_TEST(a_checkpoint_with_a_conf_that_is_none)
{
	const char *dir = test_folder("forged_checkpoint");
	const char *path = rnf_format("%s/a/checkpoints/last.safetensors", dir);
	ck_assert_msg(test_program(out, sizeof out, RUN "train.max_steps=3", dir) == 0, "%s", out);
	test_shell("cd %s/a/checkpoints && mv last.safetensors x && rm *.safetensors && "
		   "mv x last.safetensors", dir);
	for (int i = 0; i < TEST_ROWS(wrong); i++) {
		forge(path, RNF_TEXT_CONF, wrong[i].conf);
		refused(dir, wrong[i].conf, rnf_format("last.safetensors:1: %s", wrong[i].words));
	}
}
END_TEST

START_TEST(a_finished_run_with_a_conf_that_is_none)
{
	const char *dir = test_folder("forged_conf");
	ck_assert_msg(test_program(out, sizeof out, RUN, dir) == 0, "%s", out);
	for (int i = 0; i < TEST_ROWS(wrong); i++) {
		test_shell("echo '%s' >%s/a/conf.cfg", wrong[i].conf, dir);
		refused(dir, wrong[i].conf, rnf_format("conf.cfg:1: %s", wrong[i].words));
	}
}
END_TEST

/* -- a folder whose files are links or FIFOs -- */

static const char *const files[] = {
	"conf.cfg", "conf.cfg.tmp", "run.json", "run.json.tmp", "steps.jsonl", "epochs.csv", "lock",
	"history.json", "history.json.tmp", "report.txt", "report.txt.tmp", "confusion.csv",
	"predictions.csv", "predictions.csv.tmp",
	"model.safetensors", "model.safetensors.tmp", "checkpoints/probe", "checkpoints/probe.tmp",
	"checkpoints/last.safetensors", "checkpoints/last.safetensors.tmp",
	"checkpoints/synthetic_2.safetensors", "checkpoints/synthetic_2.safetensors.tmp",
};

/* 1 when it exited by itself, with a message if it failed. */
static int ends(const char *command)
{
	const int status = test_command(out, sizeof out, "timeout 60 %s/rnframe %s 2>&1",
					test_build(), command);
	return status == 0 || ((status == 2 || status == 3) && strstr(out, "rnframe: "));
}

/* `make` makes something in place of a file; a run in the folder, or one that is resumed
 * there, changes no file outside of it and never blocks. */
static void try_with(const char *dir, const char *file, const char *make)
{
	const char *const verbs[] = {
		rnf_format(RUN, dir), rnf_format(RUN "--resume auto", dir),
		rnf_format("verify %s/a", dir), rnf_format("runs %s/a --where seed=1", dir),
		rnf_format("compare %s/a %s/other", dir, dir),
		rnf_format("diff %s/a %s/other", dir, dir),
	};
	for (int i = 0; i < TEST_ROWS(verbs); i++) {
		test_shell("cd %s && rm -rf a && cp -r begun a && %s && rm -f a/%s && "
			   "(cd a && %s %s)", dir, i ? ":" : "rm a/run.json", file, make, file);
		ck_assert_msg(ends(verbs[i]), "%s %s: %s: %.2000s", make, file, verbs[i], out);
		test_shell("cmp %s/target %s/kept", dir, dir);
	}
}

START_TEST(links_and_pipes_in_a_run_folder)
{
	const char *dir = rnf_format("%s", test_folder("links"));
	ck_assert_msg(test_program(out, sizeof out, RUN "train.max_steps=6", dir) == 0, "%s", out);
	test_shell("cd %s && mv a begun && cp -r begun other && sed -i 's/^seed = .*/seed = 9;/' "
		   "other/conf.cfg", dir);
	test_shell("cd %s && seq 9999 >target && cp target kept", dir);
	try_with(dir, files[_i], "ln -s $(realpath ../target)");
	try_with(dir, files[_i], "mkfifo");
}
END_TEST

/* What a user names may be a link: the folder, the weights, the data. */
START_TEST(links_of_the_user)
{
	const char *dir = rnf_format("%s", test_folder("links_of_the_user"));
	test_shell("cd %s && mkdir elsewhere && ln -s elsewhere a", dir);
	ck_assert_msg(test_program(out, sizeof out, RUN, dir) == 0, "%s", out);
	test_shell("cd %s && ln -s elsewhere/model.safetensors link.safetensors", dir);
	ck_assert_msg(test_program(out, sizeof out, "eval synthetic.cfg --weights "
				   "%s/link.safetensors", dir) == 0, "%s", out);
	ck_assert_msg(test_program(out, sizeof out, "verify %s/a", dir) == 0, "%s", out);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ a_checkpoint_with_a_conf_that_is_none, 0 },
		{ a_finished_run_with_a_conf_that_is_none, 0 },
		{ links_and_pipes_in_a_run_folder, TEST_ROWS(files) },
		{ links_of_the_user, 0 },
		{ NULL, 0 },
	};
	return test_run_cases("run/resume", cases);
}
