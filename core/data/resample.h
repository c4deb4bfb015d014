/* Images of bytes in another size, by a triangle filter that widens when it reduces. */
#ifndef RNF_DATA_RESAMPLE_H
#define RNF_DATA_RESAMPLE_H

#include <stddef.h>
#include <stdint.h>

/* A window of h x w pixels of c bytes, whose rows are `stride` bytes apart. */
struct rnf_crop {
	const uint8_t *at;
	int64_t h, w, c, stride;
};

/* Bytes of scratch for this; any alignment of 8 will do. */
size_t rnf_resample_scratch(int64_t h, int64_t w, int64_t c, int64_t to_h, int64_t to_w);

/* to[to_h][to_w][c]: at x, with s = w / to_w and r = max(s, 1), the mean of the pixels k
 * weighted by max(0, 1 - |k + 1/2 - (x + 1/2) s| / r), first along rows, rounded to bytes,
 * then along columns. Weights are rounded to 22 bits. Every value is within one level of
 * Pillow's resize(BILINEAR) of the cropped window. [worker] */
void rnf_resample(const struct rnf_crop *from, uint8_t *to, int64_t to_h, int64_t to_w,
		  void *scratch);

#endif
