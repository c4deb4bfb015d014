/* safetensors: a length (64 bits, little endian), a JSON header of that many
 * bytes, then the tensors' bytes, without holes.
 * Source: https://github.com/huggingface/safetensors, "Format". Only F32; all
 * offsets are checked against shapes and file before anything is handed on. */
/* needs: jansson */
#include <rnframe/format.h>

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "files are little endian");

enum {
	LENGTH_BYTES = 8,
	HEADER_MAX = 16 << 20,
	TENSORS_MAX = 10000,
	RANK_MAX = 8,
	ALIGN = 8,
};

#define METADATA "__metadata__"

struct entry {
	const char *name;
	int32_t rank;
	int64_t shape[RANK_MAX];
	uint64_t begin, end; /* behind the header */
};

struct reader {
	const struct rnf_host *host;
	const char *path;
	int fd;
	uint64_t file_size, header_size;
	char *header;
	json_t *json;
	struct entry *entries; /* in the order of the header */
	size_t n;
};

static uint64_t little_endian(const uint8_t bytes[LENGTH_BYTES])
{
	uint64_t value = 0;
	for (int i = LENGTH_BYTES - 1; i >= 0; i--)
		value = value << 8 | bytes[i];
	return value;
}

/* 1108992 as 1,108,992. */
static const char *commas(char text[32], uint64_t value)
{
	char *at = text + 31;
	*at = 0;
	for (int digits = 0; digits == 0 || value > 0; digits++, value /= 10) {
		if (digits > 0 && digits % 3 == 0) *--at = ',';
		*--at = (char)('0' + value % 10);
	}
	return at;
}

static int probe(const uint8_t *head, size_t n, uint64_t file_size)
{
	if (n <= LENGTH_BYTES || file_size <= LENGTH_BYTES) return 0;
	const uint64_t header = little_endian(head);
	return header >= 2 && header <= HEADER_MAX && head[LENGTH_BYTES] == '{';
}

static rnf_status fail_cut(const struct reader *r, uint64_t whole)
{
	char have[32], want[32];
	return r->host->fail(RNF_EINVAL, "%s: file is cut: %s of %s bytes", r->path,
			     commas(have, r->file_size), commas(want, whole));
}

static rnf_status read_at(const struct reader *r, void *to, uint64_t n, uint64_t at)
{
	for (uint64_t done = 0; done < n;) {
		const ssize_t got = pread(r->fd, (char *)to + done, n - done,
					  (off_t)(at + done));
		if (got < 0 && errno == EINTR) continue;
		if (got < 0)
			return r->host->fail(RNF_EIO, "%s: %s", r->path, strerror(errno));
		if (got == 0) return fail_cut(r, at + n);
		done += (uint64_t)got;
	}
	return RNF_OK;
}

static rnf_status read_header(struct reader *r)
{
	uint8_t length[LENGTH_BYTES];
	if (r->file_size < LENGTH_BYTES) return fail_cut(r, LENGTH_BYTES);
	RNF_TRY(read_at(r, length, sizeof length, 0));
	r->header_size = little_endian(length);
	if (r->header_size < 2 || r->header_size > HEADER_MAX)
		return r->host->fail(RNF_EINVAL,
			"%s: header of %llu bytes, must be 2..%d", r->path,
			(unsigned long long)r->header_size, HEADER_MAX);
	if (r->file_size < LENGTH_BYTES + r->header_size)
		return fail_cut(r, LENGTH_BYTES + r->header_size);
	r->header = malloc(r->header_size);
	if (!r->header) return r->host->fail(RNF_ENOMEM, "no memory");
	return read_at(r, r->header, r->header_size, LENGTH_BYTES);
}

static rnf_status parse_header(struct reader *r)
{
	json_error_t error;
	if (r->header[0] != '{')
		return r->host->fail(RNF_EINVAL, "%s: header does not start with {", r->path);
	r->json = json_loadb(r->header, r->header_size, JSON_REJECT_DUPLICATES, &error);
	if (!r->json)
		return r->host->fail(RNF_EINVAL, "%s: header at byte %d: %s", r->path,
				     error.position, error.text);
	r->entries = calloc(json_object_size(r->json) + 1, sizeof *r->entries);
	if (!r->entries) return r->host->fail(RNF_ENOMEM, "no memory");
	return RNF_OK;
}

