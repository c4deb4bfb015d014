#include "lib/experiment.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/status.h"
#include "lib/plugin.h"
#include "plugin/loader.h"
#include "train/step.h"

#define GOOD(call) ck_assert_msg((call) >= 0, "%s", rnf_fail_words())

static void find_plugins(void)
{
	static int ready;
	char path[512];
	if (ready++) return;
	snprintf(path, sizeof path, "%s/plugins", test_build());
	rnf_loader_path(path);
}

struct rnf_experiment *test_experiment(const char *conf, const struct rnf_feature *backend,
				       void *self, const char *set, const char *other)
{
	const char *const sets[] = {
		"data.type=synthetic", "data.height=32", "data.width=32", "data.channels=3",
		"data.images=24", "train.batch_size=6", "data.validation=0", set, other };
	struct rnf_experiment *e = rnf_alloc(sizeof *e);
	find_plugins();
	GOOD(rnf_experiment_open(e, conf, sets, TEST_ROWS(sets)));
	e->model.backend_chosen = 1;
	e->model.backend = backend;
	e->model.backend_self = self;
	GOOD(rnf_experiment_build(e, 1));
	return e;
}

struct rnf_experiment *test_planned(const char *conf, int fused, const char *const *sets,
				    size_t n)
{
	struct rnf_experiment *e = rnf_alloc(sizeof *e);
	find_plugins();
	GOOD(rnf_config_read(&e->conf, conf, sets, n));
	GOOD(rnf_dataset_open(&e->data, &e->conf));
	GOOD(rnf_experiment_shapes(e));
	GOOD(rnf_model_plan(&e->model, &e->conf, 0, 1));
	GOOD(rnf_model_plan(&e->model, &e->conf, 1, fused));
	GOOD(rnf_experiment_start(e, 1));
	return e;
}

FILE *test_conf_file(char path[512])
{
	const char *folder = getenv("TMPDIR");
	snprintf(path, 512, "%s/conf_XXXXXX", folder ? folder : P_tmpdir);
	const int descriptor = mkstemp(path);
	ck_assert_int_ge(descriptor, 0);
	FILE *file = fdopen(descriptor, "w");
	ck_assert_ptr_nonnull(file);
	return file;
}

float test_largest(const float *at, int64_t n)
{
	float most = 0;
	for (int64_t i = 0; i < n; i++)
		if (!(fabsf(at[i]) <= most)) most = fabsf(at[i]); /* NaN is kept */
	return most;
}

double test_step(struct rnf_experiment *e)
{
	struct rnf_training_step step;
	struct rnf_run run = rnf_training_run(e);
	rnf_training_step_init(&step, e);
	run.epoch = run.step = 1;
	rnf_training_step(&step, &run, e->data.train, e->conf.root.train.batch_size, 1);
	return run.loss;
}

double test_distance(const struct rnf_experiment *a, const struct rnf_experiment *b)
{
	double difference = 0, size = 0;
	for (size_t i = 0; i < a->model.programs[1]->n_weights; i++) {
		const struct rnf_model_weight *w = &a->model.programs[1]->weights[i];
		if (w->state) continue;
		const float *x = rnf_exec_gradient(a->session.execs[1], w);
		const float *y = rnf_exec_gradient(b->session.execs[1],
						   &b->model.programs[1]->weights[i]);
		for (int64_t k = 0; k < w->size; k++) {
			size += (double)x[k] * x[k];
			difference += ((double)x[k] - y[k]) * ((double)x[k] - y[k]);
		}
	}
	return sqrt(difference / size);
}
