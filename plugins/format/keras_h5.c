/* keras_h5: weights from the HDF5 files of Keras, whole models (below the group
 * model_weights) and weights only (layers at the root). A weight is a dataset
 * LAYER/SCOPES/NAME:0, where SCOPES mostly is LAYER again; rnframe calls it
 * SCOPES/NAME, or LAYER/NAME where there are no scopes. Reads only. */
/* needs: hdf5 */
#define H5_USE_110_API
#include <rnframe/format.h>

#include <hdf5.h>
#include <stdio.h>
#include <string.h>

enum { RANK_MAX = 4, DEPTH_MAX = 8, TENSORS_MAX = 10000, NAME_BYTES = 512 };

#define ELEMENTS_MAX ((hsize_t)1 << 30)
#define MODEL_GROUP "model_weights"
#define OPTIMIZER_GROUP "optimizer_weights"

static const uint8_t signature[8] = { 0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n' };

struct walk {
	const struct rnf_host *host;
	struct rnf_tensor_sink *sink;
	const char *path;      /* of the file */
	const char *root;      /* the group of layers */
	char name[NAME_BYTES]; /* of the object, from the group of layers on */
	int depth;
	size_t n;
	rnf_status status;
};

static int probe(const uint8_t *head, size_t n, uint64_t file_size)
{
	(void)file_size;
	return n >= sizeof signature && memcmp(head, signature, sizeof signature) == 0;
}

static rnf_status refuse(const struct walk *w, const char *why)
{
	return w->host->fail(RNF_EINVAL, "%s: %s %s", w->path,
			     w->name[0] ? w->name : w->root, why);
}

/* LAYER/LAYER/kernel:0 to LAYER/kernel. */
static void weight_name(const char *name, char out[NAME_BYTES])
{
	const char *below = strchr(name, '/');
	const char *from = below && strchr(below + 1, '/') ? below + 1 : name;
	snprintf(out, NAME_BYTES, "%s", from);
	const size_t n = strlen(out);
	if (n > 2 && strcmp(out + n - 2, ":0") == 0) out[n - 2] = 0;
}

static rnf_status read_shape(const struct walk *w, hid_t space, int32_t *rank,
			     int64_t shape[RANK_MAX])
{
	hsize_t dims[RANK_MAX], elements = 1;
	*rank = H5Sget_simple_extent_ndims(space);
	if (*rank < 0 || H5Sget_simple_extent_type(space) == H5S_NULL)
		return refuse(w, "has no shape");
	if (*rank > RANK_MAX) return refuse(w, "has more than 4 dimensions");
	H5Sget_simple_extent_dims(space, dims, NULL);
	for (int32_t d = 0; d < *rank; d++) {
		if (dims[d] < 1) return refuse(w, "is empty");
		if (dims[d] > ELEMENTS_MAX / elements) return refuse(w, "is too large");
		elements *= dims[d];
		shape[d] = (int64_t)dims[d];
	}
	return RNF_OK;
}

/* Numbers of this file itself, not of others that it points to. */
static rnf_status check_storage(const struct walk *w, hid_t dataset)
{
	const hid_t type = H5Dget_type(dataset), list = H5Dget_create_plist(dataset);
	rnf_status status = RNF_OK;
	if (H5Tget_class(type) != H5T_FLOAT)
		status = refuse(w, "is not of floating point numbers");
	else if (H5Pget_external_count(list) != 0 || H5Pget_layout(list) == H5D_VIRTUAL)
		status = refuse(w, "lies in another file");
	H5Tclose(type);
	H5Pclose(list);
	return status;
}

static rnf_status read_dataset(struct walk *w, hid_t dataset)
{
	char name[NAME_BYTES];
	int32_t rank = 0;
	int64_t shape[RANK_MAX];
	if (w->n++ == TENSORS_MAX) return refuse(w, "is one tensor too many");
	RNF_TRY(check_storage(w, dataset));
	const hid_t space = H5Dget_space(dataset);
	const rnf_status status = read_shape(w, space, &rank, shape);
	H5Sclose(space);
	RNF_TRY(status);
	weight_name(w->name, name);
	float *data = w->sink->add(w->sink, name, rank, shape);
	if (!data) return RNF_EINVAL;
	if (H5Dread(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0)
		return refuse(w, "cannot be read: the file is damaged or cut");
	return RNF_OK;
}

static rnf_status walk_group(struct walk *w, hid_t group);

static rnf_status walk_object(struct walk *w, hid_t object)
{
	const H5I_type_t type = H5Iget_type(object);
	if (type == H5I_GROUP) return walk_group(w, object);
	if (type == H5I_DATASET && w->depth == 1)
		return refuse(w, "lies outside of a layer");
	if (type == H5I_DATASET) return read_dataset(w, object);
	return refuse(w, "is neither a group nor a dataset");
}

static rnf_status walk_link(struct walk *w, hid_t group, const char *link,
			    H5L_type_t type)
{
	if (type != H5L_TYPE_HARD) return refuse(w, "is a link, which is not followed");
	const hid_t object = H5Oopen(group, link, H5P_DEFAULT);
	if (object < 0) return refuse(w, "cannot be opened: the file is damaged or cut");
	const rnf_status status = walk_object(w, object);
	H5Oclose(object);
	return status;
}

static herr_t on_link(hid_t group, const char *link, const H5L_info_t *info, void *w_)
{
	struct walk *w = w_;
	const size_t n = strlen(w->name);
	if (w->depth == 1 && strcmp(link, OPTIMIZER_GROUP) == 0) return 0;
	const int more = snprintf(w->name + n, sizeof w->name - n, "%s%s", n ? "/" : "", link);
	w->status = (size_t)more < sizeof w->name - n
		? walk_link(w, group, link, info->type)
		: refuse(w, "has too long a name");
	w->name[n] = 0;
	return w->status < 0 ? -1 : 0;
}

/* Hard links can make circles, hence the depth. */
static rnf_status walk_group(struct walk *w, hid_t group)
{
	if (w->depth == DEPTH_MAX) return refuse(w, "lies too deep");
	w->depth++;
	const herr_t done = H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, NULL, on_link, w);
	w->depth--;
	if (w->status < 0) return w->status;
	return done < 0 ? refuse(w, "cannot be listed: the file is damaged or cut") : RNF_OK;
}

static rnf_status read_layers(struct walk *w, hid_t file)
{
	const int whole = H5Lexists(file, MODEL_GROUP, H5P_DEFAULT) > 0;
	H5L_info_t link;
	if (whole && (H5Lget_info(file, MODEL_GROUP, &link, H5P_DEFAULT) < 0 ||
		      link.type != H5L_TYPE_HARD))
		return w->host->fail(RNF_EINVAL, "%s: " MODEL_GROUP " is a link, "
				     "which is not followed", w->path);
	w->root = whole ? MODEL_GROUP : "/";
	const hid_t group = H5Gopen2(file, w->root, H5P_DEFAULT);
	if (group < 0)
		return w->host->fail(RNF_EINVAL, "%s: no group of layers", w->path);
	rnf_status status = walk_group(w, group);
	H5Gclose(group);
	if (status == RNF_OK && w->n == 0)
		status = w->host->fail(RNF_EINVAL, "%s holds no weights", w->path);
	return status;
}

static rnf_status read_file(const struct rnf_host *host, const char *path,
			    struct rnf_tensor_sink *sink)
{
	struct walk w = { .host = host, .sink = sink, .path = path };
	H5Eset_auto2(H5E_DEFAULT, NULL, NULL); /* the words are ours */
	const hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
	if (file < 0)
		return host->fail(RNF_EINVAL, "%s cannot be opened as HDF5: "
				  "missing, damaged or cut", path);
	const rnf_status status = read_layers(&w, file);
	H5Fclose(file);
	return status;
}

static const struct rnf_format_impl impl = {
	.suffix = ".h5",
	.probe = probe,
	.read = read_file,
};

RNF_PLUGIN(format, keras_h5, "weights of Keras models in HDF5, read only", NULL, impl)
