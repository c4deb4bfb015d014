#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Every allocation is a block of its own in a list, so that sanitizers see its
 * bounds; set-up makes a few thousand of them. */
struct block {
	struct block *next;
	char padding[64 - sizeof(struct block *)];
};

static struct block *blocks;

/* Large blocks on large pages: a step walks over hundreds of megabytes, and at
 * small pages a good part of its time is spent on their addresses. */
enum { LARGE = 2 << 20 };

static void *pages(size_t size)
{
	if (size < 2 * LARGE) return aligned_alloc(64, size);
	void *at = aligned_alloc(LARGE, (size + LARGE - 1) / LARGE * LARGE);
	if (at) madvise(at, size, MADV_HUGEPAGE); /* a wish */
	return at;
}

void *rnf_alloc(size_t bytes)
{
	const size_t size = sizeof(struct block) + ((bytes + 63) & ~(size_t)63);
	struct block *b = size < bytes ? NULL : pages(size);
	if (!b || size < bytes) {
		fprintf(stderr, "rnframe: out of memory (%zu bytes)\n", bytes);
		exit(1);
	}
	memset(b, 0, size);
	b->next = blocks;
	blocks = b;
	return b + 1;
}

char *rnf_strndup(const char *text, size_t n)
{
	const size_t length = strnlen(text, n);
	return memcpy(rnf_alloc(length + 1), text, length);
}

char *rnf_format(const char *format, ...)
{
	va_list args, again;
	va_start(args, format);
	va_copy(again, args);
	const int n = vsnprintf(NULL, 0, format, args);
	char *text = rnf_alloc((size_t)n + 1);
	vsnprintf(text, (size_t)n + 1, format, again);
	va_end(again);
	va_end(args);
	return text;
}

void *rnf_push(void **array, size_t *n, size_t size)
{
	if ((*n & (*n - 1)) == 0) { /* 0 or a power of two: full */
		void *larger = rnf_alloc((*n ? 2 * *n : 1) * size);
		if (*n) memcpy(larger, *array, *n * size);
		*array = larger;
	}
	return (char *)*array + (*n)++ * size;
}

void rnf_arena_finish(void)
{
	while (blocks) {
		struct block *next = blocks->next;
		free(blocks);
		blocks = next;
	}
}
