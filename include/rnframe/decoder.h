/* Kind "decoder": the bytes of an image file become pixels. */
#ifndef RNFRAME_DECODER_H
#define RNFRAME_DECODER_H

#include <rnframe/plugin.h>

/* Limits of an image file; the core checks them after look(), before it allocates. */
enum { RNF_PICTURE_SIDE_MAX = 16384, RNF_PICTURE_PIXELS_MAX = 64 << 20 };

/* What a file says of its image before anything is decoded. */
struct rnf_picture_look {
	int64_t h, w;      /* as stored: before it is turned */
	int32_t orientation; /* EXIF's or XMP's: 1 .. 8, 1 when the file names none (exif.h) */
	int32_t reserved;
};

struct rnf_decoder_impl {
	/* Endings of file names, in small letters with their point; NULL ends the list. */
	const char *const *endings;
	/* 1 when this plugin can read a file that starts with these bytes. */
	int (*probe)(const uint8_t *head, size_t n);
	/* Read the header; may allocate, but not by the image's size. Messages leave out the
	 * file's name, which the core adds. [worker] */
	rnf_status (*look)(const struct rnf_host *host, const uint8_t *bytes, size_t n,
			   struct rnf_picture_look *look);
	/* Decode into rgb[h][w][3], 0..255, of the size that look() gave: grey three times,
	 * alpha dropped, of 16 bits the upper 8. The same bits for the same bytes. [worker] */
	rnf_status (*decode)(const struct rnf_host *host, const uint8_t *bytes, size_t n,
			     const struct rnf_picture_look *look, uint8_t *rgb);
};

#endif
