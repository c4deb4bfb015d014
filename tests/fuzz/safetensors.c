/* A weight file is refused with a message or read completely; it never asks for more than
 * it has, and what was read is written and read again. */
#define _GNU_SOURCE
#include "fuzz/lib/fuzz.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/status.h"

struct kept {
	struct rnf_tensor_sink sink; /* first */
	struct rnf_named_tensor *tensors;
	struct rnf_text *texts;
	size_t n, n_texts, bytes, most;
	const char *path;
};

static float *add(struct rnf_tensor_sink *sink, const char *name, int32_t rank,
		  const int64_t *shape)
{
	struct kept *k = (struct kept *)sink;
	size_t n = 1;
	fuzz_check(rank >= 0 && rank <= 8 && *name, "a tensor has another rank or no name");
	for (int32_t d = 0; d < rank; d++) {
		fuzz_check(shape[d] > 0 && (size_t)shape[d] <= k->most / n, "a shape");
		n *= (size_t)shape[d];
	}
	for (size_t i = 0; i < k->n; i++) /* as the core does */
		if (strcmp(k->tensors[i].name, name) == 0)
			return rnf_fail(RNF_EINVAL, "%s: %s twice", k->path, name), NULL;
	k->bytes += n * sizeof(float);
	fuzz_check(k->bytes <= k->most, "more tensors than twice the bytes of the file");
	float *data = rnf_alloc(n * sizeof *data);
	struct rnf_named_tensor *t = rnf_push((void **)&k->tensors, &k->n, sizeof *t);
	*t = (struct rnf_named_tensor){ rnf_strndup(name, strlen(name)), rank, { 0 }, data };
	memcpy(t->shape, shape, (size_t)rank * sizeof *shape);
	return data;
}

static rnf_status text(struct rnf_tensor_sink *sink, const char *key, const char *value)
{
	struct kept *k = (struct kept *)sink;
	*(struct rnf_text *)rnf_push((void **)&k->texts, &k->n_texts, sizeof *k->texts) =
		(struct rnf_text){ rnf_strndup(key, strlen(key)),
				   rnf_strndup(value, strlen(value)) };
	return RNF_OK;
}

static void write_again(const struct rnf_format_impl *impl, const struct kept *k)
{
	struct kept again = { .sink = { add, text }, .most = k->most };
	char path[64] = "/proc/self/fd/";
	const int fd = memfd_create("again", MFD_CLOEXEC);
	strcat(path, rnf_format("%d", fd));
	fuzz_check(impl->write(&rnf_host, fd, k->tensors, k->n, k->texts, k->n_texts) >= 0 &&
		   impl->read(&rnf_host, path, &again.sink) >= 0, rnf_fail_words());
	fuzz_check(again.n == k->n && again.n_texts == k->n_texts, "other tensors or texts");
	for (size_t i = 0; i < k->n; i++)
		fuzz_check(strcmp(again.tensors[i].name, k->tensors[i].name) == 0, "a name");
	for (size_t i = 0; i < k->n_texts; i++)
		fuzz_check(strcmp(again.texts[i].value, k->texts[i].value) == 0, "a text");
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct rnf_format_impl *impl;
	struct kept k = { .sink = { add, text }, .most = 2 * n }; /* halves become floats */
	if (!impl) impl = fuzz_feature("format", "safetensors")->impl;
	impl->probe(data, n < 64 ? n : 64, n);
	k.path = fuzz_file(data, n);
	if (impl->read(&rnf_host, k.path, &k.sink) < 0) fuzz_refused(k.path);
	else write_again(impl, &k);
	rnf_arena_finish();
	return 0;
}

/* Half of the mutants get the length that their header has, and the data that its tensors
 * need if that is little: the fuzzer would not find them by chance. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t most, unsigned seed)
{
	n = LLVMFuzzerMutate(data, n, most);
	if (seed % 2 || n < 10) return n;
	const uint8_t *end = memrchr(data + 8, '}', n - 8);
	if (!end) return n;
	const uint64_t header = (uint64_t)(end + 1 - (data + 8));
	memcpy(data, &header, sizeof header);
	const char *offsets = NULL, *p = (char *)data + 8;
	while ((p = memmem(p, (size_t)((char *)end - p), "data_offsets", 12)))
		offsets = p += 12;
	const char *comma = offsets ? memchr(offsets, ',', (size_t)((char *)end - offsets)) : NULL;
	const size_t bytes = comma ? (size_t)atoi(comma + 1) : 0;
	if (8 + header + bytes > most || bytes > 512 || seed % 8 == 0) return n;
	if (8 + header + bytes > n) memset(data + n, 0, 8 + header + bytes - n);
	return 8 + header + bytes;
}
