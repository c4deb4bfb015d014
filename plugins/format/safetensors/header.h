/* Parses the JSON header of a safetensors file, without recursion and in place: the
 * limits below bound the memory that it needs besides the text. */
#ifndef SAFETENSORS_HEADER_H
#define SAFETENSORS_HEADER_H

#include <rnframe/format.h>

#include "dtype.h"

enum {
	HEADER_MAX = 16 << 20,
	TENSORS_MAX = 100000,
	TEXTS_MAX = 256,
	RANK_MAX = 8,
};

#define METADATA "__metadata__"

struct entry {
	const char *name;
	const struct dtype *dtype;
	int32_t rank;
	int64_t shape[RANK_MAX];
	uint64_t begin, end; /* bytes, behind the header */
};

struct header {
	const struct rnf_host *host;
	const char *path; /* of the file, for messages */
	char *text, *end, *at;
	size_t braces;
	struct entry *entries;  /* in the order of the header */
	const struct entry **sorted; /* room for as many */
	size_t n;
	struct rnf_text texts[TEXTS_MAX];
	size_t n_texts;
	int metadata; /* the key was present */
};

/* Parse text .. end, which is changed: names and texts point into it. Check that every
 * tensor has a supported type and as many bytes as its shape says; the caller, who knows
 * the file, checks their places. The caller frees h->entries and h->sorted, also after a
 * failure. */
rnf_status header_parse(struct header *h);

#endif
