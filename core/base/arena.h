/* Set-up memory: zeroed, 64-byte aligned, freed all at once at exit. Running
 * out of it ends the program with one line, so callers need not check. [main] */
#ifndef RNF_BASE_ARENA_H
#define RNF_BASE_ARENA_H

#include <stddef.h>

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

#endif
