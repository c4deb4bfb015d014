/* The program as a user meets it: runs, the same bits, clear refusals. */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/arena.h"
#include "lib/plugin.h"
#include "lib/program.h"
#include "lib/sanitizer.h"

static void train(const char *dir, const char *name, const char *more)
{
	char out[8192];
	ck_assert_msg(test_program(out, sizeof out, "train --conf synthetic.cfg "
		"train.callbacks.training_monitor.plot=false --out %s/%s %s", dir,
		name, more) == 0, "%s", out);
}

static int same_files(const char *dir, const char *a, const char *b)
{
	char command[2048];
	snprintf(command, sizeof command,
		 "cmp %s/%s/model.safetensors %s/%s/model.safetensors", dir, a, dir, b);
	return system(command) == 0;
}

START_TEST(same_bits_for_any_number_of_threads)
{
	const char *dir = test_folder("bits");
	train(dir, "one", "threads=1 train.batch_size=10");
	train(dir, "again", "threads=1 train.batch_size=10");
	train(dir, "two", "threads=2 train.batch_size=10");
	train(dir, "three", "threads=3 train.batch_size=10");
	train(dir, "other", "threads=1 train.batch_size=10 seed=7");
	ck_assert(same_files(dir, "one", "again"));
	ck_assert(same_files(dir, "one", "two"));
	ck_assert(same_files(dir, "one", "three"));
	ck_assert(!same_files(dir, "one", "other"));
}
END_TEST

START_TEST(a_run_folder_is_complete_and_its_conf_runs)
{
	static const char *const files[] = { "run.json", "conf.cfg", "steps.jsonl",
		"epochs.csv", "history.json", "model.safetensors", NULL };
	char out[8192], path[1024];
	const char *dir = test_folder("folder");
	train(dir, "a", "train.optimizer.lr=0.03");
	for (int i = 0; files[i]; i++) {
		snprintf(path, sizeof path, "%s/a/%s", dir, files[i]);
		ck_assert_msg(access(path, R_OK) == 0, "%s is missing", path);
	}
	ck_assert_int_eq(test_program(out, sizeof out,
		"train --conf %s/a/conf.cfg --out %s/b", dir, dir), 0);
	ck_assert(same_files(dir, "a", "b"));
	ck_assert_int_eq(test_program(out, sizeof out,
		"train --conf synthetic.cfg --out %s/a", dir), 2);
	ck_assert_ptr_nonnull(strstr(out, "holds a run already"));
}
END_TEST

/* How a conf and an override may be given. */
static const char *const spellings[] = {
	"plan synthetic.cfg train.batch_size=10",
	"plan train.batch_size=10 synthetic.cfg",
	"plan --conf=synthetic.cfg --set train.batch_size=10",
	"plan --set train.batch_size=9 --conf synthetic.cfg --set=train.batch_size=10",
	"plan --plugin-path nowhere synthetic.cfg train.batch_size=10",
};

START_TEST(every_spelling_gives_the_same_plan)
{
	static char first[1 << 16], other[1 << 16];
	ck_assert_int_eq(test_program(first, sizeof first, "%s", spellings[0]), 0);
	ck_assert_int_eq(test_program(other, sizeof other, "%s", spellings[_i]), 0);
	ck_assert_str_eq(first, other);
	ck_assert_int_eq(test_program(other, sizeof other, "plan synthetic.cfg"), 0);
	ck_assert_str_ne(first, other);
}
END_TEST

/* A script of the shell, which knows $rnframe, a short $train, an empty $dir. */
static int script(char *out, size_t size, const char *text)
{
	return test_program(out, size, "version >/dev/null; build=%s; dir=%s; "
			    "rnframe=$build/rnframe; train=\"$rnframe train synthetic.cfg "
			    "train.callbacks.training_monitor.plot=false\"; %s",
			    test_build(), test_folder("script"), text);
}

