/* Exported C files on other processors, by their compilers and by QEMU: ten images give the same
 * integers as here, and in floats the same classes. Needs `make deps-cross`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "lib/plugin.h"
#include "lib/program.h"

#define PYTHON "PYTHONDONTWRITEBYTECODE=1 ${PEER_PYTHON:-python3} tests/cli/"
#define BARE "-ffreestanding -nostartfiles -T tests/cli/cross/cortex_m.ld"
#define BOARD "-nographic -monitor none -serial none -semihosting-config enable=on,target=native -kernel"

static const struct {
	const char *name, *compiler, *flags, *machine, *run;
	const char *packages; /* that have both */
} machines[] = {
	{ "cortex_m3", "arm-none-eabi-gcc", "-mcpu=cortex-m3 -mthumb " BARE, "cortex_m",
	  "qemu-system-arm -M mps2-an385 " BOARD,
	  "gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm" },
	{ "cortex_m4", "arm-none-eabi-gcc", "-mcpu=cortex-m4 -mthumb -mfloat-abi=hard "
	  "-mfpu=fpv4-sp-d16 " BARE, "cortex_m", "qemu-system-arm -M mps2-an386 " BOARD,
	  "gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm" },
	{ "riscv64", "riscv64-linux-gnu-gcc", "-static", "linux", "qemu-riscv64",
	  "gcc-riscv64-linux-gnu libc6-dev-riscv64-cross qemu-user" },
};
enum { MACHINES = sizeof machines / sizeof *machines };

static char out[1 << 16];

static void shell(const char *command)
{
	ck_assert_msg(test_command(out, sizeof out, "%s 2>&1", command) == 0, "%s\n%s", command, out);
}

/* A machine whose packages are missing is left out, even where all tests must run. */
static int is_there(int i)
{
	const char *runner = rnf_format("%.*s", (int)strcspn(machines[i].run, " "), machines[i].run);
	if (test_command(out, sizeof out, "command -v %s && command -v %s", machines[i].compiler,
			 runner) == 0)
		return 1;
	printf("skipped: %s needs %s: make deps-cross\n", machines[i].name, machines[i].packages);
	return 0;
}

/* DIR/int8.c and DIR/float.c, both with functions of a model, and DIR/images.h. */
static const char *exported(void)
{
	const char *dir = rnf_format("%s", test_folder("cross"));
	shell(rnf_format(PYTHON "export.py data %s/data && mkdir %s/int8 %s/float && "
			 "sed 's/\"layernorm\"/\"pad_channels\"; filters = 24/' tests/cli/export.cfg "
			 ">%s/model.cfg", dir, dir, dir, dir));
	shell(rnf_format("%s/rnframe train %s/model.cfg --out %s/run data.path=%s/data "
			 "train.optimizer.lr=0.02 train.callbacks.training_monitor.plot=false "
			 "train.pictures=false", test_build(), dir, dir, dir));
	shell(rnf_format("%s/rnframe export %s/run %s/float/model.c && %s/rnframe export %s/run "
			 "%s/int8/model.c --int8", test_build(), dir, dir, test_build(), dir, dir));
	shell(rnf_format(PYTHON "int8.py images %s/data/test_batch.bin 10 >%s/images.h", dir, dir));
	return dir;
}

/* Compile DIR/FORM/model.c with the file of the machine, run it, keep what it prints. */
static void print(const char *dir, const char *form, const char *compiler, const char *flags,
		  const char *machine, const char *run, const char *name)
{
	shell(rnf_format("%s -std=c99 -Wall -Wextra -pedantic -Werror -O2 -c -o %s/%s/%s.o "
			 "%s/%s/model.c %s", compiler, dir, form, name, dir, form, flags));
	shell(rnf_format("%s -O2 -I%s -Itests/cli/cross %s -o %s/%s/%s tests/cli/cross/main.c "
			 "tests/cli/cross/%s.c %s/%s/%s.o %s", compiler, dir,
			 strcmp(form, "int8") ? "" : "-DSUMS", dir, form, name, machine, dir, form,
			 name, flags));
	shell(rnf_format("timeout 120 %s %s/%s/%s >%s/%s/%s.txt 2>&1", run, dir, form, name, dir,
			 form, name));
}

START_TEST(other_processors_say_the_same)
{
	static const char *const forms[] = { "int8", "float" };
	if (!test_needs(system("python3 -c '' 2>/dev/null") == 0, "python3")) return;
	const char *dir = NULL;
	for (int i = 0; i < MACHINES * TEST_ROWS(forms); i++) {
		const int m = i / TEST_ROWS(forms);
		const char *form = forms[i % TEST_ROWS(forms)];
		if (!is_there(m)) continue;
		if (!dir) dir = exported();
		print(dir, form, "cc", "", "linux", "", "here");
		print(dir, form, machines[m].compiler, machines[m].flags, machines[m].machine,
		      machines[m].run, machines[m].name);
		shell(rnf_format("cd %s/%s && test $(wc -l <here.txt) = 10 && cmp here.txt %s.txt", dir,
				 form, machines[m].name));
	}
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ other_processors_say_the_same, 0 },
		{ NULL, 0 },
	};
	return test_run_cases("cross", cases);
}
