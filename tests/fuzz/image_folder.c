/* Any labels.csv is refused with its name, or names files inside of the folder, with labels
 * of classes that there are. */
#include "fuzz/lib/fuzz.h"

#include <string.h>

#include "base/arena.h"
#include "base/status.h"

/* Where fuzz_file() makes its file. */
static const char folder[] = "/proc/self/fd";

static void check_image(const struct rnf_dataset_impl *impl, const void *self,
			const struct rnf_dataset_info *info, int split, int64_t i)
{
	int32_t label = -1;
	const char *path = impl->path(self, split, i);
	impl->read(self, split, i, NULL, &label);
	fuzz_check(label >= 0 && label < info->classes, "a label");
	fuzz_check(!strncmp(path, folder, strlen(folder)), "a path outside");
	fuzz_check(!strstr(path, "/../"), "a path that may lead out");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct rnf_dataset_impl *impl;
	const struct rnf_blob blobs[] = { { .name = folder }, { .name = ".png" }, { .name = NULL } };
	const struct { const char *labels; double test; } conf = {
		fuzz_file(data, n) + strlen(folder) + 1, 0.2 };
	struct rnf_dataset_info info = { .classes = 0 };
	void *self = NULL;
	if (!impl) impl = fuzz_feature("dataset", "image_folder")->impl;
	if (impl->open(&rnf_host, &conf, blobs, &self, &info) < 0) fuzz_refused(folder);
	else
		for (int s = 0; s < RNF_SPLITS; s++)
			for (int64_t i = 0; i < info.images[s]; i++)
				check_image(impl, self, &info, s, i);
	rnf_arena_finish();
	return 0;
}
