#include "train/images.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/machine.h"
#include "base/status.h"
#include "data/files.h"
#include "data/holdout.h"
#include "data/picture.h"
#include "train/contract.h"

static const struct rnf_conf *data_node(const struct rnf_config *c, const char *key)
{
	const struct rnf_conf *data = rnf_conf_get(c->tree, "data");
	const struct rnf_conf *node = rnf_conf_get(data, key);
	return node ? node : data;
}

static rnf_status check_folder(const struct rnf_config *c)
{
	const char *path = c->data->path, *name = c->root.data->feature->name;
	const char *place = rnf_conf_place(data_node(c, "path"));
	if (!path || !*path)
		return rnf_fail(RNF_EINVAL, "%sdata: %s needs the folder of the images: data.path",
				place, name);
	if (access(path, F_OK) != 0) return rnf_fail_in(rnf_fail_input(path), "%sdata.path: ", place);
	if (!rnf_is_folder(path))
		return rnf_fail(RNF_EINVAL, "%sdata.path: %s is no folder", place, path);
	return RNF_OK;
}

rnf_status rnf_images_folder(const struct rnf_config *c, struct rnf_blob **blobs)
{
	size_t n = 0;
	RNF_TRY(check_folder(c));
	RNF_TRY(rnf_picture_decoders());
	const char *const *endings = rnf_picture_endings();
	while (endings[n])
		n++;
	*blobs = rnf_alloc((n + 2) * sizeof **blobs);
	(*blobs)[0].name = c->data->path;
	for (size_t i = 0; i < n; i++)
		(*blobs)[i + 1].name = endings[i];
	return RNF_OK;
}

/* Bytes of memory, and of the disk (0: half of it). */
static void set_budgets(const struct rnf_config *c, struct rnf_files_conf *conf)
{
	const double set = (double)c->data->cache_mib * 0x1p20;
	const int disk = c->data->cache == RNF_CACHE_DISK;
	conf->memory = disk ? 0 : set > 0 ? set : 0.5 * (double)rnf_machine_memory();
	conf->disk = disk ? set : 0;
}

/* Where decoded images go that memory has no room for; NULL without a home. */
static const char *cache_folder(void)
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	if (cache && *cache) return rnf_format("%s/rnframe", cache);
	return home && *home ? rnf_format("%s/.cache/rnframe", home) : NULL;
}

static rnf_status open_files(struct rnf_dataset *d, const struct rnf_config *c)
{
	const struct rnf_ints input = c->root.model.input;
	struct rnf_files_conf conf = {
		.dataset = d->impl, .self = d->self, .augment = c->data->augment,
		.out_h = input.n == 3 ? input.at[0] : 0, .out_w = input.n == 3 ? input.at[1] : 0,
		.threads = (int)c->root.threads,
		.skip = c->data->on_bad_image == RNF_BAD_IMAGE_SKIP,
		.only_memory = c->data->cache == RNF_CACHE_MEMORY, .folder = cache_folder() };
	set_budgets(c, &conf);
	const rnf_status status = rnf_files_open(&conf, &d->info, &d->self, &d->framed);
	if (status < 0)
		return rnf_fail_in(status, "%s", rnf_conf_place(data_node(c, "path")));
	d->impl = &rnf_files_dataset;
	d->bytes = rnf_files_bytes(d->self);
	return RNF_OK;
}

rnf_status rnf_images_open(struct rnf_dataset *d, const struct rnf_config *c)
{
	void *self;
	RNF_TRY(rnf_contract_splits(c, &d->info));
	if (d->impl->path) RNF_TRY(open_files(d, c));
	if (d->info.images[RNF_SPLIT_TEST] > 0 || d->info.test <= 0) return RNF_OK;
	RNF_TRY(rnf_holdout_open(d->impl, d->self, (uint64_t)c->data->split_seed, &d->info, &self));
	d->impl = &rnf_holdout_dataset;
	d->self = self;
	if (d->info.images[RNF_SPLIT_TEST] > 0) return RNF_OK;
	return rnf_fail(RNF_EINVAL, "%sdata: no class has images enough that %g of them are one for "
			"the test split: raise that share (data.test), or add a test split",
			rnf_conf_place(data_node(c, "path")), d->info.test);
}
