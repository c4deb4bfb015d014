/* Any labels.csv is refused with its name, or names files inside of the folder, with labels
 * of classes that there are. */
#include "fuzz/lib/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/status.h"

static char folder[] = "/tmp/rnframe-fuzz-XXXXXX";
static char file[64];

static void forget(void)
{
	unlink(file);
	rmdir(folder);
}

static void make_folder(void)
{
	fuzz_check(mkdtemp(folder) != NULL, "no folder can be made");
	snprintf(file, sizeof file, "%s/labels.csv", folder);
	atexit(forget);
}

static void write_file(const uint8_t *data, size_t n)
{
	FILE *f = fopen(file, "wb");
	fuzz_check(f && fwrite(data, 1, n, f) == n && fclose(f) == 0, "no file can be written");
}

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
	static const struct { const char *labels; double test; } conf = { "labels.csv", 0.2 };
	static const struct rnf_dataset_impl *impl;
	const struct rnf_blob blobs[] = { { .name = folder }, { .name = ".png" }, { .name = NULL } };
	struct rnf_dataset_info info = { .classes = 0 };
	void *self = NULL;
	if (!impl) make_folder();
	if (!impl) impl = fuzz_feature("dataset", "image_folder")->impl;
	write_file(data, n);
	if (impl->open(&rnf_host, &conf, blobs, &self, &info) < 0) fuzz_refused(folder);
	else
		for (int s = 0; s < RNF_SPLITS; s++)
			for (int64_t i = 0; i < info.images[s]; i++)
				check_image(impl, self, &info, s, i);
	rnf_arena_finish();
	return 0;
}
