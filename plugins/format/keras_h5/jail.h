/* A process of its own for code that reads hostile bytes. */
#ifndef KERAS_H5_JAIL_H
#define KERAS_H5_JAIL_H

#include <sys/types.h>

/* In the environment, "1": limits alone will do, where there is no seccomp. */
#define JAIL_WAIVER "RNF_H5_WITHOUT_SECCOMP"

enum { JAIL_CPU_S = 10, JAIL_MEMORY_BYTES = 1 << 30 };

struct jail {
	pid_t pid;
	int from; /* what the process writes */
};

/* 0: there is no seccomp here, and nobody has asked to do without. */
int jail_holds(void);
/* Start prepare(), then, behind the bars, body(context, out), in a child which sees
 * the memory as it is now, owns no other file than the pipe, and can only compute
 * and write: 1 GiB more memory, JAIL_CPU_S of time, no other system call. 0, or an
 * error number. A build for sanitizers, which need more, keeps the process alone. */
int jail_start(struct jail *jail, void (*prepare)(void),
	       void (*body)(const void *context, int out), const void *context);
/* Ends it, whatever it does: its status as waitpid() tells. */
int jail_end(struct jail *jail);

#endif
