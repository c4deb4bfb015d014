/* A parameter of an unknown type. */
#define NAME "row_of_no_type"
#include "bad.h"

static const struct rnf_param row = { .key = "x", .unit = "", .brief = "x", .type = 99 };
static const struct rnf_params params = { 8, 1, sizeof row, &row };

const struct rnf_plugin *rnf_plugin_entry(void)
{
	feature.params = &params;
	return &plugin;
}
