/* For tests: convolutions of many shapes, computed by a backend or by the core's plain
 * kernels, and compared with sums in double. */
#ifndef TEST_CONVS_H
#define TEST_CONVS_H

#include "lib/conv_shapes.h"

/* Who computes; no impl: the core's plain kernels. */
struct test_convs {
	const char *name;
	const struct rnf_backend_impl *impl;
	void *self;
	enum rnf_algorithm algorithm;
	enum rnf_precision precision; /* BF16: of operands that are bf16 already */
};
/* Open a backend as the core does; aborts the test when it refuses. */
struct test_convs test_convs_open(const struct rnf_feature *feature);

/* A kernel and what the core would lend to it. The inputs are borrowed. */
struct test_conv_call {
	struct rnf_kernel kernel;
	const float *in[2];
	int64_t n_in[2];         /* numbers of each input */
	/* Guarded, of exactly the sizes that it asked for: */
	float *packed, *scratch, *leaf, *narrow[2];
	char where[160];         /* for messages */
};
/* 0: the backend leaves this pass to the core. Packs the weights, b, and converts to bf16
 * what is read so. */
int test_conv_start(struct test_conv_call *call, const struct test_convs *by,
		    const struct rnf_conv_shape *s, enum rnf_conv_kind kind,
		    const float *a, const float *b);
/* Image i of a leaf of n. */
void test_conv_run(const struct test_conv_call *call, float *out, int i, int n);
void test_conv_finish(struct test_conv_call *call);

/* a, rounded to bf16: to the nearest, ties to even. */
float test_conv_bf16(float a);
/* Compare every element of all three passes; return how many passes it computes. */
int test_conv_check(const struct test_convs *by, const struct rnf_conv_shape *s);
/* Root of the mean square of a pass' errors, relative to that of its values, of fp32
 * operands. */
double test_conv_error(const struct test_convs *by, const struct rnf_conv_shape *s,
		       enum rnf_conv_kind kind);
/* The same bits from two calls of two kernels, each its own or another's, on memory with
 * other contents. */
void test_conv_repeats(const struct test_convs *by, const struct test_convs *with,
		       const struct rnf_conv_shape *s);
/* In bf16, the same bits from operands of fp32 as from rounded ones. */
void test_conv_rounds(const struct test_convs *by, const struct rnf_conv_shape *s);
/* A NaN or an infinity in one element of the first operand (x, or dy for dx) makes
 * those elements of the result NaN or infinite that the plain kernels make so, and
 * denormals there give denormal results that are right. Not asked of weights, nor
 * of dy for dkernel: a kernel may multiply these with the zeros of the border.
 * Winograd and bf16 may spread it further, and are not asked for denormals. */
void test_conv_odd_values(const struct test_convs *by, const struct rnf_conv_shape *s);

#endif
