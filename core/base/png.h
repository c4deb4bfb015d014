/* Writes a picture as PNG, without compression: contact sheets. */
#ifndef RNF_BASE_PNG_H
#define RNF_BASE_PNG_H

#include <stddef.h>
#include <rnframe/abi.h>

/* Create or replace `path`: rgb[h][w][3], 0..255, of sides below 65536. [main] */
rnf_status rnf_png_write(const char *path, const uint8_t *rgb, int64_t h, int64_t w);
/* The bytes of that file. Kept. [main] */
const uint8_t *rnf_png_bytes(const uint8_t *rgb, int64_t h, int64_t w, size_t *n);

#endif
