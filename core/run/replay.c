#include "run/replay.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/lines.h"
#include "base/status.h"
#include "train/numerics.h"

/* The loss of a line; null, which JSON has in place of NaN, is NAN. */
static int read_line(const char *line, long long *step, double *loss)
{
	const char *at = strstr(line, "\"loss\": ");
	if (sscanf(line, "{\"step\": %lld,", step) != 1 || !at) return 0;
	char *end;
	*loss = strtod(at + 8, &end);
	if (end == at + 8) *loss = NAN;
	return 1;
}

/* Lines of later steps each; some may be missing. A last line without its end is being
 * written, or its writer was killed: it does not count. */
static rnf_status read_lines(FILE *file, const char *path, struct rnf_step_log *log)
{
	struct rnf_line line;
	line.number = 0;
	for (;;) {
		long long step = 0;
		double loss = 0;
		RNF_TRY(rnf_line_read(&line, file, path));
		if (line.n == 0 || line.text[line.n - 1] != '\n') return RNF_OK;
		if (!read_line(line.text, &step, &loss) || step <= log->n)
			return rnf_fail(RNF_EINVAL, "%s:%zu: must be a line of a step after %lld",
					path, line.number, (long long)log->n);
		*(struct rnf_step_line *)rnf_push((void **)&log->lines, &log->n_lines,
						  sizeof *log->lines) =
			(struct rnf_step_line){ step, loss };
		log->n = step;
	}
}

rnf_status rnf_step_log_read(const char *path, struct rnf_step_log *log)
{
	FILE *file;
	*log = (struct rnf_step_log){ 0 };
	RNF_TRY(rnf_file_read(path, O_NOFOLLOW, &file));
	const rnf_status status = read_lines(file, path, log);
	fclose(file);
	return status;
}

struct walk {
	struct rnf_experiment *e;
	struct rnf_training_step step;
	struct rnf_run run;
	int64_t *order, order_of; /* the epoch that it is of */
	const struct rnf_past *past;
	const struct rnf_step_log *log;
	size_t line; /* of the log: the first of a later step */
};

static rnf_status make_step(struct walk *w)
{
	struct rnf_experiment *e = w->e;
	const int64_t per_epoch = w->run.steps_per_epoch;
	const int64_t position = w->run.step % per_epoch;
	int64_t n;
	w->run.epoch = w->run.step / per_epoch + 1;
	w->run.step++;
	w->run.epochs = rnf_past_epochs(w->past, w->run.step);
	if (w->order_of != w->run.epoch) rnf_training_order(e, w->run.epoch, w->order);
	w->order_of = w->run.epoch;
	if (position == 0) rnf_numerics_begin_epoch(e);
	const int64_t *ids = rnf_training_images(e, w->order, position, &n);
	rnf_training_step(&w->step, &w->run, ids, n, 1);
	RNF_TRY(rnf_numerics_step(&w->step, &w->run));
	return position + 1 < per_epoch ? RNF_OK : rnf_numerics_end_epoch(e, &w->run);
}

static void compare_loss(struct walk *w, struct rnf_replay *r)
{
	const struct rnf_step_log *log = w->log;
	r->made++;
	if (w->line == log->n_lines || log->lines[w->line].step != w->run.step) return;
	const double then = log->lines[w->line++].loss, now = w->run.loss;
	r->steps++;
	if (then == now || (isnan(then) && !isfinite(now))) r->equal++;
	else if (!r->first) r->first = w->run.step;
}

static void compare_states(const struct walk *w, const struct rnf_found_list *list,
			   struct rnf_replay *r)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct rnf_found *f = &list->at[i];
		if (f->bad || f->progress.step != w->run.step) continue;
		r->states++;
		r->states_equal += f->contents.tensors ==
				   rnf_weights_digest(w->e, w->e->n_tensors);
	}
}

rnf_status rnf_replay_start(struct rnf_experiment *e, const struct rnf_found *from)
{
	const rnf_status status = rnf_state_read(e, from->path);
	if (status < 0) return access(from->path, F_OK) == 0 ? status : RNF_ENOENT;
	e->numerics = from->progress.numerics;
	if (rnf_weights_digest(e, e->n_tensors) == from->contents.tensors) return RNF_OK;
	return rnf_fail(RNF_ENOENT, "%s is another file by now", from->path);
}

rnf_status rnf_replay(struct rnf_experiment *e, int64_t from, const struct rnf_past *past,
		      const struct rnf_step_log *log, const struct rnf_found_list *list,
		      struct rnf_replay *result)
{
	struct walk w = { .e = e, .run = rnf_training_run(e), .past = past, .log = log };
	rnf_training_step_init(&w.step, e);
	w.order = rnf_alloc((size_t)(e->n_train + 1) * sizeof *w.order);
	w.run.step = from;
	while (w.line < log->n_lines && log->lines[w.line].step <= from)
		w.line++;
	*result = (struct rnf_replay){ .from = from };
	while (w.run.step < log->n) {
		const rnf_status status = make_step(&w);
		compare_loss(&w, result);
		if (status == RNF_ENUMBER) break; /* where the run ended too */
		RNF_TRY(status);
		compare_states(&w, list, result);
	}
	return RNF_OK;
}
