/* An enumeration without choices. */
#define NAME "row_without_choices"
#include "bad.h"

static const struct rnf_param row = { .key = "x", .unit = "", .brief = "x", .type = RNF_TYPE_ENUM };
static const struct rnf_params params = { 8, 1, sizeof row, &row };

const struct rnf_plugin *rnf_plugin_entry(void)
{
	feature.params = &params;
	return &plugin;
}
