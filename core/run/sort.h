/* Sorts image files into a folder for each class. [main] */
#ifndef RNF_RUN_SORT_H
#define RNF_RUN_SORT_H

#include <stddef.h>
#include <rnframe/abi.h>

struct rnf_sorter {
	const char *dir; /* DIR/CLASS/FILE is made; nothing there is overwritten */
	int link;        /* hard links, and copies only where there can be none */
};

/* Make the folder. RNF_EINVAL: it holds one of files[n], or the name of a class cannot be that
 * of a folder. */
rnf_status rnf_sorter_check(const struct rnf_sorter *s, const char *const *files, size_t n,
			    const char *const *classes, size_t n_classes);
/* Copy or link a file into the folder of its class; a name that is taken gets a number:
 * photo-2.jpg. *as is kept. RNF_EIO: it cannot be written. */
rnf_status rnf_sorter_add(const struct rnf_sorter *s, const char *file, const char *class,
			  const char **as);

#endif
