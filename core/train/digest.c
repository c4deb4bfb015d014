/* XXH3 with 64 bits: a guard against accidents, not against forgery. */
#include "train/digest.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/file.h"
#include "base/status.h"

static uint64_t of_words(const char *words, uint64_t seed)
{
	return XXH3_64bits_withSeed(words, strlen(words), seed);
}

uint64_t rnf_digest_tensor(const struct rnf_named_tensor *t)
{
	size_t n = 1;
	uint64_t seed = of_words(t->name, (uint64_t)t->rank);
	for (int32_t i = 0; i < t->rank; i++) {
		n *= (size_t)t->shape[i];
		seed = XXH3_64bits_withSeed(&t->shape[i], sizeof t->shape[i], seed);
	}
	return XXH3_64bits_withSeed(t->data, n * sizeof *t->data, seed);
}

uint64_t rnf_digest_text(const char *key, const char *value)
{
	if (!strcmp(key, RNF_DIGEST_KEY)) return 0;
	return of_words(value, of_words(key, 1));
}

void rnf_digest_words(uint64_t digest, char words[RNF_DIGEST_BYTES])
{
	snprintf(words, RNF_DIGEST_BYTES, "%016llx", (unsigned long long)digest);
}

rnf_status rnf_digest_file(const char *path, uint64_t *digest)
{
	struct stat st;
	int fd;
	RNF_TRY(rnf_file_open(path, O_RDONLY, &fd));
	void *bytes = fstat(fd, &st) == 0 && st.st_size > 0
		? mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0)
		: MAP_FAILED;
	const rnf_status status = bytes == MAP_FAILED ? rnf_fail_input(path) : RNF_OK;
	close(fd);
	if (status < 0) return status;
	*digest = XXH3_64bits(bytes, (size_t)st.st_size);
	munmap(bytes, (size_t)st.st_size);
	return RNF_OK;
}
