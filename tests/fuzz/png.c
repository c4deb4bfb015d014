/* A PNG, however broken, is decoded or refused with a message. Most mutants get checksums that
 * are right, or none would come further than to those. */
#include <rnframe/crc32.h>

#include "fuzz/lib/decoder.h"
#include "fuzz/lib/fuzz.h"

enum { SIGNATURE = 8, CHUNK = 12 };

static uint32_t number_at(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void mend(uint8_t *data, size_t n)
{
	for (size_t at = SIGNATURE; at + CHUNK <= n;) {
		const size_t length = number_at(data + at);
		if (length > n - at - CHUNK) return;
		const uint32_t sum = rnf_crc32(0, data + at + 4, length + 4);
		for (int i = 0; i < 4; i++)
			data[at + 8 + length + (size_t)i] = (uint8_t)(sum >> (24 - 8 * i));
		at += CHUNK + length;
	}
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t most, unsigned seed)
{
	n = LLVMFuzzerMutate(data, n, most);
	if (seed % 8) mend(data, n);
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	fuzz_decoder("png", data, n);
	return 0;
}
