#include "plugin/descriptor.h"

#include <stddef.h>
#include <string.h>

#include <rnframe/rnframe.h>
#include "base/status.h"
#include "base/utf8.h"

enum { FUNCTIONS = 4, FEATURES_MAX = 64, ROWS_MAX = 256, CONF_MAX = 1 << 16 };

/* A function that a kind's `impl` must have. */
struct function {
	const char *name;
	size_t at;
};
#define HAS(kind, function) { #function, offsetof(struct rnf_##kind##_impl, function) }
#define KIND(kind) #kind, sizeof(struct rnf_##kind##_impl)

/* What `impl` of a kind points to; kinds that are missing here are not checked. */
static const struct kind {
	const char *name;
	size_t impl_size;
	struct function functions[FUNCTIONS]; /* the others have no name */
} kinds_known[] = {
	{ KIND(activation), { HAS(activation, fwd), HAS(activation, bwd) } },
	{ KIND(archive), { HAS(archive, probe), HAS(archive, read) } },
	{ KIND(augment), { { NULL, 0 } } },
	{ KIND(backend), { HAS(backend, score), HAS(backend, open), HAS(backend, conv) } },
	{ KIND(block), { HAS(block, build) } },
	{ KIND(callback), { HAS(callback, on) } },
	{ KIND(dataset), { HAS(dataset, open), HAS(dataset, read) } },
	{ KIND(decoder), { HAS(decoder, probe), HAS(decoder, look), HAS(decoder, decode) } },
	{ KIND(export), { HAS(export, write) } },
	{ KIND(format), { HAS(format, probe), HAS(format, read) } },
	{ KIND(initializer), { HAS(initializer, fill) } },
	{ KIND(layer), { HAS(layer, lower) } },
	{ KIND(loss), { HAS(loss, loss), HAS(loss, gradient),
		HAS(loss, predict), HAS(loss, plain) } },
	{ KIND(metric), { HAS(metric, score) } },
	{ KIND(optimizer), { HAS(optimizer, update) } },
	{ KIND(scheduler), { HAS(scheduler, rate) } },
	{ KIND(transport), { HAS(transport, fetch) } },
};
enum { N_KINDS = sizeof kinds_known / sizeof *kinds_known };

int rnf_descriptor_is_name(const char *name)
{
	if (name[0] < 'a' || name[0] > 'z') return 0;
	return name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")] == 0;
}

static rnf_status check_plugin(const struct rnf_plugin *p, const char *file)
{
	if (!p || p->magic != RNF_PLUGIN_MAGIC)
		return rnf_fail(RNF_EINVAL, "%s is not an rnframe plugin: its "
				"descriptor has the wrong magic number", file);
	if (p->abi_major != RNF_ABI_MAJOR || p->abi_minor != RNF_ABI_MINOR)
		return rnf_fail(RNF_EINVAL, "%s is built for plugin ABI %d.%d, this "
				"program has %d.%d: rebuild the plugin", file,
				p->abi_major, p->abi_minor, RNF_ABI_MAJOR,
				RNF_ABI_MINOR);
	if (p->size != sizeof *p)
		return rnf_fail(RNF_EINVAL, "%s has a descriptor of %u bytes, this "
				"program's has %zu: rebuild the plugin", file, p->size,
				sizeof *p);
	if (!p->id || !p->vendor || !p->version || !p->license || !p->build)
		return rnf_fail(RNF_EINVAL, "%s does not say its id, vendor, version, licence "
				"and build", file);
	if (p->n_features == 0 || !p->features)
		return rnf_fail(RNF_EINVAL, "%s has no feature", file);
	if (p->n_features > FEATURES_MAX)
		return rnf_fail(RNF_EINVAL, "%s has %u features, at most %d", file,
				p->n_features, FEATURES_MAX);
	return RNF_OK;
}

