/* See `write` in format.h. */
#ifndef SAFETENSORS_WRITE_H
#define SAFETENSORS_WRITE_H

#include <rnframe/format.h>

rnf_status safetensors_write(const struct rnf_host *host, int fd,
			     const struct rnf_named_tensor *tensors, size_t n,
			     const struct rnf_text *texts, size_t n_texts);

#endif
