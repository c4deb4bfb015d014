/* Another program, run to its end. [main] */
#ifndef RNF_BASE_CHILD_H
#define RNF_BASE_CHILD_H

#include <sys/types.h>
#include <rnframe/abi.h>

/* As rnframe/host.h says of `run`; environment NULL: this program's own. What a terminal
 * or a scheduler sends to this program's process group does not reach it. */
const char *rnf_child_run(const char *dir, const char *const *words,
			  const char *const *environment, int limit_ms);

/* Another program, `file`, that runs beside this one; words[0] is what it is called. What
 * it prints goes to the end of the file `log`; the descriptor `keep` stays open in it; it
 * gets SIGTERM when this process dies. */
rnf_status rnf_child_start(const char *file, const char *const *words, const char *log,
			   int keep, pid_t *pid);
/* 1 when it has ended: *status is its exit status, or minus the signal that ended it. */
int rnf_child_ended(pid_t pid, int *status);

#endif
