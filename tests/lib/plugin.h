/* For tests: a built plugin by kind and name, and the main() of a Check file. */
#ifndef TEST_PLUGIN_H
#define TEST_PLUGIN_H

#include <check.h>
#include <rnframe/rnframe.h>

/* The folder of the build under test: $RNF_BUILD, else "build". */
const char *test_build(void);
/* Aborts the test when the plugin is missing or has another name. */
const struct rnf_feature *test_feature(const char *kind, const char *name);
/* Run one suite with these cases, NULL-terminated; the exit status of main. */
int test_run(const char *name, const TTest *const *tests);

#endif
