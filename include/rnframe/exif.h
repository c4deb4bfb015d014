/* The orientation in a block of EXIF or in a packet of XMP, for decoders. */
#ifndef RNFRAME_EXIF_H
#define RNFRAME_EXIF_H

#include <rnframe/abi.h>

#include <string.h>

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

/* Other values than 1 .. 8 say nothing: the image is not turned. */
static inline int32_t rnf_exif_turn(uint32_t value)
{
	return value >= 1 && value <= 8 ? (int32_t)value : 1;
}

/* How the image must be turned, 1 .. 8; 0: the block does not say, or is broken.
 * at[n]: a TIFF header, its directories behind it. Source: EXIF 2.3, 4.5.2 and 4.6.4. */
static inline int32_t rnf_exif_orientation(const uint8_t *at, size_t n)
{
	if (n < 8 || at[0] != at[1] || (at[0] != 'I' && at[0] != 'M')) return 0;
	const int little = at[0] == 'I';
	const size_t from = rnf_exif_number(at + 4, 4, little);
	if (rnf_exif_number(at + 2, 2, little) != 42 || from > n - 2) return 0;
	const size_t entries = rnf_exif_number(at + from, 2, little);
	for (size_t i = 0, p = from + 2; i < entries && p + RNF_EXIF_ENTRY <= n;
	     i++, p += RNF_EXIF_ENTRY) {
		if (rnf_exif_number(at + p, 2, little) != RNF_EXIF_ORIENTATION) continue;
		return rnf_exif_turn(rnf_exif_value(at + p, little));
	}
	return 0;
}

/* The same of XMP, whose first tiff:Orientation counts, an attribute or an element. Readers ask
 * EXIF first, and XMP if that does not say. at[n]: the packet. Source: XMP part 2, "TIFF". */
static inline int32_t rnf_xmp_orientation(const uint8_t *at, size_t n)
{
	static const char name[] = "tiff:Orientation";
	enum { NAME = sizeof name - 1 };
	for (size_t i = 0; i + NAME + 3 <= n; i++) {
		if (at[i] != 't' || memcmp(at + i, name, NAME)) continue;
		const uint8_t *value = at + i + NAME;
		if (value[0] == '>') value += 1;
		else if (value[0] == '=' && value[1] == '"') value += 2;
		else continue;
		if (*value >= '0' && *value <= '9') return rnf_exif_turn(*value - (uint32_t)'0');
	}
	return 0;
}

#endif
