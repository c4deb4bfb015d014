/* What becomes of a run whose numbers are not finite: the first bad value is
 * named, a step is left out or taken back, the same for any number of threads. */
#include "train/numerics.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "lib/bad.h"
#include "lib/plugin.h"
#include "lib/program.h"
#include "train/eval.h"
#include "train/weights.h"

enum { SETS = 6, BAD_IMAGE = 21 };
static const int threads[] = { 1, 2, 3 };

#define S1 "model.layers.s1.function."
#define S2 "model.layers.s2.function."
#define AUGMENT "data.augment.sick."
#define FLAT "data.type=flat"

static float *weight(struct rnf_experiment *e, const char *name, int64_t *size)
{
	const struct rnf_program *p = e->model.programs[0];
	for (size_t i = 0; i < p->n_weights; i++)
		if (!strcmp(p->weights[i].name, name)) {
			if (size) *size = p->weights[i].size;
			return e->session.weights + p->weights[i].offset;
		}
	ck_abort_msg("there is no weight %s", name);
}

static void scale(struct rnf_experiment *e, const char *name, float factor)
{
	int64_t n;
	float *w = weight(e, name, &n);
	for (int64_t i = 0; i < n; i++)
		w[i] *= factor;
}

/* -- stop -- */

static const struct {
	const char *sets[SETS], *words;
} named[] = {
	{ { S1 "forward=nan" }, "step 1 (epoch 1): the loss is nan; first bad value in s1 "
	  "(activation, forward): 8 of 2,048 values are NaN, the others lie in -" },
	{ { S2 "forward=infinite" }, "first bad value in s2 (activation, forward): 8 of 2,048 "
	  "values are infinite, the others lie in -" },
	{ { S1 "backward=nan" }, "step 1 (epoch 1): the gradient's norm is nan; first bad value "
	  "in s1 (activation, backward): 8 of 2,048 values are NaN" },
	{ { S2 "backward=infinite" }, "first bad value in s2 (activation, backward): 8 of 2,048 "
	  "values are infinite" },
	{ { S2 "backward=nan", S1 "backward=nan" }, "first bad value in s2 (act" },
	{ { S1 "backward=nan", S2 "forward=nan" }, "first bad value in s2 (act" },
	/* hidden by a norm, whose running variance would keep it */
	{ { S1 "forward=huge" }, "a batch's mean or variance is not finite; first bad value in n2 "
	  "(norm's statistics, forward): 4 of 8 values are infinite" },
	{ { S1 "forward=nan", S1 "image=21" }, "first bad value in s1 (activation, forward): 1 of "
	  "2,048 values is" },
	/* derived from weights */
	{ { "model.layers.n1=sick", "model.layers.n1.forward=nan" }, "first bad value in n1 (sick, forward): "
	  "1 of " },
	{ { "model.layers.n2=sick", "model.layers.n2.backward=infinite" }, "first bad value in n2 (sick, "
	  "backward): 1 of " },
	{ { AUGMENT "pixel=nan", "seed=3" }, "of the training files comes to the model with bad "
	  "values (8 of 1,536 values are NaN, the others" },
	{ { AUGMENT "pixel=infinite", AUGMENT "chance=0.05" }, "of the training files comes to" },
	{ { "train.optimizer.lr=100", "train.optimizer.momentum=1", "model.l2=1" }, "first bad" },
	{ { "train.optimizer=sick", "train.optimizer.weight=nan", "train.optimizer.step=3" },
	  "step 4 (epoch 1): the loss is nan; c1/kernel itself holds bad values (1 of 108 values "
	  "is NaN, the others lie in " },
	{ { "train.optimizer=sick", "train.optimizer.weight=infinite", "train.optimizer.step=5" },
	  "step 5 (epoch 1): c1/kernel itself holds bad values (1 of 108 values is infinite" },
};

START_TEST(the_first_bad_value_is_named)
{
	for (int i = 0; i < TEST_ROWS(threads); i++) {
		struct rnf_experiment *e = test_sick_experiment(threads[i], named[_i].sets);
		struct rnf_steps c;
		rnf_steps_init(&c, e);
		ck_assert_int_eq(test_epochs(&c, 8), RNF_ENUMBER);
		ck_assert_msg(strstr(rnf_fail_words(), named[_i].words) != NULL,
			      "threads %d: %s\nwants: %s", threads[i], rnf_fail_words(),
			      named[_i].words);
		ck_assert_ptr_null(strchr(rnf_fail_words(), '\n'));
		rnf_experiment_finish(e);
	}
}
END_TEST

