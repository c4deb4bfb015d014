#include "train/session.h"

#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "train/weights.h"

static const struct rnf_optimizer_impl *optimizer_of(const struct rnf_config *c)
{
	return c->root.train.optimizer->feature->impl;
}

static int keeps_snapshot(const struct rnf_config *c, int training)
{
	return training && c->root.numerics.on_nonfinite == RNF_NONFINITE_ROLLBACK;
}

double rnf_session_bytes(const struct rnf_config *c, const struct rnf_model *m, int training,
			 int threads)
{
	const int64_t state = 1 + (training ? (int64_t)optimizer_of(c)->n_slots : 0);
	const int64_t blocks = keeps_snapshot(c, training) ? 2 * state : state;
	double bytes = 4 * (double)blocks * (double)m->weights.block;
	for (int i = 0; i <= training; i++)
		bytes += rnf_exec_bytes(m->plans[i], threads);
	return bytes;
}

static void create_blocks(struct rnf_session *s, const struct rnf_config *c, int training)
{
	const size_t bytes = (size_t)s->block * sizeof(float), n = optimizer_of(c)->n_slots;
	s->weights = rnf_alloc(bytes);
	for (size_t i = 0; training && i < n; i++)
		s->slots[i] = rnf_alloc(bytes);
	for (size_t i = 0; keeps_snapshot(c, training) && i <= n; i++)
		s->snapshot[i] = rnf_alloc(bytes);
}

static struct rnf_exec *create_exec(const struct rnf_session *s, const struct rnf_config *c,
				    const struct rnf_plan *plan)
{
	struct rnf_exec *exec = rnf_exec_create(plan, s->threads, s->weights);
	exec->loss = c->loss;
	exec->loss_self = c->root.train.loss->conf;
	return exec;
}

/* What an evaluation writes to. */
static void create_batch(struct rnf_session *s, const struct rnf_config *c,
			 const struct rnf_model *m)
{
	const int64_t batch = m->plans[0]->batch;
	s->eval_ids = rnf_alloc((size_t)batch * sizeof *s->eval_ids);
	s->eval_target = rnf_alloc((size_t)(batch * m->classes) * sizeof *s->eval_target);
	s->execs[0] = create_exec(s, c, m->plans[0]);
}

void rnf_session_create(struct rnf_session *s, const struct rnf_config *c,
			const struct rnf_model *m, int training)
{
	s->block = m->weights.block;
	create_blocks(s, c, training);
	rnf_weights_list(s, m, optimizer_of(c));
	create_batch(s, c, m);
	if (training) s->execs[1] = create_exec(s, c, m->plans[1]);
}

void rnf_session_twin(const struct rnf_session *s, const struct rnf_config *c,
		      const struct rnf_model *m, struct rnf_session *twin)
{
	*twin = (struct rnf_session){ .threads = rnf_threads_create(rnf_threads_count(s->threads)),
				      .block = s->block, .weights = s->weights };
	create_batch(twin, c, m);
}

rnf_status rnf_session_first_values(struct rnf_session *s, const struct rnf_config *c,
				    const struct rnf_model *m)
{
	const size_t bytes = (size_t)s->block * sizeof(float);
	memset(s->weights, 0, bytes);
	for (size_t i = 0; i < RNF_SLOTS_MAX && s->slots[i]; i++)
		memset(s->slots[i], 0, bytes);
	s->numerics = (struct rnf_numerics){ 0 };
	return rnf_model_draw(m, (uint64_t)c->root.seed, s->weights);
}
