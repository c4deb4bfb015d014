/* A PNG, however broken, is decoded or refused with a message. */
#include "fuzz/lib/decoder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	fuzz_decoder("png", data, n);
	return 0;
}