static const struct {
	const char *weight;
	float factor;
	const char *words;
} pokes[] = {
	{ "c1/kernel", 1e38f, "first bad value in c1 (conv, forward): " },
	{ "c2/kernel", 1e38f, "first bad value in c2 (conv, forward): " },
	{ "c3/kernel", 1e38f, "first bad value in c3 (conv, forward): " },
	{ "n2/gamma", 3e38f, "first bad value in n2 (norm, forward): " },
	{ "c2/kernel", 1e25f, "first bad value in n2 (norm's statistics, forward): " },
	{ "classifier/kernel", INFINITY, "classifier/kernel itself holds bad values (" },
	{ "n1/moving_variance", INFINITY, "n1/moving_variance itself holds bad values (4 of 4 "
	  "values are infinite)" },
};

START_TEST(a_poked_layer_is_named)
{
	struct rnf_experiment *e = test_sick_experiment(2, NULL);
	struct rnf_steps c;
	rnf_steps_init(&c, e);
	scale(e, pokes[_i].weight, pokes[_i].factor);
	ck_assert_int_eq(test_epochs(&c, 1), RNF_ENUMBER);
	ck_assert_msg(strstr(rnf_fail_words(), pokes[_i].words) != NULL, "%s",
		      rnf_fail_words());
	rnf_experiment_finish(e);
}
END_TEST

/* -- a step that is bad changes nothing -- */

static const char *const policies[] = { "stop", "skip", "rollback" };

START_TEST(a_bad_step_commits_nothing)
{
	const char *const sets[] = { S1 "backward=nan", S1 "image=21", NULL };
	struct rnf_experiment *e = test_sick_experiment(2, sets);
	const size_t bytes = (size_t)e->model.programs[0]->block * sizeof(float);
	float *weights = rnf_alloc(bytes), *slots = rnf_alloc(bytes);
	struct rnf_steps c;
	rnf_steps_init(&c, e);
	c.run.epoch = c.run.step = 1;
	for (int64_t from = 0; from < 40; from += 8) {
		memcpy(weights, e->session.weights, bytes);
		memcpy(slots, e->session.slots[0], bytes);
		rnf_training_step(&c.step, &c.run, e->data.train + from, 8, 1);
		const int bad = from <= BAD_IMAGE && BAD_IMAGE < from + 8;
		ck_assert_int_eq(c.step.fault, bad ? RNF_FAULT_GRADIENT : RNF_FAULT_NONE);
		ck_assert_int_eq(isfinite(c.run.grad_norm), !bad);
		ck_assert_int_eq(memcmp(weights, e->session.weights, bytes) == 0, bad);
		ck_assert_int_eq(memcmp(slots, e->session.slots[0], bytes) == 0, bad);
	}
	rnf_experiment_finish(e);
}
END_TEST

/* The same steps without the fault, its batch left out by hand. */
static void by_hand(struct rnf_experiment *e, int64_t epochs, int back)
{
	const size_t bytes = (size_t)e->model.programs[0]->block * sizeof(float);
	float *weights = rnf_alloc(bytes), *slots = rnf_alloc(bytes);
	struct rnf_steps c;
	rnf_steps_init(&c, e);
	for (c.run.epoch = 1; c.run.epoch <= epochs; c.run.epoch++) {
		memcpy(weights, e->session.weights, bytes);
		memcpy(slots, e->session.slots[0], bytes);
		rnf_training_order(&e->conf, &e->data, c.run.epoch, c.order);
		for (int64_t from = 0; from < 40; from += 8) {
			int bad = 0;
			for (int64_t i = from; i < from + 8; i++)
				bad |= c.order[i] == BAD_IMAGE;
			if (!bad) {
				rnf_training_step(&c.step, &c.run, c.order + from, 8, 1);
			} else if (back) {
				memcpy(e->session.weights, weights, bytes);
				memcpy(e->session.slots[0], slots, bytes);
			}
		}
	}
}

