/* npz: the tensors as numpy.load() reads them: a ZIP of uncompressed .npy files, each named
 * after its tensor. Source: PKWARE's APPNOTE 6.3.3; numpy's format 1.0. */
#include <stdio.h>
#include <string.h>

#include <rnframe/export.h>

enum { LOCAL = 30, CENTRAL = 46, END = 22, NPY = 128, NAME_MOST = 512 };

struct entry {
	char name[NAME_MOST];
	uint32_t crc, bytes, offset;
};

struct writer {
	const struct rnf_host *host;
	int fd;
	uint64_t at;
};

static rnf_status put(struct writer *w, const void *from, size_t n)
{
	w->at += n;
	return rnf_write_all(w->host, w->fd, from, n);
}

static uint32_t crc_of(uint32_t crc, const void *from, size_t n)
{
	const uint8_t *bytes = from;
	crc = ~crc;
	for (size_t i = 0; i < n; i++) {
		crc ^= bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

/* Little-endian numbers one after the other: `sizes` has a digit a number, its bytes. */
static void pack(uint8_t *to, const char *sizes, const uint32_t *numbers)
{
	for (; *sizes; sizes++, numbers++)
		for (int i = 0; i < *sizes - '0'; i++)
			*to++ = (uint8_t)(*numbers >> 8 * i);
}

static void npy_head(uint8_t to[NPY], const struct rnf_named_tensor *t)
{
	char text[NPY];
	int n = snprintf(text, sizeof text, "{'descr': '<f4', 'fortran_order': False, 'shape': (");
	for (int32_t d = 0; d < t->rank; d++)
		n += snprintf(text + n, sizeof text - (size_t)n, "%lld,", (long long)t->shape[d]);
	n += snprintf(text + n, sizeof text - (size_t)n, "), }");
	memset(to, ' ', NPY);
	memcpy(to, "\x93NUMPY\x01\x00\x76\x00", 10);
	memcpy(to + 10, text, (size_t)n);
	to[NPY - 1] = '\n';
}

static size_t data_bytes(const struct rnf_named_tensor *t)
{
	size_t bytes = sizeof(float);
	for (int32_t d = 0; d < t->rank; d++)
		bytes *= (size_t)t->shape[d];
	return bytes;
}

/* Of 1980-01-01, so that equal models give equal files. */
enum { DATE = 1 << 5 | 1, VERSION = 20, UTF8 = 1 << 11 };

static rnf_status put_tensor(struct writer *w, const struct rnf_named_tensor *t, struct entry *e)
{
	uint8_t head[NPY], local[LOCAL];
	const size_t n = data_bytes(t);
	npy_head(head, t);
	snprintf(e->name, sizeof e->name, "%s.npy", t->name);
	e->offset = (uint32_t)w->at;
	e->crc = crc_of(crc_of(0, head, NPY), t->data, n);
	e->bytes = (uint32_t)(NPY + n);
	pack(local, "42222244422", (const uint32_t[]){ 0x04034b50, VERSION, UTF8, 0, 0, DATE,
		e->crc, e->bytes, e->bytes, (uint32_t)strlen(e->name), 0 });
	RNF_TRY(put(w, local, LOCAL));
	RNF_TRY(put(w, e->name, strlen(e->name)));
	RNF_TRY(put(w, head, NPY));
	return put(w, t->data, n);
}

static rnf_status put_central(struct writer *w, const struct entry *e)
{
	uint8_t central[CENTRAL];
	pack(central, "42222224442222244", (const uint32_t[]){ 0x02014b50, VERSION, VERSION, UTF8,
		0, 0, DATE, e->crc, e->bytes, e->bytes, (uint32_t)strlen(e->name), 0, 0, 0, 0, 0,
		e->offset });
	RNF_TRY(put(w, central, CENTRAL));
	return put(w, e->name, strlen(e->name));
}

static rnf_status check(const struct rnf_host *host, const struct rnf_export_model *model)
{
	uint64_t all = 0;
	for (uint32_t i = 0; i < model->n_tensors; i++) {
		if (strlen(model->tensors[i].name) + 5 > NAME_MOST)
			return host->fail(RNF_EINVAL, "the name of tensor %.100s is too long",
					  model->tensors[i].name);
		all += data_bytes(&model->tensors[i]) + 2 * NAME_MOST;
	}
	if (all < UINT32_MAX && model->n_tensors < UINT16_MAX) return RNF_OK;
	return host->fail(RNF_EINVAL, "an .npz file holds fewer than 65,535 tensors, of less than 4 GiB");
}

static rnf_status write_npz(const void *self, const struct rnf_host *host, int fd, const char *name,
			    const struct rnf_export_model *model)
{
	struct writer w = { .host = host, .fd = fd };
	struct entry *entries = host->alloc((model->n_tensors + 1) * sizeof *entries);
	const uint32_t n = model->n_tensors;
	uint8_t end[END];
	(void)self, (void)name;
	RNF_TRY(check(host, model));
	for (uint32_t i = 0; i < n; i++)
		RNF_TRY(put_tensor(&w, &model->tensors[i], &entries[i]));
	const uint32_t from = (uint32_t)w.at;
	for (uint32_t i = 0; i < n; i++)
		RNF_TRY(put_central(&w, &entries[i]));
	pack(end, "42222442", (const uint32_t[]){ 0x06054b50, 0, 0, n, n, (uint32_t)w.at - from,
		from, 0 });
	return put(&w, end, END);
}

static const struct rnf_export_impl impl = {
	.flags = RNF_EXPORT_TENSORS, .suffix = ".npz", .write = write_npz,
};

RNF_PLUGIN(export, npz, "the weights alone, for numpy.load()", NULL, impl)
