#include "train/fit.h"

#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "plugin/answer.h"
#include "train/step.h"

static struct rnf_context context(const struct rnf_experiment *e)
{
	const struct rnf_run run = rnf_training_run(e);
	const struct rnf_dataset_info *info = &e->data.info;
	return (struct rnf_context){
		.size = sizeof(struct rnf_context), .h = info->h, .w = info->w,
		.c = info->c, .out_h = e->model.hwc[0], .out_w = e->model.hwc[1],
		.classes = info->classes, .epochs = run.epochs,
		.steps_per_epoch = run.steps_per_epoch, .steps = run.steps };
}

/* The key that the message begins with, as it should, or the whole message. */
static const struct rnf_conf *key_of(const struct rnf_conf *node)
{
	const char *words = rnf_fail_words();
	const char *word = rnf_strndup(words, strcspn(words, " [:"));
	const struct rnf_conf *key = node->type == RNF_CONF_GROUP ? rnf_conf_get(node, word)
								  : NULL;
	return key ? key : node;
}

static rnf_status ask(const struct rnf_ref *ref, rnf_check *check,
		      const struct rnf_context *context)
{
	const struct rnf_feature *f = ref->feature;
	if (!check) return RNF_OK;
	rnf_answer_begin();
	const rnf_status status = rnf_answer(f, "check", check(ref->conf, &rnf_host, context));
	if (status >= 0) return status;
	if (!ref->node) return rnf_fail_in(status, "%s.%s: ", f->kind, f->name);
	return rnf_fail_in(status, "%s%s: ", rnf_conf_place(key_of(ref->node)),
			   rnf_conf_path(ref->node));
}

/* Augmentations of evaluation change the range of pixels: two of them are one too many. */
static void warn_of_twins(struct rnf_refs augment)
{
	for (size_t i = 1; i < augment.n; i++)
		for (size_t j = 0; j < i; j++) {
			const struct rnf_feature *f = augment.at[i]->feature;
			const struct rnf_augment_impl *impl = f->impl;
			if (augment.at[j]->feature == f && impl->apply && impl->flags & RNF_AUGMENT_ALWAYS)
				rnf_log(RNF_LOG_WARNING, "data.augment: %s is listed twice and "
					"applied twice", f->name);
		}
}

/* Up to this many steps, spread evenly over the run. */
enum { RATES = 100000 };

static double highest_rate(const struct rnf_experiment *e, struct rnf_run run)
{
	const int64_t stride = run.steps / RATES + 1;
	double highest = 0;
	for (run.step = 1; run.step <= run.steps; run.step += stride) {
		const double rate = rnf_training_rate(&e->conf, &run);
		if (rate > highest) highest = rate;
	}
	return highest;
}

/* This share of the optimizer's rate counts as all of it: a cosine of few steps starts
 * lower. */
static const double nearly = 0.95;

static void warn_of_rates(const struct rnf_experiment *e)
{
	const struct rnf_run run = rnf_training_run(e);
	const double highest = highest_rate(e, run), lr = rnf_training_base_rate(&e->conf);
	const char *steps = rnf_format("%lld step%s", (long long)run.steps,
				       run.steps == 1 ? "" : "s");
	if (run.steps < 1) return;
	if (highest == 0)
		rnf_log(RNF_LOG_WARNING, "train.scheduler: the rate is 0 in the whole run of %s: "
			"it learns nothing", steps);
	else if (highest < nearly * lr)
		rnf_log(RNF_LOG_WARNING, "train.scheduler: the highest rate in the run of %s is "
			"%g, below train.optimizer.lr = %g: is a warm-up longer than the run?",
			steps, highest, lr);
}

#define CHECK(kind, ref) ((const struct rnf_##kind##_impl *)(ref)->feature->impl)->check

rnf_status rnf_experiment_fit(const struct rnf_experiment *e, int training)
{
	const struct rnf_context c = context(e);
	const struct rnf_train_conf *t = &e->conf.root.train;
	const struct rnf_refs augment = e->conf.data->augment;
	for (size_t i = 0; i < augment.n; i++)
		rnf_fail_aside(ask(augment.at[i], CHECK(augment, augment.at[i]), &c));
	for (size_t i = 0; i < t->metrics.n; i++)
		rnf_fail_aside(ask(t->metrics.at[i], CHECK(metric, t->metrics.at[i]), &c));
	rnf_fail_aside(ask(t->loss, CHECK(loss, t->loss), &c));
	rnf_fail_aside(ask(t->optimizer, CHECK(optimizer, t->optimizer), &c));
	rnf_fail_aside(ask(t->scheduler, CHECK(scheduler, t->scheduler), &c));
	RNF_TRY(rnf_fail_all());
	warn_of_twins(augment);
	if (training) warn_of_rates(e);
	return RNF_OK;
}
