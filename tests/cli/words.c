/* Messages of the program: what a terminal gets, the cost of long and many mistakes, and
 * a program that is not where it was installed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/utf8.h"
#include "lib/plugin.h"
#include "lib/program.h"
#include "lib/sanitizer.h"

static char out[1 << 18];

/* In a fresh folder; $r is the program, $X an escape sequence, a control character of
 * Latin-1 in UTF-8, a direction mark and a byte that is not UTF-8. */
static int script(const char *text)
{
	return test_command(out, sizeof out, "r=$(realpath %s/rnframe); c=$PWD/conf; cd %s; d=$PWD; "
		"X=$(printf '\\033]0;t\\007\\302\\2333mC1\\342\\200\\256dir\\377by'); "
		"train=\"$r train synthetic.cfg train.callbacks.training_monitor.plot=false\"; "
		"exec 2>&1; %s", test_build(), test_folder("words"), text);
}

#define MASKED "\\x1b]0;t\\x07\\xc2\\x9b3mC1\\xe2\\x80\\xaedir\\xffby"

/* All of it is safe for a terminal. */
static void check_plain(const char *text)
{
	for (const char *p = text; *p;) {
		const size_t n = *p == '\n' || *p == '\t' ? 1 : rnf_utf8_plain(p, strlen(p));
		ck_assert_msg(n > 0, "byte %td, \\x%02x: %.300s", p - text,
			      (unsigned)(unsigned char)*p, p > text + 100 ? p - 100 : text);
		p += n;
	}
}

static const struct {
	const char *text, *words;
	int status;
} hostile[] = {
	{ "printf '@include \"a%s\"\\n' \"$X\" >a.cfg; $r check a.cfg", "there is no conf a" MASKED, 2 },
	{ "$r check \"$X\"", "there is no conf " MASKED, 2 },
	{ "$r check synthetic.cfg model.act=\"$X\"", "there is no activation or layer \"" MASKED, 2 },
	{ "$r check synthetic.cfg \"$X=1\"", "a conf has no key \"" MASKED, 2 },
	{ "$r check synthetic.cfg model.layers.\"$X\".x=1", MASKED, 2 },
	{ "$r check synthetic.cfg model.layers.stem.name=\"$X\"", MASKED, 2 },
	{ "printf 'seed = a\\302\\233b;\\n' >b.cfg; $r check b.cfg",
	  "syntax error: \"seed = a\\xc2\\x9bb;\"", 2 },
	{ "$r check synthetic.cfg \"backend=$X\"", "there is no backend \"" MASKED, 2 },
	{ "$r check synthetic.cfg \"precision=$X\"", "precision is \"" MASKED, 2 },
	{ "$r check synthetic.cfg --origin \"out=$X\"", "out = \"" MASKED "\"", 0 },
	{ "mkdir \"$X\"; $r check xresnet20.cfg \"data.path=$X\"", "test_batch.bin in " MASKED, 2 },
	{ "$train --out \"$X\"", "run folder " MASKED, 0 },
	{ "$train --out a >/dev/null; echo >\"a/checkpoints/a$X.safetensors\"; $r verify a",
	  "checkpoints/a" MASKED ".safetensors", 2 },
	{ "$train --out a >/dev/null; $train --out a --resume \"$X\"", MASKED, 2 },
	{ "$r eval synthetic.cfg --weights \"$X.h5\"", MASKED ".h5: No such file", 2 },
	{ "$r inspect layer \"$X\"", "there is no layer \"" MASKED, 2 },
	{ "$r \"$X\"", "unknown verb " MASKED, 2 },
	{ "$r train synthetic.cfg \"--$X\"", "unknown option --" MASKED, 2 },
	{ "$r fetch \"$X\"", "there is no dataset \"" MASKED, 2 },
	{ "mkdir -p \"p$X/layer\"; echo >\"p$X/layer/a.so\"; $r inspect layer --plugin-path \"p$X\"",
	  "p" MASKED "/layer/a.so refused: ", 0 },
	{ "$train \"data.path=$X\" --out \"$X\" >/dev/null; $r runs .", "./" MASKED "\n", 0 },
	{ "$train --out a >/dev/null; $train --out b \"data.path=$X\" >/dev/null; $r diff a b",
	  "\"" MASKED "\" (b/conf.cfg:", 0 },
	{ "$train --out a >/dev/null; $train --out b \"data.path=$X\" seed=1 >/dev/null; "
	  "sed -i \"s/seed = 1;/seed = 1; mine = \\\"$(printf 'a\302\2333m\342\200\256')\\\";/\" "
	  "b/conf.cfg; $r compare a b", "| mine | not set | \"a\\xc2\\x9b3m\\xe2", 0 },
	{ "$train --out a >/dev/null; sed -i \"s/\\\"name\\\": \\\"/&$(printf '\302\2333m\342\200\256')/\" "
	  "a/run.json; $r runs a", "\\xc2\\x9b3m\\xe2\\x80\\xaesynthetic", 0 },
	{ "$r runs \"$X\"", MASKED ": No such file or directory", 2 },
	{ "$r runs . --where \"$X>1\" --sort \"$X\"", "--sort is \"" MASKED "\"", 2 },
	{ "$r compare \"$X\"", MASKED ": No such file or directory", 2 },
	{ "$r diff \"$X\" synthetic.cfg", "there is no conf " MASKED, 2 },
	{ "$r study \"$X\"", "there is no conf " MASKED, 2 },
	{ "$r study synthetic.cfg --vary \"model.act=relu,$X\" --dry-run", "layer \"" MASKED, 2 },
	{ "$r study synthetic.cfg --seeds 1 --arm \"$X\"", "there is no arm \"" MASKED, 2 },
	{ "$r study synthetic.cfg --seeds 1 --out \"$X\" train.pictures=false "
	  "train.callbacks.training_monitor.plot=false", "study folder " MASKED, 0 },
	{ "$train \"data.path=$X\" --out a; cat a/conf.cfg", "path = \"" MASKED "\"", 0 },
};

