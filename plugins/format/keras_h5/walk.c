/* needs: hdf5 */
#include "walk.h"

#include <stdio.h>
#include <string.h>

#include "config.h"
#include "layer.h"
#include "tensor.h"
#include "zip.h"

enum { DEPTH_MAX = 12, WEIGHTS_MAX = 256 << 20, CONFIG_MAX = 8 << 20 };

#define MODEL_GROUP "model_weights"
#define VARIABLES_GROUP "vars"
/* Where an optimizer's state lies, with variables that have names or numbers. */
static const char *const optimizer_groups[] = { "optimizer_weights", "optimizer" };

/* LAYER/LAYER/kernel:0 to LAYER/kernel. */
static void weight_name(const char *name, char out[NAME_BYTES])
{
	const char *below = strchr(name, '/');
	const char *from = below && strchr(below + 1, '/') ? below + 1 : name;
	snprintf(out, NAME_BYTES, "%s", from);
	const size_t n = strlen(out);
	if (n > 2 && strcmp(out + n - 2, ":0") == 0) out[n - 2] = 0;
}

static int walk_group(struct walk *w, hid_t group);

static int is_variables(const struct walk *w)
{
	const char *slash = strrchr(w->name, '/');
	return w->numbered && strcmp(slash ? slash + 1 : w->name, VARIABLES_GROUP) == 0;
}

static int send_named(struct walk *w, hid_t dataset)
{
	char name[NAME_BYTES];
	weight_name(w->name, name);
	return tensor_send(w, dataset, name);
}

static int walk_object(struct walk *w, hid_t object)
{
	const H5I_type_t type = H5Iget_type(object);
	if (type == H5I_GROUP && is_variables(w)) return layer_send(w, object);
	if (type == H5I_GROUP) return walk_group(w, object);
	if (type == H5I_DATASET && (w->depth == 1 || w->numbered))
		return refuse(w, "lies outside of a layer");
	if (type == H5I_DATASET) return send_named(w, object);
	return refuse(w, "is neither a group nor a dataset");
}

static int walk_link(struct walk *w, hid_t group, const char *link, H5L_type_t type)
{
	if (type != H5L_TYPE_HARD) return refuse(w, "is a link, which is not followed");
	const hid_t object = H5Oopen(group, link, H5P_DEFAULT);
	if (object < 0) return refuse(w, "cannot be opened: the file is damaged or truncated");
	const int good = walk_object(w, object);
	H5Oclose(object);
	return good;
}

/* 1, which ends the listing, if something was refused. */
static herr_t on_link(hid_t group, const char *link, const H5L_info_t *info, void *w_)
{
	struct walk *w = w_;
	const size_t n = strlen(w->name);
	if (w->depth == 1 && strcmp(link, optimizer_groups[w->numbered]) == 0) return 0;
	const int more = snprintf(w->name + n, sizeof w->name - n, "%s%s", n ? "/" : "", link);
	const int good = (size_t)more < sizeof w->name - n
		? walk_link(w, group, link, info->type)
		: refuse(w, "has too long a name");
	w->name[n] = 0;
	return !good;
}

/* Hard links can form cycles, hence the limit on depth. */
static int walk_group(struct walk *w, hid_t group)
{
	if (w->depth == DEPTH_MAX) return refuse(w, "lies too deep");
	w->depth++;
	const herr_t done = H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, NULL, on_link, w);
	w->depth--;
	if (done < 0) return refuse(w, "cannot be listed: the file is damaged or truncated");
	return done == 0;
}

/* Keras 3 makes such a group for the model itself; Keras 2 lists its layers. */
static int is_numbered(hid_t file)
{
	return H5Lexists(file, VARIABLES_GROUP, H5P_DEFAULT) > 0 &&
	       H5Aexists(file, "layer_names") <= 0;
}

static int walk_layers(struct walk *w, hid_t file)
{
	const int whole = H5Lexists(file, MODEL_GROUP, H5P_DEFAULT) > 0;
	H5L_info_t link;
	if (whole && (H5Lget_info(file, MODEL_GROUP, &link, H5P_DEFAULT) < 0 ||
		      link.type != H5L_TYPE_HARD))
		return fail(w, MODEL_GROUP " is a link, which is not followed");
	w->root = whole ? MODEL_GROUP : "/";
	w->numbered = !whole && is_numbered(file);
	const hid_t group = H5Gopen2(file, w->root, H5P_DEFAULT);
	if (group < 0) return fail(w, "no group of layers");
	if (!walk_group(w, group)) return 0;
	return w->n > 0 || fail(w, "holds no weights");
}

/* Open a file from memory: the jail has no other. */
static hid_t open_image(const struct image *image)
{
	const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
	if (H5Pset_fapl_core(access, 1 << 16, 0) < 0 ||
	    H5Pset_file_image(access, (void *)(uintptr_t)image->bytes, image->size) < 0)
		return -1;
	return H5Fopen("/image.h5", H5F_ACC_RDONLY, access);
}

void walk_prepare(void)
{
	H5open();
	H5Eset_auto2(H5E_DEFAULT, NULL, NULL); /* the messages are ours */
	H5PLset_loading_state(0);
	json_object_seed(1); /* it would ask the system for it */
}

/* The HDF5 file inside a .keras, and the model's description beside it. */
static int unzip(struct walk *w, struct image *image)
{
	struct member members[] = { { .name = "model.weights.h5", .most = WEIGHTS_MAX },
				    { .name = "config.json", .most = CONFIG_MAX } };
	if (!zip_probe(image->bytes, image->size)) return 1;
	const char *words = zip_read(image, members, 2);
	if (words) return fail(w, "%s", words);
	if (!members[0].found.bytes)
		return fail(w, "is a zip archive without model.weights.h5: not one model that "
			       "Keras saved in one piece");
	if (members[1].found.bytes) w->config = config_read(&members[1].found);
	if (members[1].found.bytes && !w->config) return fail(w, "config.json is not JSON");
	*image = members[0].found;
	return 1;
}

void walk(const void *image_, int out)
{
	struct image image = *(const struct image *)image_;
	struct walk w = { .out = out, .most_bytes = RATIO_MAX * (uint64_t)image.size };
	if (!unzip(&w, &image)) return;
	const hid_t file = open_image(&image);
	if (file < 0)
		fail(&w, "cannot be opened as HDF5: damaged or truncated");
	else if (walk_layers(&w, file))
		send_message(&w, (struct message){ .kind = MESSAGE_END }, "");
}
