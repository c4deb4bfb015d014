/* What the ops of an export compute, on one image, in plain loops and in double. */
#ifndef TEST_LIB_INTERPRET_H
#define TEST_LIB_INTERPRET_H

#include "train/view.h"

/* The images of all values by their numbers, [h][w][c]; NULL where there is none. x is the
 * program's input. */
double **test_interpret(const struct rnf_view *view, const float *x);

#endif
