#include "train/numerics.h"

#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "base/floats.h"
#include "base/machine.h"
#include "base/status.h"
#include "exec/observe.h"
#include "train/weights.h"

static const char lower_rate[] =
	"a lower train.optimizer.lr or a longer warm-up may help";

/* -- the state -- */

rnf_status rnf_state_finite(const struct rnf_tensors *t, const char **what)
{
	const struct rnf_named_tensor *bad = rnf_weights_bad(t, t->n);
	*what = bad ? bad->name : NULL;
	return bad ? RNF_ENUMBER : RNF_OK;
}

static const struct rnf_named_tensor *first_bad(const struct rnf_session *s)
{
	return rnf_weights_bad(&s->tensors, s->tensors.n);
}

/* From or to the snapshot: the weights, then the optimizer's slots. */
static float *block(const struct rnf_session *s, size_t i)
{
	return i == 0 ? s->weights : s->slots[i - 1];
}

static void take_snapshot(struct rnf_session *s)
{
	for (size_t i = 0; i <= RNF_SLOTS_MAX && s->snapshot[i]; i++)
		memcpy(s->snapshot[i], block(s, i), (size_t)s->block * sizeof(float));
}

static void go_back(struct rnf_session *s)
{
	for (size_t i = 0; i <= RNF_SLOTS_MAX && s->snapshot[i]; i++)
		memcpy(block(s, i), s->snapshot[i], (size_t)s->block * sizeof(float));
	s->execs[0]->stale = 1;
}

/* -- words -- */

/* 16384 as "16,384". */
static const char *grouped(int64_t n)
{
	return n < 1000 ? rnf_format("%lld", (long long)n)
			: rnf_format("%s,%03d", grouped(n / 1000), (int)(n % 1000));
}

/* "12 of 16,384 values are NaN and 3 infinite, the others lie in -2 .. 5.1" */
static const char *spread_words(const struct rnf_spread *r)
{
	const int64_t first = r->nan > 0 ? r->nan : r->infinite;
	const char *words = rnf_format("%s of %s value%s %s %s", grouped(first),
		grouped(r->count), r->count == 1 ? "" : "s", first == 1 ? "is" : "are",
		r->nan > 0 ? "NaN" : "infinite");
	if (r->nan > 0 && r->infinite > 0)
		words = rnf_format("%s and %s infinite", words, grouped(r->infinite));
	return r->min > r->max ? words
		: rnf_format("%s, the others lie in %.3g .. %.3g", words, r->min, r->max);
}

static const char *place(const struct rnf_run *run)
{
	return rnf_format("step %lld (epoch %lld)", (long long)run->step,
			  (long long)run->epoch);
}

/* printf would say "-nan" of some. */
static const char *number_word(double x)
{
	return isnan(x) ? "nan" : x > 0 ? "infinite" : "-infinite";
}

static const char *fault_words(const struct rnf_training_step *s,
			       const struct rnf_run *run)
{
	switch (s->fault) {
	case RNF_FAULT_LOSS:
		return rnf_format("the loss is %s", number_word(run->loss));
	case RNF_FAULT_GRADIENT:
		return rnf_format("the gradient's norm is %s", number_word(run->grad_norm));
	default: return "a batch's mean or variance is not finite";
	}
}

/* -- what went wrong first -- */

/* The same step on a plan without fusion, which keeps each primitive's values;
 * the weights are those that it had. */
static rnf_status replay(const struct rnf_training_step *s, struct rnf_observed *observed)
{
	const struct rnf_experiment *e = s->e;
	const struct rnf_model *m = &e->model;
	const struct rnf_exec *x = e->session.execs[1];
	struct rnf_plan *plan;
	RNF_TRY(rnf_plan_make(m->programs[1], m->backend, m->backend_self, x->images, 0, &plan));
	if (4 * plan->arena + rnf_machine_peak_memory() > rnf_machine_memory())
		return rnf_fail(RNF_ENOMEM, "there is no memory to look for the cause");
	struct rnf_threads *threads = rnf_threads_create(1);
	struct rnf_exec *y = rnf_exec_create(plan, threads, e->session.weights);
	const int input = m->programs[1]->input;
	const int64_t size = rnf_value_size(&m->programs[1]->values[input]);
	y->images = x->images;
	y->target = x->target;
	y->samples = x->samples;
	y->key = x->key;
	y->loss = x->loss;
	y->loss_self = x->loss_self;
	for (int64_t i = 0; i < x->images; i++)
		memcpy(rnf_exec_value(y, input, i), rnf_exec_value(x, input, i),
		       (size_t)size * sizeof(float));
	rnf_exec_observe(y, observed);
	rnf_threads_destroy(threads);
	return RNF_OK;
}

/* "stage1_conv (convolution, forward)" */
static const char *op_words(const struct rnf_program *p, const struct rnf_op *op)
{
	const int backward = op->out > p->loss;
	return rnf_format("%s (%s, %s)", op->label ? op->label : "the model",
			  op->row->words, backward ? "backward" : "forward");
}

static const char *input_words(const struct rnf_training_step *s,
			       const struct rnf_observed *observed)
{
	return rnf_format("image %lld of the training files comes to the model with "
			  "bad values (%s): data.augment or the data set makes them",
			  (long long)s->samples[observed->image],
			  spread_words(&observed->spread));
}

/* A plan without fusion keeps all in fp32. */
static const char *nothing_words(const struct rnf_config *c)
{
	return rnf_format("the step again, one primitive after another, has finite values "
			  "only: %s", c->root.precision == RNF_PRECISION_BF16
			  ? "something is too large for bf16"
			  : "a plugin, or this machine, does not compute the same twice");
}