static const struct stream_case {
	const char *text;
	int status;
	const char *words; /* of the output; NULL: there must be none */
} stream_cases[] = {
	/* what cannot be written is a failure */
	{ "{ $rnframe --version 2>&1 >/dev/full; }", 3, "No space left" },
	{ "{ $rnframe help 2>&1 >/dev/full; }", 3, "No space left" },
	{ "{ $rnframe plan synthetic.cfg 2>&1 >/dev/full; }", 3, "No space left" },
	{ "{ $rnframe confs 2>&1 >/dev/full; }", 3, "standard output: " },
	{ "$rnframe profile synthetic.cfg --steps 1 --json /dev/full", 3, "No space left" },
	/* a reader that has gone is no failure, and ends no training */
	{ "{ sleep 0.1; $rnframe plan synthetic.cfg 2>$dir/words; echo $? >$dir/code; } "
	  "| true; cat $dir/words; exit $(cat $dir/code)", 0, NULL },
	{ "{ sleep 0.1; $train --out $dir/run 2>&1; "
	  "echo $? >$dir/code; } | true; cat $dir/run/run.json; exit $(cat $dir/code)",
	  0, "finished" },
	/* closed streams: their messages do not go into another file */
	{ "$train --out $dir/run 2>&-; "
	  "grep -v '^{' $dir/run/steps.jsonl; test -s $dir/run/steps.jsonl", 0,
	  "test error" },
	{ "$train --out $dir/run <&- >&- 2>&-; "
	  "grep -hv '^[{]' $dir/run/steps.jsonl; test -s $dir/run/steps.jsonl", 0, NULL },
	/* a limit on the size of files is an error like a full disk */
	{ "(ulimit -f 4; $train train.epochs=1 --out $dir/run)", 3,
	  "File too large" },
	{ "(ulimit -f 4; $train --out $dir/run) >/dev/null 2>&1; "
	  "find $dir -name '*.tmp'", 0, NULL },
};

START_TEST(streams_that_fail)
{
	char out[8192];
	const struct stream_case *c = &stream_cases[_i];
	if (TEST_TSAN && strstr(c->text, "ulimit")) {
		puts("skipped: ThreadSanitizer itself writes larger files");
		return;
	}
	const int status = script(out, sizeof out, c->text);
	ck_assert_msg(status == c->status, "%s: status %d: %.2000s", c->text, status, out);
	if (c->words)
		ck_assert_msg(strstr(out, c->words) != NULL, "%s: %.2000s", c->text, out);
	else
		ck_assert_msg(!*out, "%s: %.2000s", c->text, out);
	ck_assert_msg(!strstr(out, "\nepoch "), "%s: %.2000s", c->text, out);
}
END_TEST

START_TEST(the_users_plugins_come_first)
{
	char out[8192];
	const char *copy = "mkdir -p $dir/a/activation $dir/b/activation; "
		"cp $build/plugins/activation/mish.so $dir/a/activation; "
		"cp $build/plugins/activation/mish.so $dir/b/activation; ";
	char text[1024];
	snprintf(text, sizeof text, "%s $rnframe inspect activation mish "
		 "--plugin-path $dir/a", copy);
	ck_assert_int_eq(script(out, sizeof out, text), 0);
	ck_assert_msg(strstr(out, "script/a/activation/mish.so") != NULL, "%s", out);
	snprintf(text, sizeof text, "%s RNFRAME_PLUGIN_PATH=$dir/b "
		 "$rnframe inspect activation.mish --plugin-path $dir/a", copy);
	ck_assert_int_eq(script(out, sizeof out, text), 0);
	ck_assert_msg(strstr(out, "script/b/activation/mish.so") != NULL, "%s", out);
	ck_assert_int_eq(test_program(out, sizeof out, "help"), 0);
	ck_assert_ptr_nonnull(strstr(out, "--plugin-path"));
}
END_TEST

START_TEST(a_folder_needs_a_name)
{
	ck_assert_int_eq(rnf_folder_make(""), RNF_EINVAL);
	ck_assert_int_eq(rnf_folder_make("."), RNF_OK);
}
END_TEST

#define NEEDS "precision is \"bf16\", which needs "
#define LACKS NEEDS "AVX512_BF16: this processor does not have it"

/* Refused in one line, or planned; the message on a processor with bf16 and without. */
static const struct bf16_case {
	const char *isa, *arguments, *has, *lacks;
	int refused; /* on one with it */
} bf16_cases[] = {
	{ "", "backend=native", "[bf16, avx512bf16]", LACKS, 0 },
	{ "", "", "[bf16, avx512bf16]", "precision is \"bf16\", ", 0 }, /* by the best one */
	{ "portable", "backend=native", NEEDS "RNF_ISA=avx512bf16: it is portable", LACKS, 1 },
	{ "", "backend=native model.algorithm=direct", "[bf16, avx512bf16]", LACKS, 0 },
	{ "", "backend=native model.algorithm=winograd",
	  "[winograd of bf16, avx512bf16]", LACKS, 0 },
};

START_TEST(bf16_is_planned_or_refused)
{
	static char out[1 << 16];
	const struct bf16_case *c = &bf16_cases[_i];
	const int refused = !test_has_bf16() || c->refused;
	const int status = test_command(out, sizeof out, "env -u RNF_ISA %s%s %s/rnframe plan "
		"synthetic.cfg --phases precision=bf16 %s 2>&1", *c->isa ? "RNF_ISA=" : "", c->isa,
		test_build(), c->arguments);
	ck_assert_msg(status == (refused ? 2 : 0), "status %d: %.2000s", status, out);
	ck_assert_msg(strstr(out, test_has_bf16() ? c->has : c->lacks) != NULL, "%.2000s", out);
	ck_assert_msg(!refused || strchr(out, '\n') == out + strlen(out) - 1,
		      "more than one line: %s", out);
}
END_TEST

