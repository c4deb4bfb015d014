/* For tests: convolutions of many shapes, and how many numbers their tensors have. */
#ifndef TEST_CONV_SHAPES_H
#define TEST_CONV_SHAPES_H

#include <rnframe/backend.h>

/* The shapes; those of the models come first. */
int test_conv_shapes(void);
struct rnf_conv_shape test_conv_shape(int i);

/* Set the window's output size and the zeros before. SAME is what Keras does (the
 * odd zero goes behind), EVEN what PyTorch does (as many before as behind),
 * SHIFTED has a zero before and as many pixels as x. */
enum test_conv_pad { TEST_CONV_VALID, TEST_CONV_SAME, TEST_CONV_EVEN, TEST_CONV_SHIFTED };
void test_conv_place(struct rnf_conv_shape *s, enum test_conv_pad pad);
/* Floats of x, of the kernel and of y. */
void test_conv_count(const struct rnf_conv_shape *s, int64_t n[3]);
/* Of what a pass reads, s->kind: io->in[0] and in[1]. */
void test_conv_count_inputs(const struct rnf_conv_shape *s, int64_t n[2]);

#endif
