/* Which plugin runs at the moment: whoever reports a crash, a hang or an exit() names the
 * plugin by this. Each call costs one store. */
#ifndef RNF_BASE_RUNNING_H
#define RNF_BASE_RUNNING_H

#include <rnframe/plugin.h>

/* Set what all threads do at the moment, for messages; NULL: nothing worth naming. The
 * text is not copied. Return the previous one. [main] */
const char *rnf_running_doing(const char *what);
/* This thread calls a function of that plugin; NULL: of none. Return the previous one.
 * [worker] */
const struct rnf_feature *rnf_running_set(const struct rnf_feature *feature);
/* The program itself is about to end: an exit() from here on is not a plugin's. */
void rnf_running_end(void);

/* The last values set; safe in signal handlers. */
const char *rnf_running_what(void);
const struct rnf_feature *rnf_running_feature(void);
int rnf_running_ended(void);

#endif
