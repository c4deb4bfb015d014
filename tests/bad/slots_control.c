/* An optimizer whose slots are wrong. */
#define NAME "slots_control"
#include "bad.h"
#include <rnframe/training.h>

static void update(const void *self, const struct rnf_update *u, size_t n, float *w,
		   const float *gradient, float *const *slots)
{
	(void)self, (void)u, (void)n, (void)w, (void)gradient, (void)slots;
}

static const struct rnf_optimizer_impl optimizer = { .update = update, .n_slots = 1, .slots = { "a\nb" } };

const struct rnf_plugin *rnf_plugin_entry(void)
{
	feature.kind = "optimizer";
	feature.impl = &optimizer;
	feature.impl_size = sizeof optimizer;
	return &plugin;
}
