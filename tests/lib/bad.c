#define _GNU_SOURCE /* program_invocation_short_name */
#include "lib/bad.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "lib/built.h"
#include "plugin/loader.h"

#define GOOD(call) ck_assert_msg((call) >= 0, "%s", rnf_fail_words())

/* Without the checks of a test: it runs before any. */
const char *test_bad_plugins(void)
{
	static char folder[600];
	char command[2048];
	if (folder[0]) return folder;
	snprintf(folder, sizeof folder, "%s/tests/tmp/bad_%s", test_build(),
		 program_invocation_short_name);
	snprintf(command, sizeof command, "rm -rf '%s'; for c in tests/bad/*/*.c; do "
		 "o='%s'/${c#tests/bad/}; mkdir -p ${o%%/*}; ${CC:-cc} -std=gnu17 -O1 -Wall "
		 "-Wextra -Werror -shared -fPIC -Iinclude $c -o ${o%%.c}.so -lm || exit 1; done",
		 folder, folder);
	if (system(command) == 0) return folder;
	fprintf(stderr, "tests/bad does not build\n");
	exit(1);
}

static const char conf_text[] =
	"name = \"sick\"; seed = 7;\n"
	"model = { norm = \"batchnorm\"; act = \"relu\"; initializer = \"he_normal\";\n"
	"  l2 = 0.001;\n"
	"  layers = (\n"
	"    { type = \"conv2d\"; name = \"c1\"; filters = 4; },\n"
	"    { type = \"batchnorm\"; name = \"n1\"; },\n"
	"    { type = \"activation\"; name = \"s1\"; function = { type = \"sick\"; }; },\n"
	"    { type = \"conv2d\"; name = \"c2\"; filters = 4; },\n"
	"    { type = \"batchnorm\"; name = \"n2\"; },\n"
	"    { type = \"activation\"; name = \"s2\"; function = { type = \"sick\"; }; },\n"
	"    { type = \"conv2d\"; name = \"c3\"; filters = 4; },\n"
	"    { type = \"global_avgpool\"; name = \"pool\"; },\n"
	"    { type = \"dense\"; name = \"classifier\"; } ); };\n"
	"data = { type = \"synthetic\"; images = 40; test_images = 8; height = 8;\n"
	"  width = 8; channels = 3; validation = 0.0;\n"
	"  augment = ( { type = \"sick\"; },\n"
	"    { type = \"normalize\"; mean = [0.5]; std = [0.25]; } ); };\n"
	"train = { batch_size = 8; epochs = 8; metrics = ( \"accuracy\" );\n"
	"  loss = \"crossentropy\"; scheduler = \"constant\";\n"
	"  callbacks = ( { type = \"sick\"; }, { type = \"checkpoint\"; } );\n"
	"  optimizer = { type = \"sgd\"; lr = 0.05; momentum = 0.9; }; };\n";

static const char *conf_file(void)
{
	static char path[700];
	if (path[0]) return path;
	snprintf(path, sizeof path, "%s/sick.cfg", test_bad_plugins());
	FILE *f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs(conf_text, f);
	ck_assert_int_eq(fclose(f), 0);
	return path;
}

static void find_plugins(void)
{
	static int done;
	if (done++) return;
	rnf_conf_dir = "conf";
	rnf_loader_path(test_bad_plugins());
	test_plugins_path();
}

struct rnf_experiment *test_sick_experiment(int threads, const char *const *sets)
{
	struct rnf_experiment *e = rnf_alloc(sizeof *e);
	const char *all[16] = { rnf_format("threads=%d", threads) };
	size_t n = 1;
	find_plugins();
	for (; sets && *sets; sets++)
		all[n++] = *sets;
	GOOD(rnf_experiment_open(e, conf_file(), all, n));
	GOOD(rnf_experiment_build(e, 1));
	return e;
}

static rnf_status epoch(struct rnf_steps *s)
{
	int64_t n;
	for (rnf_steps_epoch(s); rnf_steps_left(s);) {
		rnf_steps_next(s, 1, &n);
		RNF_TRY(rnf_numerics_step(&s->step, &s->run));
	}
	return rnf_steps_end(s);
}

rnf_status test_epochs(struct rnf_steps *s, int64_t epochs)
{
	s->run.steps = s->run.step + epochs * s->run.steps_per_epoch;
	for (int64_t i = 0; i < epochs; i++)
		RNF_TRY(epoch(s));
	return RNF_OK;
}
