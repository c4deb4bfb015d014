/* Set-up memory: zeroed, 64-byte aligned, freed all at once: the program's at exit, a
 * library's with the handle that it belongs to. Running out of it ends the program with one
 * line, or the body of rnf_arena_run(), so callers need not check. [main] */
#ifndef RNF_BASE_ARENA_H
#define RNF_BASE_ARENA_H

#include <stddef.h>
#include <rnframe/abi.h>

void *rnf_alloc(size_t bytes);
/* End the program in the same way when another allocator runs out of memory. */
void rnf_no_memory(size_t bytes) __attribute__((noreturn));
/* A copy of the first n bytes of text, terminated. */
char *rnf_strndup(const char *text, size_t n);
/* printf into memory that lives until exit. */
char *rnf_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Room for one more element at the end of a growing array: the array may move.
 *   item = rnf_push((void **)&list, &n, sizeof *list) */
void *rnf_push(void **array, size_t *n, size_t size);
/* Free what was allocated after mark() returned this value; finish() frees all. */
const void *rnf_arena_mark(void);
void rnf_arena_release(const void *mark);
void rnf_arena_finish(void);

struct rnf_arena { /* all zero: empty */
	void **blocks;
	size_t n;
};
/* From now on this thread's memory comes from that arena; NULL: the program's own, which
 * outlives every other. Return the previous one. */
struct rnf_arena *rnf_arena_use(struct rnf_arena *arena);
/* Run body(context) with memory from that arena and return its status. When memory runs out,
 * the body is left where it stands, and the status is RNF_ENOMEM: what it had open besides
 * set-up memory stays open. */
rnf_status rnf_arena_run(struct rnf_arena *arena, rnf_status (*body)(void *context),
			 void *context);

#endif
