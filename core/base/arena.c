#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/hands.h"

/* Every allocation is a block of its own in a list, so that sanitizers see its
 * bounds; set-up makes a few thousand of them. */
struct block {
	struct block *next;
	void *memory; /* what free() takes */
	char padding[64 - 2 * sizeof(void *)];
};

static struct block *blocks;

static struct block *small_block(size_t size)
{
	struct block *b = aligned_alloc(64, size);
	if (!b) return NULL;
	memset(b, 0, size);
	b->memory = b;
	return b;
}

enum { LARGE = 2 << 20 };

/* On large pages: a step walks over hundreds of megabytes, and at small pages a
 * good part of its time is spent on their addresses. calloc() leaves it to the
 * kernel to clear them, when and where they are first used. */
static struct block *large_block(size_t size)
{
	char *memory = size + LARGE > size ? calloc(1, size + LARGE) : NULL;
	if (!memory) return NULL;
	struct block *b = (struct block *)
		(((uintptr_t)memory + LARGE - 1) & ~(uintptr_t)(LARGE - 1));
	madvise(b, size, MADV_HUGEPAGE); /* a wish */
	b->memory = memory;
	return b;
}

void rnf_no_memory(size_t bytes)
{
	fprintf(stderr, "rnframe: out of memory (%zu bytes)\n", bytes);
	rnf_hands_end();
	exit(1);
}

void *rnf_alloc(size_t bytes)
{
	const size_t size = sizeof(struct block) + ((bytes + 63) & ~(size_t)63);
	struct block *b = size < bytes ? NULL
			: size < 2 * LARGE ? small_block(size) : large_block(size);
	if (!b) rnf_no_memory(bytes);
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

const void *rnf_arena_mark(void)
{
	return blocks;
}

void rnf_arena_release(const void *mark)
{
	while (blocks && blocks != mark) {
		struct block *next = blocks->next;
		free(blocks->memory);
		blocks = next;
	}
}

void rnf_arena_finish(void)
{
	rnf_arena_release(NULL);
}
