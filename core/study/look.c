#define _GNU_SOURCE
#include "study/look.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/mman.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/status.h"
#include "base/isolate.h"
#include "run/live.h"
#include "train/step.h"

enum { LIMIT_S = 600, TIMED_STEPS = 3 };

struct task { /* for the child */
	const struct rnf_arm *arms;
	size_t n;
	enum rnf_look_depth depth;
	int goes_on; /* after a conf that cannot be used */
	struct rnf_look *looks; /* [n], shared with it */
};

int rnf_look_decides_nothing(const char *path)
{
	return rnf_live_always(path) || !strcmp(path, "seed");
}

/* -- in the child -- */

static rnf_status read_arm(struct rnf_config *c, const struct rnf_arm *arm)
{
	const rnf_status status = rnf_conf_gather(arm->conf, rnf_conf_dir, &c->tree);
	rnf_fail_aside(status);
	if (status < 0) return rnf_fail_all();
	for (size_t i = 0; i < arm->n_sets; i++)
		rnf_fail_aside(rnf_conf_override(c->tree, arm->sets[i].text, arm->sets[i].file,
						 arm->sets[i].line));
	return rnf_config_fill(c);
}

/* Defaults are filled into a copy: later code wants the tree as it was written. */
static rnf_status look_at_conf(const struct rnf_config *c, struct rnf_look *look)
{
	struct rnf_conf *whole = rnf_conf_copy(c->tree, NULL);
	RNF_TRY(rnf_config_expand(whole));
	const uint64_t digest = rnf_conf_digest(whole, rnf_look_decides_nothing);
	look->digest = digest ? digest : 1;
	look->seed = c->root.seed;
	look->epochs = c->root.train.epochs;
	look->batch = c->root.train.batch_size;
	return RNF_OK;
}

static void look_at_model(const struct rnf_program *p, struct rnf_look *look)
{
	look->parameters = rnf_program_parameters(p);
	look->macs = rnf_program_macs(p);
}

static void look_at_run(const struct rnf_experiment *e, struct rnf_look *look)
{
	const struct rnf_run run = rnf_training_run(e);
	look->steps = run.steps;
	look->steps_per_epoch = run.steps_per_epoch;
	look->bytes = rnf_experiment_bytes(e, 1);
}

/* The first step pays for fresh memory and does not count. */
static double time_steps(struct rnf_experiment *e)
{
	struct rnf_training_step step;
	struct rnf_run run = rnf_training_run(e);
	const int64_t batch = e->conf.root.train.batch_size;
	const int64_t n = e->data.n_train < batch ? e->data.n_train : batch;
	double start = 0;
	rnf_training_step_init(&step, e);
	run.epoch = 1;
	for (run.step = 1; run.step <= 1 + TIMED_STEPS; run.step++) {
		if (run.step == 2) start = rnf_now();
		rnf_training_step(&step, &run, e->data.train, n, 1);
	}
	return (rnf_now() - start) / TIMED_STEPS;
}

static rnf_status look_at(const struct rnf_arm *arm, enum rnf_look_depth depth,
			  struct rnf_look *look)
{
	struct rnf_experiment *e = rnf_alloc(sizeof *e);
	RNF_TRY(read_arm(&e->conf, arm));
	RNF_TRY(look_at_conf(&e->conf, look));
	if (depth == RNF_LOOK_MODEL) {
		RNF_TRY(rnf_experiment_shapes(e));
		RNF_TRY(rnf_model_graph(&e->model, &e->conf, 0));
	} else if (depth > RNF_LOOK_MODEL) {
		RNF_TRY(rnf_experiment_check(e));
		look_at_run(e, look);
	}
	if (depth >= RNF_LOOK_MODEL) look_at_model(e->model.programs[0], look);
	if (depth == RNF_LOOK_TIME) look->step_seconds = time_steps(e);
	return RNF_OK;
}

static rnf_status look_at_all(const void *context)
{
	const struct task *t = context;
	rnf_fail_all(); /* of earlier arms: the parent reports them */
	for (size_t i = 0; i < t->n; i++) {
		const rnf_status status = look_at(&t->arms[i], t->depth, &t->looks[i]);
		if (status < 0 && !t->goes_on) return status;
		if (status < 0) t->looks[i].digest = 0;
	}
	return RNF_OK;
}

/* -- in the parent -- */

static rnf_status run(struct task *t, struct rnf_look *looks)
{
	const size_t bytes = t->n * sizeof *looks;
	t->looks = mmap(NULL, bytes + 1, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (t->looks == MAP_FAILED) return rnf_fail(RNF_ENOMEM, "no memory to check confs");
	for (size_t i = 0; i < t->n; i++)
		t->looks[i].step_seconds = NAN;
	const rnf_status status = rnf_isolate(look_at_all, t, LIMIT_S);
	memcpy(looks, t->looks, bytes);
	munmap(t->looks, bytes + 1);
	return status;
}

/* Does the message begin with a place in the arm's own file? */
static int tells_file(const struct rnf_arm *arm)
{
	const size_t n = strcspn(arm->place, ":");
	return n > 0 && !strncmp(rnf_fail_words(), arm->place, n + 1);
}

rnf_status rnf_look_at_arm(const struct rnf_arm *arm, enum rnf_look_depth depth,
			   struct rnf_look *look)
{
	struct task t = { .arms = arm, .n = 1, .depth = depth };
	const rnf_status status = run(&t, look);
	return status < 0 ? rnf_fail_in(status, "%sarm %s: ", tells_file(arm) ? "" : arm->place,
					arm->name) : RNF_OK;
}

rnf_status rnf_look_at_conf(const char *path, enum rnf_look_depth depth, struct rnf_look *look)
{
	const struct rnf_arm arm = { .conf = path };
	struct task t = { .arms = &arm, .n = 1, .depth = depth };
	return run(&t, look);
}

rnf_status rnf_look_at_confs(const char *const *paths, size_t n, enum rnf_look_depth depth,
			     struct rnf_look *looks)
{
	struct rnf_arm *arms = rnf_alloc((n + 1) * sizeof *arms);
	for (size_t i = 0; i < n; i++)
		arms[i].conf = paths[i];
	struct task t = { .arms = arms, .n = n, .depth = depth, .goes_on = 1 };
	return n ? run(&t, looks) : RNF_OK;
}
