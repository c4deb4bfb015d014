#include "run/log.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/status.h"
#include "run/history.h"

/* A line that grows; long enough for all figures there are. */
struct line {
	char text[1024];
	size_t n;
};

static void put(struct line *line, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static void put(struct line *line, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	const int n = vsnprintf(line->text + line->n, sizeof line->text - line->n, format,
				args);
	va_end(args);
	line->n += (size_t)n;
	if (line->n > sizeof line->text - 1) line->n = sizeof line->text - 1;
}

/* -- a step: JSON, which has no NaN -- */

static void put_figure(struct line *line, const char *key, double value)
{
	char text[32];
	put(line, ", \"%s\": %s", key,
	    isfinite(value) ? rnf_number_text(text, value) : "null");
}

void rnf_train_log_step(struct rnf_train_log *log, const struct rnf_run *run)
{
	struct line line = { .n = 0 };
	put(&line, "{\"step\": %lld, \"epoch\": %lld", (long long)run->step,
	    (long long)run->epoch);
	put_figure(&line, "lr", run->lr);
	put_figure(&line, "loss", run->loss);
	put_figure(&line, "data_loss", run->data_loss);
	put_figure(&line, "grad_norm", run->grad_norm);
	put_figure(&line, "accuracy", run->accuracy);
	put(&line, ", \"images_per_s\": %.1f}\n", run->images_per_s);
	rnf_lines_put(&log->steps, line.text, line.n);
	rnf_lines_put(&log->user, line.text, line.n);
}

/* -- an epoch: CSV, whose readers know nan; lines end as in all logs, by a line feed alone -- */

static void put_heading(struct rnf_lines *lines)
{
	struct line line = { .n = 0 };
	for (size_t i = 0; i < RNF_EPOCH_FIGURES; i++)
		put(&line, "%s%s", i ? "," : "", rnf_epoch_figures[i].key);
	put(&line, "\n");
	rnf_lines_put(lines, line.text, line.n);
}

/* Empty where there is no validation set. */
static void put_cell(struct line *line, const struct rnf_epoch *epoch, size_t i)
{
	const struct rnf_epoch_figure *f = &rnf_epoch_figures[i];
	const double value = rnf_epoch_figure(epoch, i);
	put(line, "%s", i ? "," : "");
	if (f->whole) put(line, "%.0f", value);
	else if (!isnan(value) || strncmp(f->key, "val_", 4) != 0)
		put(line, "%.9g", value); /* nan and inf by these words */
}

void rnf_train_log_epoch(struct rnf_train_log *log, const struct rnf_epoch *epoch)
{
	struct line line = { .n = 0 };
	for (size_t i = 0; i < RNF_EPOCH_FIGURES; i++)
		put_cell(&line, epoch, i);
	put(&line, "\n");
	rnf_lines_put(&log->epochs, line.text, line.n);
}

/* -- the files -- */

static int step_of(const char *line, long long *step)
{
	return sscanf(line, "{\"step\": %lld", step) == 1;
}

static int step_is_kept(const char *line, const void *step)
{
	long long number;
	return step_of(line, &number) && number <= *(const int64_t *)step;
}

static int epoch_is_kept(const char *line, const void *epochs)
{
	const char *heading = rnf_epoch_figures[0].key;
	long long number;
	if (!strncmp(line, heading, strlen(heading))) return 1;
	return sscanf(line, "%lld,", &number) == 1 && number <= *(const int64_t *)epochs;
}

static const char *path_of(const char *dir, const char *name)
{
	return rnf_format("%s/%s", dir, name);
}

/* Opening it would truncate it. */
rnf_status rnf_train_log_check(const char *user, const char *dir)
{
	char head[64];
	size_t n = 0;
	uint64_t size;
	struct stat st;
	long long step;
	if (!user) return RNF_OK;
	if (dir && rnf_file_same(user, path_of(dir, RNF_LOG_STEPS)))
		return rnf_fail(RNF_EINVAL, "--log %s is the run's own log, which is written "
				"anyway", user);
	if (stat(user, &st) != 0 || !S_ISREG(st.st_mode)) return RNF_OK;
	RNF_TRY(rnf_file_head(user, (uint8_t *)head, sizeof head - 1, &n, &size));
	head[n] = 0;
	if (n == 0 || step_of(head, &step)) return RNF_OK;
	return rnf_fail(RNF_EINVAL, "--log %s is not a log of steps and would be overwritten: choose "
			"another name", user);
}

rnf_status rnf_train_log_create(struct rnf_train_log *log, const char *dir,
				const char *user)
{
	RNF_TRY(rnf_lines_create(&log->steps, path_of(dir, RNF_LOG_STEPS), RNF_LINES_OF_RUN));
	RNF_TRY(rnf_lines_create(&log->epochs, path_of(dir, RNF_LOG_EPOCHS), RNF_LINES_OF_RUN));
	put_heading(&log->epochs);
	return user ? rnf_lines_create(&log->user, user, RNF_LINES_OF_USER) : RNF_OK;
}

rnf_status rnf_train_log_resume(struct rnf_train_log *log, const char *dir,
				const char *user, int64_t steps, int64_t epochs)
{
	RNF_TRY(rnf_lines_resume(&log->steps, path_of(dir, RNF_LOG_STEPS), RNF_LINES_OF_RUN,
				 step_is_kept, &steps));
	RNF_TRY(rnf_lines_resume(&log->epochs, path_of(dir, RNF_LOG_EPOCHS), RNF_LINES_OF_RUN,
				 epoch_is_kept, &epochs));
	if (rnf_lines_empty(&log->epochs)) put_heading(&log->epochs);
	return user ? rnf_lines_resume(&log->user, user, RNF_LINES_OF_USER, step_is_kept, &steps)
		    : RNF_OK;
}

void rnf_train_log_sync(struct rnf_train_log *log)
{
	rnf_lines_sync(&log->steps);
	rnf_lines_sync(&log->epochs);
}

rnf_status rnf_train_log_close(struct rnf_train_log *log, rnf_status status)
{
	status = rnf_lines_close(&log->steps, status);
	status = rnf_lines_close(&log->epochs, status);
	return rnf_lines_close(&log->user, status);
}
