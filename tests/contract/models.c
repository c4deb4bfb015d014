/* What every layer and block must keep in a small model of its own: it builds, two steps
 * of training have the same bits again and on more threads, and saved and loaded weights
 * compute the same bits. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "lib/built.h"
#include "lib/program.h"
#include "run/loop.h"
#include "train/eval.h"

#define GOOD(call) ck_assert_msg((call) >= 0, "%s: %s", subject, rnf_fail_words())

enum { IMAGES = 7, CLASSES = 3 };

static char subject[160]; /* the plugin under test, for messages */

/* Why a plugin may refuse images of 32 channels, and what to put in front then. */
static const struct reason { const char *words, *layers; } reasons[] = {
	{ "must be 1 x 1", "{ type = \"global_avgpool\"; }, " },
};

static const char *write_conf(const struct test_built *f, const char *folder,
			      const char *front)
{
	const char *path = rnf_format("%s/model.cfg", folder);
	struct rnf_conf *layer = test_built_layer(f);
	FILE *file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fprintf(file, "%s%s{ ", test_built_head, front);
	rnf_conf_write(layer, file);
	fprintf(file, " }%s", test_built_tail);
	ck_assert_int_eq(fclose(file), 0);
	return path;
}

static struct rnf_experiment *start(const char *conf, const char *set)
{
	struct rnf_experiment *e = rnf_alloc(sizeof *e);
	GOOD(rnf_config_read(&e->conf, conf, &set, 1));
	GOOD(rnf_dataset_open(&e->data, &e->conf));
	GOOD(rnf_experiment_shapes(e));
	GOOD(rnf_model_plan(&e->model, &e->conf, 0, 1));
	GOOD(rnf_model_plan(&e->model, &e->conf, 1, 1));
	GOOD(rnf_experiment_start(e, 1));
	return e;
}

/* The model with nothing in front, unless it is refused for a known reason. */
static const char *fitting_conf(const struct test_built *f, const char *folder)
{
	struct rnf_experiment *e = rnf_alloc(sizeof *e);
	const char *conf = write_conf(f, folder, "");
	GOOD(rnf_config_read(&e->conf, conf, NULL, 0));
	GOOD(rnf_experiment_shapes(e));
	if (rnf_model_graph(&e->model, &e->conf, 1) >= 0) return conf;
	for (int i = 0; i < TEST_ROWS(reasons); i++)
		if (strstr(rnf_fail_words(), reasons[i].words))
			return write_conf(f, folder, reasons[i].layers);
	ck_abort_msg("%s: refused for no known reason: %s", subject, rnf_fail_words());
}

struct results {
	float probs[IMAGES * CLASSES];
	struct rnf_scores scores;
};

static struct results evaluate(struct rnf_experiment *e)
{
	struct results r = { .probs = { 0 } };
	GOOD(rnf_evaluate(e, RNF_SPLIT_TEST, NULL, IMAGES,
			  &(struct rnf_answers){ .probs = r.probs }, &r.scores));
	for (int i = 0; i < IMAGES * CLASSES; i++)
		ck_assert_msg(r.probs[i] >= 0 && r.probs[i] <= 1, "%s: probability %g",
			      subject, (double)r.probs[i]);
	return r;
}

static int equal(const struct results *a, const struct results *b)
{
	return !memcmp(a->probs, b->probs, sizeof a->probs) &&
	       a->scores.loss == b->scores.loss && a->scores.accuracy == b->scores.accuracy;
}

/* Weights one by one: the block has unused room between them. */
static const char *first_difference(const struct rnf_experiment *a,
				    const struct rnf_experiment *b)
{
	const struct rnf_program *p = a->model.programs[1];
	for (size_t i = 0; i < p->n_weights; i++) {
		const struct rnf_model_weight *w = &p->weights[i];
		if (memcmp(a->session.weights + w->offset, b->session.weights + w->offset,
			   (size_t)w->size * sizeof(float)))
			return w->name;
	}
	return NULL;
}

/* Training and inference share one block of weights: a layer may lower to other
 * primitives, but not to other weights. */
static void check_layout(const struct rnf_experiment *e)
{
	const struct rnf_program *p = e->model.programs[0], *q = e->model.programs[1];
	ck_assert_msg(p->n_weights == q->n_weights, "%s: %zu weights, in training %zu", subject,
		      p->n_weights, q->n_weights);
	for (size_t i = 0; i < p->n_weights; i++) {
		const struct rnf_model_weight *w = &p->weights[i], *t = &q->weights[i];
		const int same = !strcmp(w->name, t->name) && w->rank == t->rank &&
				 !memcmp(w->shape, t->shape, sizeof w->shape) &&
				 w->offset == t->offset && w->state == t->state;
		ck_assert_msg(same, "%s: %s is not %s of training", subject, w->name, t->name);
	}
}

static void train(struct rnf_experiment *e, const char *folder)
{
	struct rnf_checkpoints checkpoints;
	rnf_checkpoints_init(&checkpoints, e);
	checkpoints.dir = folder;
	GOOD(rnf_checkpoints_probe(&checkpoints, 0));
	GOOD(rnf_train(e, &checkpoints, NULL, NULL));
}

static void check_again(const char *conf, const char *folder, const char *set,
			const struct rnf_experiment *e, const struct results *before)
{
	struct rnf_experiment *again = start(conf, set);
	train(again, folder);
	const char *other = first_difference(e, again);
	ck_assert_msg(!other, "%s: %s: other bits of %s", subject, set, other);
	const struct results after = evaluate(again);
	ck_assert_msg(equal(&after, before), "%s: %s: another evaluation", subject, set);
	rnf_experiment_finish(again);
}

static void check_loaded(const char *conf, const char *folder,
			 const struct rnf_experiment *e, const struct results *before)
{
	struct rnf_experiment *loaded = start(conf, "seed=8");
	const struct results fresh = evaluate(loaded);
	ck_assert_msg(!equal(&fresh, before), "%s: the weights change nothing", subject);
	GOOD(rnf_weights_read(&loaded->session,
			      rnf_format("%s/model%s", folder, rnf_native_suffix())));
	const char *other = first_difference(e, loaded);
	ck_assert_msg(!other, "%s: %s is loaded with other bits", subject, other);
	const struct results after = evaluate(loaded);
	ck_assert_msg(equal(&after, before), "%s: loaded, another evaluation", subject);
	rnf_experiment_finish(loaded);
}

static void check_model(const struct test_built *f)
{
	const char *folder = test_folder("models");
	snprintf(subject, sizeof subject, "%s.%s", f->kind, f->name);
	const char *conf = fitting_conf(f, folder);
	struct rnf_experiment *e = start(conf, "threads=1");
	check_layout(e);
	const struct results fresh = evaluate(e);
	train(e, folder);
	const struct results trained = evaluate(e);
	ck_assert_msg(!equal(&fresh, &trained), "%s: training changes nothing", subject);
	check_loaded(conf, folder, e, &trained);
	check_again(conf, folder, "threads=1", e, &trained);
	check_again(conf, folder, "threads=3", e, &trained);
	rnf_experiment_finish(e);
}

START_TEST(layers_train_save_and_load)
{
	test_each("layer", check_model);
}
END_TEST

START_TEST(blocks_train_save_and_load)
{
	test_each("block", check_model);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		layers_train_save_and_load,
		blocks_train_save_and_load,
		NULL,
	};
	return test_run("models", tests);
}
