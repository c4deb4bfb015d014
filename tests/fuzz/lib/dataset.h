/* For the targets of data sets: every pixel that is read must be FUZZ_PIXEL. */
#ifndef TEST_FUZZ_DATASET_H
#define TEST_FUZZ_DATASET_H

#include <rnframe/rnframe.h>

enum { FUZZ_PIXEL = 9 };

/* Refused with `word` in the message, or every image can be read. Frees the blobs. */
void fuzz_dataset(const struct rnf_dataset_impl *impl, const void *conf,
		  const struct rnf_blob *blobs, size_t n_blobs, const char *word);

#endif