/* The type that a row of each type fills; 0: not for plugins. */
static const size_t row_bytes[] = {
	[RNF_TYPE_BOOL] = sizeof(int32_t), [RNF_TYPE_INT] = sizeof(int64_t),
	[RNF_TYPE_FLOAT] = sizeof(double), [RNF_TYPE_STRING] = sizeof(char *),
	[RNF_TYPE_ENUM] = sizeof(int32_t), [RNF_TYPE_INTS] = sizeof(struct rnf_ints),
	[RNF_TYPE_FLOATS] = sizeof(struct rnf_floats),
	[RNF_TYPE_STRINGS] = sizeof(struct rnf_strings), [RNF_TYPE_REF] = sizeof(void *),
	[RNF_TYPE_REFS] = sizeof(struct rnf_refs), [RNF_TYPE_GROUP] = 0,
	[RNF_TYPE_GROUPS] = 0,
};

static const char *wrong_in_row(const struct rnf_param *row, size_t conf_size)
{
	const size_t bytes = row->type < sizeof row_bytes / sizeof *row_bytes
		? row_bytes[row->type] : 0;
	const int ref = row->type == RNF_TYPE_REF || row->type == RNF_TYPE_REFS;
	if (!row->brief || !row->unit) return "has no words";
	if (bytes == 0) return "has an unknown type";
	if (bytes > conf_size || row->offset > conf_size - bytes)
		return "lies outside of the plugin's struct";
	if (row->type == RNF_TYPE_ENUM && (!row->choices || !row->choices[0]))
		return "has no choices";
	return ref && !row->kinds ? "has no kinds" : NULL;
}

static rnf_status check_params(const struct rnf_params *params, const char *file)
{
	if (params->stride != sizeof(struct rnf_param))
		return rnf_fail(RNF_EINVAL, "%s has parameter rows of %zu bytes, this "
				"program's have %zu: rebuild the plugin", file,
				params->stride, sizeof(struct rnf_param));
	if (params->n > ROWS_MAX || params->conf_size > CONF_MAX || !params->rows)
		return rnf_fail(RNF_EINVAL, "%s has %zu parameter rows of a struct of %zu "
				"bytes, at most %d and %d", file, params->n,
				params->conf_size, ROWS_MAX, CONF_MAX);
	for (size_t i = 0; i < params->n; i++) {
		const struct rnf_param *row = &params->rows[i];
		if (!row->key || !rnf_descriptor_is_name(row->key))
			return rnf_fail(RNF_EINVAL, "%s: the key of parameter row %zu is not "
					"a word of a-z, 0-9 and _", file, i);
		const char *wrong = wrong_in_row(row, params->conf_size);
		if (wrong)
			return rnf_fail(RNF_EINVAL, "%s: parameter %s %s", file, row->key,
					wrong);
	}
	return RNF_OK;
}

static int has(const void *impl, size_t at)
{
	void (*function)(void);
	memcpy(&function, (const char *)impl + at, sizeof function);
	return function != NULL;
}

static rnf_status check_functions(const struct rnf_feature *f, const struct kind *kind,
				  const char *file)
{
	if (f->impl_size != kind->impl_size)
		return rnf_fail(RNF_EINVAL, "%s has %u bytes of functions, this program's %s "
				"has %zu: rebuild the plugin", file, f->impl_size, f->kind,
				kind->impl_size);
	for (int i = 0; i < FUNCTIONS && kind->functions[i].name; i++)
		if (!has(f->impl, kind->functions[i].at))
			return rnf_fail(RNF_EINVAL, "%s has no function %s, which each %s has",
					file, kind->functions[i].name, f->kind);
	return RNF_OK;
}

/* -- what an impl holds besides functions -- */

static rnf_status check_slots(const void *impl, const char *file)
{
	const struct rnf_optimizer_impl *o = impl;
	if (o->n_slots > RNF_SLOTS_MAX)
		return rnf_fail(RNF_EINVAL, "%s has %zu slots a weight, at most %d", file,
				o->n_slots, RNF_SLOTS_MAX);
	for (size_t i = 0; i < o->n_slots; i++) {
		if (!o->slots[i] || !rnf_descriptor_is_name(o->slots[i]))
			return rnf_fail(RNF_EINVAL, "%s: the name of slot %zu is not a word of a-z, "
					"0-9 and _", file, i);
		for (size_t j = 0; j < i; j++)
			if (!strcmp(o->slots[i], o->slots[j]))
				return rnf_fail(RNF_EINVAL, "%s: two slots are called %s", file,
						o->slots[i]);
	}
	return RNF_OK;
}

