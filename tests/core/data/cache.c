/* Files that the next run finds: one process makes one, the oldest go first. */
#include "data/cache.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/signal.h"
#include "base/status.h"
#include "lib/plugin.h"
#include "lib/program.h"

enum { SIZE = 100000 };

static struct rnf_cache made(const char *dir, const char *name, double most)
{
	struct rnf_cache c;
	rnf_cache_begin(&c, dir, name);
	ck_assert_int_eq(rnf_cache_find(&c), RNF_ENOENT);
	ck_assert_msg(rnf_cache_lock(&c) == RNF_OK, "%s", rnf_fail_words());
	ck_assert_msg(rnf_cache_make(&c, SIZE, most) == RNF_OK, "%s", rnf_fail_words());
	ck_assert_uint_eq(c.bytes, SIZE);
	for (int i = 0; i < SIZE; i++) {
		ck_assert_int_eq(c.data[i], 0);
		c.data[i] = (uint8_t)(i * 7);
	}
	return c;
}

static void keep(struct rnf_cache *c)
{
	ck_assert_msg(rnf_cache_keep(c) == RNF_OK, "%s", rnf_fail_words());
}

static int is_there(const char *dir, const char *name)
{
	return access(rnf_format("%s/%s", dir, name), F_OK) == 0;
}

START_TEST(what_is_kept_is_found)
{
	const char *dir = rnf_format("%s/new/folder", test_folder("cache"));
	struct rnf_cache c = made(dir, "a", 0), other;
	ck_assert(is_there(dir, "a.images.tmp") && !is_there(dir, "a.images"));
	keep(&c);
	ck_assert(is_there(dir, "a.images") && !is_there(dir, "a.images.tmp"));
	rnf_cache_begin(&other, dir, "a");
	ck_assert_int_eq(rnf_cache_find(&other), RNF_OK);
	ck_assert_uint_eq(other.bytes, SIZE);
	ck_assert_mem_eq(other.data, c.data, SIZE);
	rnf_cache_forget(&other);
	ck_assert(!is_there(dir, "a.images"));
	ck_assert_int_eq(c.data[1], 7); /* still mapped */
}
END_TEST

START_TEST(what_is_dropped_leaves_nothing)
{
	const char *dir = test_folder("cache");
	struct rnf_cache c = made(dir, "a", 0);
	rnf_cache_drop(&c);
	test_shell("test -z \"$(ls -A %s)\"", dir);
}
END_TEST

/* A link may lead to any file of the user. */
START_TEST(links_are_not_followed)
{
	const char *dir = test_folder("cache");
	struct rnf_cache c;
	test_shell("cd %s && echo mine >mine && ln -s mine a.images && ln -s mine a.images.tmp", dir);
	rnf_cache_begin(&c, dir, "a");
	ck_assert_int_eq(rnf_cache_find(&c), RNF_ENOENT);
	ck_assert_int_lt(rnf_cache_lock(&c), 0);
	ck_assert_ptr_nonnull(strstr(rnf_fail_words(), "a.images.tmp is a symbolic link"));
	test_shell("grep -q mine %s/mine", dir);
	test_shell("rm %s/*.images* && mkdir %s/a.images", dir, dir);
	ck_assert_int_eq(rnf_cache_find(&c), RNF_ENOENT);
}
END_TEST

static void set_age(const char *dir, const char *name, int seconds)
{
	test_shell("touch -d '%d seconds ago' %s/%s.images", seconds, dir, name);
}

/* The files of other processes, which have ended. */
static void make_old(const char *dir, const char *name, int age)
{
	const pid_t pid = fork();
	int status;
	if (pid == 0) {
		struct rnf_cache c = made(dir, name, 0);
		_exit(rnf_cache_keep(&c) < 0);
	}
	ck_assert(waitpid(pid, &status, 0) == pid && status == 0);
	set_age(dir, name, age);
}