START_TEST(no_byte_steers_a_terminal)
{
	const int status = script(hostile[_i].text);
	ck_assert_msg(status == hostile[_i].status, "status %d: %.3000s", status, out);
	ck_assert_msg(strstr(out, hostile[_i].words) != NULL, "%.3000s", out);
	check_plain(out);
}
END_TEST

/* Harmless text stays: UTF-8 of names in tables. */
START_TEST(letters_stay)
{
	ck_assert_int_eq(script("$train --out \xc3\xa4\xe2\x82\xac"), 0);
	ck_assert_ptr_nonnull(strstr(out, "run folder \xc3\xa4\xe2\x82\xac\n"));
}
END_TEST

/* Large, wrong confs, made by Python: seconds and megabytes at most. */
static const struct {
	const char *python, *words;
	int lines;
} large[] = {
	{ "'name = \"' + 100000 * '\\\\x01' + '\";'", "name is \"\\x01\\x01", 1 },
	{ "'backend = \"' + 100000 * 'y' + '\";'", " [... 9", 1 },
	{ "'backend = \"' + 100000 * 'y' + '\"; seeds = 1;'", "seeds: a conf has no key", 1 },
	{ "'\\n'.join('%s%d = 1;' % (240 * 'k', i) for i in range(4000))",
	  "has 241 bytes, may have 64", 21 },
	{ "'\\n'.join('k%d = { %s };' % (i, ' '.join('%s%d = 1;' % (60 * 'k', j) "
	  "for j in range(255))) for i in range(55))", "beside `base` stand only plain", 21 },
	{ "'set = (' + ','.join('\"model.layers.%s%d.x=1\"' % (200 * 'a', i) "
	  "for i in range(4000)) + ');'", "has no element \"aaaa", 21 },
	{ "'set = (' + ','.join('\"model.layers+=%s%d\"' % (90 * 'n', i) for i in range(2000)) + ',' "
	  "+ ','.join('\"model.layers.x%d.x=1\"' % i for i in range(2000)) + ');'", " more", 21 },
};

