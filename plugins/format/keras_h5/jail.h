/* A process for code that reads hostile bytes. */
#ifndef KERAS_H5_JAIL_H
#define KERAS_H5_JAIL_H

#include <sys/types.h>

/* In the environment, "1": without seccomp, resource limits alone are enough. */
#define JAIL_WAIVER "RNF_H5_WITHOUT_SECCOMP"

enum { JAIL_CPU_S = 10, JAIL_MEMORY_BYTES = 1 << 30 };

struct jail {
	pid_t pid;
	int from; /* the process writes here */
};

/* 0: there is no seccomp here, and the user has not asked to do without. */
int jail_holds(void);
/* Start a child that calls prepare(), then, confined, body(context, out). It sees the
 * memory as it is now, owns no file but the pipe, and can only compute and write: 1 GiB
 * more memory, JAIL_CPU_S of time, no other system call. Return 0 or an error number. A
 * sanitizer build, which needs more, uses a separate process only. */
int jail_start(struct jail *jail, void (*prepare)(void),
	       void (*body)(const void *context, int out), const void *context);
/* End it in any case: its status as from waitpid(). */
int jail_end(struct jail *jail);

#endif
