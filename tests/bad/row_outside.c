/* A parameter behind the end of its struct. */
#define NAME "row_outside"
#include "bad.h"

static const struct rnf_param row = { .key = "x", .unit = "", .brief = "x",
	.type = RNF_TYPE_INT, .offset = 1 << 20 };
static const struct rnf_params params = { 8, 1, sizeof row, &row };

const struct rnf_plugin *rnf_plugin_entry(void)
{
	feature.params = &params;
	return &plugin;
}
