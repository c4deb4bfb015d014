#define _GNU_SOURCE
#include "fuzz/lib/fuzz.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/status.h"

void fuzz_check(int good, const char *words)
{
	if (good) return;
	fprintf(stderr, "fuzz: %s\n", words);
	abort();
}

void fuzz_refused(const char *name)
{
	const char *words = rnf_fail_words();
	fuzz_check(strstr(words, name) != NULL, "a refusal does not say of what");
	for (const char *c = words; *c; c++)
		if ((uint8_t)*c < 0x20 || *c == 0x7f) {
			fprintf(stderr, "%s\n", words);
			fuzz_check(0, "a refusal has control characters");
		}
}

const struct rnf_feature *fuzz_feature(const char *kind, const char *name)
{
	char path[512];
	const char *build = getenv("RNF_BUILD");
	const struct rnf_plugin *(*entry)(void);
	snprintf(path, sizeof path, "%s/plugins/%s/%s.so", build ? build : "build", kind, name);
	void *library = dlopen(path, RTLD_NOW);
	if (!library) fuzz_check(0, dlerror());
	*(void **)&entry = dlsym(library, "rnf_plugin_entry");
	return entry()->features;
}

const char *fuzz_file(const uint8_t *data, size_t n)
{
	static char path[64];
	static int fd = -1;
	if (fd < 0) fd = memfd_create("input", MFD_CLOEXEC);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	fuzz_check(ftruncate(fd, 0) == 0 && pwrite(fd, data, n, 0) == (ssize_t)n,
		   "no file can be made");
	return path;
}
