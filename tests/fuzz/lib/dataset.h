/* For the targets of data sets, whose every pixel is FUZZ_PIXEL where it is read. */
#ifndef TEST_FUZZ_DATASET_H
#define TEST_FUZZ_DATASET_H

#include <rnframe/rnframe.h>

enum { FUZZ_PIXEL = 9 };

/* Refused with `word` in the words, or every image of it can be read. Frees what the
 * blobs hold. */
void fuzz_dataset(const struct rnf_dataset_impl *impl, const struct rnf_blob *blobs,
		  size_t n_blobs, const char *word);

#endif
