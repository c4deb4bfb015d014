/* The checksum of ZIP, gzip and PNG. */
#ifndef RNFRAME_CRC32_H
#define RNFRAME_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* The CRC-32 of bytes whose CRC-32 is `crc` (0: none) with n more behind them. Any thread.
 * Source: RFC 1952, section 8. */
static inline uint32_t rnf_crc32(uint32_t crc, const void *from, size_t n)
{
	const uint8_t *bytes = (const uint8_t *)from;
	crc = ~crc;
	for (size_t i = 0; i < n; i++) {
		crc ^= bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

#endif
