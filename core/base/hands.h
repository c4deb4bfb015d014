/* Which plugin runs at the moment: whoever reports a crash, a hang or an exit() names the
 * plugin by this. Each call costs one store. */
#ifndef RNF_BASE_HANDS_H
#define RNF_BASE_HANDS_H

#include <rnframe/plugin.h>

/* Set what all threads do at the moment, for messages; NULL: nothing worth naming. The
 * text is not copied. Return the previous one. [main] */
const char *rnf_hands_doing(const char *what);
/* This thread calls a function of that plugin; NULL: of none. Return the previous one.
 * [worker] */
const struct rnf_feature *rnf_hands_lend(const struct rnf_feature *feature);
/* The program itself is about to end: an exit() from here on is not a plugin's. */
void rnf_hands_end(void);

/* The last values set; safe in signal handlers. */
const char *rnf_hands_what(void);
const struct rnf_feature *rnf_hands_whose(void);
int rnf_hands_ended(void);

#endif