START_TEST(large_mistakes_are_cheap)
{
	char path[1024];
	int lines = 0;
	if (TEST_ASAN || TEST_TSAN) return; /* they take memory of their own */
	snprintf(path, sizeof path, "%s/tests/tmp/words.py", test_build());
	FILE *f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fprintf(f, "print('base = \"synthetic.cfg\";\\n' + %s)\n", large[_i].python);
	fclose(f);
	const int status = script("python3 ../words.py >a.cfg; ulimit -v 1000000; ulimit -t 10; "
				  "$r check a.cfg");
	ck_assert_msg(status == 2, "status %d: %.2000s", status, out);
	ck_assert_msg(strstr(out, large[_i].words) != NULL, "%.2000s", out);
	for (const char *p = out; *p; p++) lines += *p == '\n';
	ck_assert_msg(lines >= large[_i].lines && lines <= 21, "%d lines: %.2000s", lines, out);
	ck_assert_uint_lt(strlen(out), 45000);
}
END_TEST

/* A copy of the program alone. */
static const struct {
	const char *text, *words;
	int is_table; /* which begins before */
} copies[] = {
	{ "mkdir -p a/b/c; cp $r a/b/c; a/b/c/rnframe inspect",
	  "there are no plugins at all: looked in ", 0 },
	{ "mkdir -p a/b/c; cp $r a/b/c; a/b/c/rnframe inspect layer", "there are no plugins at all", 0 },
	{ "mkdir -p a/b/c; cp $r a/b/c; a/b/c/rnframe check synthetic.cfg",
	  "the folder of the program's own confs was not", 0 },
	{ "mkdir -p a/b/c; cp $r a/b/c; a/b/c/rnframe confs", "is this program a copy?", 1 },
	{ "mkdir -p own/bin; cp $r own/bin; cp -r $c own; "
	  "own/bin/rnframe check synthetic.cfg",
	  "there are no plugins at all", 0 },
};

START_TEST(a_copy_says_what_it_misses)
{
	const int status = script(copies[_i].text);
	ck_assert_msg(status == 2, "status %d: %.2000s", status, out);
	ck_assert_msg(strstr(out, copies[_i].words) != NULL, "%.2000s", out);
	ck_assert_msg(copies[_i].is_table || strchr(out, '\n') == out + strlen(out) - 1,
		      "%.2000s", out);
}
END_TEST

START_TEST(one_plugin_is_enough_to_begin)
{
	const int status = script("mkdir -p a/b/c one/layer; cp $r a/b/c; "
				  "cp ${r%/*}/plugins/layer/conv2d.so one/layer; "
				  "a/b/c/rnframe inspect --plugin-path one");
	ck_assert_msg(status == 0, "status %d: %.2000s", status, out);
	ck_assert_msg(strstr(out, "conv2d") != NULL, "%.2000s", out);
}
END_TEST

/* Where there is no /proc the program finds its folders by the path that it was started with,
 * and so do the runs of a study. */
static const char *const without_proc[] = {
	"$r inspect layer conv2d", "$r check synthetic.cfg",
	("$r study synthetic.cfg --seeds 1 --out o train.pictures=false "
	 "train.callbacks.training_monitor.plot=false"),
};

START_TEST(no_proc_is_needed)
{
	if (TEST_ASAN || TEST_TSAN) return; /* they read it */
	if (!test_needs(system("unshare -m sh -c 'mount -t tmpfs none /proc' 2>/dev/null") == 0,
			"unshare -m")) return;
	const int status = script(rnf_format("export r; exec unshare -m sh -c 'mount -t tmpfs none "
					     "/proc && exec %s'", without_proc[_i]));
	ck_assert_msg(status == 0, "status %d: %.2000s", status, out);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ no_byte_steers_a_terminal, TEST_ROWS(hostile) }, { letters_stay, 0 },
		{ large_mistakes_are_cheap, TEST_ROWS(large) },
		{ a_copy_says_what_it_misses, TEST_ROWS(copies) },
		{ one_plugin_is_enough_to_begin, 0 },
		{ no_proc_is_needed, TEST_ROWS(without_proc) }, { NULL, 0 },
	};
	return test_run_cases("words", cases);
}