static rnf_status check_dtype(const struct reader *r, const char *name, const json_t *dtype)
{
	if (!json_is_string(dtype))
		return r->host->fail(RNF_EINVAL, "%s: %s has no dtype", r->path, name);
	if (strcmp(json_string_value(dtype), "F32") != 0)
		return r->host->fail(RNF_EINVAL, "%s: %s is %s, only F32 can be read",
				     r->path, name, json_string_value(dtype));
	return RNF_OK;
}

/* The shape into *entry, its bytes into *bytes. */
static rnf_status parse_shape(const struct reader *r, const json_t *shape,
			      struct entry *entry, uint64_t *bytes)
{
	if (!json_is_array(shape) || json_array_size(shape) > RANK_MAX)
		return r->host->fail(RNF_EINVAL, "%s: %s: shape must be a list of at most %d",
				     r->path, entry->name, RANK_MAX);
	entry->rank = (int32_t)json_array_size(shape);
	*bytes = sizeof(float);
	for (int32_t d = 0; d < entry->rank; d++) {
		const json_t *dim = json_array_get(shape, (size_t)d);
		entry->shape[d] = json_integer_value(dim); /* 0 for other types */
		if (entry->shape[d] < 1 ||
		    __builtin_mul_overflow(*bytes, (uint64_t)entry->shape[d], bytes))
			return r->host->fail(RNF_EINVAL,
				"%s: %s: dimension %d is %lld or no whole number, or the tensor is too large",
				r->path, entry->name, d, (long long)entry->shape[d]);
	}
	return RNF_OK;
}

static rnf_status parse_offsets(const struct reader *r, const json_t *offsets,
				struct entry *entry, uint64_t bytes)
{
	const json_t *begin = json_array_get(offsets, 0), *end = json_array_get(offsets, 1);
	if (json_array_size(offsets) != 2 || !json_is_integer(begin) ||
	    !json_is_integer(end) || json_integer_value(begin) < 0 ||
	    json_integer_value(end) < json_integer_value(begin))
		return r->host->fail(RNF_EINVAL,
			"%s: %s: data_offsets must be [begin, end]", r->path, entry->name);
	entry->begin = (uint64_t)json_integer_value(begin);
	entry->end = (uint64_t)json_integer_value(end);
	if (entry->end - entry->begin != bytes)
		return r->host->fail(RNF_EINVAL,
			"%s: %s has %llu bytes, its shape says %llu", r->path, entry->name,
			(unsigned long long)(entry->end - entry->begin),
			(unsigned long long)bytes);
	return RNF_OK;
}

static rnf_status parse_entry(struct reader *r, const char *name, const json_t *value)
{
	struct entry *entry = &r->entries[r->n];
	entry->name = name;
	if (r->n++ == TENSORS_MAX)
		return r->host->fail(RNF_EINVAL, "%s: more than %d tensors", r->path,
				     TENSORS_MAX);
	if (!json_is_object(value) || json_object_size(value) != 3)
		return r->host->fail(RNF_EINVAL,
			"%s: %s must have dtype, shape and data_offsets only", r->path, name);
	uint64_t bytes = 0;
	RNF_TRY(check_dtype(r, name, json_object_get(value, "dtype")));
	RNF_TRY(parse_shape(r, json_object_get(value, "shape"), entry, &bytes));
	return parse_offsets(r, json_object_get(value, "data_offsets"), entry, bytes);
}

static rnf_status check_metadata(const struct reader *r, json_t *metadata)
{
	const char *key;
	json_t *value;
	if (!json_is_object(metadata))
		return r->host->fail(RNF_EINVAL, "%s: " METADATA " must be an object", r->path);
	json_object_foreach(metadata, key, value)
		if (!json_is_string(value))
			return r->host->fail(RNF_EINVAL, "%s: " METADATA ": %s must be a string",
					     r->path, key);
	return RNF_OK;
}

static rnf_status parse_entries(struct reader *r)
{
	const char *name;
	json_t *value;
	json_object_foreach(r->json, name, value) {
		if (strcmp(name, METADATA) == 0)
			RNF_TRY(check_metadata(r, value));
		else
			RNF_TRY(parse_entry(r, name, value));
	}
	return RNF_OK;
}

