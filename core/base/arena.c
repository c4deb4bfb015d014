#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/running.h"
#include "base/status.h"

/* Every allocation is a block of its own, so that sanitizers see its bounds. The pointers
 * for free() are kept in a separate list: a large model's plan makes some 700,000
 * allocations, most of one cache line, and a header in each would cost a second line. */
static struct rnf_arena program;
static _Thread_local struct rnf_arena *current;
static _Thread_local jmp_buf *escape; /* of rnf_arena_run(); NULL: the program ends */

static struct rnf_arena *arena(void)
{
	return current ? current : &program;
}

enum { LINE = 64, LARGE = 2 << 20 };

static void *small_block(size_t size)
{
	void *memory = aligned_alloc(LINE, size);
	if (!memory) return NULL;
	arena()->blocks[arena()->n++] = memory;
	return memset(memory, 0, size);
}

/* Ask for large pages: a step walks over hundreds of megabytes, and with small pages a
 * good part of its time goes into address translation. calloc() leaves it to the kernel
 * to clear the pages when and where they are first used. */
static void *large_block(size_t size)
{
	char *memory = size + LARGE > size ? calloc(1, size + LARGE) : NULL;
	if (!memory) return NULL;
	arena()->blocks[arena()->n++] = memory;
	memory = (char *)(((uintptr_t)memory + LARGE - 1) & ~(uintptr_t)(LARGE - 1));
	madvise(memory, size, MADV_HUGEPAGE); /* only a hint; it may fail */
	return memory;
}

void rnf_no_memory(size_t bytes)
{
	if (escape) {
		rnf_fail(RNF_ENOMEM, "out of memory (%zu bytes)", bytes);
		longjmp(*escape, 1);
	}
	fprintf(stderr, "rnframe: out of memory (%zu bytes)\n", bytes);
	rnf_running_end();
	exit(1);
}

/* Make room for one more pointer. */
static void list_more(struct rnf_arena *a)
{
	if ((a->n & (a->n - 1)) != 0) return; /* full at 0 and powers of two */
	const size_t bytes = (a->n ? 2 * a->n : 1) * sizeof *a->blocks;
	void **more = realloc(a->blocks, bytes);
	if (!more) rnf_no_memory(bytes);
	a->blocks = more;
}

void *rnf_alloc(size_t bytes)
{
	const size_t size = bytes ? (bytes + LINE - 1) & ~(size_t)(LINE - 1) : LINE;
	list_more(arena());
	void *memory = size < bytes ? NULL
		     : size < 2 * LARGE ? small_block(size) : large_block(size);
	if (!memory) rnf_no_memory(bytes);
	return memory;
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

/* Double the room whenever the count is a power of two. The first elements share a cache
 * line, which an allocation takes anyway. */
void *rnf_push(void **array, size_t *n, size_t size)
{
	const int full = *n == 0 || ((*n & (*n - 1)) == 0 && 2 * *n * size > LINE);
	if (full) {
		void *larger = rnf_alloc(*n ? 2 * *n * size : size);
		if (*n) memcpy(larger, *array, *n * size);
		*array = larger;
	}
	return (char *)*array + (*n)++ * size;
}

const void *rnf_arena_mark(void)
{
	const struct rnf_arena *a = arena();
	return a->n > 0 ? a->blocks[a->n - 1] : NULL;
}

void rnf_arena_release(const void *mark)
{
	struct rnf_arena *a = arena();
	while (a->n > 0 && a->blocks[a->n - 1] != mark)
		free(a->blocks[--a->n]);
}

void rnf_arena_finish(void)
{
	struct rnf_arena *a = arena();
	rnf_arena_release(NULL);
	free(a->blocks);
	a->blocks = NULL;
}

struct rnf_arena *rnf_arena_use(struct rnf_arena *arena)
{
	struct rnf_arena *before = current;
	current = arena;
	return before;
}

rnf_status rnf_arena_run(struct rnf_arena *arena, rnf_status (*body)(void *), void *context)
{
	jmp_buf here, *const outer = escape;
	struct rnf_arena *const before = rnf_arena_use(arena);
	volatile rnf_status status = RNF_ENOMEM;
	escape = &here;
	if (setjmp(here) == 0) status = body(context);
	escape = outer;
	current = before;
	return status;
}
