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
#include "train/steps.h"

/* The loss of a line. null, which JSON has in place of NaN, is read as NAN. */
static int read_line(const char *line, long long *step, double *loss)
{
	const char *at = strstr(line, "\"loss\": ");
	if (sscanf(line, "{\"step\": %lld,", step) != 1 || !at) return 0;
	char *end;
	*loss = strtod(at + 8, &end);
	if (end == at + 8) *loss = NAN;
	return 1;
}

/* Lines of ascending steps, with gaps. An incomplete last line is being written, or its
 * writer was killed: it does not count. */
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
	struct rnf_steps steps;
	const struct rnf_past *past;
	const struct rnf_step_log *log;
	size_t line; /* in the log: the first line of a later step */
};

/* Under the length that the run had then. The epoch ends with its last step; one that was cut
 * short is left as it is. */
static rnf_status make_step(struct walk *w)
{
	struct rnf_steps *s = &w->steps;
	int64_t n;
	s->run.epochs = rnf_past_epochs(w->past, s->run.step + 1);
	rnf_steps_next(s, 1, &n);
	RNF_TRY(rnf_numerics_step(&s->step, &s->run));
	return s->position < s->run.steps_per_epoch ? RNF_OK : rnf_steps_end(s);
}

static void compare_loss(struct walk *w, struct rnf_replay *r)
{
	const struct rnf_step_log *log = w->log;
	r->made++;
	if (w->line == log->n_lines || log->lines[w->line].step != w->steps.run.step) return;
	const double then = log->lines[w->line++].loss, now = w->steps.run.loss;
	r->steps++;
	if (then == now || (isnan(then) && !isfinite(now))) r->equal++;
	else if (!r->first) r->first = w->steps.run.step;
}

static void compare_states(const struct walk *w, const struct rnf_saved_list *list,
			   struct rnf_replay *r)
{
	const struct rnf_tensors *t = &w->e->session.tensors;
	for (size_t i = 0; i < list->n; i++) {
		const struct rnf_saved *f = &list->at[i];
		if (f->bad || f->progress.step != w->steps.run.step) continue;
		r->states++;
		r->states_equal += f->contents.tensors == rnf_weights_digest(t, t->n);
	}
}

rnf_status rnf_replay_start(struct rnf_experiment *e, const struct rnf_saved *from)
{
	const struct rnf_tensors *t = &e->session.tensors;
	rnf_status status = rnf_state_read(&e->session, from->path);
	if (status < 0 && access(from->path, F_OK) != 0) status = RNF_ENOENT;
	if (status >= 0 && rnf_weights_digest(t, t->n) != from->contents.tensors)
		status = rnf_fail(RNF_ENOENT, "%s has been replaced", from->path);
	if (status < 0)
		RNF_TRY(rnf_session_first_values(&e->session, &e->conf, &e->model));
	else e->session.numerics = from->progress.numerics;
	return status;
}

/* A step whose numbers end a run ended it then, too. */
static rnf_status replay_epoch(struct walk *w, const struct rnf_saved_list *list,
			       struct rnf_replay *r)
{
	do {
		const rnf_status status = make_step(w);
		compare_loss(w, r);
		r->ended = status == RNF_ENUMBER;
		if (r->ended) return RNF_OK;
		RNF_TRY(status);
		compare_states(w, list, r);
	} while (w->steps.position > 0 && rnf_steps_left(&w->steps));
	return RNF_OK;
}

rnf_status rnf_replay(struct rnf_experiment *e, int64_t from, const struct rnf_past *past,
		      const struct rnf_step_log *log, const struct rnf_saved_list *list,
		      struct rnf_replay *result)
{
	struct walk w = { .e = e, .past = past, .log = log };
	struct rnf_steps *s = &w.steps;
	rnf_steps_init(s, e);
	s->run.steps = log->n;
	const int64_t per_epoch = s->run.steps_per_epoch;
	rnf_steps_seek(s, from / per_epoch, from % per_epoch, from);
	while (w.line < log->n_lines && log->lines[w.line].step <= from)
		w.line++;
	*result = (struct rnf_replay){ .from = from };
	while (s->run.step < log->n) {
		rnf_steps_epoch(s);
		RNF_TRY(replay_epoch(&w, list, result));
		if (result->ended) break;
	}
	return RNF_OK;
}
