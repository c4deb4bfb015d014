/* In whose hands the program is: plugins run inside it, and who has to tell that it
 * crashed, hangs or was ended names them by this. A store each. */
#ifndef RNF_BASE_HANDS_H
#define RNF_BASE_HANDS_H

#include <rnframe/plugin.h>

/* What goes on in all threads, NULL: nothing that is worth a word; the words stay. Returns
 * what went on before. [main] */
const char *rnf_hands_doing(const char *what);
/* This thread calls a function of that plugin, NULL: of none. Returns the one before. [worker] */
const struct rnf_feature *rnf_hands_lend(const struct rnf_feature *feature);
/* The program ends by its own will: whatever calls exit() from here on, it is no plugin. */
void rnf_hands_end(void);

/* What was said last; for signal handlers too. */
const char *rnf_hands_what(void);
const struct rnf_feature *rnf_hands_whose(void);
int rnf_hands_ended(void);

#endif
