/* Random ops of a chain: each layer draws its own numbers, and so does each op of a layer. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "exec/exec.h"
#include "lib/bad.h"
#include "lib/experiment.h"
#include "lib/plugin.h"
#include "plugin/loader.h"

static const char conf_text[] =
	"name = \"chain\"; seed = 7; threads = 1;\n"
	"model = { norm = \"batchnorm\"; act = \"relu\"; initializer = \"he_normal\"; layers = (\n"
	"{ type = \"conv2d\"; name = \"c\"; filters = 8; }, %s,\n"
	"{ type = \"global_avgpool\"; }, { type = \"dense\"; } ); };\n"
	"data = { type = \"synthetic\"; images = 8; test_images = 1; classes = 3;\n"
	"height = 8; width = 8; channels = 3; validation = 0.0; };\n"
	"train = { batch_size = 4; metrics = ( \"accuracy\" ); scheduler = \"constant\";\n"
	"loss = \"crossentropy\"; optimizer = \"sgd\"; };\n";

static const char *const models[] = {
	"{ type = \"dropout\"; name = \"d\"; inputs = [\"c\"]; },"
	"{ type = \"dropout\"; name = \"e\"; inputs = [\"c\"]; },"
	"{ type = \"add\"; inputs = [\"d\", \"e\"]; }",
	"{ type = \"twice\"; name = \"d\"; }",
	"{ type = \"twice\"; name = \"e\"; }, { type = \"twice\"; name = \"d\"; }",
};

/* Which of the elements that a random op made are 0; the conv before makes none. */
enum { N = 8 * 8 * 8 };
struct masks {
	int n;
	char of[4][N];
};

static struct rnf_experiment *create(const char *layers)
{
	char path[512];
	FILE *file = test_conf_file(path);
	rnf_loader_path(test_bad_plugins());
	fprintf(file, conf_text, layers);
	ck_assert_int_eq(fclose(file), 0);
	struct rnf_experiment *e = test_planned(path, 0, NULL, 0);
	unlink(path);
	return e;
}

/* In a plan without fusion a phase is the op of its number. */
static void look(struct rnf_exec *exec)
{
	struct masks *masks = exec->look_arg;
	const struct rnf_op *op = &exec->plan->program->ops[exec->phase];
	if (strcmp(op->row->name, "act") != 0) return;
	const float *y = rnf_exec_value(exec, op->out, 0);
	for (int i = 0; i < N; i++)
		masks->of[masks->n][i] = y[i] == 0;
	masks->n++;
}

/* Two masks of a half agree in about half of their elements. */
static void check_apart(const char *a, const char *b)
{
	int equal = 0;
	for (int i = 0; i < N; i++)
		equal += a[i] == b[i];
	ck_assert_msg(equal > N * 3 / 8 && equal < N * 5 / 8, "%d of %d are equal", equal, N);
}

/* The second layer of the last model has zeros of the first. */

START_TEST(random_ops_draw_apart)
{
	struct rnf_experiment *e = create(models[_i]);
	struct masks masks = { 0 };
	e->session.execs[1]->look = look;
	e->session.execs[1]->look_arg = &masks;
	test_step(e);
	ck_assert_int_eq(masks.n, _i == 2 ? 4 : 2);
	check_apart(masks.of[0], masks.of[1]);
	rnf_experiment_finish(e);
}
END_TEST

static uint64_t key_of_first(const char *layers, const char *label)
{
	const struct rnf_experiment *e = create(layers);
	const struct rnf_program *p = e->model.programs[1];
	for (size_t i = 0; i < p->n_ops; i++)
		if (!strcmp(p->ops[i].row->name, "act") && !strcmp(p->ops[i].label, label))
			return p->ops[i].node;
	ck_abort_msg("%s has no pointwise op", label);
}

/* So a layer draws the same when another is put before it, or has two ops. */
START_TEST(the_first_op_has_the_key_of_its_name)
{
	const uint64_t key = 'd'; /* as many runs have drawn by */
	for (int i = 0; i < TEST_ROWS(models); i++)
		ck_assert_uint_eq(key_of_first(models[i], "d"), key);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ random_ops_draw_apart, TEST_ROWS(models) },
		{ the_first_op_has_the_key_of_its_name, 0 },
		{ NULL, 0 },
	};
	test_bad_plugins();
	return test_run_cases("exec/chain", cases);
}
