/* What a run writes about itself: run.json, logs that any reader can parse, a folder that
 * no other run shares. */
#include <glob.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/machine.h"
#include "run/log.h"
#include "lib/plugin.h"
#include "lib/program.h"
#include "lib/sanitizer.h"

#define SHORT "synthetic.cfg train.callbacks.training_monitor.plot=false "

static char out[8192];

static json_t *read_json(const char *dir, const char *name)
{
	char path[1024];
	snprintf(path, sizeof path, "%s/%s", dir, name);
	json_t *json = json_load_file(path, 0, NULL);
	ck_assert_msg(json != NULL, "%s is not JSON", path);
	return json;
}

static const char *word(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	ck_assert_msg(text != NULL, "%s is missing", key);
	return text;
}

static double number(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);
	ck_assert_msg(json_is_number(value), "%s is missing", key);
	return json_number_value(value);
}

START_TEST(run_json_tells_what_ran_and_what_came_of_it)
{
	const char *dir = test_folder("record");
	ck_assert_msg(test_program(out, sizeof out, "train " SHORT "--out %s/a seed=5 "
				   "threads=2", dir) == 0, "%s", out);
	json_t *run = read_json(dir, "a/run.json");
	const json_t *test = json_object_get(run, "test");
	const json_t *command = json_object_get(run, "command");
	ck_assert_str_eq(word(run, "state"), "finished");
	ck_assert_double_eq(number(run, "exit_status"), 0);
	ck_assert_str_eq(json_string_value(json_array_get(command, 1)), "train");
	ck_assert_str_eq(json_string_value(json_array_get(command, 2)), "synthetic.cfg");
	ck_assert_double_eq(number(run, "seed"), 5);
	ck_assert_double_eq(number(run, "threads"), 2);
	ck_assert_double_eq(number(run, "processors"), rnf_machine_cpus());
	ck_assert_double_eq(number(run, "memory_bytes"), (double)rnf_machine_memory());
	ck_assert_double_gt(number(run, "parameters"), 1000);
	ck_assert_double_eq(number(json_object_get(run, "last"), "epoch"), 2);
	ck_assert(json_is_object(json_object_get(run, "best")));
	ck_assert_double_eq_tol(number(test, "error"),
				100 * (1 - number(test, "accuracy")), 1e-6);
	ck_assert_double_ge(number(test, "top_k"), number(test, "accuracy"));
	json_decref(run);
}
END_TEST

START_TEST(a_failed_run_says_so)
{
	if (TEST_TSAN) return; /* it writes larger files itself */
	const char *dir = test_folder("failed");
	/* room for the first checkpoints; the history in them grows */
	ck_assert_int_eq(test_command(out, sizeof out, "(ulimit -f 108; %s/rnframe train " SHORT
				      "--out %s/a train.epochs=12 2>&1)", test_build(), dir), 3);
	json_t *run = read_json(dir, "a/run.json");
	ck_assert_str_eq(word(run, "state"), "failed");
	ck_assert_double_eq(number(run, "exit_status"), 3);
	ck_assert_ptr_nonnull(strstr(out, word(run, "reason")));
	json_decref(run);
}
END_TEST

/* JSON has no NaN: figures that are not finite are null. */
START_TEST(what_is_not_finite_is_null)
{
	const char *dir = test_folder("null");
	const struct rnf_run run = { .step = 1, .loss = NAN, .data_loss = -INFINITY,
				     .grad_norm = INFINITY, .accuracy = 0.5 };
	struct rnf_train_log log = { 0 };
	ck_assert_int_eq(rnf_train_log_create(&log, dir, NULL), RNF_OK);
	rnf_train_log_step(&log, &run);
	ck_assert_int_eq(rnf_train_log_close(&log, RNF_OK), RNF_OK);
	json_t *step = read_json(dir, "steps.jsonl");
	ck_assert(json_is_null(json_object_get(step, "loss")));
	ck_assert(json_is_null(json_object_get(step, "data_loss")));
	ck_assert(json_is_null(json_object_get(step, "grad_norm")));
	ck_assert(json_real_value(json_object_get(step, "accuracy")) == 0.5);
	json_decref(step);
}
END_TEST

/* What was not measured is empty; what was, but is no number, is told by its word. */
START_TEST(an_epoch_in_csv)
{
	const char *dir = test_folder("csv");
	const struct rnf_epoch epoch = {
		.epoch = 3, .step = 42, .time_s = 0.5, .lr = 0.1, .train_loss = NAN,
		.train_data_loss = INFINITY, .train_accuracy = 0.25, .val_loss = NAN,
		.val_accuracy = NAN, .images_per_s = 1234.5, .peak_rss_bytes = 12345678 };
	struct rnf_train_log log = { 0 };
	ck_assert_int_eq(rnf_train_log_create(&log, dir, NULL), RNF_OK);
	rnf_train_log_epoch(&log, &epoch);
	ck_assert_int_eq(rnf_train_log_close(&log, RNF_OK), RNF_OK);
	ck_assert_int_eq(test_command(out, sizeof out, "cat %s/epochs.csv", dir), 0);
	ck_assert_str_eq(out, "epoch,step,time_s,lr,train_loss,train_data_loss,train_accuracy,"
			 "val_loss,val_accuracy,images_per_s,peak_rss_bytes\n"
			 "3,42,0.5,0.1,nan,inf,0.25,,,1234.5,12345678\n");
}
END_TEST

