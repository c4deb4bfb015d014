/* Four IDX files with any headers, sizes and labels are refused with a message or read
 * without an access outside. The input gives for each file: its header (16 bytes, 8 for
 * labels), how many items follow, how many bytes more or less, three labels. */
#include "fuzz/lib/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "fuzz/lib/dataset.h"

enum { FILES = 4, HEADER = 16, ITEMS = 3, BYTES = HEADER + 2 + ITEMS, PIXELS = 784 };

static void make_blob(struct rnf_blob *blob, const uint8_t *from, int labels)
{
	const size_t header = labels ? HEADER / 2 : HEADER, item = labels ? 1 : PIXELS;
	const int64_t size = (int64_t)(header + from[HEADER] % (ITEMS + 1) * item) +
			     (int8_t)from[HEADER + 1];
	blob->size = size < 0 ? 0 : (size_t)size;
	uint8_t *bytes = malloc(blob->size + !blob->size);
	memset(bytes, FUZZ_PIXEL, blob->size);
	memcpy(bytes, from, header < blob->size ? header : blob->size);
	for (size_t i = 0; labels && i < ITEMS && header + i < blob->size; i++)
		bytes[header + i] = from[HEADER + 2 + i];
	blob->data = bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct rnf_dataset_impl *impl;
	struct rnf_blob blobs[FILES];
	uint8_t input[FILES * BYTES] = { 0 };
	if (!impl) impl = fuzz_feature("dataset", "fashion_mnist")->impl;
	memcpy(input, data, n < sizeof input ? n : sizeof input);
	for (int f = 0; f < FILES; f++) {
		blobs[f].name = impl->files[f];
		make_blob(&blobs[f], input + f * BYTES, f % 2);
	}
	fuzz_dataset(impl, NULL, blobs, FILES, "ubyte");
	return 0;
}
