/* progress: reports a run's progress on stderr. On a terminal it redraws one line, at
 * most ten times a second; elsewhere, and with TERM=dumb, it writes a line an epoch and
 * one a minute. */
#include <rnframe/callback.h>

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { BAR = 20, LEAST_BAR = 5, STEPS = 64, FIRST_ETA = 4, LINE = 256 };

static const double redraw_s = 0.1, report_s = 60.0;

struct state {
	const struct rnf_host *host;
	int terminal;
	int drawn;              /* a status line is on the screen */
	double shown_s;         /* times of the monotonic clock */
	double step_s;          /* end of the last step, or start of an epoch */
	double took_s[STEPS];   /* of the last steps, a ring */
	int64_t n_steps;
};

static double now_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* A dumb terminal would print the escape sequences that clear a line. */
static int can_redraw(void)
{
	const char *term = getenv("TERM");
	return isatty(STDERR_FILENO) && term && *term && strcmp(term, "dumb");
}

static rnf_status open_state(const struct rnf_host *host, const void *conf,
			     void **self)
{
	(void)conf;
	struct state *s = host->alloc(sizeof *s);
	if (!s) return host->fail(RNF_ENOMEM, "no memory");
	s->host = host;
	s->terminal = can_redraw();
	*self = s;
	return RNF_OK;
}

/* -- the time left -- */

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* By the median: a step that waited for a validation or a checkpoint must not count, nor
 * the first ones with cold caches. Negative: unknown yet. */
static double left_s(const struct state *s, const struct rnf_run *run)
{
	if (s->n_steps < FIRST_ETA) return -1.0;
	const size_t n = s->n_steps < STEPS ? (size_t)s->n_steps : STEPS;
	double sorted[STEPS];
	memcpy(sorted, s->took_s, n * sizeof *sorted);
	qsort(sorted, n, sizeof *sorted, compare);
	return sorted[n / 2] * (double)(run->steps - run->step);
}

static void put_duration(double seconds, char *text, size_t n)
{
	const int64_t s = (int64_t)(seconds + 0.5);
	if (seconds < 0.0 || seconds > 1e9)
		snprintf(text, n, "-");
	else if (s < 3600)
		snprintf(text, n, "%" PRId64 ":%02" PRId64, s / 60, s % 60);
	else if (s < 48 * 3600)
		snprintf(text, n, "%" PRId64 "h%02" PRId64, s / 3600, s / 60 % 60);
	else
		snprintf(text, n, "%" PRId64 "d%02" PRId64 "h", s / 86400, s / 3600 % 24);
}

/* -- lines -- */

/* What a status line can show, in this order. */
enum { EPOCH = 1, PART = 2, LOSS = 4, ACCURACY = 8, SPEED = 16, LEFT = 32 };

/* The first set that fits into the columns; loss and remaining time go last. */
static const unsigned sets[] = {
	EPOCH | PART | LOSS | ACCURACY | SPEED | LEFT, EPOCH | LOSS | ACCURACY | SPEED | LEFT,
	EPOCH | LOSS | ACCURACY | LEFT, EPOCH | LOSS | LEFT, LOSS | LEFT,
};
enum { SETS = sizeof sets / sizeof *sets };

/* How much of the epoch is done, in `n` signs: "[###---]". */
static void put_bar(const struct rnf_run *run, int n, char *text)
{
	const int64_t per_epoch = run->steps_per_epoch > 0 ? run->steps_per_epoch : 1;
	const int64_t within = run->step - (run->epoch - 1) * per_epoch;
	const int64_t done = n * within / per_epoch;
	const int full = done < 0 ? 0 : done > n ? n : (int)done;
	text[0] = '[';
	memset(text + 1, '#', (size_t)full);
	memset(text + 1 + full, '-', (size_t)(n - full));
	memcpy(text + 1 + n, "]", 2);
}

/* Append one part to the line. */
__attribute__((format(printf, 2, 3)))
static void add(char *line, const char *format, ...)
{
	const size_t n = strlen(line);
	va_list args;
	va_start(args, format);
	vsnprintf(line + n, LINE - n, format, args);
	va_end(args);
}

