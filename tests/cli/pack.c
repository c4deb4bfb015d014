/* A run for others: rnframe card and rnframe pack. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/photos.h"
#include "lib/said.h"

#define PYTHON "PYTHONDONTWRITEBYTECODE=1 ${PEER_PYTHON:-python3} tests/cli/card.py "
#define QUIET " train.callbacks.training_monitor.plot=false train.pictures=false"

static void run_in(int status, const char *dir, const char *format)
{
	run(status, in(dir, format));
}

static const char *trained(const char *more)
{
	const char *dir = rnf_format("%s", test_folder("pack"));
	run_in(0, dir, rnf_format("train synthetic.cfg --out @/run train.max_steps=2" QUIET "%s", more));
	return dir;
}

static int has_yaml(void)
{
	return test_needs(system("${PEER_PYTHON:-python3} -c 'import yaml' 2>/dev/null") == 0,
			  "python3-yaml");
}

static void check_head(const char *dir, const char *dataset)
{
	if (!has_yaml()) return;
	ck_assert_msg(test_command(out, sizeof out, PYTHON "head %s/card.md %s/run 2>&1", dir, dir) == 0,
		      "%s", out);
	has(rnf_format("datasets: %s\n", dataset));
}

static void read_card(const char *dir)
{
	ck_assert_int_eq(test_command(out, sizeof out, "cat %s/card.md", dir), 0);
}

START_TEST(a_card_tells_what_the_run_says)
{
	const char *dir = trained("");
	run_in(0, dir, "card @/run --out @/card.md");
	check_head(dir, "synthetic");
	read_card(dir);
	has("\n# synthetic\n");
	has("| Parameters | 5474 |\n");
	has("| Licence | not stated |\n");
	has("| Started from | values drawn by its seed |\n");
	has("| Augmentations | pad, flip, crop, normalize |\n");
	has("\n| class | precision | recall | F1 | images |\n");
	run_in(2, dir, "card @/run --out @/card.md");
	has("card.md exists; it is not overwritten");
	run_in(0, dir, "card @/run");
	has("license: unknown # not stated");
}
END_TEST

/* Files of older versions, and runs without a test, know less. */
START_TEST(what_is_unknown_is_not_stated)
{
	const char *dir = trained("");
	test_shell("cd %s/run && rm report.json && echo '{\"name\": \"synthetic\", \"state\": \"finished\"}' "
		   ">run.json", dir);
	run_in(0, dir, "card @/run --out @/card.md");
	check_head(dir, "synthetic");
	read_card(dir);
	has("  results: []\n");
	has("| Parameters | not stated |\n");
	has("| Test images | not stated |\n");
	has("| Started from | not stated |\n");
	has("| State | finished |\n");
	ck_assert_ptr_null(strstr(out, "| class |"));
}
END_TEST

/* Names that mean something in YAML or Markdown; no path of this machine is told. */
START_TEST(names_that_mean_something_elsewhere)
{
	const char *dir = rnf_format("%s", test_folder("pack"));
	const char *path = rnf_format("%s/photos.cfg", dir);
	test_photos(rnf_format("%s/my: \"#1' photos", dir), "- a|b,*c*: [d],gr\xc3\xbcn", 10, 12, 12, 0);
	FILE *f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fprintf(f, "name = \"photos\";\n@include \"train/run.cfg\"\n@include \"model/tiny.cfg\"\n"
		"data = { type = \"image_folder\"; path = \"%s/my: \\\"#1' photos\"; augment = ( \"resize\", "
		"\"normalize\" ); };\n@include \"train/short.cfg\"\n", dir);
	fclose(f);
	run_in(0, dir, "train @/photos.cfg --out @/run model.input=[12,12,3] train.max_steps=2 "
	    "train.metrics=accuracy train.callbacks=checkpoint train.pictures=false");
	run_in(0, dir, "card @/run --out @/card.md");
	check_head(dir, "my: \"#1' photos");
	read_card(dir);
	has("| Classes | 3: \\*c\\*: \\[d\\], - a\\|b, gr\xc3\xbcn |\n");
	ck_assert_ptr_null(strstr(out, "tests/tmp"));
	run_in(0, dir, "pack @/run @/photos.tar");
	test_shell("cd %s && tar xf photos.tar && ! grep -rl tests/tmp photos", dir);
}
END_TEST

static void unpack_and_check(const char *dir, const char *file)
{
	test_shell("cd %s && rm -rf synthetic && tar xf %s && cd synthetic && sha256sum -c --quiet "
		   "SHA256SUMS && LC_ALL=C ls >../names", dir, file);
	run_in(0, dir, "plan @/synthetic/conf.cfg");
	test_shell("%s/rnframe predict %s/synthetic/model.safetensors %s/synthetic/check.png --topk 100 "
		   ">%s/line", test_build(), dir, dir, dir);
	test_shell(PYTHON "check %s/synthetic/check.json %s/line", dir, dir);
	test_shell(PYTHON "drawing %s/synthetic/check.png", dir);
}