/* 54 training images in batches of 16: three and one of 6. */
START_TEST(an_epochs_loss_is_the_mean_of_its_images)
{
	const char *dir = test_folder("epochs");
	ck_assert_int_eq(test_program(out, sizeof out, "train " SHORT "--out %s train.epochs=3", dir), 0);
	test_shell("cd %s && awk '{ match($0, /\"loss\": [^,]*/); "
		   "sum += substr($0, RSTART + 8, RLENGTH - 8) * (NR %% 4 ? 16 : 6) } "
		   "NR %% 4 == 0 { printf \"%%.6f\\n\", sum / 54; sum = 0 }' steps.jsonl >steps", dir);
	test_shell("cd %s && awk -F, 'NR > 1 { printf \"%%.6f\\n\", $5 }' epochs.csv | cmp - steps", dir);
	test_shell("test $(wc -l <%s/steps) = 3", dir);
}
END_TEST

START_TEST(a_run_that_diverges_keeps_its_log_json)
{
	const char *dir = test_folder("nan");
	char path[1024], line[1024];
	ck_assert_msg(test_program(out, sizeof out, "train " SHORT "--out %s/a "
				   "train.optimizer.lr=100 train.optimizer.momentum=1 "
				   "model.l2=1 train.epochs=9 numerics.on_nonfinite=skip",
				   dir) == 4, "%s", out);
	snprintf(path, sizeof path, "%s/a/steps.jsonl", dir);
	FILE *f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof line, f)) {
		json_t *step = json_loads(line, 0, NULL);
		ck_assert_msg(step != NULL, "%s", line);
		json_decref(step);
	}
	fclose(f);
	json_t *run = read_json(dir, "a/run.json");
	ck_assert_str_eq(word(run, "state"), "failed");
	ck_assert_double_eq(number(run, "exit_status"), 4);
	ck_assert_ptr_nonnull(strstr(out, word(run, "reason")));
	json_decref(run);
	json_decref(read_json(dir, "a/history.json"));
}
END_TEST

/* The last check of the numbers; nothing is lost. */
static const struct {
	const char *set, *words;
} endings[] = {
	{ "data.validation=0.1", "the loss of the last validation is not finite" },
	{ "data.validation=0", "the loss on the test images is not finite" },
};

START_TEST(a_run_that_ends_without_a_number_has_status_4)
{
	const char *dir = test_folder("ending");
	const char *const more[] = { "", "--resume auto" }; /* comes to the same */
	for (int i = 0; i < 2; i++) {
		ck_assert_msg(test_program(out, sizeof out, "train " SHORT "--out %s/a %s %s "
			"train.optimizer.lr=100 train.epochs=1", dir, endings[_i].set,
			more[i]) == 4, "%s", out);
		ck_assert_msg(strstr(out, endings[_i].words) != NULL, "%s", out);
		json_t *run = read_json(dir, "a/run.json");
		ck_assert_str_eq(word(run, "state"), "failed");
		ck_assert_ptr_nonnull(strstr(word(run, "reason"), endings[_i].words));
		ck_assert(json_is_null(json_object_get(json_object_get(run, "test"),
						       "cross_entropy")));
		json_decref(run);
	}
	json_decref(read_json(dir, "a/report.json"));
	test_shell("test -s %s/a/model.safetensors -a -s %s/a/checkpoints/last.safetensors", dir,
		   dir);
}
END_TEST

START_TEST(runs_that_start_together_share_no_folder)
{
	const char *dir = test_folder("together");
	glob_t runs;
	char pattern[1024];
	ck_assert_msg(test_program(out, sizeof out, "version; bin=$(realpath %s/rnframe); "
				   "cd %s; for i in 1 2 3; do $bin train " SHORT
				   "train.max_steps=1 >log$i 2>&1 & done; wait", test_build(),
				   dir) == 0, "%s", out);
	snprintf(pattern, sizeof pattern, "%s/runs/synthetic/*/model.safetensors", dir);
	ck_assert_int_eq(glob(pattern, 0, NULL, &runs), 0);
	ck_assert_uint_eq(runs.gl_pathc, 3);
	globfree(&runs);
}
END_TEST

START_TEST(a_part_of_the_data_is_stratified)
{
	const char *dir = test_folder("part");
	ck_assert_msg(test_program(out, sizeof out, "train " SHORT "--out %s/a "
		"data.images=400 data.classes=10 data.part=0.5 data.validation=0.1 "
		"train.batch_size=90", dir) == 0, "%s", out);
	json_t *run = read_json(dir, "a/run.json"); /* 180 images: two steps an epoch */
	ck_assert_double_eq(number(json_object_get(run, "last"), "step"), 4);
	json_decref(run);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ run_json_tells_what_ran_and_what_came_of_it, 0 },
		{ a_failed_run_says_so, 0 },
		{ what_is_not_finite_is_null, 0 },
		{ an_epoch_in_csv, 0 },
		{ an_epochs_loss_is_the_mean_of_its_images, 0 },
		{ a_run_that_diverges_keeps_its_log_json, 0 },
		{ a_run_that_ends_without_a_number_has_status_4, TEST_ROWS(endings) },
		{ runs_that_start_together_share_no_folder, 0 },
		{ a_part_of_the_data_is_stratified, 0 },
		{ NULL, 0 },
	};
	return test_run_cases("record", cases);
}
