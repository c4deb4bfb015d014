/* Kind "format": files of named tensors. */
#ifndef RNFRAME_FORMAT_H
#define RNFRAME_FORMAT_H

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <rnframe/plugin.h>

/* For writers: all n bytes, or a failure with the reason. */
static inline rnf_status rnf_write_all(const struct rnf_host *host, int fd, const void *from,
				       size_t n)
{
	for (size_t done = 0; done < n;) {
		const ssize_t wrote = write(fd, (const char *)from + done, n - done);
		if (wrote < 0 && errno == EINTR) continue;
		if (wrote < 0) /* in brackets, since Check has a macro of that name */
			return (host->fail)(RNF_EIO, "cannot write: %s", strerror(errno));
		done += (size_t)wrote;
	}
	return RNF_OK;
}

struct rnf_named_tensor {
	const char *name;  /* LAYER/kernel, see graph.h */
	int32_t rank;
	int64_t shape[8];
	const float *data; /* row-major */
};

struct rnf_text {
	const char *key, *value;
};

/* Receives what a reader finds. add() returns memory for all elements, which the reader
 * fills, or NULL when the core refuses the tensor (then stop and return RNF_EINVAL
 * without another message). */
struct rnf_tensor_sink {
	float *(*add)(struct rnf_tensor_sink *, const char *name, int32_t rank,
		      const int64_t *shape);
	rnf_status (*text)(struct rnf_tensor_sink *, const char *key,
			   const char *value);
};

enum { RNF_FORMAT_NATIVE = 1 }; /* the format of checkpoints */

struct rnf_format_impl {
	uint32_t flags;
	const char *suffix; /* ".safetensors" */
	/* 1 when a file of this size that starts with these bytes is one. */
	int (*probe)(const uint8_t *head, size_t n, uint64_t file_size);
	rnf_status (*read)(const struct rnf_host *, const char *path,
			   struct rnf_tensor_sink *);
	/* Write all to `fd` at its position; the core syncs and renames. NULL:
	 * reads only. */
	rnf_status (*write)(const struct rnf_host *, int fd,
			    const struct rnf_named_tensor *, size_t n,
			    const struct rnf_text *, size_t n_texts);
};

#endif
