/* Another program, run to its end. [main] */
#ifndef RNF_BASE_CHILD_H
#define RNF_BASE_CHILD_H

/* As rnframe/host.h says of `run`. */
const char *rnf_child_run(const char *dir, const char *const *words, int limit_ms);

#endif