static const char *const colours[] = { "", " data.channels=1" };

START_TEST(a_pack_is_complete_and_checks_itself)
{
	if (!test_has_plugin("archive", "tar")) return;
	const char *dir = trained(colours[_i]);
	run_in(0, dir, "pack @/run @/a.tar.gz");
	has("  synthetic/model.safetensors\n");
	run_in(0, dir, "pack @/run @/a.tar.xz");
	unpack_and_check(dir, "a.tar.xz");
	unpack_and_check(dir, "a.tar.gz");
	test_shell("cd %s && printf '%%s\\n' README.md SHA256SUMS check.json check.png conf.cfg "
		   "confusion.csv model.safetensors report.json report.txt | LC_ALL=C sort | "
		   "cmp - names", dir);
	test_shell("cmp %s/run/model.safetensors %s/synthetic/model.safetensors", dir, dir);
	test_shell("test \"$(tar tvf %s/a.tar.gz | cut -d' ' -f2 | sort -u)\" = 0/0", dir);
}
END_TEST

/* Whenever and by whomever it is packed. A card that was edited is kept. */
START_TEST(the_same_run_gives_the_same_bytes)
{
	if (!test_has_plugin("archive", "tar")) return;
	const char *dir = trained("");
	run_in(0, dir, "pack @/run @/a.tar.gz");
	test_shell("sleep 1.1; cp -r %s/run %s/other", dir, dir);
	run_in(0, dir, "pack @/other @/b.tar.gz");
	test_shell("cmp %s/a.tar.gz %s/b.tar.gz", dir, dir);
	test_shell("echo 'my own card' >%s/run/README.md && rm %s/run/report.*", dir, dir);
	run_in(0, dir, "pack @/run @/a.tar.gz");
	test_shell("cd %s && tar xf a.tar.gz && grep -qx 'my own card' synthetic/README.md && "
		   "test ! -e synthetic/report.json", dir);
}
END_TEST

static const struct { const char *arguments, *words; int status; } refused[] = {
	{ "card", "card needs a run folder", 2 },
	{ "card @/run/model.safetensors", "is no run folder", 2 },
	{ "card @", " is a folder, but not that of a run", 2 },
	{ "card @/run --out /nowhere/card.md", "/nowhere/card.md: No such file", 3 },
	{ "pack", "pack needs a run folder", 2 },
	{ "pack @/run @/.tar", "/.tar: its suffix must be one of .tar.gz, ", 2 },
	{ "pack @/run @/a.zip", "its suffix must be one of .tar.gz, ", 2 },
	{ "pack @/run/model.safetensors @/a.tar", "is no run folder", 2 },
	{ "pack @/nowhere @/a.tar", "nowhere is no run folder", 2 },
	{ "pack @/run /nowhere/a.tar", "/nowhere/a.tar: No such file", 3 },
	{ "pack @/run /dev/full/a.tar", "Not a directory", 3 },
};

START_TEST(nonsense_is_refused)
{
	const char *dir = trained("");
	for (int i = 0; i < TEST_ROWS(refused); i++) {
		run_in(refused[i].status, dir, refused[i].arguments);
		has(refused[i].words);
	}
	test_shell("cd %s && touch synthetic.tar.gz", dir);
	ck_assert_int_eq(test_command(out, sizeof out, "r=$PWD/%s/rnframe; cd %s && $r pack run 2>&1",
				      test_build(), dir), 2);
	has("synthetic.tar.gz exists; it is not overwritten unless you name it");
	test_shell("cd %s/run && mv report.txt ../secret && ln -s ../secret report.txt", dir);
	run_in(2, dir, "pack @/run @/linked.tar"); /* it would hand on a file from elsewhere */
	has("run/report.txt is a symbolic link");
	test_shell("test ! -e %s/linked.tar", dir);
	test_shell("rm %s/run/model.safetensors", dir);
	run_in(2, dir, "pack @/run @/a.tar");
	has("has no model.safetensors");
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ a_card_tells_what_the_run_says, 0 }, { what_is_unknown_is_not_stated, 0 },
		{ names_that_mean_something_elsewhere, 0 },
		{ a_pack_is_complete_and_checks_itself, TEST_ROWS(colours) },
		{ the_same_run_gives_the_same_bytes, 0 }, { nonsense_is_refused, 0 }, { NULL, 0 },
	};
	return test_run_cases("cli/pack", cases);
}
