/* CIFAR-10 of any sizes and labels is refused in words or read without a step
 * outside. The input says for each file its size (2 bytes) and its labels (3). */
#include "fuzz/lib/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/status.h"

enum { FILES = 6, RECORD = 3073, ITEMS = 3, BYTES = 2 + ITEMS, PIXELS = 3072 };

static void quiet(enum rnf_level level, const char *format, ...)
{
	(void)level, (void)format;
}

static void make_blob(struct rnf_blob *blob, const uint8_t *from)
{
	blob->size = (size_t)(from[0] | from[1] << 8) % (ITEMS * RECORD + 2);
	uint8_t *bytes = malloc(blob->size + !blob->size);
	memset(bytes, 9, blob->size);
	for (size_t i = 0; i < ITEMS && i * RECORD < blob->size; i++)
		bytes[i * RECORD] = from[2 + i];
	blob->data = bytes;
}

static void read_all(const struct rnf_dataset_impl *impl, const void *self,
		     const struct rnf_dataset_info *info)
{
	uint8_t pixels[PIXELS];
	int32_t label;
	for (int s = 0; s < RNF_SPLITS; s++)
		for (int64_t i = 0; i < info->images[s]; i++) {
			impl->read(self, s, i, pixels, &label);
			fuzz_check(label >= 0 && label < info->classes, "a label");
			fuzz_check(pixels[0] == 9 && pixels[PIXELS - 1] == 9, "a pixel");
		}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct rnf_dataset_impl *impl;
	struct rnf_host host = rnf_host;
	struct rnf_dataset_info info = { 0 };
	struct rnf_blob blobs[FILES];
	void *self = NULL;
	uint8_t input[FILES * BYTES] = { 0 };
	if (!impl) impl = fuzz_feature("dataset", "cifar10")->impl;
	memcpy(input, data, n < sizeof input ? n : sizeof input);
	host.log = quiet;
	for (int f = 0; f < FILES; f++) {
		blobs[f].name = impl->files[f];
		make_blob(&blobs[f], input + f * BYTES);
	}
	impl->describe(NULL, &info);
	if (impl->open(&host, NULL, blobs, &self, &info) < 0) fuzz_refused("batch");
	else read_all(impl, self, &info);
	for (int f = 0; f < FILES; f++)
		free((void *)(uintptr_t)blobs[f].data);
	rnf_arena_finish();
	return 0;
}
