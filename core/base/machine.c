#define _GNU_SOURCE
#include "base/machine.h"

#include <limits.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"

/* The first line of a file that begins with `key`; 0: there is no such line. */
static int find_line(const char *path, const char *key, char *line, int size)
{
	int found = 0;
	FILE *f = fopen(path, "re");
	while (f && !found && fgets(line, size, f))
		found = !strncmp(line, key, strlen(key));
	if (f) fclose(f);
	return found;
}

const char *rnf_machine_cpu(void)
{
	char line[256];
	if (!find_line("/proc/cpuinfo", "model name", line, sizeof line)) return NULL;
	const char *colon = strchr(line, ':');
	if (!colon || colon[1] != ' ') return NULL;
	return rnf_strndup(colon + 2, strcspn(colon + 2, "\n"));
}

/* -- limits of control groups -- */

/* The folder of the groups that a line of /proc/self/cgroup is about: "0::/a/b" of
 * version 2, "4:cpu,cpuacct:/a/b" of version 1. */
static const struct hierarchy {
	const char *controller, *folder;
} hierarchies[] = {
	{ "", "" }, { "", "/unified" }, { "cpu", "/cpu" }, { "memory", "/memory" },
};

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/* The first line of DIR/NAME. */
static int read_first(const char *dir, const char *name, char *line, int size)
{
	char path[PATH_MAX];
	const int n = snprintf(path, sizeof path, "%s/%s", dir, name);
	return n > 0 && n < (int)sizeof path && find_line(path, "", line, size);
}

/* The number in DIR/NAME; 0: "max", -1, or no such file. */
static int64_t number_in(const char *dir, const char *name)
{
	char line[64];
	const long long n = read_first(dir, name, line, sizeof line) ? atoll(line) : 0;
	return n > 0 ? n : 0;
}

/* CPU quota per period, in whole processors. */
static void add_quota(struct rnf_limits *limits, int64_t quota, int64_t period)
{
	if (quota > 0 && period > 0)
		limits->cpus = least(limits->cpus, (quota - 1) / period + 1);
}

/* The limits in the folder of one group, of either version. */
static void add_group(struct rnf_limits *limits, const char *dir)
{
	static const char *const bytes[] = { "memory.max", "memory.limit_in_bytes" };
	long long quota, period;
	char line[64];
	for (size_t i = 0; i < sizeof bytes / sizeof *bytes; i++) {
		const int64_t n = number_in(dir, bytes[i]);
		if (n > 0) limits->memory = least(limits->memory, n);
	}
	if (read_first(dir, "cpu.max", line, sizeof line) &&
	    sscanf(line, "%lld %lld", &quota, &period) == 2)
		add_quota(limits, quota, period);
	add_quota(limits, number_in(dir, "cpu.cfs_quota_us"),
		  number_in(dir, "cpu.cfs_period_us"));
}

/* A group's limits also hold for its descendants. In a container the path may be one of
 * the host: then the root, which is always checked, is the container's own group. */
static void add_path(struct rnf_limits *limits, const char *root, const char *folder,
		     const char *path)
{
	char dir[PATH_MAX];
	const int top = snprintf(dir, sizeof dir, "%s%s", root, folder);
	const int n = snprintf(dir, sizeof dir, "%s%s%s", root, folder, path);
	if (n < top || n >= (int)sizeof dir) return;
	add_group(limits, dir);
	for (char *slash; (slash = strrchr(dir + top, '/'));) {
		*slash = 0;
		add_group(limits, dir);
	}
}

/* Is the controller in the list "cpu,cpuacct"? */
static int lists(const char *controllers, const char *wanted)
{
	const size_t n = strlen(wanted);
	for (const char *at = controllers; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (!strncmp(at, wanted, n) && (at[n] == ',' || !at[n])) return 1;
	}
	return 0;
}

/* "4:cpu,cpuacct:/a/b" */
static void add_line(struct rnf_limits *limits, const char *root, char *line)
{
	char *controllers = strchr(line, ':');
	char *path = controllers ? strchr(controllers + 1, ':') : NULL;
	if (!path) return;
	*path++ = 0;
	path[strcspn(path, "\n")] = 0;
	for (size_t i = 0; i < sizeof hierarchies / sizeof *hierarchies; i++)
		if (lists(controllers + 1, hierarchies[i].controller))
			add_path(limits, root, hierarchies[i].folder, path);
}

struct rnf_limits rnf_machine_limits(const char *root, const char *groups)
{
	struct rnf_limits limits = { INT64_MAX, INT64_MAX };
	char line[PATH_MAX];
	for (size_t i = 0; i < sizeof hierarchies / sizeof *hierarchies; i++)
		add_path(&limits, root, hierarchies[i].folder, "");
	FILE *f = fopen(groups, "re");
	while (f && fgets(line, sizeof line, f))
		add_line(&limits, root, line);
	if (f) fclose(f);
	return limits;
}

static struct rnf_limits own_limits(void)
{
	return rnf_machine_limits("/sys/fs/cgroup", "/proc/self/cgroup");
}

int rnf_machine_cpus(void)
{
	cpu_set_t set;
	const int64_t quota = own_limits().cpus;
	if (sched_getaffinity(0, sizeof set, &set) == 0)
		return (int)least(CPU_COUNT(&set), quota);
	const long n = sysconf(_SC_NPROCESSORS_ONLN);
	return (int)least(n > 0 ? n : 1, quota);
}

int64_t rnf_machine_memory(void)
{
	struct rlimit own;
	const int64_t all = (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGE_SIZE);
	int64_t bytes = least(all, own_limits().memory);
	if (getrlimit(RLIMIT_AS, &own) == 0 && own.rlim_cur < (rlim_t)bytes)
		bytes = (int64_t)own.rlim_cur;
	return bytes;
}

/* -- this process -- */

/* getrusage() is the second choice: it reports the peak of the program that started this
 * one, if that was larger. */
int64_t rnf_machine_peak_memory(void)
{
	static const char key[] = "VmHWM:";
	char line[256];
	struct rusage usage;
	if (find_line("/proc/self/status", key, line, sizeof line))
		return atoll(line + sizeof key - 1) * 1024;
	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss * 1024;
}

const char *rnf_machine_program(void)
{
	static const char self[] = "/proc/self/exe";
	const char *started = (const char *)getauxval(AT_EXECFN);
	return started && access(self, F_OK) != 0 ? started : self;
}

/* Field 22 of the process' line is its start time, in ticks since boot. Fields are
 * counted from behind the name, which may hold blanks. */
double rnf_machine_age(void)
{
	char line[1024];
	struct timespec now;
	if (!find_line("/proc/self/stat", "", line, sizeof line)) return NAN;
	const char *p = strrchr(line, ')');
	for (int field = 2; p && field < 22; field++)
		p = strchr(p + 1, ' ');
	if (!p || clock_gettime(CLOCK_BOOTTIME, &now) != 0) return NAN;
	const double start = (double)atoll(p) / (double)sysconf(_SC_CLK_TCK);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec - start;
}
