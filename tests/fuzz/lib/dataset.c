#include "fuzz/lib/dataset.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/status.h"
#include "fuzz/lib/fuzz.h"

static void quiet(enum rnf_level level, const char *format, ...)
{
	(void)level, (void)format;
}

static void read_all(const struct rnf_dataset_impl *impl, const void *self,
		     const struct rnf_dataset_info *info)
{
	const size_t size = (size_t)(info->h * info->w * info->c);
	uint8_t *pixels = malloc(size);
	int32_t label;
	for (int s = 0; s < RNF_SPLITS; s++)
		for (int64_t i = 0; i < info->images[s]; i++) {
			impl->read(self, s, i, pixels, &label);
			fuzz_check(label >= 0 && label < info->classes, "a label");
			fuzz_check(pixels[0] == FUZZ_PIXEL && pixels[size - 1] == FUZZ_PIXEL,
				   "a pixel");
		}
	free(pixels);
}

void fuzz_dataset(const struct rnf_dataset_impl *impl, const void *conf,
		  const struct rnf_blob *blobs, size_t n_blobs, const char *word)
{
	struct rnf_host host = rnf_host;
	struct rnf_dataset_info info = { 0 };
	void *self = NULL;
	host.log = quiet;
	impl->describe(conf, &info);
	if (impl->open(&host, conf, blobs, &self, &info) < 0) fuzz_refused(word);
	else read_all(impl, self, &info);
	for (size_t i = 0; i < n_blobs; i++)
		free((void *)(uintptr_t)blobs[i].data);
	rnf_arena_finish();
}
