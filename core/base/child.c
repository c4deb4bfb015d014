#define _GNU_SOURCE
#include "base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/status.h"

enum { POLL_MS = 5 };

/* The child gets a process group of its own and ignores the signals that ask this program
 * to save or to end; it is killed when its time is up. */
static void stand_apart(posix_spawnattr_t *attributes)
{
	static const int others[] = { SIGINT, SIGHUP, SIGTERM, SIGUSR1, SIGUSR2 };
	sigset_t set;
	sigemptyset(&set);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		sigaddset(&set, others[i]);
	posix_spawnattr_init(attributes);
	posix_spawnattr_setpgroup(attributes, 0);
	posix_spawnattr_setsigmask(attributes, &set);
	posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
}

static int start(const char *dir, const char *const *words, const char *const *environment,
		 pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	stand_apart(&attributes);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addchdir_np(&actions, dir);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	const int error = posix_spawnp(pid, words[0], &actions, &attributes,
				       (char *const *)words,
				       environment ? (char *const *)environment : environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return error;
}

static const char *wait_for(pid_t pid, int limit_ms)
{
	const struct timespec pause = { .tv_nsec = POLL_MS * 1000000L };
	for (int waited = 0; waited < limit_ms; waited += POLL_MS) {
		int status = 0;
		const pid_t ended = waitpid(pid, &status, WNOHANG);
		if (ended == pid)
			return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? NULL
									      : "failed";
		if (ended < 0 && errno != EINTR) return NULL; /* somebody else has reaped it */
		nanosleep(&pause, NULL);
	}
	kill(-pid, SIGKILL); /* the whole group: the child may have started others */
	waitpid(pid, NULL, 0);
	return "took too long";
}

const char *rnf_child_run(const char *dir, const char *const *words,
			  const char *const *environment, int limit_ms)
{
	pid_t pid;
	const int error = start(dir, words, environment, &pid);
	return error ? strerror(error) : wait_for(pid, limit_ms);
}

/* -- beside this process -- */

/* The caller has one thread, so every function is safe between fork and exec. */
static void become(const char *file, const char *const *words, int out, int keep, pid_t parent)
{
	const int none = open("/dev/null", O_RDONLY | O_CLOEXEC);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent) _exit(127); /* the parent died before prctl() took effect */
	dup2(none, 0);
	dup2(out, 1);
	dup2(out, 2);
	if (keep >= 0) fcntl(keep, F_SETFD, 0);
	execv(file, (char *const *)words);
	dprintf(2, "%s: %s\n", words[0], strerror(errno));
	_exit(127);
}

rnf_status rnf_child_start(const char *file, const char *const *words, const char *log,
			   int keep, pid_t *pid)
{
	int out;
	RNF_TRY(rnf_file_open(log, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, &out));
	const pid_t parent = getpid();
	*pid = fork();
	if (*pid == 0) become(file, words, out, keep, parent);
	close(out);
	return *pid > 0 ? RNF_OK
		: rnf_fail(RNF_EINTERNAL, "no child process: %s", strerror(errno));
}

int rnf_child_ended(pid_t pid, int *status)
{
	int how = 0;
	if (waitpid(pid, &how, WNOHANG) != pid) return 0;
	*status = WIFEXITED(how) ? WEXITSTATUS(how) : -WTERMSIG(how);
	return 1;
}
