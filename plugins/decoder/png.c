/* png: PNG of any colour type and depth, interlaced or not. Alpha is dropped without
 * blending, palettes and gamma are not converted. The orientation is that of an eXIf chunk or,
 * without one, of a text "Raw profile type exif", which older programs write: three lines, then
 * hex digits. If these do not say, it is that of the XMP, a text "XML:com.adobe.xmp". */
/* needs: spng zlib */
#include <rnframe/decoder.h>
#include <rnframe/exif.h>

#include <ctype.h>
#include <spng.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
	SIGNATURE = 8,
	CHUNK = 12, /* length, type and checksum of each */
	CHUNK_MAX = 8 << 20,
	PROFILE_MAX = 1 << 18, /* more of a text is not read: EXIF has 64 kB, two digits a byte */
	PROFILE_LINES = 3,
};

static const uint8_t signature[SIGNATURE] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n' };
static const char *const endings[] = { ".png", NULL };

static int probe(const uint8_t *head, size_t n)
{
	return n >= SIGNATURE && !memcmp(head, signature, SIGNATURE);
}

static uint32_t big_endian(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* -- orientation -- */

struct part {
	const uint8_t *at;
	size_t n;
};

/* The part behind the first zero byte; its `at` is NULL if there is none. */
static struct part behind_zero(struct part part)
{
	const uint8_t *zero = part.n ? memchr(part.at, 0, part.n) : NULL;
	if (!zero) return (struct part){ NULL, 0 };
	return (struct part){ zero + 1, part.n - (size_t)(zero + 1 - part.at) };
}

/* The bytes of hex digits behind the third line, in place of the text; 0: there are none. */
static size_t unhex(uint8_t *text, size_t n)
{
	size_t at = 0, out = 0;
	int digits = 0, byte = 0;
	for (int lines = 0; at < n && lines < PROFILE_LINES; at++)
		lines += text[at] == '\n';
	for (; at < n; at++) {
		if (isspace(text[at])) continue;
		if (!isxdigit(text[at])) return 0;
		byte = byte << 4 | (isdigit(text[at]) ? text[at] - '0' : tolower(text[at]) - 'a' + 10);
		if (digits++ % 2 == 0) continue;
		text[out++] = (uint8_t)byte;
		byte = 0;
	}
	return out;
}

/* The beginning of a text, as it is or unpacked; returns its length. */
static size_t read_text(struct part text, int packed, uint8_t *to)
{
	uLongf n = PROFILE_MAX;
	if (packed) {
		const int answer = uncompress(to, &n, text.at, text.n);
		return answer == Z_OK || answer == Z_BUF_ERROR ? n : 0;
	}
	if (text.n < n) n = text.n;
	memcpy(to, text.at, n);
	return n;
}

static int32_t orientation_of_hex(uint8_t *text, size_t n)
{
	static const char mark[] = { 'E', 'x', 'i', 'f', 0, 0 };
	n = unhex(text, n);
	const size_t skip = n >= sizeof mark && !memcmp(text, mark, sizeof mark) ? sizeof mark : 0;
	return rnf_exif_orientation(text + skip, n - skip);
}

static int32_t orientation_of_xmp(uint8_t *text, size_t n)
{
	return rnf_xmp_orientation(text, n);
}

enum { PROFILE, XMP, TEXTS };
static const struct {
	const char *key;
	int32_t (*orientation)(uint8_t *text, size_t n);
} texts[TEXTS] = {
	[PROFILE] = { "Raw profile type exif", orientation_of_hex },
	[XMP] = { "XML:com.adobe.xmp", orientation_of_xmp },
};

static int32_t orientation_of_text(int kind, struct part text, int packed)
{
	uint8_t *bytes = text.at ? malloc(PROFILE_MAX) : NULL;
	if (!bytes) return 0;
	const int32_t found = texts[kind].orientation(bytes, read_text(text, packed, bytes));
	free(bytes);
	return found;
}

/* Of a chunk tEXt, zTXt (a byte says how it is packed) or iTXt (two, and two more texts). */
static int32_t orientation_of_chunk(int kind, const uint8_t *chunk)
{
	struct part text = behind_zero((struct part){ chunk + 8, big_endian(chunk) });
	if (chunk[4] == 't') return orientation_of_text(kind, text, 0);
	if (text.n < 2) return 0;
	if (chunk[4] == 'z')
		return orientation_of_text(kind, (struct part){ text.at + 1, text.n - 1 }, 1);
	const int packed = text.at[0] == 1;
	text = behind_zero(behind_zero((struct part){ text.at + 2, text.n - 2 }));
	return orientation_of_text(kind, text, packed);
}

static int is_text(int kind, const uint8_t *chunk, size_t length)
{
	const size_t n = strlen(texts[kind].key) + 1;
	return length >= n && memchr("tzi", chunk[4], 3) &&
	       !memcmp(chunk + 5, chunk[4] == 't' ? "EXt" : "TXt", 3) &&
	       !memcmp(chunk + 8, texts[kind].key, n);
}

/* The first eXIf chunk and the last text of each kind, NULL without one. They may stand behind
 * the pixels. */
struct sources {
	const uint8_t *exif, *texts[TEXTS];
};

static struct sources find_sources(const uint8_t *bytes, size_t n)
{
	struct sources found = { 0 };
	size_t length;
	for (size_t at = SIGNATURE; at + CHUNK <= n; at += CHUNK + length) {
		length = big_endian(bytes + at);
		if (length > n - at - CHUNK) break;
		if (!found.exif && !memcmp(bytes + at + 4, "eXIf", 4)) found.exif = bytes + at;
		for (int kind = 0; kind < TEXTS; kind++)
			if (is_text(kind, bytes + at, length)) found.texts[kind] = bytes + at;
	}
	return found;
}

static int32_t orientation(const uint8_t *bytes, size_t n)
{
	const struct sources from = find_sources(bytes, n);
	int32_t found = 0;
	if (from.exif) found = rnf_exif_orientation(from.exif + 8, big_endian(from.exif));
	else if (from.texts[PROFILE]) found = orientation_of_chunk(PROFILE, from.texts[PROFILE]);
	if (!found && from.texts[XMP]) found = orientation_of_chunk(XMP, from.texts[XMP]);
	return found ? found : 1;
}

static rnf_status fail(const struct rnf_host *host, int error)
{
	if (error == SPNG_EMEM) return host->fail(RNF_ENOMEM, "no memory for a PNG");
	if (error == SPNG_IO_EOF) return host->fail(RNF_EINVAL, "the PNG is cut");
	return host->fail(RNF_EINVAL, "a broken PNG: %s", spng_strerror(error));
}

/* A reader of these bytes, with limits. */
static int open_bytes(const uint8_t *bytes, size_t n, spng_ctx **png)
{
	*png = spng_ctx_new(0);
	if (!*png) return SPNG_EMEM;
	int error = spng_set_image_limits(*png, RNF_PICTURE_SIDE_MAX, RNF_PICTURE_SIDE_MAX);
	if (!error) error = spng_set_chunk_limits(*png, CHUNK_MAX, 2 * CHUNK_MAX);
	return error ? error : spng_set_png_buffer(*png, bytes, n);
}

/* spng refuses sides above its limits without their numbers: read them first. */
static rnf_status look(const struct rnf_host *host, const uint8_t *bytes, size_t n,
		       struct rnf_picture_look *look)
{
	enum { HEADER = SIGNATURE + CHUNK + 13 };
	if (n < HEADER) return host->fail(RNF_EINVAL, "the PNG is cut");
	if (memcmp(bytes + SIGNATURE + 4, "IHDR", 4))
		return host->fail(RNF_EINVAL, "a broken PNG: its header is missing");
	look->w = big_endian(bytes + SIGNATURE + 8);
	look->h = big_endian(bytes + SIGNATURE + 12);
	look->orientation = orientation(bytes, n);
	return RNF_OK;
}

static rnf_status decode(const struct rnf_host *host, const uint8_t *bytes, size_t n,
			 const struct rnf_picture_look *look, uint8_t *rgb)
{
	spng_ctx *png;
	int error = open_bytes(bytes, n, &png);
	if (!error)
		error = spng_decode_image(png, rgb, (size_t)(look->h * look->w) * 3,
					  SPNG_FMT_RGB8, 0);
	spng_ctx_free(png);
	return error ? fail(host, error) : RNF_OK;
}

static const struct rnf_decoder_impl impl = {
	.endings = endings, .probe = probe, .look = look, .decode = decode };
RNF_PLUGIN(decoder, png, "PNG, by libspng", NULL, impl)
