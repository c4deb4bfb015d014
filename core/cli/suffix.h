/* Which plugin writes a file: the one whose suffix its name has, the longest of several. */
#ifndef RNF_CLI_SUFFIX_H
#define RNF_CLI_SUFFIX_H

#include <rnframe/abi.h>

#include "base/text.h"

/* Set `file`, the others to 0. */
struct rnf_suffixes {
	const char *file;
	const char *best;       /* NULL: none fits yet */
	struct rnf_list offers; /* all, for the message */
};

/* Returns 1 when the file's name has this suffix and none that is longer was offered before. */
int rnf_suffix_offer(struct rnf_suffixes *s, const char *suffix);
/* After all offers; RNF_EINVAL when none fits, RNF_ENOENT with the message `none` when there
 * were none. */
rnf_status rnf_suffix_check(struct rnf_suffixes *s, const char *none);

#endif
