/* keras_h5: weights from the HDF5 files of Keras. Reads only.
 *
 * Keras 2 and .h5 of Keras 3: whole models (below the group model_weights) and weights
 * only (layers at the root). A weight is a dataset LAYER/SCOPES/NAME:0, where SCOPES
 * mostly is LAYER again; rnframe calls it SCOPES/NAME, or LAYER/NAME where there are
 * no scopes.
 *
 * Keras 3: .weights.h5, and .keras, a zip archive with such a file and the model's
 * description. A weight is a dataset GROUPS/vars/NUMBER; its layer's name is an
 * attribute of vars, or stands in the description (layer.c); rnframe calls it
 * LAYER/NAME.
 *
 * No library for these is made for hostile files. So they run in a child that can only
 * compute and write into a pipe (jail.c); what comes out is checked here once more. */
#define _GNU_SOURCE
#include <rnframe/format.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "jail.h"
#include "message.h"
#include "walk.h"
#include "zip.h"

#define SIZE_MAX_BYTES ((off_t)256 << 20) /* the child holds the file twice, and a tensor */

static const uint8_t signature[8] = { 0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n' };

struct reader {
	const struct rnf_host *host;
	const char *path;
	struct rnf_tensor_sink *sink;
	struct jail jail;
	uint64_t most_bytes, bytes; /* of all tensors */
	size_t n;
};

static int probe(const uint8_t *head, size_t n, uint64_t file_size)
{
	(void)file_size;
	if (zip_probe(head, n)) return 1;
	return n >= sizeof signature && memcmp(head, signature, sizeof signature) == 0;
}

/* 0 when the child has ended before. */
static int receive(const struct reader *r, void *to, size_t n)
{
	for (size_t done = 0; done < n;) {
		const ssize_t got = read(r->jail.from, (char *)to + done, n - done);
		if (got < 0 && errno == EINTR) continue;
		if (got <= 0) return 0;
		done += (size_t)got;
	}
	return 1;
}

/* Why the child ended unexpectedly. */
static rnf_status fail_dead(struct reader *r)
{
	const int status = jail_end(&r->jail);
	r->jail.pid = 0;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
		return r->host->fail(RNF_EINVAL, "%s cannot be read: the reader needed more than "
				     "%d s", r->path, JAIL_CPU_S);
	if (WIFSIGNALED(status))
		return r->host->fail(RNF_EINVAL, "%s cannot be read: the reader died of signal "
			"%d (%s): the file is damaged", r->path, WTERMSIG(status),
			strsignal(WTERMSIG(status)));
	return r->host->fail(RNF_EINVAL, "%s cannot be read: the reader ended with status %d",
			     r->path, WEXITSTATUS(status));
}

static rnf_status fail_odd(const struct reader *r)
{
	return r->host->fail(RNF_EINVAL, "%s cannot be read: the reader writes nonsense: the "
			     "file is damaged", r->path);
}

/* Names go into messages, so control characters are masked. */
static rnf_status receive_name(struct reader *r, const struct message *m,
			       char name[NAME_BYTES])
{
	if (m->name_bytes >= NAME_BYTES) return fail_odd(r);
	if (!receive(r, name, m->name_bytes)) return fail_dead(r);
	name[m->name_bytes] = 0;
	for (char *c = name; c < name + m->name_bytes; c++)
		if ((uint8_t)*c < 0x20 || *c == 0x7f) *c = '?';
	return RNF_OK;
}

static rnf_status receive_tensor(struct reader *r, const struct message *m, const char *name)
{
	size_t n = 1;
	if (!*name || r->n++ == TENSORS_MAX || m->rank < 0 || m->rank > RANK_MAX)
		return fail_odd(r);
	for (int32_t d = 0; d < m->rank; d++) {
		if (m->shape[d] < 1 || (uint64_t)m->shape[d] > r->most_bytes / n)
			return fail_odd(r);
		n *= (size_t)m->shape[d];
	}
	r->bytes += n * sizeof(float);
	if (r->bytes > r->most_bytes)
		return r->host->fail(RNF_EINVAL, "%s: %s: the tensors are over %d times the "
				     "file, or over 1 GiB", r->path, name, RATIO_MAX);
	float *data = r->sink->add(r->sink, name, m->rank, m->shape);
	if (!data) return RNF_EINVAL;
	return receive(r, data, n * sizeof *data) ? RNF_OK : fail_dead(r);
}

static rnf_status receive_all(struct reader *r)
{
	char name[NAME_BYTES];
	for (;;) {
		struct message m;
		if (!receive(r, &m, sizeof m)) return fail_dead(r);
		RNF_TRY(receive_name(r, &m, name));
		if (m.kind == MESSAGE_END) return RNF_OK;
		if (m.kind == MESSAGE_FAIL)
			return r->host->fail(RNF_EINVAL, "%s: %s", r->path, name);
		if (m.kind != MESSAGE_TENSOR) return fail_odd(r);
		RNF_TRY(receive_tensor(r, &m, name));
	}
}

static rnf_status read_image(struct reader *r, const struct image *image)
{
	r->most_bytes = RATIO_MAX * (uint64_t)image->size;
	if (r->most_bytes > JAIL_MEMORY_BYTES) r->most_bytes = JAIL_MEMORY_BYTES;
	if (!jail_holds())
		return r->host->fail(RNF_EINVAL, "%s: there is no seccomp here, which keeps the "
				     "process that reads such files from all but computing; "
				     JAIL_WAIVER "=1 in the environment reads it without",
				     r->path);
	const int cause = jail_start(&r->jail, walk_prepare, walk, image);
	if (cause)
		return r->host->fail(RNF_ENOMEM, "%s: no process to read it in: %s", r->path,
				     strerror(cause));
	const rnf_status status = receive_all(r);
	if (r->jail.pid) jail_end(&r->jail);
	return status;
}

static rnf_status read_open(struct reader *r, int fd)
{
	struct stat at;
	if (fstat(fd, &at) != 0 || !S_ISREG(at.st_mode))
		return r->host->fail(RNF_EINVAL, "%s is not a file", r->path);
	if (at.st_size == 0 || at.st_size > SIZE_MAX_BYTES)
		return r->host->fail(RNF_EINVAL, "%s has %lld bytes, must be 1..%lld", r->path,
				     (long long)at.st_size, (long long)SIZE_MAX_BYTES);
	/* do not touch the pages here: if the file is truncated meanwhile, that would be fatal */
	struct image image = { mmap(NULL, (size_t)at.st_size, PROT_READ, MAP_PRIVATE, fd, 0),
			       (size_t)at.st_size };
	if (image.bytes == MAP_FAILED)
		return r->host->fail(RNF_EINVAL, "%s: %s", r->path, strerror(errno));
	const rnf_status status = read_image(r, &image);
	munmap((void *)(uintptr_t)image.bytes, image.size);
	return status;
}

static rnf_status read_file(const struct rnf_host *host, const char *path,
			    struct rnf_tensor_sink *sink)
{
	struct reader r = { .host = host, .path = path, .sink = sink };
	const int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return host->fail(errno == EIO ? RNF_EIO : RNF_EINVAL, "%s: %s", path,
				  strerror(errno));
	const rnf_status status = read_open(&r, fd);
	close(fd);
	return status;
}

static const struct rnf_format_impl impl = {
	.suffix = ".h5",
	.probe = probe,
	.read = read_file,
};

RNF_PLUGIN(format, keras_h5, "weights of Keras models: .h5, .weights.h5, .keras; read only", NULL, impl)
