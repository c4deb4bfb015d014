/* Source: numpy's format description (numpy.lib.format): magic, version, length of the header,
 * a literal of a Python dictionary, the numbers. */
#include "array.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { HEADER_MAX = 4096, MAGIC = 6 };

/* Where the header begins, and its length; 0: there is none. */
static size_t header_of(const struct rnf_blob *blob, size_t *length)
{
	const uint8_t *at = blob->data;
	if (blob->size < 12 || memcmp(at, "\x93NUMPY", MAGIC)) return 0;
	const int wide = at[6] >= 2; /* versions 2 and 3: a length of 4 bytes */
	*length = (size_t)at[8] | (size_t)at[9] << 8;
	if (wide) *length |= (size_t)at[10] << 16 | (size_t)at[11] << 24;
	const size_t from = wide ? 12 : 10;
	return at[6] >= 1 && at[6] <= 3 && *length <= HEADER_MAX && *length <= blob->size - from
		? from : 0;
}

static const char *skip(const char *p)
{
	while (isspace((unsigned char)*p)) p++;
	return p;
}

/* What stands behind 'KEY': ; NULL: nothing. */
static const char *value_of(const char *header, const char *key)
{
	const size_t n = strlen(key);
	for (const char *p = header; (p = strstr(p, key)); p += n) {
		const char quote = p > header ? p[-1] : 0;
		if ((quote != '\'' && quote != '"') || p[n] != quote) continue;
		p = skip(p + n + 1);
		return *p == ':' ? skip(p + 1) : NULL;
	}
	return NULL;
}

static int read_type(const char *p, struct array *a)
{
	static const char *const types[] = { "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8" };
	if (!p || (*p != '\'' && *p != '"')) return 0;
	const char order = p[1];
	if (order != '<' && order != '|' && order != '=') return 0;
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		if (strncmp(p + 2, types[i], 2) || p[4] != *p) continue;
		a->type = p[2];
		a->width = p[3] - '0';
		return 1;
	}
	return 0;
}

/* "(5, 32, 32)" or "(5,)". */
static int read_shape(const char *p, struct array *a)
{
	if (!p || *p != '(') return 0;
	p = skip(p + 1);
	for (a->rank = 0, a->n = 1; *p != ')'; a->rank++) {
		char *end;
		if (a->rank == ARRAY_RANK || !isdigit((unsigned char)*p)) return 0;
		const long long side = strtoll(p, &end, 10);
		if (side < 1 || side > INT64_MAX / 8 / a->n) return 0;
		a->shape[a->rank] = side;
		a->n *= side;
		p = skip(end);
		if (*p == ',') p = skip(p + 1);
		else if (*p != ')') return 0;
	}
	return a->rank > 0;
}

static rnf_status parse(const struct rnf_host *host, const char *header, struct array *a)
{
	const char *order = value_of(header, "fortran_order");
	if (!read_type(value_of(header, "descr"), a))
		return host->fail(RNF_EINVAL, "%s: the type of its numbers is not one of u1 to u8, i1 to "
				  "i8, f4 and f8, little-endian", a->name);
	if (!order || strncmp(order, "False", 5))
		return host->fail(RNF_EINVAL, "%s is in Fortran's order: save numpy.ascontiguousarray(x)",
				  a->name);
	if (!read_shape(value_of(header, "shape"), a))
		return host->fail(RNF_EINVAL, "%s: its shape is not one of 1 to %d numbers above 0",
				  a->name, ARRAY_RANK);
	return RNF_OK;
}

rnf_status array_open(const struct rnf_host *host, const struct rnf_blob *blob,
		      struct array *a)
{
	char header[HEADER_MAX + 1];
	size_t length;
	*a = (struct array){ .name = blob->name };
	if (!blob->data) return host->fail(RNF_ENOENT, "%s is missing", blob->name);
	const size_t from = header_of(blob, &length);
	if (!from) return host->fail(RNF_EINVAL, "%s has no header of numpy", blob->name);
	memcpy(header, blob->data + from, length);
	header[length] = 0;
	RNF_TRY(parse(host, header, a));
	const uint64_t bytes = (uint64_t)a->n * (uint64_t)a->width;
	if (blob->size - from - length != bytes)
		return host->fail(RNF_EINVAL, "%s is %s: it has %zu bytes of numbers, its header says "
			"%llu", blob->name, blob->size - from - length < bytes ? "cut" : "padded",
			blob->size - from - length, (unsigned long long)bytes);
	a->data = blob->data + from + length;
	return RNF_OK;
}

double array_at(const struct array *a, int64_t i)
{
	union { uint64_t u; double f8; float f4; } bits = { 0 };
	const uint8_t *at = a->data + i * a->width;
	for (int k = 0; k < a->width; k++)
		bits.u |= (uint64_t)at[k] << (8 * k);
	if (a->type == 'f') {
		const union { uint32_t u; float f; } narrow = { (uint32_t)bits.u };
		return a->width == 4 ? (double)narrow.f : bits.f8;
	}
	if (a->type == 'u') return (double)bits.u;
	const int shift = 64 - 8 * a->width; /* the sign is its first bit */
	return (double)((int64_t)(bits.u << shift) >> shift);
}
