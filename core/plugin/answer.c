#include "plugin/answer.h"

#include "base/status.h"

void rnf_answer_begin(void)
{
	rnf_fail_forget();
}

static rnf_status without_words(const struct rnf_feature *f, const char *function,
				rnf_status status)
{
	return rnf_fail(status, "%s.%s: %s fails with the status %d and gives no message", f->kind,
			f->name, function, (int)status);
}

rnf_status rnf_answer(const struct rnf_feature *f, const char *function, rnf_status status)
{
	if (status > 0)
		return rnf_fail(RNF_EPLUGIN, "%s.%s: %s returns %d, must be 0 or, after a "
				"failure, below 0", f->kind, f->name, function, (int)status);
	return status < 0 && !rnf_fail_has_words() ? without_words(f, function, status) : status;
}

rnf_status rnf_answer_named(const struct rnf_feature *f, const char *function,
			    rnf_status status)
{
	if (status >= 0 || !rnf_fail_has_words()) return rnf_answer(f, function, status);
	return rnf_fail_in(status, "%s.%s: ", f->kind, f->name);
}
