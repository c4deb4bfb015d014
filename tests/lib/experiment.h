/* For tests: an experiment on a few drawn images, a training step of it, and its
 * gradients beside another's. */
#ifndef TEST_EXPERIMENT_H
#define TEST_EXPERIMENT_H

#include "train/setup.h"

/* Of 32x32 images, batches of 6, without asking what the backend offers; NULL: the core's
 * plain kernels. With two settings more, as "key=value". */
struct rnf_experiment *test_experiment(const char *conf, const struct rnf_feature *backend,
				       void *self, const char *set, const char *other);
/* The first step's loss. */
double test_step(struct rnf_experiment *e);
/* Root mean square of the difference of all gradients, to that of `a`. */
double test_distance(const struct rnf_experiment *a, const struct rnf_experiment *b);

#endif
