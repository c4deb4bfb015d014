/* Folders of classes. Entries come in the order of their bytes, so that a list does not
 * depend on the file system. */
#define _GNU_SOURCE
#include "image_folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const struct { const char *name; int split; } split_names[] = {
	{ "train", SPLIT_TRAIN }, { "val", SPLIT_VALIDATION }, { "valid", SPLIT_VALIDATION },
	{ "validation", SPLIT_VALIDATION }, { "test", SPLIT_TEST },
};
enum { N_NAMES = sizeof split_names / sizeof *split_names };

static int is_seen(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_folder(const char *path)
{
	struct stat at;
	return stat(path, &at) == 0 && S_ISDIR(at.st_mode);
}

static int is_file(const char *path)
{
	struct stat at;
	return stat(path, &at) == 0 && S_ISREG(at.st_mode);
}

/* Call each(list, path, name, context) for the entries of a folder that are not hidden. */
struct visit {
	rnf_status (*each)(struct list *, const char *path, const char *name,
			   const struct item *context);
	const struct item *context;
};

static rnf_status visit_all(struct list *list, const char *folder, struct dirent **entries,
			    int n, struct visit visit)
{
	for (int i = 0; i < n; i++) {
		const char *path = join(list->host, folder, "/", entries[i]->d_name);
		if (!path) return list->host->fail(RNF_ENOMEM, "no memory");
		RNF_TRY(visit.each(list, path, path + strlen(folder) + 1, visit.context));
	}
	return RNF_OK;
}

/* A folder that is being visited. */
struct above {
	dev_t device;
	ino_t inode;
	const struct above *next;
};

static int is_above(const struct above *above, const struct above *folder)
{
	for (; above; above = above->next)
		if (above->inode == folder->inode && above->device == folder->device) return 1;
	return 0;
}

static rnf_status visit_entries(struct list *list, const char *folder, struct visit visit)
{
	struct dirent **entries;
	const int n = scandir(folder, &entries, is_seen, by_bytes);
	if (n < 0) return list->host->fail(errno == ENOMEM ? RNF_ENOMEM : RNF_EINVAL, "%s: %s",
					   folder, strerror(errno));
	const rnf_status status = visit_all(list, folder, entries, n, visit);
	for (int i = 0; i < n; i++)
		free(entries[i]);
	free(entries);
	return status;
}

/* A symbolic link to a folder above, which would have no end, is left out. */
static rnf_status visit_folder(struct list *list, const char *folder, struct visit visit)
{
	struct stat at = { 0 };
	if (stat(folder, &at) != 0)
		return list->host->fail(RNF_EINVAL, "%s: %s", folder, strerror(errno));
	const struct above here = { at.st_dev, at.st_ino, list->above };
	if (is_above(list->above, &here)) {
		note_stray(list, folder);
		return RNF_OK;
	}
	list->above = &here;
	const rnf_status status = visit_entries(list, folder, visit);
	list->above = here.next;
	return status;
}

/* In the folder of a class, or in one below it: the images of all are the class's. */
static rnf_status add_file(struct list *list, const char *path, const char *name,
			   const struct item *class)
{
	struct item item = *class;
	item.path = path;
	if (is_folder(path)) return visit_folder(list, path, (struct visit){ add_file, class });
	if (is_image(list, name) && is_file(path)) return add_item(list, &item);
	note_stray(list, path);
	return RNF_OK;
}

/* A class folder; context: its split. In training an empty one is a slip: the model would
 * learn the others as if it were not there. */
static rnf_status add_class(struct list *list, const char *path, const char *name,
			    const struct item *context)
{
	struct item item = { .name = name, .split = context->split };
	const size_t before = list->n;
	if (!is_folder(path)) {
		note_stray(list, path);
		return RNF_OK;
	}
	RNF_TRY(visit_folder(list, path, (struct visit){ add_file, &item }));
	if (list->n > before || item.split != SPLIT_TRAIN) return RNF_OK;
	return list->host->fail(RNF_EINVAL, "%s has no image: remove the folder, or put images of "
				"the class there", path);
}

static int split_of(const char *name)
{
	for (int i = 0; i < N_NAMES; i++)
		if (!strcmp(split_names[i].name, name)) return split_names[i].split;
	return -1;
}

/* An entry beside train/. */
static rnf_status add_split(struct list *list, const char *path, const char *name,
			    const struct item *context)
{
	const struct item split = { .split = split_of(name) };
	(void)context;
	if (split.split < 0 || !is_folder(path)) {
		note_stray(list, path);
		return RNF_OK;
	}
	return visit_folder(list, path, (struct visit){ add_class, &split });
}

rnf_status list_tree(struct list *list)
{
	static const struct item all = { .split = SPLIT_TRAIN };
	const char *train = join(list->host, list->folder, "/", "train");
	if (!train) return list->host->fail(RNF_ENOMEM, "no memory");
	return visit_folder(list, list->folder, is_folder(train) ? (struct visit){ add_split, NULL }
							: (struct visit){ add_class, &all });
}
