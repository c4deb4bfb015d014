#include "train/steps.h"

#include "base/arena.h"
#include "train/numerics.h"

void rnf_steps_init(struct rnf_steps *s, struct rnf_experiment *e)
{
	*s = (struct rnf_steps){ .run = rnf_training_run(e) };
	rnf_training_step_init(&s->step, e);
	s->order = rnf_alloc((size_t)(e->data.n_train + 1) * sizeof *s->order);
}

void rnf_steps_seek(struct rnf_steps *s, int64_t epochs, int64_t position, int64_t step)
{
	s->run.epoch = epochs;
	s->run.step = step;
	s->position = position;
}

void rnf_steps_epoch(struct rnf_steps *s)
{
	s->run.epoch++;
	rnf_training_order(&s->step.e->conf, &s->step.e->data, s->run.epoch, s->order);
	if (s->position == 0) rnf_numerics_begin_epoch(&s->step.e->session);
}

int rnf_steps_left(const struct rnf_steps *s)
{
	return s->position < s->run.steps_per_epoch && s->run.step < s->run.steps;
}

struct rnf_step_seconds rnf_steps_next(struct rnf_steps *s, int fresh, int64_t *n)
{
	const struct rnf_experiment *e = s->step.e;
	const int64_t *ids = rnf_training_images(&e->conf, &e->data, s->order, s->position++, n);
	s->run.step++;
	return rnf_training_step(&s->step, &s->run, ids, *n, fresh);
}

rnf_status rnf_steps_end(struct rnf_steps *s)
{
	s->position = 0;
	return rnf_numerics_end_epoch(&s->step.e->session, &s->run);
}
