/* Safetensors: 8 bytes with the size of the header (little-endian), the header
 * in JSON {name: {dtype, shape, data_offsets}}, then the data. */
#include "lib/golden.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/plugin.h"

/* Files already read; a test program needs few of them. */
static struct golden {
	char name[128];
	json_t *header;
	char *data;
	size_t size; /* of data */
} files[8];

static char *read_all(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rb");
	ck_assert_msg(file != NULL, "cannot open %s", path);
	ck_assert_int_eq(fseek(file, 0, SEEK_END), 0);
	const long end = ftell(file);
	ck_assert_int_gt(end, 8);
	rewind(file);
	char *bytes = malloc((size_t)end);
	ck_assert_ptr_nonnull(bytes);
	ck_assert_uint_eq(fread(bytes, 1, (size_t)end, file), (size_t)end);
	fclose(file);
	*size = (size_t)end;
	return bytes;
}

/* First byte of a tensor whose elements of 4 bytes fill its offsets exactly. */
static char *bytes_of(const struct golden *g, const json_t *tensor, size_t *n)
{
	const json_t *offsets = json_object_get(tensor, "data_offsets");
	const json_t *shape = json_object_get(tensor, "shape");
	const json_int_t from = json_integer_value(json_array_get(offsets, 0));
	const json_int_t to = json_integer_value(json_array_get(offsets, 1));
	ck_assert(json_array_size(offsets) == 2 && json_is_array(shape));
	*n = 1;
	for (size_t i = 0; i < json_array_size(shape); i++)
		*n *= (size_t)json_integer_value(json_array_get(shape, i));
	ck_assert(from >= 0 && from % 4 == 0 && from <= to);
	ck_assert((size_t)to <= g->size && (size_t)(to - from) == 4 * *n);
	return g->data + from;
}

/* Checks all tensors of a file and turns the whole numbers into floats. */
static void convert(struct golden *g)
{
	const char *key;
	json_t *tensor;
	json_object_foreach(g->header, key, tensor) {
		if (!strcmp(key, "__metadata__")) continue;
		size_t n;
		char *at = bytes_of(g, tensor, &n);
		const char *type = json_string_value(json_object_get(tensor, "dtype"));
		ck_assert_msg(type && (!strcmp(type, "F32") || !strcmp(type, "I32")),
			      "%s is neither F32 nor I32", key);
		for (size_t i = 0; type[0] == 'I' && i < n; i++) {
			int32_t whole;
			memcpy(&whole, at + 4 * i, sizeof whole);
			const float value = (float)whole;
			memcpy(at + 4 * i, &value, sizeof value);
		}
	}
}

static void load(struct golden *g, const char *name)
{
	char path[256];
	size_t size;
	uint64_t header;
	snprintf(path, sizeof path, "tests/golden/%s", name);
	char *bytes = read_all(path, &size);
	memcpy(&header, bytes, sizeof header);
	ck_assert_uint_le(header, size - 8);
	g->header = json_loadb(bytes + 8, (size_t)header, 0, NULL);
	ck_assert_msg(json_is_object(g->header), "%s has a broken header", path);
	/* in front of the block: headers of any length leave the data unaligned */
	g->size = size - 8 - (size_t)header;
	memmove(bytes, bytes + 8 + header, g->size);
	g->data = bytes;
	convert(g);
	snprintf(g->name, sizeof g->name, "%s", name);
}

static struct golden *find(const char *name)
{
	ck_assert_uint_lt(strlen(name), sizeof files[0].name);
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		if (!files[i].data) load(&files[i], name);
		if (!strcmp(files[i].name, name)) return &files[i];
	}
	ck_abort_msg("more golden files than tests/lib/golden.c has room for");
	return NULL;
}

const float *golden_tensor(const char *file, const char *name, int64_t shape[8],
			   int *rank)
{
	const struct golden *g = find(file);
	const json_t *tensor = json_object_get(g->header, name);
	ck_assert_msg(tensor != NULL, "%s has no tensor %s", file, name);
	const json_t *sizes = json_object_get(tensor, "shape");
	const size_t n = json_array_size(sizes);
	ck_assert_uint_le(n, 8);
	for (size_t i = 0; shape && i < n; i++)
		shape[i] = json_integer_value(json_array_get(sizes, i));
	if (rank) *rank = (int)n;
	size_t count;
	return (const float *)(const void *)bytes_of(g, tensor, &count);
}

static const float *op_tensor(const char *name, const char *key, int64_t shape[8],
			      int *rank)
{
	char path[64];
	snprintf(path, sizeof path, "%s/%s", name, key);
	return golden_tensor("ops.safetensors", path, shape, rank);
}

const float *golden_op(const char *name, const char *key, int64_t shape[8])
{
	return op_tensor(name, key, shape, NULL);
}

void golden_check(const char *name, const char *key, const float *got, int64_t at,
		  int64_t n, double tolerance)
{
	int64_t shape[8], size = 1;
	int rank;
	const float *want = op_tensor(name, key, shape, &rank) + at;
	for (int i = 0; i < rank; i++)
		size *= shape[i];
	ck_assert_int_le(at + n, size);
	for (int64_t i = 0; i < n; i++)
		if (!(fabs((double)got[i] - (double)want[i]) <= tolerance))
			ck_abort_msg("%s/%s[%d] is %.9g, not %.9g", name, key,
				     (int)(at + i), (double)got[i], (double)want[i]);
}
