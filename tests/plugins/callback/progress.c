#define _GNU_SOURCE /* posix_openpt, syscall */
#include "lib/plugin.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"

static int lines;
static char last[512];

static void log_line(enum rnf_level level, const char *format, ...)
{
	(void)level;
	va_list args;
	va_start(args, format);
	vsnprintf(last, sizeof last, format, args);
	va_end(args);
	lines++;
}

static const struct rnf_host host = {
	.size = sizeof host, .log = log_line, .alloc = rnf_alloc };

static double stopped_at; /* seconds; 0: the clock goes */

/* Of the plugin too: symbols of the program come first. */
__attribute__((visibility("default"))) int clock_gettime(clockid_t id, struct timespec *t)
{
	if (stopped_at == 0) return (int)syscall(SYS_clock_gettime, id, t);
	*t = (struct timespec){ .tv_sec = (time_t)stopped_at };
	return 0;
}

enum { EPOCHS = 3 }; /* one without validation, one without a validation loss */

/* Stderr into a pipe: a line an epoch, nothing for the steps between. */
START_TEST(piped)
{
	int ends[2];
	ck_assert_int_eq(pipe(ends), 0);
	dup2(ends[1], STDERR_FILENO);
	const struct rnf_callback_impl *impl = test_feature("callback", "progress")->impl;
	struct rnf_epoch history[EPOCHS] = {
		{ .epoch = 1, .train_loss = 1.5, .train_accuracy = 0.25,
		  .val_loss = NAN, .val_accuracy = NAN },
		{ .epoch = 2, .train_loss = 1.25, .train_accuracy = 0.5,
		  .val_loss = 1.75, .val_accuracy = 0.375, .images_per_s = 1234 },
		{ .epoch = 3, .train_loss = 1e9, .train_accuracy = 0.5, .val_loss = NAN,
		  .val_accuracy = 0.25, .images_per_s = 1234 } };
	static const char *const ends_in[EPOCHS] = {
		"epoch 1/3  loss 1.5000  acc 25.00%  0 images/s",
		"epoch 2/3  loss 1.2500  acc 50.00%  val_loss 1.7500  val_acc 37.50%  1234 images/s",
		("epoch 3/3  loss 1000000000.0000  acc 50.00%  val_loss nan  val_acc 25.00%  "
		 "1234 images/s") };
	struct rnf_run run = { .size = sizeof run, .name = "net", .epochs = EPOCHS,
		.steps = 100 * EPOCHS, .steps_per_epoch = 100, .history = history };
	void *self;
	ck_assert_int_eq(impl->open(&host, NULL, &self), RNF_OK);
	impl->on(self, RNF_EVENT_BEGIN, &run);
	for (int e = 0; e < EPOCHS; e++) {
		run.epoch = e + 1;
		for (int i = 0; i < 100; i++) {
			run.step++;
			impl->on(self, RNF_EVENT_STEP, &run);
		}
		run.n_history = e + 1;
		impl->on(self, RNF_EVENT_EPOCH, &run);
		ck_assert_int_eq(lines, e + 1);
		ck_assert_str_eq(last, ends_in[e]);
	}
	impl->on(self, RNF_EVENT_END, &run);
	impl->close(self);
	ck_assert_int_eq(lines, EPOCHS);
}
END_TEST

/* Steps of so many seconds bring so many lines, one a minute; how the last one shows
 * where the epoch is, and the time left of 300 steps. */
static const struct {
	double seconds;
	int steps;
	int64_t per_epoch;
	int lines;
	const char *bar, *left;
} minutes[] = {
	{ 59, 1, 100, 0, "", "" },
	{ 60, 3, 100, 3, "[--------------------]", "-" }, /* too few steps to tell */
	{ 2, 30, 100, 1, "[######--------------]", "9:00" },
	{ 12, 5, 100, 1, "[#-------------------]", "59:00" },
	{ 100, 4, 4, 4, "[####################]", "8h13" },
	{ 583, 4, 100, 4, "[--------------------]", "47h56" },
	{ 584, 4, 100, 4, "[--------------------]", "2d00h" },
	{ 1e7, 4, 100, 4, "[--------------------]", "-" }, /* a century is none */
	{ 60, 1, 0, 1, "[####################]", "-" },
};

START_TEST(a_line_a_minute)
{
	const struct rnf_callback_impl *impl = test_feature("callback", "progress")->impl;
	struct rnf_run run = { .size = sizeof run, .name = "net", .epochs = EPOCHS, .epoch = 1,
		.steps = 300, .steps_per_epoch = minutes[_i].per_epoch, .loss = 1.23456,
		.accuracy = 0.565, .images_per_s = 1234 };
	void *self;
	dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
	stopped_at = 1000;
	ck_assert_int_eq(impl->open(&host, NULL, &self), RNF_OK);
	impl->on(self, RNF_EVENT_BEGIN, &run);
	while (run.step++ < minutes[_i].steps) {
		stopped_at += minutes[_i].seconds;
		impl->on(self, RNF_EVENT_STEP, &run);
	}
	impl->close(self);
	stopped_at = 0;
	ck_assert_int_eq(lines, minutes[_i].lines);
	if (lines)
		ck_assert_str_eq(last, rnf_format("epoch 1/3 %s loss 1.2346  acc 56.5%%  1234 "
						  "images/s  ETA %s", minutes[_i].bar,
						  minutes[_i].left));
}
END_TEST

