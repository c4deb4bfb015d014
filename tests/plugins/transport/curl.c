#include "lib/plugin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/status.h"

enum { SIZE = 200000 };

/* Of the bytes i % 251, i below SIZE; computed by md5sum and sha256sum. */
#define MD5 "415d6e662118c229c6ad3f950c24702a"
#define SHA256 "e24bc62381f1224fbbb74688663f8f9743b9680b193edd666835e97b06e730eb"

static char folder[] = "/tmp/rnframe-curl-XXXXXX";
static char source[64], target[64], url[80];
static uint8_t bytes[SIZE];
static int64_t last_done, last_total, first_done;

static void save(const char *path, const uint8_t *from, size_t n)
{
	FILE *file = fopen(path, "wb");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(from, 1, n, file), n);
	fclose(file);
}

static void make_folder(void)
{
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(source, sizeof source, "%s/source", folder);
	snprintf(target, sizeof target, "%s/target", folder);
	snprintf(url, sizeof url, "file://%s", source);
	for (int i = 0; i < SIZE; i++)
		bytes[i] = (uint8_t)(i % 251);
	save(source, bytes, SIZE);
	last_done = last_total = first_done = -1;
}

static void remove_folder(void)
{
	remove(source);
	remove(target);
	remove(folder);
}

static void on_progress(int64_t done, int64_t total)
{
	if (first_done < 0) first_done = done;
	last_done = done;
	last_total = total;
}

static rnf_status fetch(int64_t size, const char *algorithm, const char *digest)
{
	const struct rnf_transport_impl *impl = test_feature("transport", "curl")->impl;
	const struct rnf_download what = { url, "target", size, algorithm, digest };
	return impl->fetch(&rnf_host, &what, target, on_progress);
}

static void target_is_whole(void)
{
	static uint8_t got[SIZE + 1];
	FILE *file = fopen(target, "rb");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fread(got, 1, sizeof got, file), SIZE);
	fclose(file);
	ck_assert_mem_eq(got, bytes, SIZE);
}

static void words_hold(const char *words)
{
	ck_assert_msg(strstr(rnf_fail_words(), words) != NULL, "%s", rnf_fail_words());
}

START_TEST(whole_file)
{
	make_folder();
	ck_assert_msg(fetch(SIZE, "md5", MD5) == RNF_OK, "%s", rnf_fail_words());
	target_is_whole();
	ck_assert_int_eq(last_done, SIZE);
	ck_assert_int_eq(last_total, SIZE);
	ck_assert_int_eq(remove(source), 0); /* complete: nothing is fetched again */
	ck_assert_int_eq(fetch(SIZE, "sha256", SHA256), RNF_OK);
	remove_folder();
}
END_TEST

START_TEST(goes_on_after_half)
{
	make_folder();
	save(target, bytes, SIZE / 2);
	memset(bytes, 0, SIZE / 2); /* the first half must not be asked for again */
	save(source, bytes, SIZE);
	for (int i = 0; i < SIZE / 2; i++)
		bytes[i] = (uint8_t)(i % 251);
	ck_assert_msg(fetch(SIZE, "sha256", SHA256) == RNF_OK, "%s", rnf_fail_words());
	target_is_whole();
	ck_assert_int_ge(first_done, SIZE / 2);
	ck_assert_int_eq(last_total, SIZE);
	remove_folder();
}
END_TEST

START_TEST(starts_over_when_too_long)
{
	make_folder();
	uint8_t *longer = calloc(1, SIZE + 9);
	save(target, longer, SIZE + 9);
	ck_assert_msg(fetch(SIZE, "md5", MD5) == RNF_OK, "%s", rnf_fail_words());
	target_is_whole();
	save(target, longer, SIZE + 9); /* the size is not published */
	ck_assert_msg(fetch(0, "md5", MD5) == RNF_OK, "%s", rnf_fail_words());
	target_is_whole();
	free(longer);
	remove_folder();
}
END_TEST

START_TEST(wrong_digest_names_both_and_removes)
{
	static const char wrong[] = "00000000000000000000000000000000";
	make_folder();
	ck_assert_int_eq(fetch(SIZE, "md5", wrong), RNF_EIO);
	words_hold(MD5);
	words_hold(wrong);
	words_hold("removed");
	ck_assert_int_ne(access(target, F_OK), 0);
	remove_folder();
}
END_TEST

START_TEST(cut_file_is_kept)
{
	make_folder();
	save(source, bytes, 1000);
	ck_assert_int_eq(fetch(SIZE, "md5", MD5), RNF_EIO);
	words_hold("1000 of 200000 bytes; it was kept");
	save(source, bytes, SIZE);
	ck_assert_int_eq(fetch(SIZE, "md5", MD5), RNF_OK);
	target_is_whole();
	remove_folder();
}
END_TEST

START_TEST(refusals)
{
	make_folder();
	ck_assert_int_eq(fetch(SIZE, "crc32", "0"), RNF_EUNSUP);
	words_hold("crc32");
	remove(source);
	ck_assert_int_eq(fetch(SIZE, "md5", MD5), RNF_EIO);
	words_hold(url);
	ck_assert_int_ne(access(target, F_OK), 0); /* nothing came, nothing stays */
	snprintf(url, sizeof url, "ftp://localhost/x");
	ck_assert_int_eq(fetch(SIZE, "md5", MD5), RNF_EUNSUP);
	words_hold("only http, https and file");
	remove_folder();
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		whole_file, goes_on_after_half, starts_over_when_too_long,
		wrong_digest_names_both_and_removes, cut_file_is_kept, refusals, NULL,
	};
	return test_run("transport/curl", tests);
}
