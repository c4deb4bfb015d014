#include "train/config.h"

#include "base/status.h"
#include "plugin/loader.h"

const char *rnf_conf_dir = "conf";

static rnf_status choose_accuracy(struct rnf_config *c)
{
	const struct rnf_refs metrics = c->root.train.metrics;
	const struct rnf_conf *train = rnf_conf_get(c->tree, "train");
	const struct rnf_conf *node = rnf_conf_get(train, "metrics");
	const char *place = rnf_conf_place(node ? node : train);
	if (metrics.n > RNF_METRICS_MAX)
		return rnf_fail(RNF_EINVAL, "%strain.metrics has %zu entries, may have %d",
				place, metrics.n, RNF_METRICS_MAX);
	for (c->accuracy = 0; c->accuracy < metrics.n; c->accuracy++) {
		const struct rnf_metric_impl *impl =
			metrics.at[c->accuracy]->feature->impl;
		if (impl->flags & RNF_METRIC_ACCURACY) return RNF_OK;
	}
	return rnf_fail(RNF_EINVAL, "%strain.metrics names none that gives the accuracy of logs "
			"and results: add \"accuracy\"", place);
}

rnf_status rnf_config_read(struct rnf_config *c, const char *path,
			   const char *const *overrides, size_t n)
{
	const rnf_status status = rnf_conf_gather(path, rnf_conf_dir, &c->tree);
	rnf_fail_aside(status);
	if (status < 0) return rnf_fail_all();
	RNF_TRY(rnf_loader_any()); /* one message instead of one for each plugin of the conf */
	return rnf_config_override(c, overrides, n);
}

rnf_status rnf_config_override(struct rnf_config *c, const char *const *overrides, size_t n)
{
	for (size_t i = 0; i < n; i++)
		rnf_fail_aside(rnf_conf_override(c->tree, overrides[i], "--set", 0));
	return rnf_config_fill(c);
}

rnf_status rnf_config_fill(struct rnf_config *c)
{
	rnf_schema_register();
	RNF_TRY(rnf_param_fill(c->tree, &rnf_conf_root_params, &c->root));
	c->data = c->root.data->common;
	c->root.model.freeze = c->root.train.freeze;
	c->loss = c->root.train.loss->feature->impl;
	return choose_accuracy(c);
}

/* Filling in defaults trusts the type of each value, which only filling the structs
 * checks. */
rnf_status rnf_config_expand(struct rnf_conf *tree)
{
	struct rnf_conf_root filled;
	rnf_schema_register();
	RNF_TRY(rnf_param_fill(tree, &rnf_conf_root_params, &filled));
	return rnf_param_expand(tree, &rnf_conf_root_params);
}