START_TEST(those_used_last_are_kept)
{
	const char *dir = test_folder("cache");
	struct rnf_cache used;
	make_old(dir, "a", 300);
	make_old(dir, "b", 900);
	make_old(dir, "c", 600);
	make_old(dir, "d", 3000);
	rnf_cache_begin(&used, dir, "d");
	ck_assert_int_eq(rnf_cache_find(&used), RNF_OK);
	set_age(dir, "d", 3000); /* but in use */
	test_shell("cd %s && : >left.images.tmp && : >other.file", dir);
	struct rnf_cache c = made(dir, "e", 3.5 * SIZE);
	keep(&c);
	ck_assert(!is_there(dir, "b.images") && !is_there(dir, "c.images"));
	ck_assert(is_there(dir, "a.images") && is_there(dir, "d.images") && is_there(dir, "e.images"));
	ck_assert(!is_there(dir, "left.images.tmp") && is_there(dir, "other.file"));
	rnf_cache_begin(&c, dir, "f");
	ck_assert_int_eq(rnf_cache_lock(&c), RNF_OK);
	ck_assert_int_eq(rnf_cache_make(&c, 2 * SIZE, 2.9 * SIZE), RNF_EINVAL); /* d and e stay */
	ck_assert_ptr_nonnull(strstr(rnf_fail_words(), "may take 0.0 GB, of which other runs use some"));
	rnf_cache_drop(&c);
	ck_assert_int_eq(rnf_cache_lock(&c), RNF_OK);
	ck_assert_int_eq(rnf_cache_make(&c, (size_t)1 << 60, 1e20), RNF_EIO);
	rnf_cache_drop(&c);
}
END_TEST

/* One makes it slowly; the other waits, and finds it. */
START_TEST(two_at_once_make_one)
{
	const char *dir = test_folder("cache");
	struct rnf_cache c = made(dir, "a", 0), other;
	const pid_t pid = fork();
	int status;
	if (pid == 0) { /* flock() is the open file's: this closes no lock */
		rnf_cache_begin(&other, dir, "a");
		if (rnf_cache_lock(&other) < 0) _exit(1);
		_exit(rnf_cache_find(&other) < 0 || other.data[1] != 7 ? 2 : 0);
	}
	usleep(200000);
	ck_assert_int_eq(waitpid(pid, &status, WNOHANG), 0);
	keep(&c);
	ck_assert(waitpid(pid, &status, 0) == pid);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", status);
}
END_TEST

START_TEST(the_one_that_waits_can_be_stopped)
{
	const char *dir = test_folder("cache");
	struct rnf_cache c = made(dir, "a", 0), other;
	rnf_signals_catch();
	raise(SIGTERM);
	rnf_cache_begin(&other, dir, "a");
	ck_assert_int_eq(rnf_cache_lock(&other), RNF_ESTOPPED);
	ck_assert_str_eq(rnf_fail_words(), "stopped by SIGTERM while it waited for another process: "
			 "nothing was saved");
	ck_assert_int_eq(rnf_cache_keep(&c), RNF_ESTOPPED);
	rnf_cache_drop(&c);
	test_shell("test -z \"$(ls -A %s)\"", dir);
}
END_TEST

START_TEST(folders_that_cannot_be)
{
	struct rnf_cache c;
	rnf_cache_begin(&c, "/dev/null/a", "a");
	ck_assert_int_eq(rnf_cache_find(&c), RNF_ENOENT);
	ck_assert_int_eq(rnf_cache_lock(&c), RNF_EIO);
	ck_assert_ptr_nonnull(strstr(rnf_fail_words(), "/dev/null"));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		what_is_kept_is_found, what_is_dropped_leaves_nothing, links_are_not_followed,
		those_used_last_are_kept, two_at_once_make_one, the_one_that_waits_can_be_stopped,
		folders_that_cannot_be, NULL };
	return test_run("data/cache", tests);
}
