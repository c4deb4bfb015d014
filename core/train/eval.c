/* Scores are summed in double, in the order of the images. */
#include "train/eval.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/running.h"
#include "base/signal.h"
#include "base/status.h"

double rnf_metric_mean(const struct rnf_ref *ref, const struct rnf_exec *x)
{
	const struct rnf_metric_impl *metric = ref->feature->impl;
	const struct rnf_program *p = x->plan->program;
	const size_t k = (size_t)p->values[p->logits].c;
	double sum = 0;
	rnf_running_set(ref->feature);
	for (int64_t i = 0; i < x->images; i++)
		sum += metric->score(ref->conf, k,
				     rnf_exec_value(x, p->logits, i),
				     x->target + i * (int64_t)k);
	rnf_running_set(NULL);
	return sum / (double)x->images;
}

/* Store the probabilities of image i of the evaluation, and add it to the tally; `place`
 * is its index in the batch. */
static void keep_answer(const struct rnf_experiment *e, const struct rnf_answers *keep,
			int64_t i, int64_t place, const float *logits, const float *target,
			double plain)
{
	const int64_t k = e->data.info.classes;
	if (!keep->probs && !keep->tally) return;
	float *probs = keep->probs ? keep->probs + i * k : keep->tally->probs;
	e->conf.loss->predict(e->conf.root.train.loss->conf, (size_t)k, logits, probs);
	struct rnf_tally *t = keep->tally;
	if (!t) return;
	rnf_tally_add(t, target, logits, probs, plain);
	if (t->predictions) t->predictions[t->n - 1].index = e->session.eval_ids[place];
}

/* Images from .. of the evaluation. */
static void score_batch(const struct rnf_experiment *e, const struct rnf_exec *x,
			const struct rnf_answers *keep, int64_t from,
			struct rnf_scores *s)
{
	const void *self = e->conf.root.train.loss->conf;
	const size_t k = (size_t)e->data.info.classes;
	rnf_running_set(e->conf.root.train.loss->feature);
	for (int64_t i = 0; i < x->images; i++) {
		const float *logits =
			rnf_exec_value(x, x->plan->program->logits, i);
		const float *target = x->target + i * (int64_t)k;
		s->loss += e->conf.loss->loss(self, k, logits, target);
		const double plain = e->conf.loss->plain(self, k, logits, target);
		s->plain += plain;
		if (keep) keep_answer(e, keep, from + i, i, logits, target, plain);
	}
	rnf_running_set(NULL);
	const struct rnf_refs metrics = e->conf.root.train.metrics;
	for (size_t i = 0; i < metrics.n; i++)
		s->metrics[i] += rnf_metric_mean(metrics.at[i], x) * (double)x->images;
}

static void divide(struct rnf_scores *s, int64_t n)
{
	s->count = n;
	if (n == 0) return;
	s->loss /= (double)n;
	s->plain /= (double)n;
	for (int i = 0; i < RNF_METRICS_MAX; i++)
		s->metrics[i] /= (double)n;
}

/* For finite logits the loss and each metric must be finite. */
static rnf_status check_metrics(struct rnf_refs metrics, const struct rnf_scores *s)
{
	for (size_t i = 0; i < metrics.n && isfinite(s->plain); i++)
		if (!isfinite(s->metrics[i]))
			return rnf_fail(RNF_EPLUGIN, "metric.%s: the mean of its score is %g, must be "
					"a number", metrics.at[i]->feature->name, s->metrics[i]);
	return RNF_OK;
}

void rnf_evaluation_fill(struct rnf_session *s, const struct rnf_dataset *d, int split,
			 const int64_t *samples, int64_t from, int64_t n)
{
	struct rnf_exec *x = s->execs[0];
	const int input = x->plan->program->input;
	x->images = n;
	x->target = s->eval_target;
	for (int64_t i = 0; i < n; i++)
		s->eval_ids[i] = samples ? samples[from + i] : from + i;
	rnf_batch_fill(d->batcher, s->threads, s->eval_ids, split, n, 0, 0, NULL, 0,
		       rnf_exec_value(x, input, 0), rnf_exec_stride(x, input),
		       s->eval_target);
}

rnf_status rnf_evaluate(struct rnf_experiment *e, int split,
			const int64_t *samples, int64_t n,
			const struct rnf_answers *keep, struct rnf_scores *scores)
{
	struct rnf_exec *x = e->session.execs[0];
	const int64_t batch = x->plan->batch;
	const double start = rnf_now();
	memset(scores, 0, sizeof *scores);
	for (int64_t from = 0; from < n; from += batch) {
		const int64_t left = n - from, images = left < batch ? left : batch;
		RNF_TRY(rnf_signal_check("while it evaluated"));
		rnf_evaluation_fill(&e->session, &e->data, split, samples, from, images);
		rnf_exec_run(x);
		score_batch(e, x, keep, from, scores);
	}
	scores->seconds = rnf_now() - start;
	divide(scores, n);
	scores->accuracy = scores->metrics[e->conf.accuracy];
	RNF_TRY(rnf_batcher_breach(e->data.batcher));
	RNF_TRY(check_metrics(e->conf.root.train.metrics, scores));
	if (!rnf_threads_mode_kept(e->session.threads))
		return rnf_fail(RNF_EPLUGIN, "a plugin of this evaluation changes a thread's "
				"floating-point mode, which changes every result after it");
	return RNF_OK;
}
