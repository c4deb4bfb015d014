#include "cli/suffix.h"

#include <string.h>

#include "base/file.h"
#include "base/status.h"

int rnf_suffix_offer(struct rnf_suffixes *s, const char *suffix)
{
	rnf_list_add(&s->offers, ", ", suffix);
	if (!rnf_file_ends(rnf_file_name(s->file), suffix)) return 0;
	if (s->best && strlen(suffix) <= strlen(s->best)) return 0;
	s->best = suffix;
	return 1;
}

rnf_status rnf_suffix_check(struct rnf_suffixes *s, const char *none)
{
	if (s->best) return RNF_OK;
	if (s->offers.n == 0) return rnf_fail(RNF_ENOENT, "%s", none);
	return rnf_fail(RNF_EINVAL, "%s: its suffix must be one of %s", s->file,
			rnf_list_text(&s->offers, ""));
}
