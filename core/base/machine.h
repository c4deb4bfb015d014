/* What the system says about the processor and about this process. [main] */
#ifndef RNF_BASE_MACHINE_H
#define RNF_BASE_MACHINE_H

#include <stdint.h>

/* The processor's name; NULL when the system tells none. */
const char *rnf_machine_cpu(void);
/* What limits control groups set; INT64_MAX: none. */
struct rnf_limits {
	int64_t memory; /* bytes */
	int64_t cpus;   /* processors' time, rounded up */
};
/* The least of the process' groups and of those above them, in both versions: `root` is
 * where they are ("/sys/fs/cgroup"), `groups` the file that lists the process' own
 * ("/proc/self/cgroup"). What cannot be read limits nothing. */
struct rnf_limits rnf_machine_limits(const char *root, const char *groups);
/* Threads of this process that may run at once, 1 or more: its affinity mask's, or what
 * the quota of its control groups leaves of them. */
int rnf_machine_cpus(void);
/* Bytes of memory that this process may use: the machine's, or what a limit of its
 * control groups or of itself leaves of them. */
int64_t rnf_machine_memory(void);
/* The most memory that this process has had resident, bytes. */
int64_t rnf_machine_peak_memory(void);
/* What starts this program again: its file by /proc, or without that by the path that it
 * was started with itself. */
const char *rnf_machine_program(void);
/* Seconds since this process was started, to a hundredth; NAN: not told. */
double rnf_machine_age(void);

#endif
