/* npz: the tensors as numpy.load() reads them: a ZIP of uncompressed .npy files, each named
 * after its tensor. Source: PKWARE's APPNOTE 6.3.3. */
#include <stdio.h>
#include <string.h>

#include <rnframe/crc32.h>
#include <rnframe/export.h>
#include <rnframe/npy.h>

enum { LOCAL = 30, CENTRAL = 46, END = 22, NAME_MOST = 512 };

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

/* Little-endian numbers one after the other: `sizes` has a digit a number, its bytes. */
static void pack(uint8_t *to, const char *sizes, const uint32_t *numbers)
{
	for (; *sizes; sizes++, numbers++)
		for (int i = 0; i < *sizes - '0'; i++)
			*to++ = (uint8_t)(*numbers >> 8 * i);
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
	char head[RNF_NPY_HEADER];
	uint8_t local[LOCAL];
	const size_t n = data_bytes(t);
	rnf_npy_header(head, t->rank, t->shape);
	snprintf(e->name, sizeof e->name, "%s.npy", t->name);
	e->offset = (uint32_t)w->at;
	e->crc = rnf_crc32(rnf_crc32(0, head, RNF_NPY_HEADER), t->data, n);
	e->bytes = (uint32_t)(RNF_NPY_HEADER + n);
	pack(local, "42222244422", (const uint32_t[]){ 0x04034b50, VERSION, UTF8, 0, 0, DATE,
		e->crc, e->bytes, e->bytes, (uint32_t)strlen(e->name), 0 });
	RNF_TRY(put(w, local, LOCAL));
	RNF_TRY(put(w, e->name, strlen(e->name)));
	RNF_TRY(put(w, head, RNF_NPY_HEADER));
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