/* Losses by fabs(): they are never negative, and NaN may have a sign. */
static void put_set(unsigned set, const struct rnf_run *run, const char *bar,
		    const char *left, char *line)
{
	line[0] = 0;
	if (set & EPOCH) add(line, "epoch %" PRId64 "/%" PRId64 " ", run->epoch, run->epochs);
	if (set & PART) add(line, "%s ", bar);
	else if (set & EPOCH) add(line, " ");
	add(line, "loss %.4f", fabs(run->loss));
	if (set & ACCURACY) add(line, "  acc %.1f%%", 100.0 * run->accuracy);
	if (set & SPEED) add(line, "  %.0f images/s", run->images_per_s);
	add(line, "  ETA %s", left);
}

/* "epoch 3/5 [#####---------------] loss 1.2345  acc 56.1%  1234 images/s  ETA 1:02" in
 * at most `columns`: first the bar gets shorter, then parts are dropped. */
static void put_status(const struct state *s, const struct rnf_run *run, int columns,
		       char *line)
{
	char left[32], bar[BAR + 3];
	put_duration(left_s(s, run), left, sizeof left);
	put_bar(run, BAR, bar);
	put_set(sets[0], run, bar, left, line);
	const int over = (int)strlen(line) - columns;
	if (over > 0 && BAR - over >= LEAST_BAR) {
		put_bar(run, BAR - over, bar);
		put_set(sets[0], run, bar, left, line);
	}
	for (int i = 1; i < SETS && (int)strlen(line) > columns; i++)
		put_set(sets[i], run, bar, left, line);
	if ((int)strlen(line) > columns)
		snprintf(line, LINE, "loss %.2f ETA %s", fabs(run->loss), left);
}

static void put_epoch(const struct rnf_epoch *e, int64_t epochs, char *line)
{
	char validation[96] = "";
	if (!isnan(e->val_accuracy))
		snprintf(validation, sizeof validation,
			 "  val_loss %.4f  val_acc %.2f%%", fabs(e->val_loss),
			 100.0 * e->val_accuracy);
	snprintf(line, LINE, "epoch %" PRId64 "/%" PRId64 "  loss %.4f  acc %.2f%%%s"
		 "  %.0f images/s", e->epoch, epochs, fabs(e->train_loss),
		 100.0 * e->train_accuracy, validation, e->images_per_s);
}

/* A line that wraps could not be redrawn. */
static int columns(void)
{
	struct winsize size;
	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 2)
		return 79;
	return size.ws_col - 1;
}

static void draw(struct state *s, const struct rnf_run *run, double now)
{
	char line[LINE];
	const int most = columns();
	put_status(s, run, most, line);
	dprintf(STDERR_FILENO, "\r%.*s\033[K", most, line);
	s->drawn = 1;
	s->shown_s = now;
}

static void clear(struct state *s)
{
	if (s->drawn) dprintf(STDERR_FILENO, "\r\033[K");
	s->drawn = 0;
}

/* -- events -- */

static void on_step(struct state *s, const struct rnf_run *run)
{
	const double now = now_s();
	s->took_s[s->n_steps++ % STEPS] = now - s->step_s;
	s->step_s = now;
	if (s->terminal && now - s->shown_s >= redraw_s) {
		draw(s, run, now);
	} else if (!s->terminal && now - s->shown_s >= report_s) {
		char line[LINE];
		put_status(s, run, LINE - 1, line);
		s->host->log(RNF_LOG_INFO, "%s", line);
		s->shown_s = now;
	}
}

static void on_epoch(struct state *s, const struct rnf_run *run)
{
	clear(s);
	if (run->n_history > 0) {
		char line[LINE];
		put_epoch(&run->history[run->n_history - 1], run->epochs, line);
		s->host->log(RNF_LOG_INFO, "%s", line);
	}
	s->shown_s = s->step_s = now_s();
}

static rnf_status on(void *self, enum rnf_event event, const struct rnf_run *run)
{
	struct state *s = self;
	switch (event) {
	case RNF_EVENT_BEGIN: s->shown_s = s->step_s = now_s(); break;
	case RNF_EVENT_STEP: on_step(s, run); break;
	case RNF_EVENT_EPOCH: on_epoch(s, run); break;
	case RNF_EVENT_END: clear(s); break;
	}
	return RNF_OK;
}

/* Also when the run has failed: its message gets a line of its own. */
static void close_state(void *self)
{
	if (self) clear(self);
}

static const struct rnf_callback_impl impl = {
	.open = open_state,
	.on = on,
	.close = close_state,
};

RNF_PLUGIN(callback, progress, "a status line on stderr with the time left",
	   NULL, impl)
