#include "header.h"

#include <stdlib.h>
#include <string.h>

#include "text.h"

enum { DTYPE = 1, SHAPE = 2, OFFSETS = 4, ALL = DTYPE | SHAPE | OFFSETS };

static rnf_status parse_dtype(struct header *h, struct entry *e)
{
	char *dtype;
	RNF_TRY(text_string(h, &dtype));
	e->dtype = dtype_find(dtype);
	if (e->dtype) return RNF_OK;
	dtype[strspn(dtype, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789")] = 0;
	return h->host->fail(RNF_EINVAL, "%s: %s is %.16s, only " DTYPES " can be read", h->path,
			     e->name, *dtype ? dtype : "of no known type");
}

static rnf_status parse_shape(struct header *h, struct entry *e)
{
	RNF_TRY(text_want(h, '['));
	const int empty = text_next(h, ']');
	for (int more = !empty; more; more = text_next(h, ',')) {
		if (e->rank == RANK_MAX)
			return h->host->fail(RNF_EINVAL, "%s: %s has more than %d dimensions",
					     h->path, e->name, RANK_MAX);
		int64_t *size = &e->shape[e->rank];
		if (!text_number(h, size) || *size < 1)
			return h->host->fail(RNF_EINVAL, "%s: %s: dimension %d must be a "
				"whole number from 1 on", h->path, e->name, e->rank);
		e->rank++;
	}
	return empty ? RNF_OK : text_want(h, ']');
}

static rnf_status parse_offsets(struct header *h, struct entry *e)
{
	int64_t begin = 0, end = -1;
	const int good = text_next(h, '[') && text_number(h, &begin) && text_next(h, ',') &&
			 text_number(h, &end) && text_next(h, ']') && begin <= end;
	e->begin = (uint64_t)begin;
	e->end = (uint64_t)end;
	return good ? RNF_OK : h->host->fail(RNF_EINVAL,
		"%s: %s: data_offsets must be [begin, end]", h->path, e->name);
}

static const struct {
	const char *key;
	int bit;
	rnf_status (*parse)(struct header *, struct entry *);
} fields[] = {
	{ "dtype", DTYPE, parse_dtype },
	{ "shape", SHAPE, parse_shape },
	{ "data_offsets", OFFSETS, parse_offsets },
};

/* The bit of the field whose key was just read, after parsing it; 0: another key. */
static rnf_status parse_field(struct header *h, struct entry *e, int *bit)
{
	char *key;
	RNF_TRY(text_string(h, &key));
	RNF_TRY(text_want(h, ':'));
	*bit = 0;
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		if (strcmp(fields[i].key, key) != 0) continue;
		*bit = fields[i].bit;
		return fields[i].parse(h, e);
	}
	return RNF_OK;
}

static rnf_status check_bytes(const struct header *h, const struct entry *e)
{
	uint64_t bytes = e->dtype->bytes;
	for (int32_t d = 0; d < e->rank; d++)
		if (__builtin_mul_overflow(bytes, (uint64_t)e->shape[d], &bytes))
			return h->host->fail(RNF_EINVAL, "%s: %s is too large", h->path,
					     e->name);
	if (e->end - e->begin == bytes) return RNF_OK;
	return h->host->fail(RNF_EINVAL, "%s: %s has %llu bytes, its shape says %llu",
		h->path, e->name, (unsigned long long)(e->end - e->begin),
		(unsigned long long)bytes);
}

/* Names appear in messages and in confs. */
static rnf_status check_name(const struct header *h, const char *name)
{
	for (const char *c = name; *c; c++)
		if ((uint8_t)*c < 0x20 || *c == 0x7f)
			return text_fail(h, "a control character in a name");
	return *name ? RNF_OK : text_fail(h, "an empty name");
}

static rnf_status parse_entry(struct header *h, const char *name)
{
	struct entry *e = &h->entries[h->n];
	int seen = 0, extra = 0, bit = text_next(h, '{');
	if (h->n++ == TENSORS_MAX)
		return h->host->fail(RNF_EINVAL, "%s: more than %d tensors", h->path,
				     TENSORS_MAX);
	e->name = name;
	for (int more = bit; more && !extra; more = text_next(h, ',')) {
		RNF_TRY(parse_field(h, e, &bit));
		extra = bit == 0 || (seen & bit);
		seen |= bit;
	}
	if (extra || seen != ALL || !text_next(h, '}'))
		return h->host->fail(RNF_EINVAL, "%s: %s must have dtype, shape and "
				     "data_offsets only", h->path, name);
	return check_bytes(h, e);
}

static rnf_status add_text(struct header *h, const char *key, const char *value)
{
	for (size_t i = 0; i < h->n_texts; i++)
		if (strcmp(h->texts[i].key, key) == 0)
			return h->host->fail(RNF_EINVAL, "%s: " METADATA " has two keys %s",
					     h->path, key);
	if (h->n_texts == TEXTS_MAX)
		return h->host->fail(RNF_EINVAL, "%s: " METADATA " has more than %d keys",
				     h->path, TEXTS_MAX);
	h->texts[h->n_texts++] = (struct rnf_text){ key, value };
	return RNF_OK;
}

static rnf_status parse_metadata(struct header *h)
{
	char *key, *value;
	if (h->metadata++)
		return h->host->fail(RNF_EINVAL, "%s: two " METADATA, h->path);
	if (!text_next(h, '{'))
		return h->host->fail(RNF_EINVAL, "%s: " METADATA " must be an object", h->path);
	const int empty = text_next(h, '}');
	for (int more = !empty; more; more = text_next(h, ',')) {
		RNF_TRY(text_string(h, &key));
		RNF_TRY(check_name(h, key));
		RNF_TRY(text_want(h, ':'));
		if (!text_next(h, '"'))
			return h->host->fail(RNF_EINVAL, "%s: " METADATA ": %s must be a "
					     "string", h->path, key);
		h->at--;
		RNF_TRY(text_string(h, &value));
		RNF_TRY(add_text(h, key, value));
	}
	return empty ? RNF_OK : text_want(h, '}');
}

static rnf_status parse_all(struct header *h)
{
	char *name;
	if (h->at == h->end || *h->at != '{')
		return h->host->fail(RNF_EINVAL, "%s: header does not start with {", h->path);
	h->at++;
	const int empty = text_next(h, '}');
	for (int more = !empty; more; more = text_next(h, ',')) {
		RNF_TRY(text_string(h, &name));
		RNF_TRY(check_name(h, name));
		RNF_TRY(text_want(h, ':'));
		RNF_TRY(strcmp(name, METADATA) == 0 ? parse_metadata(h)
						    : parse_entry(h, name));
	}
	if (!empty) RNF_TRY(text_want(h, '}'));
	text_next(h, 0); /* the padding */
	return h->at == h->end ? RNF_OK : text_fail(h, "more behind the last }");
}

/* Each tensor has a brace of its own. */
static rnf_status make_room(struct header *h)
{
	const size_t room = 1 + (h->braces < TENSORS_MAX ? h->braces : TENSORS_MAX);
	h->entries = calloc(room, sizeof *h->entries);
	h->sorted = calloc(room, sizeof *h->sorted);
	if (h->entries && h->sorted) return RNF_OK;
	return h->host->fail(RNF_ENOMEM, "no memory");
}

rnf_status header_parse(struct header *h)
{
	RNF_TRY(text_check(h));
	RNF_TRY(make_room(h));
	return parse_all(h);
}
