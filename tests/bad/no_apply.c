/* An augmentation that neither changes an image nor frames it. */
#define NAME "no_apply"
#include "bad.h"
#include <rnframe/data.h>

static const struct rnf_augment_impl augment = { .flags = RNF_AUGMENT_ALWAYS };

const struct rnf_plugin *rnf_plugin_entry(void)
{
	feature.kind = "augment";
	feature.impl = &augment;
	feature.impl_size = sizeof augment;
	return &plugin;
}
