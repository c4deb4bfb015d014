/* The program on older and newer processors, in an emulator: no illegal instruction, the
 * right kernels, and the same bits wherever the kernels are the same. The model,
 * cpus.cfg, uses everything that is built for several instruction sets. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/plugin.h"
#include "lib/program.h"
#include "lib/sanitizer.h"

/* Removed: features that the emulator does not know, and would warn of. */
#define SANDY_BRIDGE "SandyBridge,-x2apic,-tsc-deadline"
#define HASWELL "Haswell-noTSX,-pcid,-x2apic,-tsc-deadline,-invpcid"

/* AMD's own models are missing: on them OpenBLAS expects 3DNow! and FMA4, which the
 * emulator lacks. */
static const struct cpu {
	const char *model, *isa; /* of the backend native */
} cpus[] = {
	{ "kvm64", "portable" },               /* SSE3 */
	{ "core2duo", "portable" },            /* SSSE3 */
	{ "Nehalem", "portable" },             /* SSE4.2 */
	{ SANDY_BRIDGE, "portable" },          /* AVX */
	{ SANDY_BRIDGE ",+fma", "portable" },  /* without AVX2, as AMD's Piledriver */
	{ "max,-fma", "portable" },            /* AVX2 without FMA */
	{ "max,-xsave", "portable" },          /* a system that does not save AVX registers */
	{ HASWELL, "avx2" },
	{ "max", "avx2" },                     /* all that the emulator supports */
};

static int skipped(void)
{
#ifndef __x86_64__
	puts("skipped: not built for x86-64");
	return 1;
#endif
	if (TEST_ASAN || TEST_TSAN) {
		puts("skipped: built with a sanitizer, it does not start in the emulator");
		return 1;
	}
	return !test_needs(system("command -v qemu-x86_64 >/dev/null") == 0,
			   "qemu-x86_64 (package qemu-user)");
}

static int host_has(const char *isa)
{
#ifdef __x86_64__
	if (!strcmp(isa, "avx2"))
		return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
	return !strcmp(isa, "portable");
}

/* Run the program on a model, NULL: on this machine; with that RNF_ISA, NULL: unset. */
static int on(const char *model, const char *isa, char *out, size_t size,
	      const char *arguments)
{
	return test_command(out, size, "ulimit -c 0; env -u RNF_ISA %s%s %s%s "
		"%s/rnframe %s 2>&1", isa ? "RNF_ISA=" : "", isa ? isa : "",
		model ? "qemu-x86_64 -cpu " : "", model ? model : "", test_build(),
		arguments);
}

/* It succeeds, and the emulator reports nothing: no warning, no signal. */
static void must(const char *model, const char *isa, char *out, size_t size,
		 const char *arguments)
{
	const int status = on(model, isa, out, size, arguments);
	ck_assert_msg(status == 0 && !strstr(out, "qemu"), "%s: %s: status %d: %.2000s",
		      model ? model : "here", arguments, status, out);
}

/* Train, and evaluate the result, in the folder dir/name. */
static void run(const char *model, const char *isa, const char *backend,
		const char *dir, const char *name)
{
	char out[8192], arguments[2048];
	snprintf(arguments, sizeof arguments, "train tests/cli/cpus.cfg backend=%s "
		 "--out %s/%s", backend, dir, name);
	must(model, isa, out, sizeof out, arguments);
	snprintf(arguments, sizeof arguments, "eval tests/cli/cpus.cfg backend=%s "
		 "--weights %s/%s/model.safetensors --probs %s/%s/p.npy", backend, dir,
		 name, dir, name);
	must(model, isa, out, sizeof out, arguments);
}

/* The kernels' names in the plan, for the backend that the program chooses. */
static void plan_has(const char *model, const char *more, const char *kernel)
{
	static char out[1 << 16];
	char arguments[256];
	snprintf(arguments, sizeof arguments, "plan tests/cli/cpus.cfg --phases %s", more);
	must(model, NULL, out, sizeof out, arguments);
	ck_assert_msg(strstr(out, kernel) != NULL, "%s: %s: no %s in it", model,
		      arguments, kernel);
}

/* Trained in the emulator and here with the kernels of one instruction set. */
static void same_bits(const struct cpu *cpu, const char *isa, const char *dir)
{
	const int best = !strcmp(isa, cpu->isa); /* chosen by the program itself */
	run(cpu->model, best ? NULL : isa, "native", dir, isa);
	if (!host_has(isa)) {
		printf("skipped: %s is not of this machine\n", isa);
		return;
	}
	run(NULL, isa, "native", dir, "here");
	test_shell("for f in model.safetensors p.npy; do "
		   "cmp %s/%s/$f %s/here/$f || exit 1; done", dir, isa, dir);
}

START_TEST(portable_has_this_machines_bits)
{
	if (skipped()) return;
	same_bits(&cpus[_i], "portable", test_folder("cpus_portable"));
}
END_TEST

START_TEST(avx2_has_this_machines_bits)
{
	if (skipped() || strcmp(cpus[_i].isa, "avx2") != 0) return;
	same_bits(&cpus[_i], "avx2", test_folder("cpus_avx2"));
}
END_TEST

/* Its bits are those of the kernel that it chooses itself. */
START_TEST(openblas_runs)
{
	if (skipped() || !test_has_plugin("backend", "openblas")) return;
	run(cpus[_i].model, NULL, "openblas", test_folder("cpus_openblas"), "run");
}
END_TEST

START_TEST(kernels_fit)
{
	const struct cpu *cpu = &cpus[_i];
	const int wide = !strcmp(cpu->isa, "avx2");
	if (skipped()) return;
	plan_has(cpu->model, "backend=native", wide ? "[avx2]" : "[portable]");
	if (test_has_plugin("backend", "openblas"))
		plan_has(cpu->model, "", wide ? "[avx2]" : "[im2col+gemm]");
}
END_TEST

START_TEST(an_isa_that_is_missing_is_refused)
{
	char out[4096];
	if (skipped()) return;
	for (int i = 0; i < TEST_ROWS(cpus); i++) {
		if (!strcmp(cpus[i].isa, "avx2")) continue;
		const int status = on(cpus[i].model, "avx2", out, sizeof out,
				      "plan tests/cli/cpus.cfg backend=native");
		ck_assert_msg(status == 2 && !strcmp(out, "rnframe: RNF_ISA is avx2, "
			      "which this processor does not have\n"),
			      "%s: status %d: %.2000s", cpus[i].model, status, out);
	}
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ portable_has_this_machines_bits, TEST_ROWS(cpus) },
		{ avx2_has_this_machines_bits, TEST_ROWS(cpus) },
		{ openblas_runs, TEST_ROWS(cpus) },
		{ kernels_fit, TEST_ROWS(cpus) },
		{ an_isa_that_is_missing_is_refused, 0 },
		{ NULL, 0 },
	};
	return test_run_cases("cpus", cases);
}