static const char *primitive_words(const struct rnf_training_step *s)
{
	struct rnf_observed observed;
	if (replay(s, &observed) < 0) return rnf_fail_line();
	if (!observed.bad) return nothing_words(&s->e->conf);
	if (observed.bad->row->class == RNF_INPUT) return input_words(s, &observed);
	return rnf_format("first bad value in %s: %s; %s",
			  op_words(s->e->model.programs[1], observed.bad),
			  spread_words(&observed.spread), lower_rate);
}

static const char *state_words(const struct rnf_named_tensor *bad)
{
	struct rnf_spread spread = rnf_spread_empty;
	rnf_spread_add(&spread, bad->data, rnf_tensor_size(bad));
	return rnf_format("%s itself holds bad values (%s): the update before was too "
			  "large; %s", bad->name, spread_words(&spread), lower_rate);
}

static const char *cause_words(const struct rnf_training_step *s)
{
	const struct rnf_named_tensor *bad = first_bad(&s->e->session);
	return bad ? state_words(bad) : primitive_words(s);
}

static rnf_status give_up(const struct rnf_training_step *s, const struct rnf_run *run)
{
	const int64_t before = s->e->session.numerics.recent - 1;
	const char *after = before == 0 ? ""
		: rnf_format(" after %lld other bad steps", (long long)before);
	return rnf_fail(RNF_ENUMBER, "%s: %s%s; %s", place(run), fault_words(s, run),
			after, cause_words(s));
}

static rnf_status strayed(const struct rnf_training_step *s, const struct rnf_run *run)
{
	struct rnf_observed observed = { 0 };
	const char *what = s->strayed;
	if (!strcmp(what, RNF_DOING_MODEL) && replay(s, &observed) >= 0 && observed.strayed)
		what = op_words(s->e->model.programs[1], observed.strayed);
	return rnf_fail(RNF_EPLUGIN, "%s: %s changes a thread's floating-point mode "
			"(rounding, denormals, traps), which changes every result after "
			"it", place(run), what);
}

/* -- what the loop calls -- */

static void warn(const struct rnf_training_step *s, const struct rnf_run *run)
{
	const struct rnf_experiment *e = s->e;
	const int64_t n = e->session.numerics.bad;
	if (e->conf.root.numerics.on_nonfinite == RNF_NONFINITE_ROLLBACK)
		rnf_log(RNF_LOG_WARNING, "%s: %s; the model goes back to the beginning of "
			"the epoch and continues with the next batch", place(run),
			fault_words(s, run));
	else if (n == 1 || n % 100 == 0)
		rnf_log(RNF_LOG_WARNING, "%s: %s; the step is skipped, the %lld%s so far; "
			"every 100th is told", place(run), fault_words(s, run),
			(long long)n, n == 1 ? "st" : "th");
}

static void count(struct rnf_numerics *n)
{
	n->bad++;
	n->recent++;
	n->epoch++;
}

rnf_status rnf_numerics_step(const struct rnf_training_step *s,
			     const struct rnf_run *run)
{
	struct rnf_experiment *e = s->e;
	struct rnf_numerics *n = &e->session.numerics;
	const int32_t wanted = e->conf.root.numerics.on_nonfinite;
	const char *what;
	if (s->broken) return rnf_fail(s->broken_as, "%s: %s", place(run), s->broken);
	if (s->strayed) return strayed(s, run);
	if (s->fault == RNF_FAULT_NONE) {
		if (wanted == RNF_NONFINITE_SKIP) n->recent = 0;
		return RNF_OK;
	}
	count(n);
	if (wanted == RNF_NONFINITE_STOP || n->recent > RNF_NONFINITE_MAX)
		return give_up(s, run);
	if (wanted == RNF_NONFINITE_ROLLBACK) go_back(&e->session);
	if (rnf_state_finite(&e->session.tensors, &what) < 0) return give_up(s, run);
	warn(s, run);
	return RNF_OK;
}

void rnf_numerics_begin_epoch(struct rnf_session *s)
{
	/* here, not at the end: one that train.max_steps has cut short may go on */
	if (s->numerics.epoch == 0) s->numerics.recent = 0;
	s->numerics.epoch = 0;
	take_snapshot(s);
}

rnf_status rnf_numerics_end_epoch(struct rnf_session *s, const struct rnf_run *run)
{
	const struct rnf_named_tensor *bad = first_bad(s);
	if (!bad) return RNF_OK;
	const char *words = state_words(bad);
	count(&s->numerics);
	if (!s->snapshot[0] || s->numerics.recent > RNF_NONFINITE_MAX)
		return rnf_fail(RNF_ENUMBER, "%s: %s", place(run), words);
	go_back(s);
	rnf_log(RNF_LOG_WARNING, "%s: %s; the model goes back to the beginning of the epoch",
		place(run), words);
	return RNF_OK;
}

void rnf_numerics_end(const struct rnf_session *s, const struct rnf_config *c,
		      const struct rnf_run *run)
{
	const int64_t n = s->numerics.bad;
	if (n == 0 || c->root.numerics.on_nonfinite == RNF_NONFINITE_STOP) return;
	rnf_log(RNF_LOG_WARNING, "%lld of %lld steps were not finite and %s",
		(long long)n, (long long)run->step,
		s->snapshot[0] ? "were taken back to the beginning of their epoch"
			       : "were skipped");
}