/* With the conf's own line too. */
START_TEST(libraries_start_no_threads)
{
	char out[4096];
	const char *dir = test_folder("threads");
	if (!test_has_plugin("backend", "openblas")) return;
	test_command(out, sizeof out, "%s/rnframe train synthetic.cfg backend=openblas threads=2 "
		     "train.epochs=100000 --out %s/a >/dev/null 2>&1 & while ! test -s "
		     "%s/a/steps.jsonl; do sleep 0.01; done; ls /proc/$!/task | wc -l; kill -9 $!",
		     test_build(), dir, dir);
	if (!TEST_TSAN) ck_assert_str_eq(out, "2\n"); /* which has one of its own */
}
END_TEST

START_TEST(openblas_has_no_bf16)
{
	char out[4096];
	const char *dir = test_folder("bf16");
	if (!test_has_plugin("backend", "openblas")) return;
	test_shell("printf 'base = \"synthetic.cfg\";\nprecision = \"bf16\";\n' >%s/a.cfg", dir);
	ck_assert_int_eq(test_program(out, sizeof out, "plan %s/a.cfg backend=openblas", dir), 2);
	ck_assert_msg(strstr(out, "/a.cfg:2: precision is \"bf16\", but the backend openblas "
			     "offers fp32 only\n") != NULL, "%s", out);
}
END_TEST

/* The weights that fine_tune.cfg starts from. */
static const char published[] = "se_mxresnet20_published.cfg";

/* Each conf, on synthetic images of its own size, two steps of eight. */
static void two_steps(const char *conf, const char *dir)
{
	char out[8192];
	const char *size = strstr(conf, "224") || strstr(conf, "synthetic")
		? "" : "data.height=32 data.width=32 data.channels=3";
	const char *weights = !strstr(conf, "fine_tune") ? ""
		: rnf_format("train.init.weights=%s/%s/model.safetensors", dir, published);
	ck_assert_msg(test_program(out, sizeof out, "train --conf %s "
		"data.type=synthetic data.images=16 data.test_images=4 %s "
		"data.validation=0 data.part=1 "
		"train.batch_size=8 train.max_steps=2 train.epochs=10 "
		"train.callbacks.training_monitor.plot=false "
		"%s --out %s/%s", conf, size, weights, dir, conf) == 0, "%s: %s", conf, out);
}

START_TEST(every_conf_trains_two_steps)
{
	static const char *const patterns[] = { "conf/*.cfg", "conf/ablation/*.cfg" };
	const char *dir = test_folder("confs");
	two_steps(published, dir);
	glob_t confs = { 0 };
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(glob(patterns[i], i ? GLOB_APPEND : 0, NULL, &confs), 0);
	for (size_t i = 0; i < confs.gl_pathc; i++)
		if (!strstr(confs.gl_pathv[i], published))
			two_steps(confs.gl_pathv[i] + strlen("conf/"), dir);
	ck_assert_uint_gt(confs.gl_pathc, 36);
	globfree(&confs);
}
END_TEST

/* Parts of confs do not run. */
START_TEST(confs_are_listed)
{
	static char out[1 << 14];
	ck_assert_int_eq(test_program(out, sizeof out, "confs"), 0);
	ck_assert_ptr_nonnull(strstr(out, "\nquickstart.cfg  "));
	ck_assert_ptr_nonnull(strstr(out, "\nablation/0_resnet20.cfg            269722  Row 0"));
	ck_assert_ptr_null(strstr(out, "base/"));
	ck_assert_ptr_null(strstr(out, "head.cfg"));
	ck_assert_ptr_null(strstr(out, "left out"));
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ same_bits_for_any_number_of_threads, 0 },
		{ a_run_folder_is_complete_and_its_conf_runs, 0 },
		{ every_spelling_gives_the_same_plan, TEST_ROWS(spellings) },
		{ streams_that_fail, TEST_ROWS(stream_cases) },
		{ the_users_plugins_come_first, 0 },
		{ a_folder_needs_a_name, 0 },
		{ bf16_is_planned_or_refused, TEST_ROWS(bf16_cases) },
		{ libraries_start_no_threads, 0 },
		{ openblas_has_no_bf16, 0 },
		{ every_conf_trains_two_steps, 0 },
		{ confs_are_listed, 0 },
		{ NULL, 0 },
	};
	return test_run_cases("program", cases);
}
