/* A step: the gradient's norm, the float mode of all threads, and its speed when
 * numbers are denormal. */
#include "train/step.h"

#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/floats.h"
#include "base/status.h"
#include "lib/bad.h"
#include "lib/plugin.h"
#include "lib/program.h"
#include "lib/sanitizer.h"

/* Of data_loss + sum l2 w^2, in the plainest way. */
static double norm(const struct rnf_experiment *e, const float *weights)
{
	const struct rnf_program *p = e->model.programs[1];
	double sum = 0;
	for (size_t i = 0; i < p->n_weights; i++) {
		const struct rnf_model_weight *w = &p->weights[i];
		if (w->state) continue;
		const float *g = rnf_exec_gradient(e->session.execs[1], w);
		for (int64_t k = 0; k < w->size; k++)
			sum += pow(g[k] + 2 * w->l2 * weights[w->offset + k], 2);
	}
	return sqrt(sum);
}

START_TEST(the_norm_is_that_of_the_gradient)
{
	double norms[3];
	for (int threads = 1; threads <= 3; threads++) {
		struct rnf_experiment *e = test_sick_experiment(threads, NULL);
		const size_t bytes = (size_t)e->model.programs[0]->block * sizeof(float);
		float *before = rnf_alloc(bytes);
		struct rnf_steps c;
		rnf_steps_init(&c, e);
		c.run.epoch = c.run.step = 1;
		rnf_training_step(&c.step, &c.run, e->data.train, 8, 1);
		memcpy(before, e->session.weights, bytes); /* of the second step */
		rnf_training_step(&c.step, &c.run, e->data.train + 8, 7, 1);
		norms[threads - 1] = c.run.grad_norm;
		ck_assert_double_gt(c.run.grad_norm, 1e-3);
		ck_assert_double_eq_tol(c.run.grad_norm, norm(e, before),
					1e-12 * c.run.grad_norm);
		rnf_experiment_finish(e);
	}
	ck_assert(norms[0] == norms[1] && norms[1] == norms[2]); /* each bit */
}
END_TEST

#ifdef __SSE__
static const struct {
	const char *sets[4], *words;
	int64_t step;
} modes[] = {
	{ { "model.layers.s2.function.backward=mode" }, ": s2 (activation, backward) changes", 1 },
	{ { "model.layers.s1.function.forward=mode" }, ": s1 (activation, forward) changes", 1 },
	{ { "data.augment.sick.pixel=mode", "data.augment.sick.chance=0.01" },
	  ": the data set or an augmentation changes", 0 },
	{ { "train.optimizer=sick", "train.optimizer.weight=mode", "train.optimizer.step=3" },
	  ": the optimizer changes", 3 },
};

START_TEST(a_float_mode_that_is_left_is_told)
{
	for (int threads = 1; threads <= 3; threads++) {
		struct rnf_experiment *e = test_sick_experiment(threads, modes[_i].sets);
		struct rnf_steps c;
		rnf_steps_init(&c, e);
		ck_assert_int_eq(test_epochs(&c, 8), RNF_EPLUGIN);
		ck_assert_msg(strstr(rnf_fail_words(), modes[_i].words) != NULL, "%s",
			      rnf_fail_words());
		if (modes[_i].step) ck_assert_int_eq(c.run.step, modes[_i].step);
		ck_assert_uint_eq(rnf_float_mode(), rnf_float_mode_policy());
		rnf_experiment_finish(e);
	}
}
END_TEST
#endif

static const struct {
	int status;
	const char *sets, *words;
} callbacks[] = {
#ifdef __SSE__
	{ 5, "mode=mode", "step 2 (epoch 1): a callback changes a thread's" },
#endif
	{ 5, "status=-8", "the callback is sick" },
	{ 4, "status=-7", "the callback is sick" },
	{ 3, "status=-4", "the callback is sick" },
	{ 5, "status=-77", "callback.sick: the callback is sick" },
};

/* A storage failure that a plugin tells stays one; an answer that is no status is
 * the plugin's own failure. */
START_TEST(a_callback_has_its_status)
{
	char out[16384];
	const char *dir = test_folder("step_runs");
	test_sick_experiment(1, NULL); /* writes the conf */
	const int status = test_program(out, sizeof out, "train %s/sick.cfg --plugin-path %s "
		"train.callbacks.sick.%s --out %s/a", test_bad_plugins(),
		test_bad_plugins(), callbacks[_i].sets, dir);
	ck_assert_msg(status == callbacks[_i].status && strstr(out, callbacks[_i].words),
		      "%d: %s", status, out);
}
END_TEST

/* -- crashes -- */

static const struct {
	const char *sets, *words;
	int status; /* as the shell has it */
} crashes[] = {
	{ "model.layers.s1.function.forward=crash", "SIGSEGV in s1 (activation, forward)\n", 139 },
	{ "model.layers.s2.function.backward=crash", "SIGSEGV in s2 (activation, backward)\n", 139 },
	{ "model.layers.n1=sick model.layers.n1.forward=crash", "SIGSEGV in n1 (sick, forward)\n", 139 },
	{ "model.layers.n2=sick model.layers.n2.backward=crash", "SIGSEGV in n2 (sick, backward)\n", 139 },
	{ "model.layers.n2=sick model.layers.n2.backward=exit", "exit() in n2 (sick, backward): a p", 5 },
	{ "data.augment.sick.pixel=crash", "SIGSEGV in augment.sick\n", 139 },
	{ "train.optimizer=sick train.optimizer.weight=crash", "SIGSEGV in optimizer.sick\n", 139 },
	{ "train.callbacks.sick.mode=crash", "SIGSEGV in callback.sick\n", 139 },
	{ "model.layers.s1.function.forward=overflow", "SIGSEGV in s1 (activation, forward)\n", 139 },
	{ "train.optimizer=sick train.optimizer.weight=overflow", "SIGSEGV in optimizer.sick\n", 139 },
	{ "train.callbacks.sick.mode=overflow", "SIGSEGV in callback.sick\n", 139 },
	{ "train.callbacks.sick.mode=exit", "exit() in callback.sick: a plugin must not", 5 },
	{ "train.callbacks.sick.mode=thread", "pthread_exit() in callback.sick: a plugin must", 5 },
	{ "model.layers.s2.function.backward=exit", "exit() in s2 (activation, backward): a p", 5 },
	{ "model.layers.s1.function.forward=thread", "pthread_exit() in s1 (activation, forwa", 5 },
	{ "data.augment.sick.pixel=exit", "exit() in augment.sick: a plugin must not end", 5 },
	{ "data.augment.sick.pixel=thread", "pthread_exit() in augment.sick: a plugin must", 5 },
};

