/* What every decoder must keep: it takes its own files only, writes the image and nothing
 * else, gives the same pixels twice, and survives a file that is cut anywhere. */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/status.h"
#include "lib/built.h"

enum { GUARD = 64, MARK = 0xa5, FILE_MAX = 1 << 20 };

static int files_seen;

static uint8_t *guarded(size_t n)
{
	uint8_t *at = malloc(n + GUARD);
	memset(at, MARK, n + GUARD);
	return at;
}

static void check_guard(const uint8_t *at, size_t n, const char *path)
{
	for (int i = 0; i < GUARD; i++)
		ck_assert_msg(at[n + (size_t)i] == MARK, "%s: written behind the image", path);
}

/* The status; the pixels are in *rgb, if there are any. */
static rnf_status decode(const struct rnf_decoder_impl *impl, const uint8_t *bytes, size_t n,
			 const char *path, uint8_t **rgb, size_t *size)
{
	struct rnf_picture_look look = { .orientation = 1 };
	uint8_t *own = malloc(n + !n); /* a read behind it is seen by the sanitizers */
	memcpy(own, bytes, n);
	rnf_fail_forget();
	*rgb = NULL;
	rnf_status status = impl->look(&rnf_host, own, n, &look);
	if (status >= 0) {
		*size = (size_t)(look.h * look.w) * 3;
		*rgb = guarded(*size);
		status = impl->decode(&rnf_host, own, n, &look, *rgb);
		check_guard(*rgb, *size, path);
	}
	ck_assert_msg(status <= 0 && (status == 0 || rnf_fail_has_words()), "%s: no words", path);
	free(own);
	return status;
}

static void check_file(const struct rnf_decoder_impl *impl, const char *path)
{
	uint8_t *bytes, *first, *again;
	size_t n, size = 0, same = 0;
	ck_assert_int_eq(rnf_file_bytes(path, 0, FILE_MAX, &bytes, &n), RNF_OK);
	ck_assert_msg(impl->probe(bytes, n) == 1, "%s: is not taken", path);
	ck_assert_msg(decode(impl, bytes, n, path, &first, &size) == RNF_OK, "%s: %s", path,
		      rnf_fail_words());
	ck_assert_int_eq(decode(impl, bytes, n, path, &again, &same), RNF_OK);
	ck_assert_msg(size == same && !memcmp(first, again, size), "%s: other pixels", path);
	free(again);
	for (size_t cut = 0; cut < n; cut += 1 + n / 40) {
		decode(impl, bytes, cut, path, &again, &same);
		free(again);
	}
	free(first);
	free(bytes);
	files_seen++;
}

static int ends_in(const struct rnf_decoder_impl *impl, const char *path)
{
	for (const char *const *end = impl->endings; *end; end++)
		if (rnf_file_ends(path, *end)) return 1;
	return 0;
}

static void check_decoder(const struct test_built *f)
{
	const struct rnf_decoder_impl *impl = f->plugin->features[0].impl;
	static const uint8_t zeros[64];
	glob_t files;
	for (size_t n = 0; n <= sizeof zeros; n++)
		ck_assert_msg(impl->probe(zeros, n) == 0, "%s: takes zeros", f->name);
	for (const char *const *end = impl->endings; *end; end++)
		for (const char *c = *end; *c; c++)
			ck_assert_msg(*c < 'A' || *c > 'Z', "%s: %s has capitals", f->name, *end);
	files_seen = 0;
	ck_assert_int_eq(glob("tests/golden/images/*", 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++)
		if (ends_in(impl, files.gl_pathv[i])) check_file(impl, files.gl_pathv[i]);
	globfree(&files);
	ck_assert_msg(files_seen > 0, "%s: tests/golden/images has no file of it", f->name);
}

START_TEST(decoders_keep_to_the_image)
{
	test_each("decoder", check_decoder);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { decoders_keep_to_the_image, NULL };
	return test_run("decoders", tests);
}
