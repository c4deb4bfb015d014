/* The orientation in a block of EXIF, for decoders. */
#ifndef RNFRAME_EXIF_H
#define RNFRAME_EXIF_H

#include <rnframe/abi.h>

enum { RNF_EXIF_ORIENTATION = 0x0112, RNF_EXIF_ENTRY = 12 };

/* A number of 2 or 4 bytes in the block's order. */
static inline uint32_t rnf_exif_number(const uint8_t *at, int bytes, int little)
{
	uint32_t value = 0;
	for (int i = 0; i < bytes; i++)
		value = value << 8 | at[little ? bytes - 1 - i : i];
	return value;
}

/* The value of one entry (tag, type, count, value) if it is one number of 1, 2 or 4 bytes;
 * else 0. */
static inline uint32_t rnf_exif_value(const uint8_t *entry, int little)
{
	static const int bytes[] = { [1] = 1, [3] = 2, [4] = 4 };
	const uint32_t type = rnf_exif_number(entry + 2, 2, little);
	if (type > 4 || !bytes[type] || rnf_exif_number(entry + 4, 4, little) != 1) return 0;
	return rnf_exif_number(entry + 8, bytes[type], little);
}

/* How the image must be turned, 1 .. 8; 1 (not at all) also for a block that is broken.
 * at[n]: a TIFF header, its directories behind it. Source: EXIF 2.3, 4.5.2 and 4.6.4. */
static inline int32_t rnf_exif_orientation(const uint8_t *at, size_t n)
{
	if (n < 8 || at[0] != at[1] || (at[0] != 'I' && at[0] != 'M')) return 1;
	const int little = at[0] == 'I';
	const size_t from = rnf_exif_number(at + 4, 4, little);
	if (rnf_exif_number(at + 2, 2, little) != 42 || from > n - 2) return 1;
	const size_t entries = rnf_exif_number(at + from, 2, little);
	for (size_t i = 0, p = from + 2; i < entries && p + RNF_EXIF_ENTRY <= n;
	     i++, p += RNF_EXIF_ENTRY) {
		if (rnf_exif_number(at + p, 2, little) != RNF_EXIF_ORIENTATION) continue;
		const uint32_t value = rnf_exif_value(at + p, little);
		return value >= 1 && value <= 8 ? (int32_t)value : 1;
	}
	return 1;
}

#endif
