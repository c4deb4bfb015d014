/* The rows of primitives by their names, and graphs of them without layers or confs. */
#ifndef TEST_LIB_ROWS_H
#define TEST_LIB_ROWS_H

#include "exec/exec.h"
#include "op/builder.h"

/* A graph without a conf: its calls make any layer by type, but know no role. Its program gets
 * an input of (h, w, c). */
struct rnf_builder *test_builder(int training, int64_t h, int64_t w, int64_t c);
/* A weight of that many values, or running statistics. */
rnf_val test_weight(struct rnf_graph *graph, const char *name, int64_t n, int state);
/* The row called so, of the forward or the backward pass. */
const struct rnf_op_row *test_row(const char *name);
/* The output of the program's op of a row called so. */
int test_find(const struct rnf_program *program, const char *name);

/* One image through a heavy row: a and b are its operands of the shapes x[0] and x[1]
 * (h, w, c), y its output; `first` of the leaf. */
struct test_image {
	const char *row;
	const struct rnf_window *window;
	int64_t x[2][3], y[3];
	int first;
};
void test_row_image(const struct test_image *image, const float *a, const float *b, float *y);
/* A tile of pixels x c through a row of chains. */
void test_row_tile(const char *row, int64_t pixels, int64_t c, const float *const in[],
		   int n_in, float *out);
/* The same of a gradient that has a row for all operands: of one of them. */
void test_row_tile_of(const char *row, int64_t pixels, int64_t c, const float *const in[],
		      int n_in, int operand, float *out);

/* A run whose loss is such that dy is the gradient of the logits. */
struct test_golden_run {
	const struct rnf_program *program;
	int64_t images; /* so many of x and dy */
	int fused, threads;
	const float *x, *dy;
	float *weights; /* the program's block */
	void (*look)(struct rnf_exec *); /* NULL, or called after each phase */
	void *look_arg;
};
/* Returns what holds the results. */
struct rnf_exec *test_golden_run(const struct test_golden_run *run);

#endif