static rnf_status check_suffix(const char *suffix, const char *file)
{
	const size_t n = suffix && suffix[0] == '.' ? strlen(suffix) : 0;
	if (n > 1 && n <= 32 && !strchr(suffix, '/') && !rnf_utf8_must(suffix)) return RNF_OK;
	return rnf_fail(RNF_EINVAL, "%s: its suffix is not one of a file: a point and 1 to 31 "
			"characters without /", file);
}

static rnf_status check_format(const void *impl, const char *file)
{
	return check_suffix(((const struct rnf_format_impl *)impl)->suffix, file);
}

static rnf_status check_export(const void *impl, const char *file)
{
	return check_suffix(((const struct rnf_export_impl *)impl)->suffix, file);
}

static rnf_status check_inputs(const void *impl, const char *file)
{
	const int32_t inputs = ((const struct rnf_layer_impl *)impl)->inputs;
	if (inputs == -1 || inputs >= 1) return RNF_OK;
	return rnf_fail(RNF_EINVAL, "%s takes %d inputs, must be 1 or more, or -1 for any", file,
			inputs);
}

static rnf_status check_apply(const void *impl, const char *file)
{
	const struct rnf_augment_impl *a = impl;
	if (!a->apply == !a->frame)
		return rnf_fail(RNF_EINVAL, "%s must have one of the functions apply and frame", file);
	return RNF_OK;
}

static rnf_status check_endings(const void *impl, const char *file)
{
	const char *const *end = ((const struct rnf_decoder_impl *)impl)->endings;
	for (size_t i = 0; end && end[i]; i++)
		if (end[i][0] != '.' || !end[i][1]) return rnf_fail(RNF_EINVAL, "%s: the ending %zu "
				"of its files has no point", file, i);
	return end ? RNF_OK : rnf_fail(RNF_EINVAL, "%s names no endings of files", file);
}

static const struct {
	const char *kind;
	rnf_status (*check)(const void *impl, const char *file);
} contents[] = {
	{ "augment", check_apply }, { "decoder", check_endings }, { "export", check_export },
	{ "format", check_format }, { "layer", check_inputs }, { "optimizer", check_slots },
};

static rnf_status check_contents(const struct rnf_feature *f, const char *file)
{
	for (size_t i = 0; i < sizeof contents / sizeof *contents; i++)
		if (!strcmp(f->kind, contents[i].kind)) return contents[i].check(f->impl, file);
	return RNF_OK;
}

static rnf_status check_feature(const struct rnf_feature *f, const char *file)
{
	if (f->size != sizeof *f)
		return rnf_fail(RNF_EINVAL, "%s has a feature of %u bytes, this "
				"program's have %zu: rebuild the plugin", file, f->size,
				sizeof *f);
	if (!f->kind || !f->name || !f->brief || !f->impl)
		return rnf_fail(RNF_EINVAL, "%s has a feature without kind, name, brief or "
				"functions", file);
	if (!rnf_descriptor_is_name(f->kind) || !rnf_descriptor_is_name(f->name))
		return rnf_fail(RNF_EINVAL, "%s has a feature whose kind or name is not a word "
				"of a-z, 0-9 and _", file);
	for (size_t i = 0; i < N_KINDS; i++)
		if (!strcmp(f->kind, kinds_known[i].name))
			RNF_TRY(check_functions(f, &kinds_known[i], file));
	RNF_TRY(check_contents(f, file));
	return f->params && f->params->n ? check_params(f->params, file) : RNF_OK;
}

rnf_status rnf_descriptor_check(const struct rnf_plugin *plugin, const char *file)
{
	RNF_TRY(check_plugin(plugin, file));
	for (uint32_t i = 0; i < plugin->n_features; i++)
		RNF_TRY(check_feature(&plugin->features[i], file));
	return RNF_OK;
}
