/* Signals as flags: a handler only notes that one came, loops ask. */
#ifndef RNF_BASE_SIGNAL_H
#define RNF_BASE_SIGNAL_H

#include <rnframe/abi.h>

/* From now on TERM, INT and XCPU ask for the end, USR1 and HUP for a checkpoint;
 * a second INT ends the process at once. INT and HUP stay ignored where the
 * parent ignores them (nohup). First thing in the program. [main] */
void rnf_signals_catch(void);
/* For a verb that does not ask: signals act again as in any program, the one
 * that came meanwhile too. [main] */
void rnf_signals_release(void);

/* The signal that asks for the end, by name ("SIGTERM"), or NULL. Any thread. */
const char *rnf_signal_stop(void);
/* RNF_ESTOPPED with words once the end is asked for, else RNF_OK; `where` says
 * what was going on: "while ...". */
rnf_status rnf_signal_check(const char *where);
/* Whether a checkpoint was asked for since the last call. [main] */
int rnf_signal_save(void);

#endif
