/* Mapped files: their contents, and what happens when one is truncated in use. */
#include "data/map.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/status.h"
#include "lib/plugin.h"
#include "lib/program.h"

enum { SIZE = 100000 };

static char path[] = "/tmp/rnf_map_XXXXXX";

static void make(size_t size)
{
	static const char bytes[SIZE] = { 1, 2, 3 };
	strcpy(path, "/tmp/rnf_map_XXXXXX");
	const int fd = mkstemp(path);
	ck_assert_int_eq(write(fd, bytes, size), (ssize_t)size);
	close(fd);
}

START_TEST(bytes_and_size)
{
	struct rnf_blob blob = { .name = "a" };
	make(SIZE);
	ck_assert_int_eq(rnf_map_file(path, &blob), RNF_OK);
	ck_assert_uint_eq(blob.size, SIZE);
	ck_assert_mem_eq(blob.data, "\1\2\3", 4);
	unlink(path);
	make(0);
	ck_assert_int_eq(rnf_map_file(path, &blob), RNF_OK);
	ck_assert(blob.data && blob.size == 0);
	unlink(path);
	ck_assert_int_eq(rnf_map_file(path, &blob), RNF_EINVAL);
	ck_assert_ptr_nonnull(strstr(rnf_fail_words(), path));
}
END_TEST

/* Pages of files that are in this process's memory. */
static long file_pages(void)
{
	long all, resident, of_files = 0;
	FILE *file = fopen("/proc/self/statm", "r");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fscanf(file, "%ld %ld %ld", &all, &resident, &of_files), 3);
	fclose(file);
	return of_files;
}

START_TEST(pages_are_let_go_and_come_again)
{
	enum { PAGES = 2048 }; /* more than the kernel counts late */
	const long size = PAGES * sysconf(_SC_PAGESIZE);
	struct rnf_blob blob = { .name = "a" };
	int sum = 0;
	make(SIZE);
	ck_assert_int_eq(truncate(path, size), 0);
	ck_assert_int_eq(rnf_map_file(path, &blob), RNF_OK);
	const volatile uint8_t *bytes = blob.data;
	for (long i = 0; i < size; i++)
		sum += bytes[i];
	const long before = file_pages();
	rnf_map_let_go();
	ck_assert_int_le(file_pages(), before - PAGES / 2);
	ck_assert_int_eq(sum, 1 + 2 + 3);
	ck_assert_mem_eq(blob.data, "\1\2\3", 4);
	unlink(path);
}
END_TEST

/* In a child, whose message goes to `words`: the file is truncated, then read. */
static void read_cut_file(const char *words)
{
	struct rnf_blob blob = { .name = "a" };
	const int fd = open(words, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (rnf_map_file(path, &blob) < 0 || dup2(fd, 2) != 2) _exit(99);
	if (truncate(path, 10) != 0) _exit(98);
	_exit(((const volatile uint8_t *)blob.data)[SIZE - 1] + 97);
}

START_TEST(a_file_cut_under_way_is_named)
{
	char words[64], text[512] = "";
	int status;
	make(SIZE);
	snprintf(words, sizeof words, "%s.words", path);
	const pid_t pid = fork();
	if (pid == 0) read_cut_file(words);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 3, "status %x", status);
	FILE *file = fopen(words, "r");
	ck_assert_uint_gt(fread(text, 1, sizeof text - 1, file), 0);
	fclose(file);
	ck_assert_msg(strstr(text, path) && strstr(text, "the file was cut"), "%s", text);
	unlink(words);
	unlink(path);
}
END_TEST

START_TEST(a_new_file_is_written_through)
{
	uint8_t *data;
	struct rnf_blob blob;
	make(0);
	const int fd = open(path, O_RDWR);
	ck_assert_msg(rnf_map_new(path, fd, SIZE, &data) == RNF_OK, "%s", rnf_fail_words());
	for (int i = 0; i < SIZE; i++) {
		ck_assert_int_eq(data[i], 0);
		data[i] = (uint8_t)(i * 7);
	}
	rnf_map_let_go();
	ck_assert_msg(rnf_map_open(path, fd, &blob) == RNF_OK, "%s", rnf_fail_words());
	ck_assert_uint_eq(blob.size, SIZE);
	for (int i = 0; i < SIZE; i++)
		ck_assert(data[i] == (uint8_t)(i * 7) && blob.data[i] == data[i]);
	ck_assert_int_eq(rnf_map_new(path, fd, (size_t)1 << 60, &data), RNF_EIO);
	ck_assert_ptr_nonnull(strstr(rnf_fail_words(), path));
	close(fd);
	unlink(path);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { bytes_and_size, pages_are_let_go_and_come_again,
				       a_file_cut_under_way_is_named, a_new_file_is_written_through,
				       NULL };
	return test_run("data/map", tests);
}
