/* Another program, run to its end. [main] */
#ifndef RNF_BASE_CHILD_H
#define RNF_BASE_CHILD_H

/* As rnframe/host.h says of `run`; environment NULL: this program's own. What a terminal
 * or a scheduler sends to this program's process group does not reach it. */
const char *rnf_child_run(const char *dir, const char *const *words,
			  const char *const *environment, int limit_ms);

#endif