START_TEST(a_crash_says_where)
{
	char out[16384];
	if (TEST_ASAN || TEST_TSAN) return; /* they tell themselves */
	const char *dir = test_folder("step_crashes");
	test_sick_experiment(1, NULL); /* writes the conf */
	for (int threads = 1; threads <= 2; threads++) {
		/* in a shell of its own, which tells a signal by 128 and its number */
		const int status = test_command(out, sizeof out, "(ulimit -c 0; %s/rnframe train "
			"%s/sick.cfg --plugin-path %s %s threads=%d --out %s/%d; echo $?) 2>&1",
			test_build(), test_bad_plugins(), test_bad_plugins(),
			crashes[_i].sets, threads, dir, threads);
		ck_assert_msg(status == 0 && strstr(out, crashes[_i].words) &&
			      strstr(out, rnf_format("%d\n", crashes[_i].status)), "%s", out);
	}
}
END_TEST

/* -- steps that do not end -- */

static const struct {
	const char *sets, *words;
} hangs[] = {
	{ "threads=1 model.layers.s1.function.forward=hang", " s: in s1 (activation, forward)" },
	{ "threads=2 model.layers.s2.function.backward=hang",
	  ", thread 2 in s2 (activation, backward)" },
	{ "train.optimizer=sick train.optimizer.weight=hang", " s: in optimizer.sick" },
};

/* The alarm comes a minute early, again and again: until the run is in its step it says nothing,
 * and where the step begins it names another place. */
START_TEST(a_step_that_hangs_says_where)
{
	char out[4096];
	const char *dir = test_folder("step_hangs");
	test_sick_experiment(1, NULL); /* writes the conf */
	test_command(out, sizeof out, "bin=$(realpath %s)/rnframe bad=$(realpath %s) && cd %s && "
		     "($bin train $bad/sick.cfg --plugin-path $bad %s --out a >out 2>&1 & echo $! >pid); "
		     "n=0; until grep -qF '%s' out || [ $((n += 1)) -gt 400 ]; do "
		     "sleep 0.05; [ ! -e a/lock ] || kill -ALRM $(cat pid); done; "
		     "sleep 0.2; kill -9 $(cat pid); cat out",
		     test_build(), test_bad_plugins(), dir, hangs[_i].sets, hangs[_i].words);
	ck_assert_msg(strstr(out, "a step takes more than 60 s: in ") &&
		      strstr(out, hangs[_i].words), "%s", out);
}
END_TEST

/* -- denormals -- */

static double fastest(struct rnf_experiment *e)
{
	double best = INFINITY;
	for (int i = 0; i < 9; i++) {
		const double start = rnf_now();
		rnf_exec_run(e->session.execs[1]);
		if (rnf_now() - start < best) best = rnf_now() - start;
	}
	return best;
}

/* All values of a weight. */
static void set(struct rnf_experiment *e, const char *name, float value)
{
	const struct rnf_program *p = e->model.programs[0];
	for (size_t i = 0; i < p->n_weights; i++)
		if (!strcmp(p->weights[i].name, name))
			for (int64_t k = 0; k < p->weights[i].size; k++)
				e->session.weights[p->weights[i].offset + k] = value;
}

/* Normal values times kernels that small: a thread that kept denormals would take
 * many times as long. */
START_TEST(denormals_do_not_slow_a_step)
{
	const char *const sets[] = { "model.layers.c2.filters=32", "model.layers.c3.filters=32",
				     "data.height=32", "data.width=32", NULL };
	struct rnf_experiment *e = test_sick_experiment(2, sets);
	struct rnf_steps c;
	rnf_steps_init(&c, e);
	c.run.epoch = c.run.step = 1;
	set(e, "n2/beta", 1);
	rnf_training_step(&c.step, &c.run, e->data.train, 8, 1);
	const double normal = fastest(e);
	set(e, "c2/kernel", 1e-40f);
	set(e, "c3/kernel", 1e-40f);
	const double denormal = fastest(e);
	ck_assert_msg(denormal < 3 * normal, "%g s and %g s", denormal, normal);
	rnf_experiment_finish(e);
}
END_TEST

int main(void)
{
	test_bad_plugins();
	const struct test_case cases[] = {
		{ the_norm_is_that_of_the_gradient, 0 },
#ifdef __SSE__
		{ a_float_mode_that_is_left_is_told, TEST_ROWS(modes) },
#endif
		{ a_callback_has_its_status, TEST_ROWS(callbacks) },
		{ a_crash_says_where, TEST_ROWS(crashes) },
		{ a_step_that_hangs_says_where, TEST_ROWS(hangs) },
		{ denormals_do_not_slow_a_step, 0 },
		{ NULL, 0 },
	};
	return test_run_cases("train/step", cases);
}
