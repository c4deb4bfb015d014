/* The process in which keras_h5 reads: what it may do, and what ends it. */
#include "../../../plugins/format/keras_h5/jail.c"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "base/status.h"
#include "lib/plugin.h"

static void nothing(void)
{
}

/* What a body wrote, and how it ended. */
static int run_body(void (*body)(const void *, int), const void *context, char text[64])
{
	struct jail jail = { 0 };
	size_t n = 0;
	ssize_t got;
	ck_assert_int_eq(jail_start(&jail, nothing, body, context), 0);
	while (n < 63 && (got = read(jail.from, text + n, 63 - n)) > 0)
		n += (size_t)got;
	text[n] = 0;
	return jail_end(&jail);
}

static void say(int out, const char *words)
{
	if (write(out, words, strlen(words)) < 0) _exit(9);
}

static void compute(const void *context, int out)
{
	char *copy = malloc(1 << 20);
	strcpy(copy, context);
	say(out, copy);
	free(copy);
}

static void open_file(const void *context, int out)
{
	const int fd = open(context, O_RDONLY);
	say(out, fd < 0 && errno == EACCES ? "denied" : "opened");
}

static void take_memory(const void *context, int out)
{
	(void)context;
	void *volatile most = malloc((size_t)3 << 29); /* or clang takes it for given */
	say(out, most ? "given" : "refused");
}

static void write_elsewhere(const void *context, int out)
{
	for (int fd = 0; fd < 64; fd++)
		if (fd != out && write(fd, context, 1) >= 0) say(out, "written");
	say(out, "done");
}

static void call_network(const void *context, int out)
{
	(void)context;
	socket(AF_INET, SOCK_STREAM, 0);
	say(out, "called");
}

static void start_process(const void *context, int out)
{
	(void)context;
	say(out, fork() < 0 ? "refused" : "started");
}

static void execute(const void *context, int out)
{
	char *const arguments[] = { (char *)(uintptr_t)context, NULL };
	execv(arguments[0], arguments);
	say(out, "back");
}

static void crash(const void *context, int out)
{
	say(out, "before");
	*(volatile int *)(uintptr_t)context = 1;
}

static const struct {
	void (*body)(const void *, int);
	const void *context;
	const char *written;
	int signal; /* that ends it; 0: none */
	int bars; /* needs them, which a sanitizer's build does not have */
} rows[] = {
	{ compute, "hello", "hello", 0, 0 },
	{ open_file, "/etc/passwd", "denied", 0, 1 },
	{ take_memory, NULL, "refused", 0, 1 },
	{ write_elsewhere, "x", "done", 0, 1 },
	{ call_network, NULL, "", SIGSYS, 1 },
	{ start_process, NULL, "", SIGSYS, 1 },
	{ execute, "/bin/true", "", SIGSYS, 1 },
	{ crash, NULL, "before", SIGSEGV, 1 },
};

START_TEST(bodies)
{
	char text[64];
	if (rows[_i].bars && !BARS) return;
	const int status = run_body(rows[_i].body, rows[_i].context, text);
	ck_assert_msg(strcmp(text, rows[_i].written) == 0, "row %d wrote \"%s\"", _i, text);
	if (rows[_i].signal)
		ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == rows[_i].signal,
			      "row %d: status %x", _i, status);
}
END_TEST

static void tell_handlers(const void *context, int out)
{
	static const int signals[] = { SIGTERM, SIGINT };
	(void)context;
	for (int i = 0; i < 2; i++) {
		struct sigaction now;
		sigaction(signals[i], NULL, &now);
		say(out, now.sa_handler == SIG_DFL ? "default " :
			 now.sa_handler == SIG_IGN ? "ignored " : "handled ");
	}
}

static void answer(int number)
{
	(void)number;
}

/* The parent answers Ctrl-C for both; its handlers are not for the child. */
START_TEST(handlers_of_the_parent_are_gone)
{
	char text[64];
	signal(SIGTERM, answer);
	signal(SIGINT, answer);
	run_body(tell_handlers, NULL, text);
	ck_assert_str_eq(text, "default ignored ");
}
END_TEST

/* Which the child must not raise. */
START_TEST(smaller_limits_of_the_user_stay)
{
	const struct rlimit time = { JAIL_CPU_S / 2, JAIL_CPU_S / 2 };
	char text[64];
	ck_assert_int_eq(setrlimit(RLIMIT_CPU, &time), 0);
	run_body(compute, "hello", text);
	ck_assert_str_eq(text, "hello");
}
END_TEST

static void loop(const void *context, int out)
{
	(void)context;
	say(out, "looping");
	for (volatile int i = 0;; i++)
		;
}

/* A process that continues ends when nobody reads its pipe. */
START_TEST(a_loop_is_ended)
{
	struct jail jail = { 0 };
	char text[8] = "";
	ck_assert_int_eq(jail_start(&jail, nothing, loop, NULL), 0);
	ck_assert_int_eq(read(jail.from, text, 7), 7);
	ck_assert(WIFSIGNALED(jail_end(&jail)));
	ck_assert_int_lt(kill(jail.pid, 0), 0);
}
END_TEST

/* From here on this process behaves as on a kernel without seccomp: a filter answers
 * EINVAL. */
static void lose_filters(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_prctl, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PR_SET_SECCOMP, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { sizeof filter / sizeof *filter, filter };
	ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
}

static int no_text(struct rnf_tensor_sink *sink, const char *key, const char *value)
{
	(void)sink, (void)key, (void)value;
	return RNF_OK;
}

static float *no_place(struct rnf_tensor_sink *sink, const char *name, int32_t rank,
		       const int64_t *shape)
{
	(void)sink, (void)name, (void)rank, (void)shape;
	return NULL;
}

START_TEST(without_seccomp_nothing_is_read_unless_asked_for)
{
	struct rnf_tensor_sink sink = { no_place, no_text };
	const struct rnf_format_impl *format = test_feature("format", "keras_h5")->impl;
	const char *path = "tests/fuzz/corpus/keras_h5/deflate.h5";
	if (!BARS) return;
	unsetenv(JAIL_WAIVER);
	ck_assert_int_eq(jail_holds(), 1);
	lose_filters();
	ck_assert_int_eq(jail_holds(), 0);
	ck_assert_int_eq(format->read(&rnf_host, path, &sink), RNF_EINVAL);
	ck_assert_msg(strstr(rnf_fail_words(), "RNF_H5_WITHOUT_SECCOMP=1") != NULL, "%s",
		      rnf_fail_words());
	setenv(JAIL_WAIVER, "1", 1);
	ck_assert_int_eq(jail_holds(), 1);
	rnf_fail(RNF_EINVAL, "the sink's words");
	ck_assert_int_eq(format->read(&rnf_host, path, &sink), RNF_EINVAL);
	ck_assert_str_eq(rnf_fail_words(), "the sink's words"); /* as far as to a tensor */
	char text[64];
	ck_assert_int_eq(run_body(compute, "works", text), 0); /* limits are enough */
	ck_assert_str_eq(text, "works");
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ bodies, TEST_ROWS(rows) },
		{ handlers_of_the_parent_are_gone, 0 },
		{ smaller_limits_of_the_user_stay, 0 },
		{ a_loop_is_ended, 0 },
		{ without_seccomp_nothing_is_read_unless_asked_for, 0 },
		{ NULL, 0 },
	};
	return test_run_cases("format/jail", cases);
}
