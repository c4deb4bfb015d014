/* Two arrays, however broken, are refused with a name or read without an access outside. The
 * first two bytes are the length of X.npy, y.npy is the rest. */
#include "fuzz/lib/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/status.h"

static struct rnf_blob blob(const char *name, const uint8_t *bytes, size_t n)
{
	uint8_t *copy = malloc(n + !n);
	if (n) memcpy(copy, bytes, n);
	return (struct rnf_blob){ name, copy, n };
}

static void read_all(const struct rnf_dataset_impl *impl, const void *self,
		     const struct rnf_dataset_info *info)
{
	uint8_t *pixels = malloc((size_t)(info->h * info->w * info->c));
	int32_t label;
	for (int64_t i = 0; i < info->images[RNF_SPLIT_TRAIN]; i++) {
		impl->read(self, RNF_SPLIT_TRAIN, i, pixels, &label);
		fuzz_check(label >= 0 && label < info->classes, "a label");
	}
	free(pixels);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct {
		int32_t layout;
		struct rnf_floats range;
		int64_t classes;
		struct rnf_strings names;
		double test;
	} conf = { .test = 0.2 };
	static const struct rnf_dataset_impl *impl;
	struct rnf_dataset_info info = { .h = 0 };
	void *self = NULL;
	if (!impl) impl = fuzz_feature("dataset", "npy")->impl;
	if (n < 2) return 0;
	const size_t length = (size_t)(data[0] | data[1] << 8), rest = n - 2;
	const size_t x = length < rest ? length : rest;
	const struct rnf_blob blobs[] = {
		blob("X.npy", data + 2, x), blob("y.npy", data + 2 + x, rest - x),
		{ .name = "X_test.npy" }, { .name = "y_test.npy" } };
	if (impl->open(&rnf_host, &conf, blobs, &self, &info) < 0) fuzz_refused(".npy");
	else read_all(impl, self, &info);
	free((void *)(uintptr_t)blobs[0].data);
	free((void *)(uintptr_t)blobs[1].data);
	rnf_arena_finish();
	return 0;
}
