/* When the program crashes, hangs, or is ended by a plugin, it says in whose hands it is:
 * "Segmentation fault" names none. Costs a store an op. */
#ifndef RNF_EXEC_CRASH_H
#define RNF_EXEC_CRASH_H

#include "exec/exec.h"

/* SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT write one line, then do what they
 * do; not where somebody else, a sanitizer, has a handler. exit() and quick_exit()
 * before rnf_hands_end(), and pthread_exit() in a thread of ours, write one and end with
 * status 5, in this process alone. Once is enough. [main] */
void rnf_crash_watch(void);
/* This thread is one of ours from here: its stack may overflow in words too. And until
 * there: it ends by its own will. [worker] */
void rnf_crash_thread_begin(void);
void rnf_crash_thread_end(void);
/* A line when the next call of this has not come after so many seconds, and again
 * after as many more; 0: no call is expected. Takes SIGALRM, where rnf_crash_watch
 * could; one call of the system. [main] */
void rnf_crash_expect(unsigned seconds);
/* The worker that this thread is now, or NULL. [worker] */
void rnf_crash_worker(const struct rnf_worker *worker);

#endif
