/* The images that --split names. (samples.c) */
#ifndef RNF_CLI_SAMPLES_H
#define RNF_CLI_SAMPLES_H

#include "train/dataset.h"

struct rnf_samples {
	const char *name;  /* "test", "validation" or "train" */
	int split;         /* of the data set's files */
	const int64_t *at; /* [n] of them; NULL: 0 .. n-1 */
	int64_t n;
};
/* Test, if `word` is NULL. RNF_EINVAL: another word, or no images. */
rnf_status rnf_samples_choose(const struct rnf_dataset *d, const char *word, struct rnf_samples *s);

#endif
