#include "lib/plugin.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

enum { EPOCHS = 3 }; /* one without validation, one of which it has no number */

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
		"epoch 3/3  loss 1000000000.0000  acc 50.00%  val_loss nan  val_acc 25.00%  "
		"1234 images/s" };
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

int main(void)
{
	const TTest *const tests[] = { piped, NULL };
	return test_run("callback/progress", tests);
}
