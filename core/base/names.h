/* A table from names to numbers, with lookup in constant time. In set-up memory. */
#ifndef RNF_BASE_NAMES_H
#define RNF_BASE_NAMES_H

#include <stddef.h>
#include <stdint.h>

struct rnf_names { /* all zero: an empty table */
	struct rnf_name *entries;
	size_t n, room;
	int passing; /* the texts need not live: the table compares 64-bit hashes only */
};

/* The number of the name; -1: it is not in the table. */
int64_t rnf_names_find(const struct rnf_names *names, const char *name);
/* Add the name with a number, 0 or more, and return -1; or return the number that it has
 * already. The text is not copied. [main] */
int64_t rnf_names_add(struct rnf_names *names, const char *name, int64_t number);
/* Remove all names; the memory stays for the next ones. */
void rnf_names_clear(struct rnf_names *names);

#endif
