/* When the program crashes or hangs it says in whose hands it is: plugins run inside
 * it, and "Segmentation fault" names none. Costs a store an op. */
#ifndef RNF_EXEC_CRASH_H
#define RNF_EXEC_CRASH_H

#include "exec/exec.h"

/* SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT write one line, then do what they
 * do; not where somebody else, a sanitizer, has a handler. Once is enough. [main] */
void rnf_crash_watch(void);
/* A line when the next call of this has not come after so many seconds, and again
 * after as many more; 0: no call is expected. Takes SIGALRM, where rnf_crash_watch
 * could; one call of the system. [main] */
void rnf_crash_expect(unsigned seconds);
/* What goes on outside of an executor, in all threads; the words stay. [main] */
void rnf_crash_doing(const char *what);
/* The worker that this thread is now, or NULL. [worker] */
void rnf_crash_worker(const struct rnf_worker *worker);

#endif
