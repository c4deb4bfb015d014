/* image_folder: image files in folders, one a class: train|val|test/CLASS/FILE or CLASS/FILE,
 * FILE also in folders below these; or files that labels.csv names. Classes are numbered in the
 * order of the bytes of their names in the training split; another split may lack some of them,
 * but not have more. Without a test split val/ is the test split, and without both a share of
 * each class is drawn. Hidden files are ignored. */
#include "image_folder.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct conf {
	const char *labels;
	double test;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_STRING(struct conf, labels, "labels.csv", 0,
		   "file that names the images, if the folder has it"),
	RNF_FLOAT(struct conf, test, 0.2, 0.001, 0.9, "of each class",
		  "drawn for the test split if the folder has none"));

/* Items of the two splits; those of validation follow the training's. */
struct store {
	const struct item *items[RNF_SPLITS];
};

/* -- helpers of the parts -- */

char *join(const struct rnf_host *host, const char *a, const char *between, const char *b)
{
	const size_t na = strlen(a), nb = strlen(between), nc = strlen(b);
	char *text = host->alloc(na + nb + nc + 1);
	if (!text) return NULL;
	memcpy(text, a, na);
	memcpy(text + na, between, nb);
	memcpy(text + na + nb, b, nc);
	return text;
}

rnf_status add_item(struct list *list, const struct item *item)
{
	if (list->n == list->room) {
		const size_t room = list->room ? 2 * list->room : 1024;
		struct item *more = realloc(list->items, room * sizeof *more);
		if (!more) return list->host->fail(RNF_ENOMEM, "no memory");
		list->items = more;
		list->room = room;
	}
	list->items[list->n++] = *item;
	return RNF_OK;
}

static int ends_in(const char *name, const char *ending)
{
	const size_t n = strlen(name), tail = strlen(ending);
	if (n <= tail) return 0;
	for (size_t i = 0; i < tail; i++)
		if (tolower((unsigned char)name[n - tail + i]) != ending[i]) return 0;
	return 1;
}

int is_image(const struct list *list, const char *name)
{
	for (const char *const *end = list->endings; *end; end++)
		if (ends_in(name, *end)) return 1;
	return 0;
}

/* -- classes -- */

struct classes {
	const char **names;
	int64_t n;
};

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The different names of the training items, sorted. */
static rnf_status find_classes(const struct list *list, struct classes *classes)
{
	classes->names = list->host->alloc((list->n + 1) * sizeof *classes->names);
	if (!classes->names) return list->host->fail(RNF_ENOMEM, "no memory");
	size_t n = 0, kept = 0;
	for (size_t i = 0; i < list->n; i++)
		if (list->items[i].split == SPLIT_TRAIN) classes->names[n++] = list->items[i].name;
	qsort(classes->names, n, sizeof *classes->names, by_bytes);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || strcmp(classes->names[kept - 1], classes->names[i]))
			classes->names[kept++] = classes->names[i];
	classes->n = (int64_t)kept;
	return RNF_OK;
}

static rnf_status set_label(const struct rnf_host *host, const struct classes *classes,
			    struct item *item)
{
	const char **found = bsearch(&item->name, classes->names, (size_t)classes->n,
				     sizeof *classes->names, by_bytes);
	item->label = found ? (int32_t)(found - classes->names) : 0;
	if (found) return RNF_OK;
	return host->fail(RNF_EINVAL, "%s is of the class \"%s\", of which there is no training image",
			  item->path, item->name);
}

/* -- splits -- */

static int64_t count(const struct list *list, int split)
{
	int64_t n = 0;
	for (size_t i = 0; i < list->n; i++)
		n += list->items[i].split == split;
	return n;
}

static void move(struct list *list, int from, int to)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->items[i].split == from) list->items[i].split = to;
}

/* Copy the items of a split behind each other. */
static struct item *put(const struct list *list, int split, struct item *to)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->items[i].split == split) *to++ = list->items[i];
	return to;
}

