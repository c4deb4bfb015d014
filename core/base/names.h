/* Names and the number of each: found without a look at the others. In set-up memory. */
#ifndef RNF_BASE_NAMES_H
#define RNF_BASE_NAMES_H

#include <stddef.h>
#include <stdint.h>

struct rnf_names { /* zeroed: none */
	struct rnf_name *slots;
	size_t n, room;
	int passing; /* the texts go away: names are as good as their hashes of 64 bits */
};

/* The number that the name was added with; -1: it was not. */
int64_t rnf_names_find(const struct rnf_names *names, const char *name);
/* Adds it with a number, 0 or more, and returns -1; or the number that it has already.
 * The text is not copied. [main] */
int64_t rnf_names_add(struct rnf_names *names, const char *name, int64_t number);
/* None again; the memory stays for the next. */
void rnf_names_clear(struct rnf_names *names);

#endif
