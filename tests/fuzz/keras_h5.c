/* A Keras file, however corrupted, is read or refused with a message; the process that
 * reads it may die, this one may not. `keras_h5 20000` runs as many mutants. */
#include "fuzz/lib/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/status.h"

long fuzz_mutants = 300; /* each is a process */

struct counted {
	struct rnf_tensor_sink sink; /* first */
	size_t n, bytes, most;
};

static float *add(struct rnf_tensor_sink *sink, const char *name, int32_t rank,
		  const int64_t *shape)
{
	struct counted *c = (struct counted *)sink;
	size_t n = 1;
	fuzz_check(rank >= 0 && rank <= 4 && *name && ++c->n <= 10000, "rank, name or number");
	for (int32_t d = 0; d < rank; d++) {
		fuzz_check(shape[d] > 0 && (size_t)shape[d] <= c->most / n, "a shape");
		n *= (size_t)shape[d];
	}
	c->bytes += n * sizeof(float);
	fuzz_check(c->bytes <= c->most, "over 1,000 times the file");
	return rnf_alloc(n * sizeof(float));
}

static rnf_status no_text(struct rnf_tensor_sink *sink, const char *key, const char *value)
{
	(void)sink, (void)key, (void)value;
	return RNF_OK;
}

/* The outcomes, printed at the end. */
static size_t n_read, n_refused, n_died;

static void tell(void)
{
	printf("%zu read, %zu refused, of these %zu after the reader died\n", n_read,
	       n_refused, n_died);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct rnf_format_impl *impl;
	struct counted c = { .sink = { add, no_text }, .most = 1000 * n };
	if (!impl) {
		impl = fuzz_feature("format", "keras_h5")->impl;
		atexit(tell);
	}
	const char *path = fuzz_file(data, n);
	if (impl->read(&rnf_host, path, &c.sink) >= 0) {
		n_read++;
	} else {
		fuzz_refused(path);
		n_refused++;
		n_died += strstr(rnf_fail_words(), "the reader died") != NULL;
	}
	rnf_arena_finish();
	return 0;
}