static rnf_status fill(struct list *list, const struct conf *conf, struct store *store,
		       struct rnf_dataset_info *info)
{
	if (count(list, SPLIT_TEST) == 0) move(list, SPLIT_VALIDATION, SPLIT_TEST);
	struct item *items = list->host->alloc((list->n + 1) * sizeof *items);
	if (!items) return list->host->fail(RNF_ENOMEM, "no memory");
	info->validation = count(list, SPLIT_VALIDATION);
	info->images[RNF_SPLIT_TRAIN] = count(list, SPLIT_TRAIN) + info->validation;
	info->images[RNF_SPLIT_TEST] = count(list, SPLIT_TEST);
	info->test = info->images[RNF_SPLIT_TEST] ? 0 : conf->test;
	store->items[RNF_SPLIT_TRAIN] = items;
	store->items[RNF_SPLIT_TEST] = put(list, SPLIT_VALIDATION, put(list, SPLIT_TRAIN, items));
	put(list, SPLIT_TEST, items + info->images[RNF_SPLIT_TRAIN]);
	return RNF_OK;
}

/* -- the folder -- */

static rnf_status gather(struct list *list, const char *labels)
{
	struct stat at;
	const char *file = join(list->host, list->folder, "/", labels);
	if (!file) return list->host->fail(RNF_ENOMEM, "no memory");
	return stat(file, &at) == 0 && S_ISREG(at.st_mode) ? list_labels(list, file)
							   : list_tree(list);
}

static rnf_status check_found(const struct list *list)
{
	const struct rnf_host *host = list->host;
	if (count(list, SPLIT_TRAIN) == 0)
		return host->fail(RNF_EINVAL, "%s has no training images: it must have folders "
			"train/CLASS or CLASS with image files, or a file labels.csv", list->folder);
	return RNF_OK;
}

static rnf_status make(struct list *list, const struct conf *conf, struct store *store,
		       struct rnf_dataset_info *info)
{
	struct classes classes = { 0 };
	RNF_TRY(gather(list, conf->labels));
	RNF_TRY(check_found(list));
	log_strays(list);
	RNF_TRY(find_classes(list, &classes));
	for (size_t i = 0; i < list->n; i++)
		RNF_TRY(set_label(list->host, &classes, &list->items[i]));
	info->classes = classes.n;
	info->names = classes.names;
	return fill(list, conf, store, info);
}

static rnf_status list_endings(struct list *list, const struct rnf_blob *blobs)
{
	size_t n = 0;
	while (blobs[n + 1].name)
		n++;
	const char **endings = list->host->alloc((n + 1) * sizeof *endings);
	if (!endings) return list->host->fail(RNF_ENOMEM, "no memory");
	for (size_t i = 0; i < n; i++)
		endings[i] = blobs[i + 1].name;
	list->endings = endings;
	return RNF_OK;
}

static rnf_status open_folder(const struct rnf_host *host, const void *conf,
			      const struct rnf_blob *blobs, void **self,
			      struct rnf_dataset_info *info)
{
	struct list list = { .host = host, .folder = blobs[0].name };
	struct store *store = host->alloc(sizeof *store);
	if (!store) return host->fail(RNF_ENOMEM, "no memory");
	RNF_TRY(list_endings(&list, blobs));
	const rnf_status status = make(&list, conf, store, info);
	free(list.items);
	*self = store;
	return status;
}

static rnf_status read_label(const void *self, int split, int64_t i, uint8_t *pixels, int32_t *label)
{
	const struct store *store = self;
	(void)pixels; /* the core decodes the file */
	*label = store->items[split][i].label;
	return RNF_OK;
}

static const char *path(const void *self, int split, int64_t i)
{
	return ((const struct store *)self)->items[split][i].path;
}

static const struct rnf_dataset_impl impl = {
	.flags = RNF_DATASET_FOLDER, .open = open_folder, .read = read_label, .path = path };
RNF_PLUGIN(dataset, image_folder, "PNG and JPEG files in a folder for each class", &params, impl)
