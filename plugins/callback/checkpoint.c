/* checkpoint: writes the run's state to checkpoints/: NAME_EPOCH after epochs,
 * NAME_stepSTEP within them, of which the newest stay; best when an epoch's
 * validation loss (without a validation set: training loss) is the lowest so far,
 * last at the end. */
#include <rnframe/callback.h>

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

struct conf {
	int64_t every, every_steps, keep;
	int32_t best, last;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_INT(struct conf, every, 1, 0, 1000000, "epochs",
		"between checkpoints; 0: none"),
	RNF_INT(struct conf, every_steps, 0, 0, 1000000000, "steps",
		"between checkpoints; 0: none"),
	RNF_INT(struct conf, keep, 2, 0, 1000000, "checkpoints",
		"by epoch and step that stay, at least 2; 0: all"),
	RNF_BOOL(struct conf, best, 1, "keep the epoch with the lowest loss so far"),
	RNF_BOOL(struct conf, last, 1, "keep the state at the end of the run"));

/* Is the last epoch better than all before it? From the history, so that a resumed run
 * keeps its own best. */
static int is_best(const struct rnf_run *run)
{
	if (run->n_history < 1) return 0;
	const double now = rnf_epoch_criterion(&run->history[run->n_history - 1]);
	if (isnan(now)) return 0;
	for (int64_t i = 0; i + 1 < run->n_history; i++)
		if (rnf_epoch_criterion(&run->history[i]) <= now) return 0;
	return 1;
}

static rnf_status save(const struct conf *conf, const struct rnf_run *run,
		       const char *what, int64_t number)
{
	char file[256];
	snprintf(file, sizeof file, "%.200s_%s%" PRId64, run->name, what, number);
	return run->save(run, file, conf->keep);
}

static rnf_status on_epoch(const struct conf *conf, const struct rnf_run *run)
{
	if (conf->every > 0 && run->epoch % conf->every == 0)
		RNF_TRY(save(conf, run, "", run->epoch));
	if (conf->best && is_best(run)) RNF_TRY(run->save(run, "best", 0));
	return RNF_OK;
}

static rnf_status on(void *self, enum rnf_event event, const struct rnf_run *run)
{
	const struct conf *conf = self;
	if (event == RNF_EVENT_STEP && conf->every_steps > 0 &&
	    run->step % conf->every_steps == 0)
		return save(conf, run, "step", run->step);
	if (event == RNF_EVENT_EPOCH) return on_epoch(conf, run);
	if (event == RNF_EVENT_END && conf->last) return run->save(run, "last", 0);
	return RNF_OK;
}

static const struct rnf_callback_impl impl = { .on = on };

RNF_PLUGIN(callback, checkpoint, "weights and state, by epoch, best and last",
	   &params, impl)
