/* What a function of a plugin answered: each status that the core passes on from one has
 * words, and none is above 0. */
#ifndef RNF_PLUGIN_ANSWER_H
#define RNF_PLUGIN_ANSWER_H

#include <rnframe/plugin.h>

/* Call f's function between these: rnf_answer_begin(); status = impl->open(...);
 * RNF_TRY(rnf_answer(f, "open", status)). An answer above 0, and one below without words,
 * is the plugin's mistake and told by its name. */
void rnf_answer_begin(void);
rnf_status rnf_answer(const struct rnf_feature *f, const char *function, rnf_status status);
/* The same, and the plugin's name stands before the words of a failure. */
rnf_status rnf_answer_named(const struct rnf_feature *f, const char *function,
			    rnf_status status);

#endif
