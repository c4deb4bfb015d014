#include "cli/samples.h"

#include <string.h>

#include "base/status.h"

rnf_status rnf_samples_choose(const struct rnf_dataset *d, const char *word, struct rnf_samples *s)
{
	if (!word || !strcmp(word, "test"))
		*s = (struct rnf_samples){ "test", RNF_SPLIT_TEST, NULL, d->info.images[RNF_SPLIT_TEST] };
	else if (!strcmp(word, "validation") || !strcmp(word, "val"))
		*s = (struct rnf_samples){ "validation", RNF_SPLIT_TRAIN, d->val, d->n_val };
	else if (!strcmp(word, "train"))
		*s = (struct rnf_samples){ "train", RNF_SPLIT_TRAIN, d->train, d->n_train };
	else
		return rnf_fail(RNF_EINVAL, "--split is \"%s\", must be test, validation or train", word);
	return s->n > 0 ? RNF_OK : rnf_fail(RNF_EINVAL, "the %s split has no images", s->name);
}
