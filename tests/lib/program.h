/* For tests: run the program as a user does. */
#ifndef TEST_PROGRAM_H
#define TEST_PROGRAM_H

#include <stddef.h>

/* Run a command of the shell with its output into `output`; return the exit status, -1
 * when a signal ended it. */
int test_command(char *output, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Run `build/rnframe ARGUMENTS` likewise, both streams into `output`. */
int test_program(char *output, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Run a command of the shell, which must succeed. */
void test_shell(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Compile a source of tests/added as DIR/layer/NAME.so, for --plugin-path DIR. */
void test_add_layer(const char *dir, const char *source, const char *name);
/* A fresh folder below the build, removed and made again. */
const char *test_folder(const char *name);
/* 1 when CIFAR-10 and the published weights are available; otherwise the test is skipped
 * with a message, or fails when CI=true. */
int test_has_data(void);
/* Is bf16 offered on this processor? */
int test_has_bf16(void);

#endif
