/* CIFAR-10 of any sizes and labels is refused with a message or read without an access
 * outside. The input gives each file's size (2 bytes) and labels (3). */
#include "fuzz/lib/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "fuzz/lib/dataset.h"

enum { FILES = 6, RECORD = 3073, ITEMS = 3, BYTES = 2 + ITEMS };

static void make_blob(struct rnf_blob *blob, const uint8_t *from)
{
	blob->size = (size_t)(from[0] | from[1] << 8) % (ITEMS * RECORD + 2);
	uint8_t *bytes = malloc(blob->size + !blob->size);
	memset(bytes, FUZZ_PIXEL, blob->size);
	for (size_t i = 0; i < ITEMS && i * RECORD < blob->size; i++)
		bytes[i * RECORD] = from[2 + i];
	blob->data = bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct rnf_dataset_impl *impl;
	struct rnf_blob blobs[FILES];
	uint8_t input[FILES * BYTES] = { 0 };
	if (!impl) impl = fuzz_feature("dataset", "cifar10")->impl;
	memcpy(input, data, n < sizeof input ? n : sizeof input);
	for (int f = 0; f < FILES; f++) {
		blobs[f].name = impl->files[f];
		make_blob(&blobs[f], input + f * BYTES);
	}
	fuzz_dataset(impl, NULL, blobs, FILES, "batch");
	return 0;
}
