/* sick: at one step, leaves another float mode or returns a status. */
#include "../sick.h"

struct conf {
	int32_t mode, quiet;
	int64_t step, status;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_ENUM(struct conf, mode, "no", sick_words, "what goes wrong"),
	RNF_INT(struct conf, step, 1, 1, 0x1p53, "", "when"),
	RNF_INT(struct conf, status, 0, -99, 99, "", "its answer"),
	RNF_BOOL(struct conf, quiet, 0, "and no words with it"));

static const struct rnf_host *lent;

static rnf_status open_conf(const struct rnf_host *host, const void *conf, void **self)
{
	(void)conf, (void)self;
	lent = host;
	return RNF_OK;
}

static rnf_status on(void *self, enum rnf_event event, const struct rnf_run *run)
{
	const struct conf *conf = self;
	if (event != RNF_EVENT_STEP || run->step != conf->step) return RNF_OK;
	sick(conf->mode, 0);
	if (conf->status >= 0 || conf->quiet) return (rnf_status)conf->status;
	return lent->fail((rnf_status)conf->status, "the callback is sick");
}

static const struct rnf_callback_impl impl = { .open = open_conf, .on = on };
RNF_PLUGIN(callback, sick, "faults between steps", &params, impl)
