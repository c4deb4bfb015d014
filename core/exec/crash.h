/* When the program crashes it says in whose hands it was: plugins run inside it,
 * and "Segmentation fault" names none. Costs a store an op. */
#ifndef RNF_EXEC_CRASH_H
#define RNF_EXEC_CRASH_H

#include "exec/exec.h"

/* SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT write one line, then do what they
 * do; not where somebody else, a sanitizer, has a handler. Once is enough. [main] */
void rnf_crash_watch(void);
/* What goes on outside of an executor, in all threads; the words stay. [main] */
void rnf_crash_doing(const char *what);
/* The worker that this thread is now, or NULL. [worker] */
void rnf_crash_worker(const struct rnf_worker *worker);

#endif
