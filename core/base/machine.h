/* What the system reports about the processor and about this process. [main] */
#ifndef RNF_BASE_MACHINE_H
#define RNF_BASE_MACHINE_H

#include <stdint.h>

/* The processor's name; NULL when the system has none. */
const char *rnf_machine_cpu(void);
/* Limits of the control groups; INT64_MAX: none. */
struct rnf_limits {
	int64_t memory; /* bytes */
	int64_t cpus;   /* processors, rounded up */
};
/* The smallest limits of the process' groups and their ancestors, in both versions.
 * `root` is where the groups are mounted ("/sys/fs/cgroup"), `groups` the file that lists
 * the process' own ("/proc/self/cgroup"). A file that cannot be read sets no limit. */
struct rnf_limits rnf_machine_limits(const char *root, const char *groups);
/* How many threads of this process can run at once, 1 or more: by its affinity mask and
 * the quotas of its control groups. */
int rnf_machine_cpus(void);
/* Bytes of memory that this process may use: the machine's memory, the limits of its
 * control groups, its own limit, whichever is least. */
int64_t rnf_machine_memory(void);
/* Peak resident memory of this process, bytes. */
int64_t rnf_machine_peak_memory(void);
/* What starts this program again: its file by /proc, or without that by the path that it
 * was started with itself. */
const char *rnf_machine_program(void);
/* Seconds since this process started, to a hundredth; NAN: not available. */
double rnf_machine_age(void);

#endif
