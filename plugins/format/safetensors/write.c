/* needs: jansson */
#include "write.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "header.h"

enum { ALIGN = 8 };

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
			return host->fail(RNF_EINVAL, "text %s is not UTF-8", texts[i].key);
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
		return host->fail(RNF_EINVAL, "%zu tensors, may be %d", n, TENSORS_MAX);
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

/* The length, the header and padding up to a multiple of ALIGN bytes. */
static rnf_status write_header(const struct rnf_host *host, int fd, const json_t *header)
{
	static const char blanks[ALIGN + 1] = "        ";
	char *text = json_dumps(header, JSON_COMPACT);
	if (!text) return host->fail(RNF_ENOMEM, "no memory");
	const size_t n = strlen(text), padding = (ALIGN - n % ALIGN) % ALIGN;
	const uint64_t length = n + padding;
	rnf_status status = length > HEADER_MAX
		? host->fail(RNF_EINVAL, "header of %zu bytes, at most %d", n, HEADER_MAX)
		: rnf_write_all(host, fd, &length, sizeof length);
	if (status == RNF_OK) status = rnf_write_all(host, fd, text, n);
	if (status == RNF_OK) status = rnf_write_all(host, fd, blanks, padding);
	free(text);
	return status;
}

rnf_status safetensors_write(const struct rnf_host *host, int fd,
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
		status = rnf_write_all(host, fd, tensors[i].data, tensor_bytes(&tensors[i]));
	return status;
}
