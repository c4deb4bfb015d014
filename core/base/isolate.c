#define _GNU_SOURCE
#include "base/isolate.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/status.h"

struct answer {
	rnf_status status;
	char words[8 * RNF_LINE_BYTES]; /* several lines after rnf_fail_all() */
};

/* Set-up calls this before threads exist, or where none of their locks is needed: glibc's
 * fork() leaves malloc() and stdio usable. */
static void run(rnf_status (*body)(const void *), const void *context, int out)
{
	static const int fatal[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
	const struct rlimit none = { 0, 0 };
	struct answer answer = { .status = RNF_OK };
	setrlimit(RLIMIT_CORE, &none);
	for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++)
		signal(fatal[i], SIG_DFL); /* the parent reports, not the child */
	answer.status = body(context);
	if (answer.status < 0)
		snprintf(answer.words, sizeof answer.words, "%s", rnf_fail_words());
	_exit(write(out, &answer, sizeof answer) != (ssize_t)sizeof answer);
}

/* Return 1 when the answer came; 0: the child ended, or the time is up (*late). */
static int receive(int from, struct answer *answer, int seconds, int *late)
{
	struct pollfd ready = { .fd = from, .events = POLLIN };
	int n;
	while ((n = poll(&ready, 1, 1000 * seconds)) < 0 && errno == EINTR)
		;
	*late = n == 0;
	/* less than a pipe's capacity: arrives in one piece */
	return n > 0 && read(from, answer, sizeof *answer) == (ssize_t)sizeof *answer;
}

static rnf_status fail_dead(int status, int late, int seconds)
{
	if (late) return rnf_fail(RNF_EPLUGIN, "did not finish within %d s", seconds);
	if (WIFSIGNALED(status))
		return rnf_fail(RNF_EPLUGIN, "dies of signal %d (%s)", WTERMSIG(status),
				strsignal(WTERMSIG(status)));
	return rnf_fail(RNF_EPLUGIN, "ends the program with status %d", WEXITSTATUS(status));
}

static rnf_status fail_start(void)
{
	return rnf_fail(RNF_EINTERNAL, "no child process: %s", strerror(errno));
}

rnf_status rnf_isolate(rnf_status (*body)(const void *context), const void *context,
			 int seconds)
{
	int ends[2], status = 0, late = 0;
	struct answer answer;
	fflush(NULL); /* or the child might print it again */
	if (pipe2(ends, O_CLOEXEC) != 0) return fail_start();
	const pid_t pid = fork();
	if (pid == 0) run(body, context, ends[1]);
	close(ends[1]);
	const int good = pid > 0 && receive(ends[0], &answer, seconds, &late);
	close(ends[0]);
	if (pid < 0) return fail_start();
	if (late) kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	/* a child that died may have sent an answer before, or something sent one for it */
	if (!good || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return fail_dead(status, late, seconds);
	return answer.status < 0 ? rnf_fail_again(answer.status, answer.words) : RNF_OK;
}
