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

#endif
