/* For tests: the plugins of tests/bad, which go wrong on request, and a small experiment
 * that has one in each place. */
#ifndef TEST_BAD_H
#define TEST_BAD_H

#include "train/numerics.h"
#include "train/steps.h"

/* The folder with tests/bad built as plugins, on first use: by main(), or by each test,
 * which is a process of its own. */
const char *test_bad_plugins(void);

/* Layers c1 n1 s1 c2 n2 s2 c3 pool classifier, where s1 and s2 are sick
 * activations; 40 images, batches of 8. Ready to train, with these overrides (a
 * list that NULL ends) after "threads=THREADS". */
struct rnf_experiment *test_sick_experiment(int threads, const char *const *sets);

/* The loop of a run without its files: `epochs` of them, or until it fails. */
rnf_status test_epochs(struct rnf_steps *steps, int64_t epochs);

#endif
