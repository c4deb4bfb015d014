#define _GNU_SOURCE
#include "rules.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *const kinds[] = {
	"open", "write", "read", "close", "fsync", "rename", "unlink", "mkdir", "allocate",
	"lock", "statvfs", "mmap", "malloc", "any",
};

static const struct {
	const char *name;
	int what;
} effects[] = {
	{ "short", SHORT }, { "kill", KILL }, { "cut", CUT },
	{ "ENOSPC", ENOSPC }, { "EDQUOT", EDQUOT }, { "EIO", EIO }, { "EINTR", EINTR },
	{ "EROFS", EROFS }, { "EACCES", EACCES }, { "EMFILE", EMFILE }, { "ENOMEM", ENOMEM },
	{ "EEXIST", EEXIST }, { "ENOENT", ENOENT }, { "ESTALE", ESTALE },
	{ "EAGAIN", EAGAIN }, { "ENOLCK", ENOLCK }, { "EFBIG", EFBIG }, { "EPERM", EPERM },
	{ "ENOSYS", ENOSYS }, { "EOPNOTSUPP", EOPNOTSUPP }, { "ETXTBSY", ETXTBSY },
};

enum { RULES_MAX = 4 };

static struct rule {
	int kind, what, forever;
	long at;
	atomic_long calls, fired;
} rules[RULES_MAX];
static int n_rules, log_fd = -1;
static char under[PATH_MAX], mark[PATH_MAX];
static pid_t self;
int journal_fd = -1;
const void *program;

/* ---- the rules ---- */

__attribute__((format(printf, 1, 2))) static void die(const char *format, ...)
{
	char line[512];
	va_list args;
	va_start(args, format);
	const int n = vsnprintf(line, sizeof line, format, args);
	va_end(args);
	syscall(SYS_write, 2, line, (size_t)n);
	_exit(125);
}

static int index_of(const char *word, const char *const *words, int n)
{
	for (int i = 0; i < n; i++)
		if (!strcmp(word, words[i])) return i;
	die("fault: unknown kind \"%s\"\n", word);
	return -1;
}

static int effect(const char *word)
{
	for (size_t i = 0; i < sizeof effects / sizeof *effects; i++)
		if (!strcmp(word, effects[i].name)) return effects[i].what;
	die("fault: unknown effect \"%s\"\n", word);
	return 0;
}

/* Kept away from the program's own descriptors, which are part of what is tested. */
static int open_log(const char *path)
{
	const int fd = (int)syscall(SYS_openat, AT_FDCWD, path,
				    O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0666);
	const int log = fcntl(fd, F_DUPFD_CLOEXEC, 900);
	if (log < 0) die("fault: cannot record to %s\n", path);
	syscall(SYS_close, fd);
	return log;
}

static void parse_rule(char *text)
{
	char *rest = text, *kind = strsep(&rest, ":");
	if (!strcmp(kind, "record") || !strcmp(kind, "journal")) {
		*(kind[0] == 'r' ? &log_fd : &journal_fd) = open_log(rest ? rest : "");
		return;
	}
	const char *at = strsep(&rest, ":"), *what = strsep(&rest, ":");
	if (!what || n_rules == RULES_MAX) die("fault: KIND:N:WHAT[:forever], at most 4\n");
	struct rule *r = &rules[n_rules++];
	r->kind = index_of(kind, kinds, N_KINDS + 1);
	r->at = atol(at);
	r->what = effect(what);
	r->forever = rest && !strcmp(rest, "forever");
	if (r->at < 1) die("fault: calls are counted from 1\n");
}

static void copy_env(const char *name, char to[PATH_MAX])
{
	const char *value = getenv(name);
	snprintf(to, PATH_MAX, "%s", value ? value : "");
}

__attribute__((constructor)) static void start(void)
{
	static char text[PATH_MAX];
	char *rest = text, *rule;
	Dl_info where;
	self = getpid();
	if (dladdr((void *)getauxval(AT_ENTRY), &where)) program = where.dli_fbase;
	copy_env("RNF_FAULT", text);
	copy_env("RNF_FAULT_UNDER", under);
	copy_env("RNF_FAULT_MARK", mark);
	unsetenv("LD_PRELOAD");
	while ((rule = strsep(&rest, ",")))
		if (*rule) parse_rule(rule);
}

__attribute__((destructor)) static void finish(void)
{
	char line[128];
	if (!*mark || getpid() != self) return;
	const int fd = (int)syscall(SYS_openat, AT_FDCWD, mark,
				    O_WRONLY | O_CREAT | O_TRUNC, 0666);
	for (int i = 0; i < n_rules; i++) {
		const int n = snprintf(line, sizeof line, "%s %ld %ld\n",
				       kinds[rules[i].kind], (long)rules[i].calls,
				       (long)rules[i].fired);
		syscall(SYS_write, fd, line, (size_t)n);
	}
	syscall(SYS_close, fd);
}

static void record(enum kind kind, const char *path, long long size)
{
	char line[PATH_MAX + 64];
	const int n = snprintf(line, sizeof line, "%s %lld %s\n", kinds[kind], size, path);
	syscall(SYS_write, log_fd, line, (size_t)n);
}

int is_counted(void)
{
	return getpid() == self;
}

int is_narrow(void)
{
	return *under != 0;
}

int has_rules(void)
{
	return n_rules > 0;
}

int judge(enum kind kind, const char *path, long long size)
{
	if (!is_counted()) return 0;
	int what = 0;
	if (log_fd >= 0 && kind != MALLOC) record(kind, path, size);
	for (int i = 0; i < n_rules; i++) {
		struct rule *r = &rules[i];
		if (r->kind != (int)kind && (r->kind != ANY || kind == MALLOC)) continue;
		const long n = atomic_fetch_add(&r->calls, 1) + 1;
		if (n != r->at && !(r->forever && n > r->at)) continue;
		atomic_fetch_add(&r->fired, 1);
		what = r->what;
	}
	if (what == KILL) kill(self, SIGKILL);
	return what;
}

int is_under(const char *path)
{
	const size_t n = strlen(under);
	return !strncmp(path, under, n) && (n == 0 || path[n] == '/' || path[n] == 0);
}
