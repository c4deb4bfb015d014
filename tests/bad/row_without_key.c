/* A parameter without a key. */
#define NAME "row_without_key"
#include "bad.h"

static const struct rnf_param row = { .unit = "", .brief = "x", .type = RNF_TYPE_INT };
static const struct rnf_params params = { 8, 1, sizeof row, &row };

const struct rnf_plugin *rnf_plugin_entry(void)
{
	feature.params = &params;
	return &plugin;
}
