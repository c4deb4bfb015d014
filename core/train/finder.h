/* A look for a learning rate: the loss while the rate grows from step to step, and rates that
 * its curve suggests. Source: Smith 2015 (arXiv 1506.01186); limits, smoothing and suggestions
 * are those of fastai's lr_find. [main] */
#ifndef RNF_TRAIN_FINDER_H
#define RNF_TRAIN_FINDER_H

#include "train/setup.h"

/* The first and the last rate; the default number of steps. */
#define RNF_FINDER_FIRST 1e-7
#define RNF_FINDER_LAST 10.0
enum { RNF_FINDER_STEPS = 100 };

struct rnf_finder {
	size_t steps, n;  /* wanted; made, all of finite losses */
	double *rates, *losses; /* [n]; losses without L2 */
	double *smooth;   /* [n]: their mean, weighted by powers of 0.98, without bias */
	const char *end;  /* why n < steps; NULL: they are all made */
};

/* After rnf_experiment_build(e, 1): make the steps, of new batches, and put weights,
 * statistics and the optimizer's state back. */
rnf_status rnf_finder_run(struct rnf_experiment *e, size_t steps, struct rnf_finder *f);

/* What the curve suggests; without its first tenth and its last five points, which are noise
 * and what goes wrong. */
enum { RNF_FINDER_PICKS = 4, RNF_FINDER_END = 5 };
struct rnf_finder_pick {
	const char *name, *words;
	double rate; /* NAN: the curve is too short */
};
void rnf_finder_picks(const struct rnf_finder *f, struct rnf_finder_pick picks[RNF_FINDER_PICKS]);

#endif
