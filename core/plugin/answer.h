/* Checks the answers of plugin functions: each failure that the core passes on has a
 * message, and no status is above 0. */
#ifndef RNF_PLUGIN_ANSWER_H
#define RNF_PLUGIN_ANSWER_H

#include <rnframe/plugin.h>

/* Call f's function between these: rnf_answer_begin(); status = impl->open(...);
 * RNF_TRY(rnf_answer(f, "open", status)). A status above 0, or a failure without a
 * message, is the plugin's mistake and is reported with its name. */
void rnf_answer_begin(void);
rnf_status rnf_answer(const struct rnf_feature *f, const char *function, rnf_status status);
/* The same; the message of a failure gets the plugin's name in front. */
rnf_status rnf_answer_named(const struct rnf_feature *f, const char *function,
			    rnf_status status);

#endif