static int by_begin(const void *a_, const void *b_)
{
	const struct entry *a = *(const struct entry *const *)a_;
	const struct entry *b = *(const struct entry *const *)b_;
	return (a->begin > b->begin) - (a->begin < b->begin);
}

/* Each tensor must begin where the one before it ends; where the last ends
 * goes into *end. */
static rnf_status check_order(const struct reader *r, const struct entry **sorted,
			      uint64_t *end)
{
	for (size_t i = 0; i < r->n; i++)
		sorted[i] = &r->entries[i];
	qsort(sorted, r->n, sizeof *sorted, by_begin);
	*end = 0;
	for (size_t i = 0; i < r->n; *end = sorted[i++]->end)
		if (sorted[i]->begin != *end)
			return r->host->fail(RNF_EINVAL, "%s: %s begins at %llu, %s %llu",
				r->path, sorted[i]->name,
				(unsigned long long)sorted[i]->begin,
				sorted[i]->begin < *end ? "inside the tensor before it, which ends at"
							: "behind a hole from",
				(unsigned long long)*end);
	return RNF_OK;
}

static rnf_status check_layout(const struct reader *r)
{
	const struct entry **sorted = calloc(r->n + 1, sizeof *sorted);
	if (!sorted) return r->host->fail(RNF_ENOMEM, "no memory");
	uint64_t end = 0;
	const rnf_status status = check_order(r, sorted, &end);
	free(sorted);
	RNF_TRY(status);
	const uint64_t whole = LENGTH_BYTES + r->header_size + end;
	if (r->file_size < whole) return fail_cut(r, whole);
	if (r->file_size > whole)
		return r->host->fail(RNF_EINVAL, "%s: %llu bytes behind the last tensor",
			r->path, (unsigned long long)(r->file_size - whole));
	return RNF_OK;
}

static rnf_status hand_on(const struct reader *r, struct rnf_tensor_sink *sink)
{
	const char *key;
	json_t *value;
	json_object_foreach(json_object_get(r->json, METADATA), key, value)
		RNF_TRY(sink->text(sink, key, json_string_value(value)));
	for (size_t i = 0; i < r->n; i++) {
		const struct entry *e = &r->entries[i];
		float *data = sink->add(sink, e->name, e->rank, e->shape);
		if (!data) return RNF_EINVAL;
		RNF_TRY(read_at(r, data, e->end - e->begin,
				LENGTH_BYTES + r->header_size + e->begin));
	}
	return RNF_OK;
}

static rnf_status read_open(struct reader *r, struct rnf_tensor_sink *sink)
{
	struct stat stat;
	if (fstat(r->fd, &stat) < 0 || !S_ISREG(stat.st_mode))
		return r->host->fail(RNF_EINVAL, "%s is no file", r->path);
	r->file_size = (uint64_t)stat.st_size;
	RNF_TRY(read_header(r));
	RNF_TRY(parse_header(r));
	RNF_TRY(parse_entries(r));
	RNF_TRY(check_layout(r));
	return hand_on(r, sink);
}

static rnf_status read_file(const struct rnf_host *host, const char *path,
			    struct rnf_tensor_sink *sink)
{
	struct reader r = { .host = host, .path = path };
	r.fd = open(path, O_RDONLY | O_CLOEXEC);
	if (r.fd < 0)
		return host->fail(errno == EIO ? RNF_EIO : RNF_EINVAL, "%s: %s", path,
				  strerror(errno));
	const rnf_status status = read_open(&r, sink);
	close(r.fd);
	json_decref(r.json);
	free(r.header);
	free(r.entries);
	return status;
}

static rnf_status write_all(const struct rnf_host *host, int fd, const void *from,
			    size_t n)
{
	for (size_t done = 0; done < n;) {
		const ssize_t wrote = write(fd, (const char *)from + done, n - done);
		if (wrote < 0 && errno == EINTR) continue;
		if (wrote < 0) return host->fail(RNF_EIO, "cannot write: %s", strerror(errno));
		done += (size_t)wrote;
	}
	return RNF_OK;
}

