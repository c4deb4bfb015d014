/* gcc's and clang's builds compute the same bits, on one to four threads, interrupted or
 * not: one hash. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "lib/plugin.h"
#include "lib/program.h"
#include "lib/sanitizer.h"

#define BUILDS 2

static const char *const builds[BUILDS] = { "build", "build/clang" };
static char out[16384];

/* Together: dense, grouped and strided convolutions, SE, Mish, dropout, mixup. */
static const struct {
	const char *isa, *conf;
	int steps; /* of an epoch */
} rows[] = {
	{ "portable", "synthetic_dropout.cfg model.act=mish", 4 },
	{ "avx2", "synthetic_dropout.cfg model.act=mish", 4 },
	{ "avx2", "se_mxresnext29_16x2d.cfg data.type=synthetic data.height=8 data.width=8 "
	  "data.channels=3 data.images=24 train.batch_size=6 train.scheduler.warmup=0", 4 },
};

static int is_here(const char *isa)
{
	return strcmp(isa, "avx2") || __builtin_cpu_supports("avx2");
}

/* The status of a run, under some variables of the environment. */
static int status_of(const char *variables, const char *build, int row, const char *folder,
		     const char *more)
{
	return test_command(out, sizeof out, "(%s RNF_ISA=%s %s/rnframe train %s "
		"train.callbacks=checkpoint train.pictures=false train.epochs=2 --out %s %s; "
		"exit $?) 2>&1", variables, rows[row].isa, build, rows[row].conf, folder, more);
}

static void train(const char *build, int row, const char *folder, const char *more)
{
	ck_assert_msg(status_of("", build, row, folder, more) == 0, "%s", out);
}

enum { THROUGH = 0, KILLED = -1 };

/* Instead of the third checkpoint's rename. */
static void killed(int row, const char *build, const char *folder, int threads)
{
	const char *fault = rnf_format("LD_PRELOAD=%s/tests/fault.so RNF_FAULT=rename:3:kill "
		"RNF_FAULT_UNDER=$(realpath -m %s/checkpoints)", builds[0], folder);
	const char *more = rnf_format("train.callbacks.every_steps=1 threads=%d", threads);
	ck_assert_msg(status_of(fault, build, row, folder, more) == 137, "%s", out);
	test_shell("ls %s/checkpoints | grep -q _step2.safetensors", folder);
}

/* Stops after `stop` steps, or is killed, and is resumed; THROUGH: runs through. */
static void compare(int row, const char *build, const char *dir, int threads, int stop)
{
	char folder[600], more[96];
	snprintf(folder, sizeof folder, "%s/other", dir);
	test_shell("rm -rf %s", folder);
	if (stop > 0) {
		snprintf(more, sizeof more, "threads=%d train.max_steps=%d", 5 - threads, stop);
		train(build, row, folder, more);
	} else if (stop == KILLED) {
		killed(row, build, folder, 5 - threads);
	}
	snprintf(more, sizeof more, "threads=%d --resume auto", threads);
	train(build, row, folder, more);
	ck_assert_msg(test_command(out, sizeof out, "cmp %s/first/model.safetensors "
		"%s/model.safetensors", dir, folder) == 0, "%s, %s, %d threads, interrupted after "
		"%d steps", build, rows[row].isa, threads, stop);
}

START_TEST(one_hash)
{
	const char *dir = test_folder("compilers");
	const int stops[] = { THROUGH, rows[_i].steps - 1, rows[_i].steps, KILLED };
	if (!is_here(rows[_i].isa)) return;
	if (!test_needs(test_command(out, sizeof out, "command -v clang") == 0, "clang")) return;
	test_shell("env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -s CC=clang BUILD=build/clang all "
		   ">%s/log 2>&1 || { cat %s/log; false; }", dir, dir);
	train(builds[0], _i, rnf_format("%s/first", dir), "threads=1");
	for (int b = 0; b < BUILDS; b++)
		for (int threads = 1; threads <= 4; threads++)
			for (int s = 0; s < 4; s++)
				compare(_i, builds[b], dir, threads, stops[s]);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = { { one_hash, TEST_ROWS(rows) }, { NULL, 0 } };
	if (TEST_ASAN || TEST_TSAN || strcmp(test_build(), "build")) {
		puts("skipped: it is about the plain build");
		return 0;
	}
	return test_run_cases("compilers", cases);
}
