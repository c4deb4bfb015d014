/* An archive, however corrupted, is unpacked or refused with a message, and never asks
 * for more than 200 times its size. */
#include "fuzz/lib/fuzz.h"

#include <string.h>

#include "base/arena.h"
#include "base/status.h"

struct wanted {
	int64_t most, bytes;
	size_t n;
};

static void *found(void *context, const char *name, int64_t size)
{
	struct wanted *w = context;
	fuzz_check(!strchr(name, '/'), "a name with folders");
	fuzz_check(size <= w->most, "over 200 times the archive");
	if (size < 0) return w;
	if (w->n++ == 6) return NULL; /* a data set wants each of its files once */
	w->bytes += size;
	return rnf_alloc((size_t)size + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct rnf_archive_impl *impl;
	struct wanted w = { .most = 200 * (int64_t)n + (1 << 21) };
	if (!impl) impl = fuzz_feature("archive", "tar")->impl;
	const char *path = fuzz_file(data, n);
	impl->probe(data, n < 512 ? n : 512);
	if (impl->read(&rnf_host, path, found, &w) < 0)
		fuzz_check(strstr(rnf_fail_words(), path) != NULL, "a refusal without a name");
	rnf_arena_finish();
	return 0;
}
