/* Run another program to its end. [main] */
#ifndef RNF_BASE_CHILD_H
#define RNF_BASE_CHILD_H

#include <sys/types.h>
#include <rnframe/abi.h>

/* See `run` in rnframe/host.h. With environment NULL the child inherits this program's.
 * Signals that a terminal or a scheduler sends to this program's process group do not
 * reach it. */
const char *rnf_child_run(const char *dir, const char *const *words,
			  const char *const *environment, int limit_ms);

/* Start the program `file` beside this one; words[0] is its argv[0]. Its output is
 * appended to the file `log`; the descriptor `keep` stays open in it; it gets SIGTERM
 * when this process dies. */
rnf_status rnf_child_start(const char *file, const char *const *words, const char *log,
			   int keep, pid_t *pid);
/* Return 1 when it has ended: *status is its exit status, or minus the signal that ended
 * it. */
int rnf_child_ended(pid_t pid, int *status);

#endif
