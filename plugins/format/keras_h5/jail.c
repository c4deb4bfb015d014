#define _GNU_SOURCE
#include "jail.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OUT = 3, FILES = 8, WALL_S = 120 };

#ifndef __has_feature /* clang's way to ask */
#define __has_feature(x) 0
#endif
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__ || \
	__has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
enum { BARS = 0 };
#else
enum { BARS = 1 };
#endif

#ifdef __x86_64__
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined __aarch64__
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

/* Memory, the pipe, exit. */
static const int allowed[] = {
	SYS_write, SYS_mmap, SYS_munmap, SYS_mremap, SYS_brk, SYS_mprotect, SYS_madvise,
	SYS_futex, SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_getpid,
	SYS_clock_gettime, SYS_gettimeofday, SYS_close, SYS_exit, SYS_exit_group,
};

/* Calls that a library may try and can do without fail with EACCES. All others kill the
 * process. */
static const int denied[] = {
#ifdef SYS_open
	SYS_open, SYS_stat, SYS_lstat, SYS_access, SYS_readlink,
#endif
	SYS_openat, SYS_newfstatat, SYS_fstat, SYS_statx, SYS_faccessat, SYS_readlinkat,
	SYS_getcwd, SYS_lseek, SYS_fcntl, SYS_getrandom, SYS_nanosleep, SYS_clock_nanosleep,
};

enum { N_ALLOWED = sizeof allowed / sizeof *allowed, N_DENIED = sizeof denied / sizeof *denied };

#ifdef ARCHITECTURE
static size_t add_rows(struct sock_filter *to, const int *calls, size_t n, uint32_t answer)
{
	for (size_t i = 0; i < n; i++) {
		to[2 * i] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
							 (uint32_t)calls[i], 0, 1);
		to[2 * i + 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, answer);
	}
	return 2 * n;
}

static int restrict_calls(void)
{
	struct sock_filter rows[2 * (N_ALLOWED + N_DENIED) + 5] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	};
	size_t n = 4;
	n += add_rows(rows + n, allowed, N_ALLOWED, SECCOMP_RET_ALLOW);
	n += add_rows(rows + n, denied, N_DENIED, SECCOMP_RET_ERRNO | EACCES);
	rows[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
	const struct sock_fprog program = { .len = (unsigned short)n, .filter = rows };
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

/* A filter at NULL cannot be read: EFAULT, where filters exist at all. An emulator or an
 * old kernel has none. */
static int has_filters(void)
{
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL) != 0 && errno == EFAULT;
}
#else
static int restrict_calls(void) { return 0; }
static int has_filters(void) { return 0; }
#endif

static int is_waived(void)
{
	const char *word = getenv(JAIL_WAIVER);
	return word && !strcmp(word, "1");
}

int jail_holds(void)
{
	return !BARS || has_filters() || is_waived();
}

/* The child starts with all that its parent has mapped. */
static rlim_t mapped(void)
{
	unsigned long pages = 0;
	FILE *f = fopen("/proc/self/statm", "re");
	if (!f || fscanf(f, "%lu", &pages) != 1) pages = 0;
	if (f) fclose(f);
	return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

static rlim_t smaller(rlim_t a, rlim_t b)
{
	return a < b ? a : b;
}

/* A smaller limit that the user has set stays: it must not be raised. */
static int limit(__rlimit_resource_t what, rlim_t soft, rlim_t hard)
{
	struct rlimit value;
	if (getrlimit(what, &value) != 0) return -1;
	value.rlim_max = smaller(hard, value.rlim_max);
	value.rlim_cur = smaller(soft, smaller(value.rlim_cur, value.rlim_max));
	return setrlimit(what, &value);
}

static int restrict_use(rlim_t memory)
{
	return limit(RLIMIT_CORE, 0, 0) | limit(RLIMIT_NOFILE, FILES, FILES) |
	       limit(RLIMIT_AS, memory, memory) |
	       limit(RLIMIT_CPU, JAIL_CPU_S, JAIL_CPU_S + 1) | /* XCPU, then KILL */
	       prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/* The parent's handlers are not for this process, and the parent answers signals that a
 * terminal sends to both. */
static void reset_signals(void)
{
	for (int s = 1; s < NSIG; s++)
		signal(s, SIG_DFL);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	alarm(WALL_S);
}

static void close_others(int out)
{
	if (out != OUT) dup2(out, OUT);
	if (close_range(OUT + 1, ~0u, 0) != 0)
		for (int fd = OUT + 1; fd < 4096; fd++)
			close(fd);
	for (int fd = 0; BARS && fd < OUT; fd++) /* sanitizers report on 2 */
		close(fd);
}

/* The pool's threads may exist by now, and are not in the child. malloc() is usable there
 * all the same, since glibc's fork() leaves its locks free, and no other lock is taken
 * here. */
static void run(void (*prepare)(void), void (*body)(const void *, int), const void *context,
		int out)
{
	const rlim_t memory = mapped() + JAIL_MEMORY_BYTES;
	reset_signals();
	close_others(out);
	prepare();
	if (BARS && restrict_use(memory) != 0) _exit(1);
	if (BARS && has_filters() && restrict_calls() != 0) _exit(1);
	body(context, OUT);
	_exit(0);
}

int jail_start(struct jail *jail, void (*prepare)(void),
	       void (*body)(const void *context, int out), const void *context)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) != 0) return errno;
	jail->from = ends[0];
	jail->pid = fork();
	if (jail->pid == 0) run(prepare, body, context, ends[1]);
	const int cause = errno;
	close(ends[1]);
	if (jail->pid > 0) return 0;
	close(ends[0]);
	return cause;
}

int jail_end(struct jail *jail)
{
	int status = 0;
	close(jail->from); /* ends a child that still writes */
	kill(jail->pid, SIGKILL);
	while (waitpid(jail->pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}
