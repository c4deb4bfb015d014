/* Source: PNG (ISO/IEC 15948), zlib (RFC 1950), stored blocks of deflate (RFC 1951, 3.2.4). */
#include "base/png.h"

#include <rnframe/crc32.h>
#include <string.h>

#include "base/arena.h"
#include "base/file.h"

enum { BLOCK = 65535, CHUNK = 12, ADLER = 65521 };

static uint8_t *put_number(uint8_t *to, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		to[i] = (uint8_t)(value >> (24 - 8 * i));
	return to + 4;
}

static uint32_t adler(const uint8_t *at, size_t n)
{
	uint32_t a = 1, b = 0;
	for (size_t i = 0; i < n; i++) {
		a = (a + at[i]) % ADLER;
		b = (b + a) % ADLER;
	}
	return b << 16 | a;
}

static uint8_t *put_chunk(uint8_t *to, const char *type, const uint8_t *data, size_t n)
{
	uint8_t *start = put_number(to, (uint32_t)n);
	memcpy(start, type, 4);
	if (n) memcpy(start + 4, data, n);
	return put_number(start + 4 + n, rnf_crc32(0, start, 4 + n));
}

/* zlib's two bytes, stored blocks, the checksum; returns the length. */
static size_t store(const uint8_t *raw, size_t n, uint8_t *to)
{
	uint8_t *out = to;
	*out++ = 0x78;
	*out++ = 0x01;
	for (size_t at = 0; at < n; at += BLOCK) {
		const size_t length = n - at < BLOCK ? n - at : BLOCK;
		*out++ = at + length == n;
		for (int i = 0; i < 2; i++) { /* the length, and its complement */
			const size_t value = i ? ~length : length;
			*out++ = (uint8_t)value;
			*out++ = (uint8_t)(value >> 8);
		}
		memcpy(out, raw + at, length);
		out += length;
	}
	return (size_t)(put_number(out, adler(raw, n)) - to);
}

/* Each row behind the number of its filter: none. */
static const uint8_t *rows_of(const uint8_t *rgb, int64_t h, int64_t w, size_t *n)
{
	const size_t row = 3 * (size_t)w;
	uint8_t *raw = rnf_alloc((row + 1) * (size_t)h);
	for (int64_t y = 0; y < h; y++)
		memcpy(raw + (size_t)y * (row + 1) + 1, rgb + (size_t)y * row, row);
	*n = (row + 1) * (size_t)h;
	return raw;
}

const uint8_t *rnf_png_bytes(const uint8_t *rgb, int64_t h, int64_t w, size_t *bytes)
{
	size_t n;
	const uint8_t *raw = rows_of(rgb, h, w, &n);
	uint8_t *data = rnf_alloc(n + n / BLOCK * 5 + 16);
	const size_t length = store(raw, n, data);
	uint8_t *file = rnf_alloc(8 + 13 + 3 * CHUNK + length), header[13] = { 0 };
	memcpy(file, "\x89PNG\r\n\x1a\n", 8);
	put_number(put_number(header, (uint32_t)w), (uint32_t)h);
	header[8] = 8; /* bits */
	header[9] = 2; /* RGB */
	uint8_t *end = put_chunk(file + 8, "IHDR", header, sizeof header);
	end = put_chunk(put_chunk(end, "IDAT", data, length), "IEND", NULL, 0);
	*bytes = (size_t)(end - file);
	return file;
}

rnf_status rnf_png_write(const char *path, const uint8_t *rgb, int64_t h, int64_t w)
{
	size_t n;
	const uint8_t *bytes = rnf_png_bytes(rgb, h, w, &n);
	return rnf_file_put(path, (const char *)bytes, n);
}
