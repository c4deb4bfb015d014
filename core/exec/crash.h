/* When the program crashes, hangs, or a plugin ends it, a line names the plugin or layer
 * that was running; "Segmentation fault" alone would not. Costs one store for each op. */
#ifndef RNF_EXEC_CRASH_H
#define RNF_EXEC_CRASH_H

#include "exec/exec.h"

/* After this call SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT write one line before they
 * take effect, unless somebody else (a sanitizer) has a handler. exit() and quick_exit()
 * before rnf_running_end(), and pthread_exit() in a thread of ours, write one and end with
 * status 5, in this process alone. Call it once. [main] */
void rnf_crash_watch(void);
/* Mark the beginning and the planned end of a thread of ours: in between, a stack overflow
 * is reported too, and an early end is an error. [worker] */
void rnf_crash_thread_begin(void);
void rnf_crash_thread_end(void);
/* Report a hang if the next call of this function does not come within so many seconds, and
 * again after as many more; 0: expect no call. Uses SIGALRM if rnf_crash_watch could get
 * it. One system call. [main] */
void rnf_crash_expect(unsigned seconds);
/* Set the worker that this thread is, or NULL. [worker] */
void rnf_crash_worker(const struct rnf_worker *worker);

#endif