static void left_out(const char *policy, const char *direction, int n_threads)
{
	const char *const sets[] = { rnf_format(S1 "%s=nan", direction), S1 "image=21",
		rnf_format("numerics.on_nonfinite=%s", policy), NULL };
	struct rnf_experiment *e = test_sick_experiment(n_threads, sets);
	struct rnf_experiment *plain = test_sick_experiment(1, NULL);
	const size_t bytes = (size_t)e->model.programs[0]->block * sizeof(float);
	const char *what;
	struct rnf_steps c;
	rnf_steps_init(&c, e);
	ck_assert_msg(test_epochs(&c, 3) >= 0, "%s", rnf_fail_words());
	by_hand(plain, 3, !strcmp(policy, "rollback"));
	ck_assert_mem_eq(e->session.weights, plain->session.weights, bytes);
	ck_assert_mem_eq(e->session.slots[0], plain->session.slots[0], bytes);
	ck_assert_int_eq(rnf_state_finite(&e->session.tensors, &what), RNF_OK);
	ck_assert_int_eq(e->session.numerics.bad, 3);
	ck_assert_int_eq(c.run.step, 15);
	rnf_experiment_finish(e);
	rnf_experiment_finish(plain);
}

START_TEST(a_bad_batch_is_left_out_and_no_more)
{
	for (size_t p = 1; p < 3; p++) {
		left_out(policies[p], "forward", threads[_i]);
		left_out(policies[p], "backward", threads[_i]);
	}
}
END_TEST

/* An update that was too large shows in the step after it: only a snapshot helps. */
START_TEST(lost_weights_come_back_from_a_snapshot_only)
{
	for (size_t p = 0; p < 3; p++)
		for (int step = 3; step <= 5; step++) {
			const char *const sets[] = { "train.optimizer=sick",
				"train.optimizer.weight=nan",
				rnf_format("train.optimizer.step=%d", step),
				rnf_format("numerics.on_nonfinite=%s", policies[p]), NULL };
			struct rnf_experiment *e = test_sick_experiment(2, sets);
			struct rnf_steps c;
			const char *what;
			rnf_steps_init(&c, e);
			ck_assert_int_eq(e->session.snapshot[0] != NULL, p == 2);
			ck_assert_int_eq(test_epochs(&c, 3), p == 2 ? 0 : RNF_ENUMBER);
			ck_assert_int_eq(rnf_state_finite(&e->session.tensors, &what) == 0, p == 2);
			rnf_experiment_finish(e);
		}
}
END_TEST

/* -- no end of bad steps -- */

static const struct {
	const char *policy, *image;
	int64_t step;
} limits[] = { /* eleven in a row; on rollback, a bad one in each epoch of five */
	{ "skip", S1 "image=-1", 11 },
	{ "rollback", S1 "image=-1", 11 },
	{ "rollback", S1 "image=21", 51 },
	{ "skip", S1 "image=21", 0 },
};

START_TEST(too_many_bad_steps_end_a_run)
{
	const char *const sets[] = { S1 "forward=nan", limits[_i].image, "train.epochs=13",
		rnf_format("numerics.on_nonfinite=%s", limits[_i].policy), NULL };
	struct rnf_experiment *e = test_sick_experiment(2, sets);
	struct rnf_steps c;
	rnf_steps_init(&c, e);
	const rnf_status status = test_epochs(&c, 13);
	if (limits[_i].step == 0) {
		ck_assert_int_eq(status, RNF_OK);
		ck_assert_int_eq(e->session.numerics.bad, 13);
	} else {
		ck_assert_int_eq(status, RNF_ENUMBER);
		ck_assert_int_ge(c.run.step, limits[_i].step);
		ck_assert_int_le(c.run.step, limits[_i].step + 4);
		ck_assert_ptr_nonnull(strstr(rnf_fail_words(), "after 10 other bad steps; first "
					     "bad value in s1 (activation, forward)"));
	}
	rnf_experiment_finish(e);
}
END_TEST

/* -- data at the edge -- */

