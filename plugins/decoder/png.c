/* png: PNG of any colour type and depth, interlaced or not. Alpha is dropped without
 * blending, palettes and gamma are not converted. The orientation is that of an eXIf chunk. */
/* needs: spng */
#include <rnframe/decoder.h>
#include <rnframe/exif.h>

#include <spng.h>
#include <string.h>

enum {
	SIGNATURE = 8,
	CHUNK = 12, /* length, type and checksum of each */
	CHUNK_MAX = 8 << 20,
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

/* It may stand behind the pixels. */
static int32_t orientation(const uint8_t *bytes, size_t n)
{
	for (size_t at = SIGNATURE; at + CHUNK <= n;) {
		const size_t length = big_endian(bytes + at);
		if (length > n - at - CHUNK) break;
		if (!memcmp(bytes + at + 4, "eXIf", 4))
			return rnf_exif_orientation(bytes + at + 8, length);
		at += CHUNK + length;
	}
	return 1;
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
