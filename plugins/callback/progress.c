/* progress: how far a run is, on stderr. On a terminal one line that is redrawn
 * at most ten times a second; elsewhere a line an epoch and one a minute. */
#include <rnframe/callback.h>

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { BAR = 20, STEPS = 64, FIRST_ETA = 4, LINE = 256 };

static const double redraw_s = 0.1, report_s = 60.0;

struct state {
	const struct rnf_host *host;
	int terminal;
	int drawn;              /* a status line stands there */
	double shown_s;         /* when, by the monotonic clock */
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

static rnf_status open_state(const struct rnf_host *host, const void *conf,
			     void **self)
{
	(void)conf;
	struct state *s = host->alloc(sizeof *s);
	if (!s) return host->fail(RNF_ENOMEM, "no memory");
	s->host = host;
	s->terminal = isatty(STDERR_FILENO);
	*self = s;
	return RNF_OK;
}

/* -- the time left -- */

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* By the median: a step that waited for a validation or a checkpoint, or the
 * first ones with cold caches, must not count. Negative: not known yet. */
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
	else
		snprintf(text, n, "%" PRId64 ":%02" PRId64 ":%02" PRId64,
			 s / 3600, s / 60 % 60, s % 60);
}

/* -- lines -- */

/* Losses by fabs(): they are never negative, and NaN may have a sign.
 * "epoch 3/5 [#####---------------] loss 1.2345 acc 56.1% ..." */
static void put_status(const struct state *s, const struct rnf_run *run,
		       char *line)
{
	const int64_t per_epoch = run->steps_per_epoch > 0 ? run->steps_per_epoch : 1;
	const int64_t within = run->step - (run->epoch - 1) * per_epoch;
	int64_t full = BAR * within / per_epoch;
	full = full < 0 ? 0 : full > BAR ? BAR : full;
	char left[32], bar[BAR + 1];
	put_duration(left_s(s, run), left, sizeof left);
	memset(bar, '-', BAR);
	memset(bar, '#', (size_t)full);
	bar[BAR] = '\0';
	snprintf(line, LINE, "epoch %" PRId64 "/%" PRId64 " [%s] loss %.4f  acc %.1f%%"
		 "  %.0f images/s  ETA %s", run->epoch, run->epochs, bar, fabs(run->loss),
		 100.0 * run->accuracy, run->images_per_s, left);
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
	put_status(s, run, line);
	dprintf(STDERR_FILENO, "\r%.*s\033[K", columns(), line);
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
		put_status(s, run, line);
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

/* Also when the run has failed: its words get a line of their own. */
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
