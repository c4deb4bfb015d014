/* For plugins that are wrong on purpose: a descriptor of the layer NAME. The including
 * file defines NAME, the brief and one mistake. */
#ifndef TEST_BAD_H
#define TEST_BAD_H

#include <rnframe/layer.h>

static rnf_val lower(const void *self, struct rnf_graph *graph, const rnf_val *in, size_t n_in)
{
	(void)self, (void)graph, (void)n_in;
	return in[0];
}

static const struct rnf_layer_impl impl = { .inputs = 1, .lower = lower };

static struct rnf_feature feature = {
	.size = sizeof(struct rnf_feature), .impl_size = sizeof impl, .kind = "layer",
	.name = NAME, .brief = "wrong on purpose", .impl = &impl,
};

static struct rnf_plugin plugin = {
	.magic = RNF_PLUGIN_MAGIC, .size = sizeof(struct rnf_plugin),
	.abi_major = RNF_ABI_MAJOR, .abi_minor = RNF_ABI_MINOR, .n_features = 1,
	.id = "test.layer." NAME, .vendor = "test", .version = "1", .license = "MIT",
	.build = "test", .features = &feature,
};

#endif