/* What a terminal of that many columns gets for one step. */
static const char *drawn(int columns, int64_t left)
{
	static char text[1024];
	const int terminal = posix_openpt(O_RDWR | O_NOCTTY);
	ck_assert_int_ge(terminal, 0);
	ck_assert_int_eq(grantpt(terminal) | unlockpt(terminal), 0);
	const int end = open(ptsname(terminal), O_RDWR | O_NOCTTY);
	const struct winsize size = { .ws_row = 24, .ws_col = (unsigned short)columns };
	ck_assert_int_eq(ioctl(end, TIOCSWINSZ, &size), 0);
	const int saved = dup(STDERR_FILENO);
	dup2(end, STDERR_FILENO);
	const struct rnf_callback_impl *impl = test_feature("callback", "progress")->impl;
	struct rnf_run run = { .size = sizeof run, .name = "net", .epoch = 103, .epochs = 180,
		.steps_per_epoch = 352, .step = 102 * 352 + 176, .loss = 1.23456,
		.accuracy = 0.565, .images_per_s = 1234 };
	void *self;
	run.steps = run.step + left;
	ck_assert_int_eq(impl->open(&host, NULL, &self), RNF_OK);
	impl->on(self, RNF_EVENT_BEGIN, &run);
	for (int i = 0; i < 8; i++) { /* the time left is that of the median step */
		usleep(40000);
		impl->on(self, RNF_EVENT_STEP, &run);
	}
	dup2(saved, STDERR_FILENO);
	fcntl(terminal, F_SETFL, O_NONBLOCK);
	const ssize_t n = read(terminal, text, sizeof text - 1);
	text[n > 0 ? n : 0] = 0;
	close(end);
	close(terminal);
	close(saved);
	const char *line = strrchr(text, '\r');
	return line ? line : text;
}

/* Columns, and what the line has then. */
static const struct {
	int columns;
	const char *begins, *has;
} widths[] = {
	{ 120, "\repoch 103/180 [##########----------] loss 1.2346  acc 56.5%  1234 images/s  "
	  "ETA ", "" },
	{ 80, "\repoch 103/180 [###", "--] loss 1.2346  acc 56.5%  1234 images/s  ETA " },
	{ 79, "\repoch 103/180 [###", "--] loss 1.2346  acc 56.5%  1234 images/s  ETA " },
	{ 60, "\repoch 103/180  loss 1.2346  acc 56.5%  ETA ", "" },
	{ 40, "\repoch 103/180  loss 1.2346  ETA ", "" },
	{ 30, "\rloss 1.2346  ETA ", "" },
	{ 20, "\rloss 1.23 ETA ", "" },
};

/* Both ends are whole, whatever is left: minutes, hours, days. */
START_TEST(a_line_fits_its_terminal)
{
	static const int64_t left[] = { 10000, 300000, 9000000 };
	static const char *const marks[] = { ":", "h", "h" };
	setenv("TERM", "xterm", 1);
	for (int i = 0; i < 3; i++) {
		const char *line = drawn(widths[_i].columns, left[i]);
		const char *end = strstr(line, "\033[K"), *eta = strstr(line, "ETA ");
		ck_assert_msg(!strncmp(line, widths[_i].begins, strlen(widths[_i].begins)),
			      "%s", line);
		ck_assert_msg(strstr(line, widths[_i].has) && end && eta, "%s", line);
		ck_assert_msg(end - line - 1 < widths[_i].columns, "%s", line);
		ck_assert_msg(strpbrk(eta + 4, marks[i]) && end - eta >= 8, "%s", line);
		ck_assert_msg(i < 2 || (end[-1] == 'h' && strchr(eta, 'd')), "%s", line);
	}
}
END_TEST

/* No escape sequences where they would be visible: only lines of the log. */
START_TEST(a_dumb_terminal_gets_no_sequences)
{
	setenv("TERM", "dumb", 1);
	ck_assert_str_eq(drawn(80, 300), "");
	unsetenv("TERM");
	ck_assert_str_eq(drawn(80, 300), "");
	setenv("TERM", "xterm", 1);
	ck_assert_ptr_nonnull(strstr(drawn(80, 300), "\033[K"));
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ piped, 0 }, { a_line_a_minute, TEST_ROWS(minutes) },
		{ a_line_fits_its_terminal, TEST_ROWS(widths) },
		{ a_dumb_terminal_gets_no_sequences, 0 }, { NULL, 0 },
	};
	return test_run_cases("callback/progress", cases);
}
