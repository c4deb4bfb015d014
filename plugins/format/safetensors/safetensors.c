/* safetensors: a length (64 bits, little endian), a JSON header of that many bytes, then
 * the tensors' bytes, without holes. Source: https://github.com/huggingface/safetensors,
 * "Format". Halves are widened to floats when read; floats are written. All offsets are
 * checked against shapes and file before anything is passed on. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "header.h"
#include "write.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "files are little endian");

enum { LENGTH_BYTES = 8 };

struct reader {
	const struct rnf_host *host;
	const char *path;
	int fd;
	uint64_t file_size, header_size;
	struct header header;
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
	return r->host->fail(RNF_EINVAL, "%s: file is truncated: %s of %s bytes", r->path,
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
	r->header.text = malloc(r->header_size);
	if (!r->header.text) return r->host->fail(RNF_ENOMEM, "no memory");
	r->header.end = r->header.text + r->header_size;
	return read_at(r, r->header.text, r->header_size, LENGTH_BYTES);
}

static int by_begin(const void *a_, const void *b_)
{
	const struct entry *a = *(const struct entry *const *)a_;
	const struct entry *b = *(const struct entry *const *)b_;
	return (a->begin > b->begin) - (a->begin < b->begin);
}

/* Each tensor must begin where the one before ends; *end is the end of the last. */
static rnf_status check_order(const struct reader *r, uint64_t *end)
{
	const struct entry **sorted = r->header.sorted;
	for (size_t i = 0; i < r->header.n; i++)
		sorted[i] = &r->header.entries[i];
	qsort(sorted, r->header.n, sizeof *sorted, by_begin);
	*end = 0;
	for (size_t i = 0; i < r->header.n; *end = sorted[i++]->end)
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
	uint64_t end = 0;
	RNF_TRY(check_order(r, &end));
	const uint64_t whole = LENGTH_BYTES + r->header_size + end;
	if (r->file_size < whole) return fail_cut(r, whole);
	if (r->file_size > whole)
		return r->host->fail(RNF_EINVAL, "%s: %llu bytes behind the last tensor",
			r->path, (unsigned long long)(r->file_size - whole));
	return RNF_OK;
}

static rnf_status read_data(const struct reader *r, const struct entry *e, float *data)
{
	const uint64_t bytes = e->end - e->begin, n = bytes / e->dtype->bytes;
	RNF_TRY(read_at(r, dtype_place(e->dtype, data, n), bytes,
			LENGTH_BYTES + r->header_size + e->begin));
	dtype_widen(e->dtype, data, n);
	return RNF_OK;
}

static rnf_status hand_on(const struct reader *r, struct rnf_tensor_sink *sink)
{
	const struct header *h = &r->header;
	for (size_t i = 0; i < h->n_texts; i++)
		RNF_TRY(sink->text(sink, h->texts[i].key, h->texts[i].value));
	for (size_t i = 0; i < h->n; i++) {
		const struct entry *e = &h->entries[i];
		float *data = sink->add(sink, e->name, e->rank, e->shape);
		if (!data) return RNF_EINVAL;
		RNF_TRY(read_data(r, e, data));
	}
	return RNF_OK;
}

static rnf_status read_open(struct reader *r, struct rnf_tensor_sink *sink)
{
	struct stat stat;
	if (fstat(r->fd, &stat) < 0 || !S_ISREG(stat.st_mode))
		return r->host->fail(RNF_EINVAL, "%s is not a file", r->path);
	r->file_size = (uint64_t)stat.st_size;
	RNF_TRY(read_header(r));
	RNF_TRY(header_parse(&r->header));
	RNF_TRY(check_layout(r));
	return hand_on(r, sink);
}

static rnf_status read_file(const struct rnf_host *host, const char *path,
			    struct rnf_tensor_sink *sink)
{
	struct reader r = { .host = host, .path = path,
			    .header = { .host = host, .path = path } };
	r.fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (r.fd < 0)
		return host->fail(errno == EIO ? RNF_EIO : RNF_EINVAL, "%s: %s", path,
				  strerror(errno));
	const rnf_status status = read_open(&r, sink);
	close(r.fd);
	free(r.header.text);
	free(r.header.entries);
	free(r.header.sorted);
	return status;
}

static const struct rnf_format_impl impl = {
	.flags = RNF_FORMAT_NATIVE,
	.suffix = ".safetensors",
	.probe = probe,
	.read = read_file,
	.write = safetensors_write,
};

RNF_PLUGIN(format, safetensors, "named float tensors in one flat file", NULL, impl)
