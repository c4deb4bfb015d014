/* For tests: a built plugin by kind and name, and the main() of a Check file. */
#ifndef TEST_PLUGIN_H
#define TEST_PLUGIN_H

#include <check.h>
#include <rnframe/rnframe.h>

/* The folder of the build under test: $RNF_BUILD, else "build". */
const char *test_build(void);
/* Aborts the test when the plugin is missing or has another name. */
const struct rnf_feature *test_feature(const char *kind, const char *name);
/* 0, with a message, when the plugin was left out of the build. */
int test_has_plugin(const char *kind, const char *name);
/* `has`; 0: the test is skipped with a message for lack of `what`, or fails when CI=true. */
int test_needs(int has, const char *what);
/* The descriptor in a shared object; aborts the test when there is none. */
const struct rnf_plugin *test_plugin(const char *file);

/* A test, and how many rows its loop variable _i counts; 0: no loop. */
struct test_case {
	const TTest *test;
	int rows;
};
#define TEST_ROWS(table) ((int)(sizeof(table) / sizeof *(table)))
/* Run one suite with these cases, ended by a test NULL; the exit status of main. */
int test_run_cases(const char *name, const struct test_case *cases);
/* Run one suite with these cases, NULL-terminated; the exit status of main. */
int test_run(const char *name, const TTest *const *tests);

#endif
