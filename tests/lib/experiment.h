/* For tests: an experiment on a few drawn images, a training step of it, and its
 * gradients beside another's. */
#ifndef TEST_EXPERIMENT_H
#define TEST_EXPERIMENT_H

#include <stdio.h>

#include "train/setup.h"

/* Of 32x32 images, batches of 6, without asking what the backend offers; NULL: the core's
 * plain kernels. With two settings more, as "key=value". */
struct rnf_experiment *test_experiment(const char *conf, const struct rnf_feature *backend,
				       void *self, const char *set, const char *other);
/* Of a conf with settings: planned for inference, and for training in phases or, `fused` 0,
 * op by op. */
struct rnf_experiment *test_planned(const char *conf, int fused, const char *const *sets,
				    size_t n);
/* A file for a conf that is drawn up by a test, its path in `path`, to be unlinked. */
FILE *test_conf_file(char path[512]);
/* Of all |at[i]|, or NaN. */
float test_largest(const float *at, int64_t n);
/* The first step's loss. */
double test_step(struct rnf_experiment *e);
/* Root mean square of the difference of all gradients, to that of `a`. */
double test_distance(const struct rnf_experiment *a, const struct rnf_experiment *b);

#endif
