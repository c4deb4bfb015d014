/* The descriptor of a plugin: pure data, so that a scan runs no plugin code.
 *
 * A plugin is one shared object build/plugins/KIND/NAME.so which exports one
 * symbol, rnf_plugin_entry. Its name is one word [a-z][a-z0-9_]*, the same in a
 * conf, as file name and here; the loader checks that. */
#ifndef RNFRAME_PLUGIN_H
#define RNFRAME_PLUGIN_H

#include <rnframe/abi.h>
#include <rnframe/host.h>
#include <rnframe/param.h>

/* One feature: its kind decides which struct `impl` points to
 * (kind "layer": struct rnf_layer_impl in layer.h, and so on). */
struct rnf_feature {
	uint32_t size; /* of this struct */
	uint32_t impl_size;
	const char *kind, *name;
	const char *brief; /* one line, as `inspect` prints it */
	const struct rnf_params *params; /* NULL: takes no configuration */
	const void *impl;
};

/* The run that a configuration is for. Kinds that take part in one have an optional
 *
 *   rnf_status (*check)(const void *self, const struct rnf_host *, const struct rnf_context *);
 *
 * called once before the first step. It refuses a configuration that does not fit to the
 * run, host->fail(RNF_EINVAL, "mean has 2 values, must have 1 or 3"), where the words begin
 * with the key, so that the core can tell its place; what is allowed but surely meant
 * otherwise is a warning by host->log. [main] */
struct rnf_context {
	uint32_t size, reserved;
	int64_t h, w, c;      /* of the data set's images */
	int64_t out_h, out_w; /* what the model takes */
	int64_t classes;
	int64_t epochs, steps_per_epoch; /* planned */
	int64_t steps;        /* of the run, which train.max_steps may cut */
};
typedef rnf_status rnf_check(const void *self, const struct rnf_host *host,
			     const struct rnf_context *context);

struct rnf_plugin {
	uint32_t magic, size;
	uint16_t abi_major, abi_minor;
	uint32_t n_features;
	const char *id, *vendor, *version, *license, *build;
	const struct rnf_feature *features;
};

/* The only symbol that a plugin exports. */
RNF_EXPORT const struct rnf_plugin *rnf_plugin_entry(void);

#ifndef RNF_PLUGIN_VENDOR
#define RNF_PLUGIN_VENDOR "rnframe"
#endif
#ifndef RNF_PLUGIN_VERSION
#define RNF_PLUGIN_VERSION RNF_VERSION
#endif
#ifndef RNF_PLUGIN_LICENSE
#define RNF_PLUGIN_LICENSE "MIT"
#endif

/* The whole descriptor of a one-feature plugin; last line of its file.
 * `params_` is &params or NULL, `impl_` the vtable itself. */
#define RNF_PLUGIN(kind_, name_, brief_, params_, impl_)                     \
	const struct rnf_plugin *rnf_plugin_entry(void)                      \
	{                                                                    \
		static const struct rnf_feature feature = {                  \
			.size = sizeof(struct rnf_feature),                  \
			.impl_size = sizeof(impl_),                          \
			.kind = #kind_,                                      \
			.name = #name_,                                      \
			.brief = brief_,                                     \
			.params = params_,                                   \
			.impl = &(impl_),                                    \
		};                                                           \
		static const struct rnf_plugin plugin = {                    \
			.magic = RNF_PLUGIN_MAGIC,                           \
			.size = sizeof(struct rnf_plugin),                   \
			.abi_major = RNF_ABI_MAJOR,                          \
			.abi_minor = RNF_ABI_MINOR,                          \
			.n_features = 1,                                     \
			.id = RNF_PLUGIN_VENDOR "." #kind_ "." #name_,       \
			.vendor = RNF_PLUGIN_VENDOR,                         \
			.version = RNF_PLUGIN_VERSION,                       \
			.license = RNF_PLUGIN_LICENSE,                       \
			.build = __VERSION__,                                \
			.features = &feature,                                \
		};                                                           \
		return &plugin;                                              \
	}

#endif
