#include "lib/plugin.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/lock.h"
#include "base/status.h"
#include "lib/program.h"

static int without_flock; /* as on some network file systems */

int flock(int fd, int operation)
{
	if (!without_flock) return (int)syscall(SYS_flock, fd, operation);
	errno = ENOLCK;
	return -1;
}

/* A process that holds the lock until it is killed. */
static pid_t hold(const char *dir)
{
	int ready[2];
	char byte;
	ck_assert_int_eq(pipe(ready), 0);
	const pid_t pid = fork();
	if (pid == 0) {
		struct rnf_lock lock;
		if (rnf_lock_take(&lock, dir) < 0 || write(ready[1], "", 1) != 1) _exit(1);
		for (;;) pause();
	}
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static void refused(const char *dir, const char *words)
{
	struct rnf_lock lock = { 0 };
	ck_assert_int_eq(rnf_lock_take(&lock, dir), RNF_EINVAL);
	ck_assert_msg(strstr(rnf_fail_words(), words) != NULL, "%s", rnf_fail_words());
	ck_assert_ptr_null(lock.path);
}

START_TEST(one_process_at_a_time)
{
	const char *dir = test_folder("lock");
	struct rnf_lock lock;
	char words[64], path[600];
	const pid_t pid = hold(dir);
	snprintf(words, sizeof words, "in use by process %ld on ", (long)pid);
	refused(dir, words);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	ck_assert_int_eq(rnf_lock_take(&lock, dir), RNF_OK);
	rnf_lock_release(&lock);
	rnf_lock_release(&lock); /* a second time does nothing */
	snprintf(path, sizeof path, "%s/lock", dir);
	ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

/* The process id in the file has to do; to ask for that process does it no harm. */
START_TEST(a_file_system_without_flock)
{
	const char *dir = test_folder("lock_no_flock");
	struct rnf_lock lock;
	char words[64];
	int status;
	without_flock = 1;
	const pid_t pid = hold(dir);
	snprintf(words, sizeof words, "is held by process %ld on the host ", (long)pid);
	refused(dir, words);
	usleep(10000);
	ck_assert_int_eq(waitpid(pid, NULL, WNOHANG), 0);
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(WTERMSIG(status), SIGKILL);
	ck_assert_int_eq(rnf_lock_take(&lock, dir), RNF_OK);
	rnf_lock_release(&lock);
}
END_TEST

START_TEST(words_of_others)
{
	const char *dir = test_folder("lock_words");
	struct rnf_lock lock;
	test_shell("echo 'host elsewhere pid 7 boot x' >%s/lock", dir);
	refused(dir, "is held by process 7 on the host elsewhere");
	test_shell("echo 'host' >%s/lock", dir); /* its writer was cut off */
	ck_assert_int_eq(rnf_lock_take(&lock, dir), RNF_OK);
	rnf_lock_release(&lock);
	test_shell("head -c 40 /dev/zero >%s/lock", dir); /* a power cut */
	ck_assert_int_eq(rnf_lock_take(&lock, dir), RNF_OK);
	rnf_lock_release(&lock);
	test_shell("ln -s /etc/passwd %s/lock", dir);
	refused(dir, "lock is a symbolic link");
	test_shell("rm %s/lock && mkfifo %s/lock", dir, dir);
	refused(dir, "lock is not a regular file");
	ck_assert_int_eq(rnf_lock_take(&lock, "/nowhere"), RNF_EIO);
}
END_TEST

/* A container has another host name and other process ids; the kernel is the same. */
START_TEST(of_a_container_that_is_gone)
{
	const char *dir = test_folder("lock_container");
	struct rnf_lock lock;
	char path[600];
	snprintf(path, sizeof path, "%s/lock", dir);
	test_shell("echo host pod-a pid 1 boot $(cat /proc/sys/kernel/random/boot_id) >%s", path);
	const int fd = open(path, O_RDWR);
	ck_assert_int_eq(flock(fd, LOCK_EX | LOCK_NB), 0); /* pod-a still has it */
	refused(dir, "is in use by process 1 on pod-a");
	close(fd);
	ck_assert_int_eq(rnf_lock_take(&lock, dir), RNF_OK);
	rnf_lock_release(&lock);
	test_shell("echo host pod-a pid 1 boot 01234567-89ab-cdef >%s", path); /* elsewhere */
	refused(dir, "is held by process 1 on the host pod-a");
}
END_TEST

START_TEST(a_file_of_another_is_left_alone)
{
	const char *dir = test_folder("lock_other");
	test_shell("echo 'key of the door' >%s/lock; cp %s/lock %s/before", dir, dir, dir);
	refused(dir, "/lock is not the lock of a run: move this file");
	test_shell("cmp %s/lock %s/before", dir, dir);
}
END_TEST

START_TEST(does_the_holder_live)
{
	const char *dir = test_folder("lock_alive");
	ck_assert(!rnf_lock_alive(dir));
	const pid_t pid = hold(dir);
	ck_assert(rnf_lock_alive(dir));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	ck_assert(!rnf_lock_alive(dir)); /* its words are still there */
	test_shell("echo 'host elsewhere pid 7 boot x' >%s/lock", dir);
	ck_assert(rnf_lock_alive(dir)); /* as far as we can know */
	test_shell("echo 'key of the door' >%s/lock", dir);
	ck_assert(!rnf_lock_alive(dir));
	test_shell("rm %s/lock && mkfifo %s/lock", dir, dir);
	ck_assert(!rnf_lock_alive(dir));
}
END_TEST

START_TEST(several_of_other_names)
{
	const char *dir = test_folder("lock_names");
	struct rnf_lock a, b, c = { 0 };
	ck_assert_int_eq(rnf_lock_take(&a, dir), RNF_OK);
	ck_assert_int_eq(rnf_lock_take_as(&b, dir, "study.lock"), RNF_OK);
	ck_assert_int_eq(rnf_lock_take_as(&c, dir, "study.lock"), RNF_EINVAL);
	rnf_lock_release(&b);
	ck_assert_int_eq(rnf_lock_take_as(&c, dir, "study.lock"), RNF_OK);
	rnf_lock_release(&c);
	ck_assert(rnf_lock_alive(dir));
	rnf_lock_release(&a);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		one_process_at_a_time, a_file_system_without_flock, words_of_others,
		of_a_container_that_is_gone, a_file_of_another_is_left_alone,
		does_the_holder_live, several_of_other_names, NULL,
	};
	return test_run("base/lock", tests);
}
