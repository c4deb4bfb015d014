/* What README tells a new user to type, typed: the commands are those of its first block below
 * a heading, in a folder that has what the text says there is. Only training is cut short. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/photos.h"
#include "lib/said.h"

/* A folder with build/rnframe, which passes `shorter` to the verb train. */
static const char *workplace(const char *shorter)
{
	char build[PATH_MAX];
	const char *dir = test_folder("journey");
	ck_assert_ptr_nonnull(realpath(test_build(), build));
	test_shell("mkdir %s/build %s/tmp", dir, dir);
	FILE *f = fopen(rnf_format("%s/build/rnframe", dir), "w");
	ck_assert_ptr_nonnull(f);
	fprintf(f, "#!/bin/sh\n[ \"$1\" != train ] || set -- \"$@\" train.pictures=false "
		"train.callbacks=checkpoint %s\nexec '%s/rnframe' \"$@\"\n", shorter, build);
	fclose(f);
	test_shell("chmod +x %s/build/rnframe", dir);
	return dir;
}

/* Run the commands of block n below the heading, each as it is printed, with tmp/ for /tmp/. */
static void type(const char *dir, const char *heading, int n, const char *more)
{
	test_shell("awk -v heading='%s' -v block=%d '$0 == heading { below = 1; next } "
		   "below && /^#/ { exit } below && /^```/ { fence++; next } "
		   "fence == 2 * block - 1' README.md | sed 's| */tmp/| tmp/|g' >%s/commands", heading, n,
		   dir);
	test_shell("test -s %s/commands", dir);
	const int status = test_command(out, sizeof out, "cd %s && PATH=$PWD/build:$PATH && "
					"exec 2>&1 && set -e && . ./commands && %s", dir, more);
	ck_assert_msg(status == 0, "%s: status %d: %.6000s", heading, status, out);
}

/* To the first run, and on: the model leaves as ONNX, as an archive that another one checks. */
START_TEST(first_run_and_handing_on)
{
	const char *dir = workplace("");
	type(dir, "## Verbs", 1, "test -f tmp/first/model.safetensors");
	has("\ntotal ");
	has("layer dropout");
	if (test_has_plugin("export", "onnx"))
		type(dir, "## A model for other programs", 1, "test -s tmp/first.onnx");
	if (!test_has_plugin("archive", "tar") || !test_has_plugin("decoder", "png")) return;
	type(dir, "## Handing a model on", 1, "test -s tmp/first/README.md");
	type(dir, "## Handing a model on", 2, "test -f SHA256SUMS");
	has("model.safetensors: OK\n");
	has("\"label\":");
}
END_TEST

START_TEST(own_images)
{
	if (!test_has_plugin("dataset", "image_folder")) return;
	const char *dir = workplace("train.epochs=2 train.scheduler.warmup=1 train.max_steps=2");
	test_photos(rnf_format("%s/photos", dir), "oak,elm,ash", 20, 20, 16, 1);
	test_shell("cp %s/photos/oak/03.png %s/another.jpg", dir, dir);
	type(dir, "## Own images", 1, "test -s photos.png && test -s photos.cfg");
	has("oak");
	has("{\"file\":\"another.jpg\",\"label\":\"");
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ first_run_and_handing_on, 0 },
		{ own_images, 0 },
		{ NULL, 0 },
	};
	return test_run_cases("journeys", cases);
}
