#define _GNU_SOURCE
#include "base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { POLL_MS = 5 };

static int start(const char *dir, const char *const *words, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addchdir_np(&actions, dir);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	const int error = posix_spawnp(pid, words[0], &actions, NULL,
				       (char *const *)words, environ);
	posix_spawn_file_actions_destroy(&actions);
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
		if (ended < 0 && errno != EINTR) return NULL; /* reaped by others */
		nanosleep(&pause, NULL);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return "took too long";
}

const char *rnf_child_run(const char *dir, const char *const *words, int limit_ms)
{
	pid_t pid;
	const int error = start(dir, words, &pid);
	return error ? strerror(error) : wait_for(pid, limit_ms);
}
