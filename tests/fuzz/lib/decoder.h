/* For the targets of decoders. */
#ifndef TEST_FUZZ_DECODER_H
#define TEST_FUZZ_DECODER_H

#include <stddef.h>
#include <stdint.h>

/* look(), then decode() into memory of exactly the size that it told. */
void fuzz_decoder(const char *name, const uint8_t *data, size_t n);

#endif