static const struct {
	const char *sets[SETS];
	float logits; /* factor of the classifier's kernel */
} edges[] = {
	{ { FLAT }, 1 }, /* variance 0 in each norm of the first layer */
	{ { FLAT, "data.grey=0" }, 1 },
	{ { FLAT, "data.grey=255" }, 1 },
	{ { FLAT, "data.labels=3" }, 1 }, /* classes without an image */
	{ { FLAT, "data.labels=1" }, 1 }, /* all of one class */
	{ { FLAT, "train.batch_size=1" }, 1 },
	{ { "train.batch_size=1" }, 1 },
	{ { "train.optimizer.lr=0" }, 1e4f }, /* logits up to some 1e4 */
	{ { FLAT, "train.optimizer.lr=0" }, 1e4f },
};

START_TEST(data_at_the_edge_trains)
{
	struct rnf_experiment *e = test_sick_experiment(2, edges[_i].sets);
	struct rnf_steps c;
	struct rnf_scores scores;
	const char *what;
	rnf_steps_init(&c, e);
	scale(e, "classifier/kernel", edges[_i].logits);
	ck_assert_msg(test_epochs(&c, 2) >= 0, "%s", rnf_fail_words());
	ck_assert(isfinite(c.run.loss) && isfinite(c.run.grad_norm));
	ck_assert_int_eq(rnf_state_finite(&e->session.tensors, &what), RNF_OK);
	ck_assert_int_ge(rnf_evaluate(e, RNF_SPLIT_TEST, NULL, 8, NULL, &scores), 0);
	ck_assert(isfinite(scores.loss) && isfinite(scores.plain));
	if (edges[_i].logits > 1) ck_assert_double_gt(scores.loss, 100);
	rnf_experiment_finish(e);
}
END_TEST

START_TEST(a_rate_of_a_million_stops_or_stays_finite)
{
	const char *const sets[] = { "train.optimizer=sick", "train.optimizer.lr=1e6", NULL };
	struct rnf_experiment *e = test_sick_experiment(2, sets);
	struct rnf_steps c;
	rnf_steps_init(&c, e);
	ck_assert_int_eq(test_epochs(&c, 8), RNF_ENUMBER);
	ck_assert_ptr_nonnull(strstr(rnf_fail_words(), "a lower train.optimizer.lr"));
	rnf_experiment_finish(e);
}
END_TEST

/* -- what is kept -- */

START_TEST(a_bad_state_is_told_by_its_tensor)
{
	struct rnf_experiment *e = test_sick_experiment(1, NULL);
	const char *what = "";
	float *w = weight(e, "n2/moving_mean", NULL);

	ck_assert_int_eq(rnf_state_finite(&e->session.tensors, &what), RNF_OK);
	ck_assert_ptr_null(what);
	w[3] = -INFINITY;
	ck_assert_int_eq(rnf_state_finite(&e->session.tensors, &what), RNF_ENUMBER);
	ck_assert_str_eq(what, "n2/moving_mean");
	w[3] = 0;

	e->session.slots[0][weight(e, "c2/kernel", NULL) - e->session.weights] = NAN;
	ck_assert_int_eq(rnf_state_finite(&e->session.tensors, &what), RNF_ENUMBER);
	ck_assert_str_eq(what, "optimizer/momentum/c2/kernel");

	rnf_experiment_finish(e);
}
END_TEST

START_TEST(weights_that_are_not_finite_are_not_read)
{
	struct rnf_experiment *e = test_sick_experiment(1, NULL);
	const char *path = rnf_format("%s/nan.safetensors", test_bad_plugins());
	weight(e, "c2/kernel", NULL)[7] = NAN;
	ck_assert_int_ge(rnf_weights_write(&e->session.tensors, path,
					   e->session.tensors.n_model, NULL, 0), 0);
	ck_assert_int_eq(rnf_weights_read(&e->session, path), RNF_EINVAL);
	ck_assert_ptr_nonnull(strstr(rnf_fail_words(), "c2/kernel holds NaN or infinity in 1 of "
				     "its 144 values"));
	weight(e, "c2/kernel", NULL)[7] = 1;
	ck_assert_int_ge(rnf_weights_write(&e->session.tensors, path,
					   e->session.tensors.n_model, NULL, 0), 0);
	ck_assert_int_ge(rnf_weights_read(&e->session, path), 0);
	rnf_experiment_finish(e);
}
END_TEST

/* -- as a user sees it -- */

