/* needs: hdf5 */
#define H5_USE_110_API
#include "walk.h"

#include <hdf5.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "message.h"

enum { DEPTH_MAX = 8 };

#define MODEL_GROUP "model_weights"
#define OPTIMIZER_GROUP "optimizer_weights"

struct walk {
	int out;
	uint64_t most_bytes;   /* that the file may say a tensor has */
	const char *root;      /* the group of layers */
	char name[NAME_BYTES]; /* of the object, from the group of layers on */
	int depth;
	size_t n;
};

static void send_bytes(const struct walk *w, const void *bytes, size_t n)
{
	for (size_t done = 0; done < n;) {
		const ssize_t wrote = write(w->out, (const char *)bytes + done, n - done);
		if (wrote < 0) _exit(1); /* nobody listens */
		done += (size_t)wrote;
	}
}

static void send_message(const struct walk *w, struct message m, const char *name)
{
	m.name_bytes = (uint32_t)strlen(name);
	send_bytes(w, &m, sizeof m);
	send_bytes(w, name, m.name_bytes);
}

/* 0, which ends the walk: a failure is sent once. */
static int fail(const struct walk *w, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static int fail(const struct walk *w, const char *format, ...)
{
	char words[NAME_BYTES];
	va_list args;
	va_start(args, format);
	vsnprintf(words, sizeof words, format, args);
	va_end(args);
	send_message(w, (struct message){ .kind = MESSAGE_FAIL }, words);
	return 0;
}

static int refuse(const struct walk *w, const char *why)
{
	return fail(w, "%s %s", w->name[0] ? w->name : w->root, why);
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

static int read_shape(const struct walk *w, hid_t space, struct message *m)
{
	hsize_t dims[RANK_MAX];
	const int rank = H5Sget_simple_extent_ndims(space);
	uint64_t bytes = sizeof(float);
	if (rank < 0 || H5Sget_simple_extent_type(space) == H5S_NULL)
		return refuse(w, "has no shape");
	if (rank > RANK_MAX) return refuse(w, "has more than 4 dimensions");
	H5Sget_simple_extent_dims(space, dims, NULL);
	for (int d = 0; d < rank; d++) {
		if (dims[d] < 1) return refuse(w, "is empty");
		if (dims[d] > w->most_bytes / bytes)
			return refuse(w, "says that it is over 1,000 times the file");
		bytes *= dims[d];
		m->shape[d] = (int64_t)dims[d];
	}
	m->rank = rank;
	return 1;
}

static int has_other_filter(hid_t list)
{
	const int n = H5Pget_nfilters(list);
	for (int i = 0; i < n; i++) {
		unsigned flags;
		size_t values = 0;
		if (H5Pget_filter2(list, (unsigned)i, &flags, &values, NULL, 0, NULL, NULL) !=
		    H5Z_FILTER_DEFLATE)
			return 1;
	}
	return n < 0;
}

/* Numbers of this file itself, not of others that it points to. */
static int check_storage(const struct walk *w, hid_t dataset)
{
	const hid_t type = H5Dget_type(dataset), list = H5Dget_create_plist(dataset);
	int good = 0;
	if (H5Tget_class(type) != H5T_FLOAT)
		refuse(w, "is not of floating point numbers");
	else if (H5Pget_external_count(list) != 0 || H5Pget_layout(list) == H5D_VIRTUAL)
		refuse(w, "lies in another file");
	else if (has_other_filter(list))
		refuse(w, "is packed by another filter than gzip");
	else
		good = 1;
	H5Tclose(type);
	H5Pclose(list);
	return good;
}

static int send_data(const struct walk *w, hid_t dataset, const struct message *m)
{
	char name[NAME_BYTES];
	size_t n = 1;
	for (int32_t d = 0; d < m->rank; d++)
		n *= (size_t)m->shape[d];
	float *data = malloc(n * sizeof *data);
	if (!data) return refuse(w, "is too large to be read");
	const herr_t done = H5Dread(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT,
				    data);
	if (done >= 0) {
		weight_name(w->name, name);
		send_message(w, *m, name);
		send_bytes(w, data, n * sizeof *data);
	}
	free(data);
	return done >= 0 || refuse(w, "cannot be read: the file is damaged or cut");
}

static int read_dataset(struct walk *w, hid_t dataset)
{
	struct message m = { .kind = MESSAGE_TENSOR };
	if (w->n++ == TENSORS_MAX) return refuse(w, "is one tensor too many");
	if (!check_storage(w, dataset)) return 0;
	const hid_t space = H5Dget_space(dataset);
	const int good = read_shape(w, space, &m);
	H5Sclose(space);
	return good && send_data(w, dataset, &m);
}

static int walk_group(struct walk *w, hid_t group);

static int walk_object(struct walk *w, hid_t object)
{
	const H5I_type_t type = H5Iget_type(object);
	if (type == H5I_GROUP) return walk_group(w, object);
	if (type == H5I_DATASET && w->depth == 1)
		return refuse(w, "lies outside of a layer");
	if (type == H5I_DATASET) return read_dataset(w, object);
	return refuse(w, "is neither a group nor a dataset");
}

static int walk_link(struct walk *w, hid_t group, const char *link, H5L_type_t type)
{
	if (type != H5L_TYPE_HARD) return refuse(w, "is a link, which is not followed");
	const hid_t object = H5Oopen(group, link, H5P_DEFAULT);
	if (object < 0) return refuse(w, "cannot be opened: the file is damaged or cut");
	const int good = walk_object(w, object);
	H5Oclose(object);
	return good;
}

/* 1, which ends the listing, where something was refused. */
static herr_t on_link(hid_t group, const char *link, const H5L_info_t *info, void *w_)
{
	struct walk *w = w_;
	const size_t n = strlen(w->name);
	if (w->depth == 1 && strcmp(link, OPTIMIZER_GROUP) == 0) return 0;
	const int more = snprintf(w->name + n, sizeof w->name - n, "%s%s", n ? "/" : "", link);
	const int good = (size_t)more < sizeof w->name - n
		? walk_link(w, group, link, info->type)
		: refuse(w, "has too long a name");
	w->name[n] = 0;
	return !good;
}

/* Hard links can make circles, hence the depth. */
static int walk_group(struct walk *w, hid_t group)
{
	if (w->depth == DEPTH_MAX) return refuse(w, "lies too deep");
	w->depth++;
	const herr_t done = H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, NULL, on_link, w);
	w->depth--;
	if (done < 0) return refuse(w, "cannot be listed: the file is damaged or cut");
	return done == 0;
}

static int walk_layers(struct walk *w, hid_t file)
{
	const int whole = H5Lexists(file, MODEL_GROUP, H5P_DEFAULT) > 0;
	H5L_info_t link;
	if (whole && (H5Lget_info(file, MODEL_GROUP, &link, H5P_DEFAULT) < 0 ||
		      link.type != H5L_TYPE_HARD))
		return fail(w, MODEL_GROUP " is a link, which is not followed");
	w->root = whole ? MODEL_GROUP : "/";
	const hid_t group = H5Gopen2(file, w->root, H5P_DEFAULT);
	if (group < 0) return fail(w, "no group of layers");
	if (!walk_group(w, group)) return 0;
	return w->n > 0 || fail(w, "holds no weights");
}

/* A file that is opened from memory: the jail has no other. */
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
	H5Eset_auto2(H5E_DEFAULT, NULL, NULL); /* the words are ours */
	H5PLset_loading_state(0);
}

void walk(const void *image_, int out)
{
	const struct image *image = image_;
	struct walk w = { .out = out, .most_bytes = RATIO_MAX * (uint64_t)image->size };
	const hid_t file = open_image(image);
	if (file < 0)
		fail(&w, "cannot be opened as HDF5: damaged or cut");
	else if (walk_layers(&w, file))
		send_message(&w, (struct message){ .kind = MESSAGE_END }, "");
}
