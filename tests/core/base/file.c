#include "lib/plugin.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/status.h"

static char root[32];
static const char *path, *temporary;

static void set_up(void)
{
	strcpy(root, "/tmp/rnf_file_XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(root));
	path = rnf_format("%s/a.bin", root);
	temporary = rnf_format("%s.tmp", path);
}

static void tear_down(void)
{
	unlink(path);
	ck_assert_int_eq(rmdir(root), 0); /* nothing else was left */
}

/* Writes `words` to a new a.bin and says that this ended as `written`. */
static rnf_status replace(const char *words, rnf_status written)
{
	int fd = -1;
	ck_assert_int_eq(rnf_file_begin(path, 0, &fd), RNF_OK);
	ck_assert_int_eq(access(temporary, F_OK), 0);
	ck_assert_int_eq(write(fd, words, strlen(words)), strlen(words));
	return rnf_file_commit(path, fd, written);
}

static void holds(const char *words)
{
	char got[64] = "";
	FILE *file = fopen(path, "rb");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fread(got, 1, sizeof got - 1, file), strlen(words));
	fclose(file);
	ck_assert_str_eq(got, words);
}

START_TEST(replaced_whole)
{
	set_up();
	ck_assert_int_eq(replace("first", RNF_OK), RNF_OK);
	holds("first");
	ck_assert_int_eq(replace("2nd", RNF_OK), RNF_OK);
	holds("2nd");
	tear_down();
}
END_TEST

START_TEST(failed_write_leaves_the_old_and_names_it)
{
	set_up();
	ck_assert_int_eq(replace("first", RNF_OK), RNF_OK);
	const rnf_status status = rnf_fail(RNF_EIO, "cannot write: %s", strerror(ENOSPC));
	ck_assert_int_eq(replace("2nd", status), RNF_EIO);
	ck_assert_str_eq(rnf_fail_words(), rnf_format("%s: cannot write: %s", path,
						      strerror(ENOSPC)));
	holds("first");
	tear_down();
}
END_TEST

START_TEST(no_folder_is_named)
{
	int fd = -1;
	ck_assert_int_eq(rnf_file_begin("/tmp/rnf_file_absent/a.bin", 0, &fd), RNF_EIO);
	ck_assert_ptr_nonnull(strstr(rnf_fail_words(), "/tmp/rnf_file_absent/a.bin"));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		replaced_whole, failed_write_leaves_the_old_and_names_it,
		no_folder_is_named, NULL,
	};
	return test_run("base/file", tests);
}