static const struct {
	int status;
	const char *sets, *words, *warning;
} seen[] = {
	{ 4, S1 "forward=nan", "rnframe: step 1 (epoch 1): the loss is nan; first bad", NULL },
	{ 0, S1 "forward=nan " S1 "image=21 numerics.on_nonfinite=skip", "3 of 15 steps were not "
	  "finite and were skipped", "the step is skipped, the 1st so far; every 100th is told" },
	{ 0, S1 "forward=nan " S1 "image=21 numerics.on_nonfinite=rollback", "3 of 15 steps were "
	  "not finite and were taken back", "the model goes back to the beginning of the epoch" },
	{ 2, "numerics.on_nonfinite=ignore", "must be \"stop\", \"skip\" or \"rollback\"", NULL },
};

START_TEST(a_user_sees_one_line)
{
	char out[16384];
	const char *dir = test_folder("numerics_runs");
	test_sick_experiment(1, NULL); /* writes the conf */
	const int status = test_program(out, sizeof out, "train %s/sick.cfg --plugin-path %s "
		"train.epochs=3 %s --out %s/a", test_bad_plugins(), test_bad_plugins(),
		seen[_i].sets, dir);
	ck_assert_msg(status == seen[_i].status && strstr(out, seen[_i].words), "%d: %s", status,
		      out);
	ck_assert_msg(!seen[_i].warning || strstr(out, seen[_i].warning), "%s", out);
	const char *line = strstr(out, "rnframe: ");
	ck_assert_int_eq(line != NULL, seen[_i].status != 0);
	if (line) ck_assert_ptr_eq(strchr(line, '\n') + 1, line + strlen(line));
}
END_TEST

/* Within an epoch, behind its bad step: what it goes back to is in the file. */
START_TEST(a_resumed_run_goes_back_as_far)
{
	static const char sets[] = S1 "backward=nan " S1 "image=21 train.epochs=4 "
		"numerics.on_nonfinite=";
	char out[16384];
	const char *dir = test_folder("numerics_resumed"), *bad = test_bad_plugins();
	test_sick_experiment(1, NULL); /* writes the conf */
	for (int p = 1; p < 3; p++) {
		const char *run = rnf_format("train %s/sick.cfg --plugin-path %s %s%s --out %s/%s",
					     bad, bad, sets, policies[p], dir, policies[p]);
		ck_assert_msg(test_program(out, sizeof out, "%s threads=1", run) == 0, "%s", out);
		for (int steps = 6; steps <= 14; steps += 4) {
			ck_assert_msg(test_program(out, sizeof out, "%s_%d threads=2 "
				"train.max_steps=%d", run, steps, steps) == 0, "%s", out);
			ck_assert_msg(test_program(out, sizeof out, "%s_%d threads=3 --resume auto",
						   run, steps) == 0, "%s", out);
			ck_assert_ptr_nonnull(strstr(out, "4 of 20 steps were not finite"));
			test_shell("cmp %s/%s/model.safetensors %s/%s_%d/model.safetensors", dir,
				   policies[p], dir, policies[p], steps);
		}
		ck_assert_msg(test_program(out, sizeof out, "verify %s/%s --steps 20 "
			"--plugin-path %s", dir, policies[p], bad) == 0, "%s", out);
		ck_assert_ptr_nonnull(strstr(out, "20 losses"));
	}
}
END_TEST

int main(void)
{
	test_bad_plugins();
	const struct test_case cases[] = {
		{ the_first_bad_value_is_named, TEST_ROWS(named) },
		{ a_poked_layer_is_named, TEST_ROWS(pokes) },
		{ a_bad_step_commits_nothing, 0 },
		{ a_bad_batch_is_left_out_and_no_more, TEST_ROWS(threads) },
		{ lost_weights_come_back_from_a_snapshot_only, 0 },
		{ too_many_bad_steps_end_a_run, TEST_ROWS(limits) },
		{ data_at_the_edge_trains, TEST_ROWS(edges) },
		{ a_rate_of_a_million_stops_or_stays_finite, 0 },
		{ a_bad_state_is_told_by_its_tensor, 0 },
		{ weights_that_are_not_finite_are_not_read, 0 },
		{ a_user_sees_one_line, TEST_ROWS(seen) },
		{ a_resumed_run_goes_back_as_far, 0 },
		{ NULL, 0 },
	};
	return test_run_cases("train/numerics", cases);
}
