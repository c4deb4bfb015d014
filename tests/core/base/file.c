#include "lib/plugin.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/status.h"
#include "lib/program.h"

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

/* The target of a link is not written, and a FIFO does not block. */
START_TEST(a_draft_takes_the_place_of_a_link)
{
	set_up();
	const char *target = rnf_format("%s/target", root);
	for (int hard = 0; hard < 2; hard++) {
		test_shell("echo kept >%s && ln %s %s %s", target, hard ? "" : "-s", target,
			   temporary);
		ck_assert_int_eq(replace("first", RNF_OK), RNF_OK);
		holds("first");
		test_shell("grep -q kept %s && rm %s", target, target);
	}
	ck_assert_int_eq(mkfifo(temporary, 0666), 0);
	ck_assert_int_eq(replace("2nd", RNF_OK), RNF_OK);
	holds("2nd");
	tear_down();
}
END_TEST

static void cannot_be_made(const char *folder, const char *words)
{
	ck_assert_int_eq(rnf_folder_writable(folder), RNF_EIO);
	ck_assert_str_eq(rnf_fail_words(), words);
}

/* Before the work: nothing is made, and the part of the path that is to blame is named. */
START_TEST(a_folder_is_probed)
{
	set_up();
	test_shell("echo x >%s", path);
	ck_assert_int_eq(rnf_folder_writable(root), RNF_OK);
	ck_assert_int_eq(rnf_folder_writable(rnf_format("%s/new/below/", root)), RNF_OK);
	ck_assert_int_eq(rnf_folder_writable("new"), RNF_OK);
	ck_assert_int_eq(access("new", F_OK), -1);
	cannot_be_made(path, rnf_format("%s: Not a directory", path));
	cannot_be_made(rnf_format("%s/new", path), rnf_format("%s/new: Not a directory", path));
	if (geteuid() != 0) { /* root may write everywhere */
		ck_assert_int_eq(chmod(root, 0500), 0);
		cannot_be_made(rnf_format("%s/new", root), rnf_format("%s/: Permission denied", root));
		ck_assert_int_eq(chmod(root, 0700), 0);
	}
	tear_down(); /* nothing was made */
}
END_TEST

static void refused(const char *name, int flags, const char *words)
{
	int fd;
	ck_assert_int_eq(rnf_file_open(name, flags, &fd), RNF_EINVAL);
	ck_assert_str_eq(rnf_fail_words(), rnf_format("%s %s", name, words));
}

START_TEST(only_regular_files_are_opened)
{
	set_up();
	int fd;
	ck_assert_int_eq(mkfifo(path, 0666), 0);
	ck_assert_int_eq(symlink("/dev/null", temporary), 0);
	refused(path, O_RDONLY, "is not a regular file");
	refused(path, O_WRONLY, "is not a regular file");
	refused(path, O_RDWR, "is not a regular file");
	refused(temporary, O_RDONLY, "is not a regular file");
	refused(temporary, O_RDONLY | O_NOFOLLOW, "is a symbolic link, must be a regular file");
	refused(root, O_RDONLY, "is not a regular file");
	unlink(path);
	test_shell("rm %s && echo x >%s && ln -s a.bin %s", temporary, path, temporary);
	ck_assert_int_eq(rnf_file_open(temporary, O_RDONLY, &fd), RNF_OK); /* a user's link */
	close(fd);
	unlink(temporary);
	tear_down();
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		replaced_whole, failed_write_leaves_the_old_and_names_it,
		no_folder_is_named, a_draft_takes_the_place_of_a_link,
		only_regular_files_are_opened, a_folder_is_probed, NULL,
	};
	return test_run("base/file", tests);
}
