#include "train/finder.h"

#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "train/numerics.h"
#include "train/steps.h"

/* -- the steps -- */

enum { TOO_LARGE = 4 };

/* Weights and slots, out of the session or back into it. */
static void exchange(struct rnf_session *s, float *kept[1 + RNF_SLOTS_MAX], int back)
{
	for (size_t i = 0; i <= RNF_SLOTS_MAX; i++) {
		float *block = i == 0 ? s->weights : s->slots[i - 1];
		const size_t bytes = (size_t)s->block * sizeof *block;
		if (!block) return;
		if (!kept[i]) kept[i] = rnf_alloc(bytes);
		memcpy(back ? block : kept[i], back ? kept[i] : block, bytes);
	}
}

static void next_epoch(struct rnf_steps *s)
{
	if (s->position < s->run.steps_per_epoch && s->run.epoch > 0) return;
	s->position = 0;
	rnf_steps_epoch(s);
}

/* Add the loss of the step; 0 when the curve ends here. */
static int add(struct rnf_finder *f, double rate, double loss, double *mean, double *best)
{
	const double keep = 0.98;
	if (!isfinite(loss)) {
		f->end = "the loss is not finite";
		return 0;
	}
	*mean = keep * *mean + (1 - keep) * loss;
	f->rates[f->n] = rate;
	f->losses[f->n] = loss;
	const double smooth = *mean / (1 - pow(keep, (double)f->n + 1));
	f->smooth[f->n++] = smooth;
	if (smooth < *best) *best = smooth;
	if (smooth <= TOO_LARGE * *best) return 1;
	f->end = "the loss is four times its least";
	return 0;
}

static rnf_status climb(struct rnf_steps *s, struct rnf_finder *f)
{
	const double growth = RNF_FINDER_LAST / RNF_FINDER_FIRST;
	double mean = 0, best = INFINITY;
	int64_t images;
	for (size_t i = 0; i < f->steps; i++) {
		s->step.rate = RNF_FINDER_FIRST * pow(growth, (double)i / (double)f->steps);
		next_epoch(s);
		rnf_steps_next(s, 1, &images);
		if (s->step.broken || s->step.strayed) return rnf_numerics_step(&s->step, &s->run);
		if (!add(f, s->step.rate, s->run.data_loss, &mean, &best)) return RNF_OK;
		if (s->step.fault == RNF_FAULT_NONE) continue;
		f->end = "a gradient or a variance is not finite";
		return RNF_OK;
	}
	return RNF_OK;
}

rnf_status rnf_finder_run(struct rnf_experiment *e, size_t steps, struct rnf_finder *f)
{
	float *kept[1 + RNF_SLOTS_MAX] = { NULL };
	struct rnf_steps s;
	double **const series[] = { &f->rates, &f->losses, &f->smooth };
	*f = (struct rnf_finder){ .steps = steps };
	for (int i = 0; i < 3; i++)
		*series[i] = rnf_alloc(steps * sizeof(double));
	rnf_steps_init(&s, e);
	exchange(&e->session, kept, 0);
	const rnf_status status = climb(&s, f);
	exchange(&e->session, kept, 1);
	e->session.execs[0]->stale = 1;
	return status;
}

/* -- what the curve suggests -- */

struct curve {
	const double *rates, *losses;
	size_t n;
};

/* The longest run of ever smaller losses, with gaps: in its middle, as if it had none and began a
 * point earlier. */
static double valley(const struct curve *c)
{
	size_t *length = rnf_alloc((c->n + 1) * sizeof *length), end = 0;
	for (size_t i = 0; i < c->n; i++) {
		length[i] = 1;
		for (size_t j = 0; j < i; j++)
			if (c->losses[i] < c->losses[j] && length[i] < length[j] + 1)
				length[i] = length[j] + 1;
		if (length[end] < length[i]) end = i;
	}
	const double third = (double)length[end] / 3;
	const size_t at = end + (size_t)third + (size_t)(third / 2);
	return c->rates[at > length[end] ? at - length[end] : 0];
}

/* Where the loss falls fastest over the rate's logarithm. */
static double steep(const struct curve *c)
{
	double least = INFINITY, rate = NAN;
	for (size_t i = 0; i + 1 < c->n; i++) {
		const double slope = (c->losses[i + 1] - c->losses[i]) /
				     (log(c->rates[i + 1]) - log(c->rates[i]));
		if (slope >= least) continue;
		least = slope;
		rate = c->rates[i];
	}
	return rate;
}

static double minimum(const struct curve *c)
{
	size_t least = 0;
	for (size_t i = 1; i < c->n; i++)
		if (c->losses[i] < c->losses[least]) least = i;
	return c->rates[least] / 10;
}

static double gradient(const struct curve *c, size_t i)
{
	const size_t a = i > 0 ? i - 1 : 0, b = i + 1 < c->n ? i + 1 : i;
	return (c->losses[b] - c->losses[a]) / (double)(b - a);
}

/* A window slides down from the end until the slopes at its edges are alike. */
static double slide(const struct curve *c)
{
	enum { WIDTH = 15 };
	const double alike = 0.005;
	if (c->n <= WIDTH) return NAN;
	size_t left = c->n - 1 - WIDTH;
	double rate = c->rates[left];
	while (fabs(gradient(c, left + WIDTH) - gradient(c, left)) > alike) {
		rate = c->rates[left];
		if (left-- == 0) break;
	}
	return rate;
}

static const struct {
	const char *name, *words;
	double (*pick)(const struct curve *);
} ways[RNF_FINDER_PICKS] = {
	{ "valley", "in the longest fall of the loss: the one to try first", valley },
	{ "steep", "where it falls fastest", steep },
	{ "minimum", "a tenth of the rate of the least loss", minimum },
	{ "slide", "before it rises: the highest that may work", slide },
};

void rnf_finder_picks(const struct rnf_finder *f, struct rnf_finder_pick picks[RNF_FINDER_PICKS])
{
	const size_t from = f->steps / 10, skip = from + RNF_FINDER_END;
	const struct curve c = { f->rates + from, f->smooth + from, f->n > skip ? f->n - skip : 0 };
	for (int i = 0; i < RNF_FINDER_PICKS; i++)
		picks[i] = (struct rnf_finder_pick){ ways[i].name, ways[i].words,
						     c.n < 2 ? NAN : ways[i].pick(&c) };
}
