/* needs: hdf5 */
#include "tensor.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void send_bytes(const struct walk *w, const void *bytes, size_t n)
{
	for (size_t done = 0; done < n;) {
		const ssize_t wrote = write(w->out, (const char *)bytes + done, n - done);
		if (wrote < 0) _exit(1); /* nobody reads the pipe */
		done += (size_t)wrote;
	}
}

void send_message(const struct walk *w, struct message m, const char *name)
{
	m.name_bytes = (uint32_t)strlen(name);
	send_bytes(w, &m, sizeof m);
	send_bytes(w, name, m.name_bytes);
}

int fail(const struct walk *w, const char *format, ...)
{
	char words[NAME_BYTES];
	va_list args;
	va_start(args, format);
	vsnprintf(words, sizeof words, format, args);
	va_end(args);
	send_message(w, (struct message){ .kind = MESSAGE_FAIL }, words);
	return 0;
}

int refuse(const struct walk *w, const char *why)
{
	return fail(w, "%s %s", w->name[0] ? w->name : w->root, why);
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
			return refuse(w, "claims to be over 1,000 times the file");
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

/* Variable-length strings are read as such, fixed-length ones are truncated. */
static void read_text(hid_t attribute, hid_t type, char text[NAME_BYTES])
{
	const hid_t as = H5Tcopy(H5T_C_S1);
	const int any = H5Tis_variable_str(type) > 0;
	char *words = NULL;
	H5Tset_size(as, any ? H5T_VARIABLE : NAME_BYTES);
	H5Tset_cset(as, H5Tget_cset(type));
	if (H5Aread(attribute, as, any ? (void *)&words : text) < 0) *text = 0;
	if (words) snprintf(text, NAME_BYTES, "%s", words);
	text[NAME_BYTES - 1] = 0;
	H5free_memory(words);
	H5Tclose(as);
}

void text_of(hid_t object, const char *name, char text[NAME_BYTES])
{
	*text = 0;
	if (H5Aexists(object, name) <= 0) return;
	const hid_t attribute = H5Aopen(object, name, H5P_DEFAULT);
	const hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
	if (H5Tget_class(type) == H5T_STRING && H5Sget_simple_extent_npoints(space) == 1)
		read_text(attribute, type, text);
	H5Sclose(space);
	H5Tclose(type);
	H5Aclose(attribute);
}

/* Types that HDF5 does not know, Keras writes as bytes with an attribute. */
static int is_bf16(hid_t dataset, hid_t type)
{
	char word[NAME_BYTES];
	if (H5Tget_class(type) != H5T_OPAQUE || H5Tget_size(type) != 2) return 0;
	text_of(dataset, "dtype", word);
	return strcmp(word, "bfloat16") == 0;
}

/* Numbers stored in this file itself, not in others that it points to. */
static int check_storage(const struct walk *w, hid_t dataset)
{
	const hid_t type = H5Dget_type(dataset), list = H5Dget_create_plist(dataset);
	int good = 0;
	if (H5Tget_class(type) != H5T_FLOAT && !is_bf16(dataset, type))
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

/* The two bytes of a bf16 are a float to HDF5 once their fields are described. */
static hid_t bf16_type(void)
{
	const hid_t type = H5Tcopy(H5T_IEEE_F32LE);
	H5Tset_fields(type, 15, 7, 8, 0, 7);
	H5Tset_precision(type, 16);
	H5Tset_size(type, 2);
	return type;
}

static herr_t read_floats(hid_t dataset, float *data, size_t n)
{
	const hid_t type = H5Dget_type(dataset);
	const int opaque = H5Tget_class(type) == H5T_OPAQUE;
	herr_t done = H5Dread(dataset, opaque ? type : H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL,
			      H5P_DEFAULT, data);
	if (done >= 0 && opaque)
		done = H5Tconvert(bf16_type(), H5T_NATIVE_FLOAT, n, data, NULL, H5P_DEFAULT);
	H5Tclose(type);
	return done;
}

static int send_data(const struct walk *w, hid_t dataset, const struct message *m,
		     const char *name)
{
	size_t n = 1;
	for (int32_t d = 0; d < m->rank; d++)
		n *= (size_t)m->shape[d];
	float *data = malloc(n * sizeof *data);
	if (!data) return refuse(w, "is too large to be read");
	const herr_t done = read_floats(dataset, data, n);
	if (done >= 0) {
		send_message(w, *m, name);
		send_bytes(w, data, n * sizeof *data);
	}
	free(data);
	return done >= 0 || refuse(w, "cannot be read: the file is damaged or truncated");
}

int tensor_send(struct walk *w, hid_t dataset, const char *name)
{
	struct message m = { .kind = MESSAGE_TENSOR };
	if (w->n++ == TENSORS_MAX) return refuse(w, "is one tensor too many");
	if (!check_storage(w, dataset)) return 0;
	const hid_t space = H5Dget_space(dataset);
	const int good = read_shape(w, space, &m);
	H5Sclose(space);
	return good && send_data(w, dataset, &m, name);
}
