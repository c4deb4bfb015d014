/* The examples of FIPS 180-2, and lengths around the ends of blocks. */
#include "base/sha256.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "lib/plugin.h"
#include "lib/program.h"

static const struct { const char *text, *words; } examples[] = {
	{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
	{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
};

START_TEST(known_digests)
{
	char words[RNF_SHA256_WORDS];
	rnf_sha256(examples[_i].text, strlen(examples[_i].text), words);
	ck_assert_str_eq(words, examples[_i].words);
}
END_TEST

static const size_t lengths[] = { 1, 55, 56, 63, 64, 65, 119, 120, 128, 1000000 };

START_TEST(as_sha256sum)
{
	const char *dir = test_folder("sha256"), *path = rnf_format("%s/file", dir);
	const size_t n = lengths[_i];
	uint8_t *bytes = rnf_alloc(n);
	char words[RNF_SHA256_WORDS], said[256];
	for (size_t i = 0; i < n; i++)
		bytes[i] = (uint8_t)(i * 31 + i / 256);
	FILE *f = fopen(path, "wb");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(bytes, 1, n, f), n);
	fclose(f);
	rnf_sha256(bytes, n, words);
	ck_assert_int_eq(test_command(said, sizeof said, "sha256sum <%s", path), 0);
	ck_assert_mem_eq(said, words, RNF_SHA256_WORDS - 1);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ known_digests, TEST_ROWS(examples) }, { as_sha256sum, TEST_ROWS(lengths) }, { NULL, 0 },
	};
	return test_run_cases("base/sha256", cases);
}