static uint64_t tensor_bytes(const struct rnf_named_tensor *tensor)
{
	uint64_t bytes = sizeof(float);
	for (int32_t d = 0; d < tensor->rank; d++)
		bytes *= (uint64_t)tensor->shape[d];
	return bytes;
}

static json_t *describe(const struct rnf_named_tensor *tensor, uint64_t begin)
{
	json_t *shape = json_array();
	for (int32_t d = 0; d < tensor->rank; d++)
		json_array_append_new(shape, json_integer(tensor->shape[d]));
	return json_pack("{s:s, s:o, s:[I, I]}", "dtype", "F32", "shape", shape,
			 "data_offsets", (json_int_t)begin,
			 (json_int_t)(begin + tensor_bytes(tensor)));
}

static rnf_status describe_texts(const struct rnf_host *host, json_t *header,
				 const struct rnf_text *texts, size_t n)
{
	if (n == 0) return RNF_OK;
	json_t *metadata = json_object();
	for (size_t i = 0; i < n; i++)
		if (json_object_set_new(metadata, texts[i].key, json_string(texts[i].value))) {
			json_decref(metadata);
			return host->fail(RNF_EINVAL, "text %s is no UTF-8", texts[i].key);
		}
	if (json_object_set_new(header, METADATA, metadata))
		return host->fail(RNF_ENOMEM, "no memory");
	return RNF_OK;
}

static rnf_status describe_tensors(const struct rnf_host *host, json_t *header,
				   const struct rnf_named_tensor *tensors, size_t n)
{
	uint64_t begin = 0;
	if (n > TENSORS_MAX)
		return host->fail(RNF_EINVAL, "more than %d tensors", TENSORS_MAX);
	for (size_t i = 0; i < n; begin += tensor_bytes(&tensors[i++])) {
		const struct rnf_named_tensor *t = &tensors[i];
		if (t->rank < 0 || t->rank > RANK_MAX)
			return host->fail(RNF_EINVAL, "%s has rank %d, must be 0..%d",
					  t->name, t->rank, RANK_MAX);
		if (json_object_get(header, t->name) || strcmp(t->name, METADATA) == 0)
			return host->fail(RNF_EINVAL, "two tensors are named %s", t->name);
		if (json_object_set_new(header, t->name, describe(t, begin)))
			return host->fail(RNF_EINVAL, "%s cannot be a name", t->name);
	}
	return RNF_OK;
}

/* The length, the header and blanks up to a multiple of ALIGN bytes. */
static rnf_status write_header(const struct rnf_host *host, int fd, const json_t *header)
{
	static const char blanks[ALIGN + 1] = "        ";
	char *text = json_dumps(header, JSON_COMPACT);
	if (!text) return host->fail(RNF_ENOMEM, "no memory");
	const size_t n = strlen(text), padding = (ALIGN - n % ALIGN) % ALIGN;
	const uint64_t length = n + padding;
	rnf_status status = length > HEADER_MAX
		? host->fail(RNF_EINVAL, "header of %zu bytes, at most %d", n, HEADER_MAX)
		: write_all(host, fd, &length, sizeof length);
	if (status == RNF_OK) status = write_all(host, fd, text, n);
	if (status == RNF_OK) status = write_all(host, fd, blanks, padding);
	free(text);
	return status;
}

static rnf_status write_file(const struct rnf_host *host, int fd,
			     const struct rnf_named_tensor *tensors, size_t n,
			     const struct rnf_text *texts, size_t n_texts)
{
	json_t *header = json_object();
	if (!header) return host->fail(RNF_ENOMEM, "no memory");
	rnf_status status = describe_texts(host, header, texts, n_texts);
	if (status == RNF_OK) status = describe_tensors(host, header, tensors, n);
	if (status == RNF_OK) status = write_header(host, fd, header);
	json_decref(header);
	for (size_t i = 0; i < n && status == RNF_OK; i++)
		status = write_all(host, fd, tensors[i].data, tensor_bytes(&tensors[i]));
	return status;
}

static const struct rnf_format_impl impl = {
	.flags = RNF_FORMAT_NATIVE,
	.suffix = ".safetensors",
	.probe = probe,
	.read = read_file,
	.write = write_file,
};

RNF_PLUGIN(format, safetensors, "named float tensors in one flat file", NULL, impl)
