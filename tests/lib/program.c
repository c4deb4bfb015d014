#include "lib/program.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/plugin.h"

int test_command(char *output, size_t size, const char *format, ...)
{
	char command[4096];
	va_list args;
	va_start(args, format);
	vsnprintf(command, sizeof command, format, args);
	va_end(args);
	FILE *pipe = popen(command, "r");
	ck_assert_ptr_nonnull(pipe);
	output[fread(output, 1, size - 1, pipe)] = 0;
	char rest[4096];
	while (fread(rest, 1, sizeof rest, pipe) > 0) {}
	const int status = pclose(pipe);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int test_program(char *output, size_t size, const char *format, ...)
{
	char arguments[2048];
	va_list args;
	va_start(args, format);
	vsnprintf(arguments, sizeof arguments, format, args);
	va_end(args);
	return test_command(output, size, "%s/rnframe %s 2>&1", test_build(), arguments);
}

void test_shell(const char *format, ...)
{
	char command[4096];
	va_list args;
	va_start(args, format);
	vsnprintf(command, sizeof command, format, args);
	va_end(args);
	ck_assert_msg(system(command) == 0, "%s", command);
}

const char *test_folder(const char *name)
{
	static char path[512];
	snprintf(path, sizeof path, "%s/tests/tmp/%s", test_build(), name);
	test_shell("rm -rf '%s' && mkdir -p '%s'", path, path);
	return path;
}

void test_add_layer(const char *dir, const char *source, const char *name)
{
	test_shell("mkdir -p %s/layer && ${CC:-cc} -std=gnu17 -O1 -shared -fPIC -Iinclude tests/added/%s "
		   "-o %s/layer/%s.so", dir, source, dir, name);
}

int test_has_data(void)
{
	return test_needs(access("build/data/cifar-10-batches-bin/test_batch.bin", R_OK) == 0 &&
			  access("../shared/data/seed/se-mxresnet20_180.h5", R_OK) == 0,
			  "data in ../shared/data");
}

int test_has_bf16(void)
{
#ifdef __x86_64__
	return __builtin_cpu_supports("avx512bf16") != 0;
#else
	return 0;
#endif
}
