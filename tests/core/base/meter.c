/* What long work says: nothing in the first second, then how far it is. */
#include "base/meter.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "lib/plugin.h"
#include "lib/program.h"

static char text[512];

/* What stderr gets of `work` when it is no terminal. */
static const char *said(void (*work)(void))
{
	const char *path = rnf_format("%s/words", test_folder("meter"));
	const int before = dup(2), fd = open(path, O_RDWR | O_CREAT, 0600);
	ck_assert(fd >= 0 && dup2(fd, 2) == 2);
	work();
	fflush(stderr);
	dup2(before, 2);
	const ssize_t n = pread(fd, text, sizeof text - 1, 0);
	ck_assert_int_ge(n, 0);
	text[n] = 0;
	close(fd);
	close(before);
	return text;
}

static void quick(void)
{
	struct rnf_meter m;
	rnf_meter_begin(&m, "work", 100);
	for (int i = 0; i < 100; i++)
		rnf_meter_tell(&m, i);
	rnf_meter_end(&m, 100);
}

/* As if it had begun two seconds ago. */
static void slow(void)
{
	struct rnf_meter m;
	rnf_meter_begin(&m, "work", 100);
	m.start -= 2;
	m.next -= 2;
	for (int i = 25; i < 100; i++)
		rnf_meter_tell(&m, i);
	rnf_meter_end(&m, 100);
}

START_TEST(quick_work_says_nothing)
{
	ck_assert_str_eq(said(quick), "");
}
END_TEST

START_TEST(slow_work_tells_how_far_it_is)
{
	const char *words = said(slow);
	ck_assert_msg(!strncmp(words, "work: 25 of 100, 12 a second, 0:06 left\n"
			       "work: 100 in 0:02, ", 58), "%s", words);
}
END_TEST

START_TEST(times)
{
	char time[32];
	ck_assert_str_eq(rnf_meter_time(time, 62.4), "1:02");
	ck_assert_str_eq(rnf_meter_time(time, 7384), "2:03:04");
	ck_assert_str_eq(rnf_meter_time(time, NAN), "?");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { quick_work_says_nothing, slow_work_tells_how_far_it_is, times,
				       NULL };
	return test_run("base/meter", tests);
}
