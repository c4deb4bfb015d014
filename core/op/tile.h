/* Loops over tiles of `pixels` x c that several primitives use. Plain C: a channel is
 * summed in the order of the pixels, so vector width changes no bit. */
#ifndef RNF_OP_TILE_H
#define RNF_OP_TILE_H

#include <rnframe/vmath.h>

/* Each tile is processed a block of channels at a time, pixel after pixel, so that the
 * channels' values stay in registers. A channel is summed in the order of the pixels,
 * whatever the block. */
enum { RNF_BLOCK = 16, RNF_BLOCK_VECTORS = RNF_BLOCK / RNF_LANES };

/* Blocks are inlined with n == RNF_BLOCK, which unrolls the loop over n. Results pass
 * through an array, since outputs may be inputs. */
RNF_INLINE void rnf_copy(int64_t n, const float *from, float *to)
{
	for (int64_t i = 0; i < n; i++)
		to[i] = from[i];
}

/* y = a + b; n floats; y may be either */
void rnf_add_tile(int64_t n, const float *a, const float *b, float *y);
/* the same of n doubles */
void rnf_add_doubles(int64_t n, const double *a, const double *b, double *y);
/* y = x s[c]; y may be x */
void rnf_scale_tile(int64_t pixels, int64_t c, const float *x, const float *s, float *y);
/* y = v[c] factor */
void rnf_broadcast_tile(int64_t pixels, int64_t c, const float *v, float factor, float *y);
/* to[p][i] = from[p][i], i < n, of pixels that are from_c and to_c floats apart */
void rnf_copy_channels(int64_t pixels, int64_t n, const float *from, int64_t from_c, float *to,
		       int64_t to_c);
/* sum[c] += x */
void rnf_sum_tile(int64_t pixels, int64_t c, const float *x, float *sum);

#endif
