#include "base/machine.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"

/* The first line of a file that begins with `key`; 0: there is none. */
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

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/* The limit is a number, or "max". */
int64_t rnf_machine_memory(void)
{
	char line[64];
	struct rlimit own;
	int64_t bytes = (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGE_SIZE);
	if (find_line("/sys/fs/cgroup/memory.max", "", line, sizeof line) && atoll(line) > 0)
		bytes = least(bytes, atoll(line));
	if (getrlimit(RLIMIT_AS, &own) == 0 && own.rlim_cur < (rlim_t)bytes)
		bytes = (int64_t)own.rlim_cur;
	return bytes;
}

/* getrusage() is the second choice: what it tells is that of the program which
 * started this one, if that was larger. */
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

/* Field 22 of the process' line is its start, in ticks since the system's; the
 * fields are counted from behind the name, which may hold blanks. */
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
