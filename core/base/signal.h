/* Signals as flags: a handler only records that one arrived, loops poll. */
#ifndef RNF_BASE_SIGNAL_H
#define RNF_BASE_SIGNAL_H

#include <rnframe/abi.h>

/* From now on TERM, INT and XCPU ask for the end, USR1 and HUP for a checkpoint; a second
 * INT ends the process at once. INT and HUP stay ignored where the parent ignores them
 * (nohup). Call it first. [main] */
void rnf_signals_catch(void);
/* For a verb that does not poll: restore the default actions, and deliver the signal that
 * arrived meanwhile. [main] */
void rnf_signals_release(void);

/* The name of the signal that asks for the end ("SIGTERM"), or NULL. Any thread. */
const char *rnf_signal_stop(void);
/* RNF_ESTOPPED with a message once the end is requested, else RNF_OK; `where` says what
 * is going on: "while ...". */
rnf_status rnf_signal_check(const char *where);
/* Was a checkpoint requested since the last call? [main] */
int rnf_signal_save(void);

#endif
