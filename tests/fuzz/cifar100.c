/* CIFAR-100 of any sizes and labels is refused with a message or read without an access
 * outside. The input gives each file's size (2 bytes) and the labels of its records (2 each). */
#include "fuzz/lib/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "fuzz/lib/dataset.h"

enum { FILES = 2, RECORD = 3074, ITEMS = 3, BYTES = 2 + 2 * ITEMS };

static void make_blob(struct rnf_blob *blob, const uint8_t *from)
{
	blob->size = (size_t)(from[0] | from[1] << 8) % (ITEMS * RECORD + 2);
	uint8_t *bytes = malloc(blob->size + !blob->size);
	memset(bytes, FUZZ_PIXEL, blob->size);
	for (size_t i = 0; i < ITEMS && i * RECORD + 1 < blob->size; i++)
		memcpy(bytes + i * RECORD, from + 2 + 2 * i, 2);
	blob->data = bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const int32_t fine = 0;
	static const struct rnf_dataset_impl *impl;
	struct rnf_blob blobs[FILES];
	uint8_t input[FILES * BYTES] = { 0 };
	if (!impl) impl = fuzz_feature("dataset", "cifar100")->impl;
	memcpy(input, data, n < sizeof input ? n : sizeof input);
	for (int f = 0; f < FILES; f++) {
		blobs[f].name = impl->files[f];
		make_blob(&blobs[f], input + f * BYTES);
	}
	fuzz_dataset(impl, &fine, blobs, FILES, ".bin");
	return 0;
}
