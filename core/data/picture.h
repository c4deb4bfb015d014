/* Image files: their bytes become RGB pixels, by plugins of kind "decoder", turned as their
 * EXIF says. */
#ifndef RNF_DATA_PICTURE_H
#define RNF_DATA_PICTURE_H

#include <rnframe/decoder.h>

/* A file may have this many bytes. */
enum { RNF_PICTURE_FILE_MAX = 256 << 20 };

struct rnf_picture {
	int64_t h, w;
	uint8_t *rgb; /* [h][w][3], 0..255, of malloc(): free() it */
};

/* Load the decoders, once, before all below. RNF_ENOENT: there are none. [main] */
rnf_status rnf_picture_decoders(void);
/* Endings of files that they read (".png", ...), NULL-terminated. [main] */
const char *const *rnf_picture_endings(void);

/* The decoders themselves. [main] */
const struct rnf_feature *const *rnf_picture_plugins(size_t *n);

/* Decode bytes[n]; `name` is for messages. Refused, RNF_EINVAL: what no decoder reads, what
 * is broken or cut, sides above RNF_PICTURE_SIDE_MAX, more pixels than
 * RNF_PICTURE_PIXELS_MAX. Then nothing is to be freed. [worker] */
rnf_status rnf_picture_decode(const char *name, const uint8_t *bytes, size_t n,
			      struct rnf_picture *picture);
/* Only its size, turned, of a file whose pixels may be broken. [worker] */
rnf_status rnf_picture_size(const char *path, int64_t *h, int64_t *w);
/* The same as decode() for a file of at most RNF_PICTURE_FILE_MAX bytes. [worker] */
rnf_status rnf_picture_read(const char *path, struct rnf_picture *picture);
/* To another size, as augmentations resize. Its pixels move. [worker] */
rnf_status rnf_picture_resize(struct rnf_picture *picture, int64_t h, int64_t w);

#endif
