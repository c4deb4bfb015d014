/* The parts of this plugin: what is found in a folder, as a list. */
#ifndef IMAGE_FOLDER_H
#define IMAGE_FOLDER_H

#include <rnframe/data.h>

enum { SPLIT_TRAIN, SPLIT_TEST, SPLIT_VALIDATION, SPLITS };

struct item {
	const char *path, *name; /* name: of its class */
	int32_t split, label;
	int64_t line; /* of labels.csv; 0: it was found in a folder */
};

enum { ENDINGS = 16 };

/* Files and folders where none belongs. */
struct strays {
	int64_t n;
	const char *first;
	size_t n_endings; /* of the first ENDINGS different ones */
	struct {
		const char *text; /* ".txt" */
		int64_t n;
	} endings[ENDINGS];
};

struct list {
	const struct rnf_host *host;
	const char *folder;
	const char *const *endings; /* of files that can be decoded; NULL ends them */
	struct item *items;         /* of malloc() */
	size_t n, room;
	struct strays strays;
	const struct above *above;  /* tree.c: the folders on the way; NULL: none */
};

/* "a/b" and so on, of host->alloc. NULL: no memory. */
char *join(const struct rnf_host *host, const char *a, const char *between, const char *b);
rnf_status add_item(struct list *list, const struct item *item);
/* Does this name end as an image's does, in small or capital letters? */
int is_image(const struct list *list, const char *name);

/* The images in train|val|test/CLASS/ or CLASS/. (tree.c) */
rnf_status list_tree(struct list *list);
/* Those that this file names. (labels.c) */
rnf_status list_labels(struct list *list, const char *file);
/* Leave this entry out. (strays.c) */
void note_stray(struct list *list, const char *path);
/* Log how many were left out, if any, and of what kinds they are. */
void log_strays(struct list *list);

#endif
