/* What convs fetch: every stored tensor that a task touches first has been asked
 * for by the conv before it; those that an image begins with by the last conv of
 * the image before. Nothing is asked for twice, or for nobody. */
#include <stdio.h>

#include "base/arena.h"
#include "base/status.h"
#include "lib/plugin.h"
#include "plugin/loader.h"
#include "train/setup.h"

#define GOOD(call) ck_assert_msg((call) >= 0, "%s", rnf_fail_words())

static const struct {
	const char *conf;
	enum rnf_precision precision; /* of what is stored; the kernels are plain */
} plans[] = {
	{ "se_mxresnet20.cfg", RNF_PRECISION_FP32 },
	{ "se_mxresnext29_16x2d.cfg", RNF_PRECISION_FP32 },
	{ "se_mxresnet20.cfg", RNF_PRECISION_BF16 },
};

static const struct rnf_plan *training_plan(const char *conf, enum rnf_precision precision)
{
	static const char *const sets[] = {
		"data.type=synthetic", "data.height=32", "data.width=32",
		"data.channels=3", "data.images=16" };
	struct rnf_experiment *e = rnf_alloc(sizeof *e);
	char path[512];
	snprintf(path, sizeof path, "%s/plugins", test_build());
	rnf_loader_path(path);
	GOOD(rnf_config_read(&e->conf, conf, sets, TEST_ROWS(sets)));
	GOOD(rnf_dataset_open(&e->data, &e->conf));
	GOOD(rnf_experiment_shapes(e));
	e->model.backend_chosen = 1;
	e->conf.root.precision = precision;
	GOOD(rnf_model_plan(&e->model, &e->conf, 1, 1));
	return e->model.plans[1];
}

static int same(struct rnf_operand a, struct rnf_operand b)
{
	return a.space == b.space && a.offset == b.offset && a.stride == b.stride;
}

/* The stored tensors of a task. */
enum { TOUCHED_MAX = 128 };
struct touched {
	struct rnf_operand at[TOUCHED_MAX];
	size_t n;
};

static void touch(struct touched *t, struct rnf_operand o)
{
	if (o.space != RNF_SPACE_ARENA && o.space != RNF_SPACE_NARROW) return;
	ck_assert_uint_lt(t->n, TOUCHED_MAX);
	t->at[t->n++] = o;
}

static struct touched touched_by(const struct rnf_task *task)
{
	struct touched t = { .n = 0 };
	for (size_t i = 0; task->chain && i < task->chain->n_strands; i++)
		touch(&t, task->chain->strands[i].operand);
	for (size_t i = 0; task->chain && i < task->chain->n_links; i++)
		if (task->chain->links[i].move) touch(&t, task->chain->links[i].in[0].whole);
	for (int i = 0; !task->chain && i < RNF_OP_INPUTS; i++)
		touch(&t, task->in[i]);
	if (!task->chain) touch(&t, task->out);
	return t;
}

static int touches(const struct rnf_task *task, struct rnf_operand o)
{
	const struct touched t = touched_by(task);
	for (size_t i = 0; i < t.n; i++)
		if (same(t.at[i], o)) return 1;
	return 0;
}

static int asks(const struct rnf_task *conv, struct rnf_operand o, int next)
{
	int n = 0;
	for (size_t i = 0; i < conv->n_ahead; i++)
		n += conv->ahead[i].next == next && same(conv->ahead[i].operand, o);
	ck_assert_int_le(n, 1);
	return n;
}

/* The last conv before task `to`, or of the whole phase when there is none. */
static const struct rnf_task *conv_before(const struct rnf_phase *phase, size_t to, int *next)
{
	const struct rnf_task *conv = NULL;
	*next = 0;
	for (size_t i = 0; i < to; i++)
		if (phase->tasks[i].kernel.run) conv = &phase->tasks[i];
	if (conv) return conv;
	*next = 1;
	for (size_t i = to; i < phase->n_tasks; i++)
		if (phase->tasks[i].kernel.run) conv = &phase->tasks[i];
	return conv;
}

static void check_task(const struct rnf_phase *phase, size_t i)
{
	const struct touched t = touched_by(&phase->tasks[i]);
	int next;
	const struct rnf_task *conv = conv_before(phase, i, &next);
	for (size_t k = 0; conv && k < t.n; k++) {
		int warm = 0;
		for (size_t j = 0; !next && phase->tasks + j <= conv; j++)
			warm |= touches(&phase->tasks[j], t.at[k]);
		ck_assert_int_eq(asks(conv, t.at[k], next), !warm);
	}
}

/* Everything that a conv asks for is touched by a task of its phase. */
static void check_asked(const struct rnf_phase *phase, const struct rnf_task *conv)
{
	ck_assert_uint_le(conv->n_ahead, RNF_AHEAD);
	for (size_t i = 0; i < conv->n_ahead; i++) {
		int found = 0;
		for (size_t j = 0; j < phase->n_tasks; j++)
			found |= touches(&phase->tasks[j], conv->ahead[i].operand);
		ck_assert(found);
	}
}

START_TEST(what_comes_is_fetched)
{
	const struct rnf_plan *plan = training_plan(plans[_i].conf, plans[_i].precision);
	size_t asked = 0;
	for (size_t i = 0; i < plan->n_phases; i++)
		for (size_t j = 0; j < plan->phases[i].n_tasks; j++) {
			check_task(&plan->phases[i], j);
			check_asked(&plan->phases[i], &plan->phases[i].tasks[j]);
			asked += plan->phases[i].tasks[j].n_ahead;
		}
	ck_assert_uint_gt(asked, plan->n_phases);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ what_comes_is_fetched, TEST_ROWS(plans) },
		{ NULL, 0 },
	};
	return test_run_cases("ahead", cases);
}
