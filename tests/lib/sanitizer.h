/* How a test program is built: some tests are impossible under a sanitizer. */
#ifndef RNF_TESTS_SANITIZER_H
#define RNF_TESTS_SANITIZER_H

#ifndef __has_feature /* clang's way to ask */
#define __has_feature(x) 0
#endif

enum {
#if defined __SANITIZE_THREAD__ || __has_feature(thread_sanitizer)
	TEST_TSAN = 1,
#else
	TEST_TSAN = 0,
#endif
#if defined __SANITIZE_ADDRESS__ || __has_feature(address_sanitizer)
	TEST_ASAN = 1,
#else
	TEST_ASAN = 0,
#endif
};

/* ThreadSanitizer makes arithmetic a hundred times slower and has nothing to say of it: of cases
 * that compare numbers it gets the first few. */
static inline int test_few(int cases, int few)
{
	return TEST_TSAN && cases > few ? few : cases;
}

#endif
