/* What every built plugin must keep, whatever it does: its descriptor, its one symbol,
 * and a table of parameters that the core can fill. */
#include <stdio.h>
#include <string.h>

#include "base/status.h"
#include "lib/built.h"

static void each_row(const struct test_built *f,
		     void (*check)(const struct rnf_params *, const struct rnf_param *,
				   const char *where))
{
	const struct rnf_params *p = f->plugin->features[0].params;
	for (size_t i = 0; p && i < p->n; i++) {
		char where[160];
		const char *key = test_param_row(p, i)->key;
		snprintf(where, sizeof where, "%s.%s %s", f->kind, f->name,
			 key ? key : "(no key)");
		check(p, test_param_row(p, i), where);
	}
}

/* -- the descriptor -- */

static int is_word(const char *s)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
	return s && *s && strchr(letters, *s) &&
	       s[strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_")] == 0;
}

static int is_line(const char *s)
{
	return s && *s && !strchr(s, '\n');
}

static void check_plugin(const struct test_built *f)
{
	const struct rnf_plugin *p = f->plugin;
	ck_assert_msg(p->magic == RNF_PLUGIN_MAGIC, "%s: magic", f->file);
	ck_assert_msg(p->size == sizeof *p, "%s: size", f->file);
	ck_assert_msg(p->abi_major == RNF_ABI_MAJOR && p->abi_minor == RNF_ABI_MINOR,
		      "%s: ABI %d.%d", f->file, p->abi_major, p->abi_minor);
	ck_assert_msg(p->n_features == 1 && p->features, "%s: features", f->file);
	ck_assert_msg(is_line(p->license), "%s: licence", f->file);
	ck_assert_msg(is_line(p->vendor) && is_line(p->version) && is_line(p->build),
		      "%s: vendor, version, build", f->file);
	char id[256];
	snprintf(id, sizeof id, "%s.%s.%s", p->vendor, f->kind, f->name);
	ck_assert_msg(p->id && !strcmp(p->id, id), "%s: id %s", f->file, p->id);
}

static void check_feature(const struct test_built *f)
{
	const struct rnf_feature *x = &f->plugin->features[0];
	ck_assert_msg(x->size == sizeof *x, "%s: size", f->file);
	ck_assert_msg(x->kind && !strcmp(x->kind, f->kind), "%s: kind %s", f->file, x->kind);
	ck_assert_msg(x->name && !strcmp(x->name, f->name), "%s: name %s", f->file, x->name);
	ck_assert_msg(is_word(x->kind) && is_word(x->name), "%s: not a word", f->file);
	ck_assert_msg(is_line(x->brief), "%s: brief", f->file);
	ck_assert_msg(x->impl && x->impl_size >= sizeof(void *), "%s: impl", f->file);
}

START_TEST(descriptors_are_sane)
{
	test_each("*", check_plugin);
	test_each("*", check_feature);
}
END_TEST

/* -- symbols -- */

/* A sanitizer's build adds names of the compiler's, which start with "__". */
static void check_symbols(const struct test_built *f)
{
	char command[600], line[512], symbol[400];
	int entries = 0;
	snprintf(command, sizeof command, "nm -D --defined-only '%s'", f->file);
	FILE *nm = popen(command, "r");
	ck_assert_ptr_nonnull(nm);
	while (fgets(line, sizeof line, nm)) {
		ck_assert_msg(sscanf(line, "%*s %*s %399s", symbol) == 1, "%s: %s", f->file, line);
		if (!strncmp(symbol, "__", 2)) continue;
		ck_assert_msg(!strcmp(symbol, "rnf_plugin_entry"), "%s exports %s",
			      f->file, symbol);
		entries++;
	}
	ck_assert_msg(pclose(nm) == 0, "%s failed", command);
	ck_assert_msg(entries == 1, "%s: %d entries", f->file, entries);
}

START_TEST(one_symbol_is_exported)
{
	test_each("*", check_symbols);
}
END_TEST

/* -- rows -- */

static size_t row_size(uint32_t type)
{
	switch (type) {
	case RNF_TYPE_BOOL:
	case RNF_TYPE_ENUM: return sizeof(int32_t);
	case RNF_TYPE_INT: return sizeof(int64_t);
	case RNF_TYPE_FLOAT: return sizeof(double);
	case RNF_TYPE_STRING:
	case RNF_TYPE_REF: return sizeof(void *);
	case RNF_TYPE_INTS:
	case RNF_TYPE_FLOATS:
	case RNF_TYPE_STRINGS:
	case RNF_TYPE_REFS: return sizeof(struct rnf_ints);
	default: return 0; /* GROUP is the core's */
	}
}

static void check_row(const struct rnf_params *p, const struct rnf_param *row,
		      const char *where)
{
	const size_t size = row_size(row->type);
	ck_assert_msg(is_word(row->key), "%s: key", where);
	ck_assert_msg(is_line(row->brief) && row->unit, "%s: brief, unit", where);
	ck_assert_msg(size > 0, "%s: type %u", where, row->type);
	ck_assert_msg(row->offset % (size < 8 ? size : 8) == 0, "%s: alignment", where);
	ck_assert_msg(row->offset + size <= p->conf_size, "%s lies outside", where);
	if (row->type == RNF_TYPE_REF || row->type == RNF_TYPE_REFS)
		ck_assert_msg(is_line(row->kinds), "%s: kinds", where);
	for (size_t i = 0; i < p->n; i++) {
		const struct rnf_param *other = test_param_row(p, i);
		if (other == row) continue;
		ck_assert_msg(strcmp(other->key, row->key), "%s stands twice", where);
		ck_assert_msg(other->offset >= row->offset + size ||
			      row->offset >= other->offset + row_size(other->type),
			      "%s lies over %s", where, other->key);
	}
}

static void check_table(const struct test_built *f)
{
	const struct rnf_params *p = f->plugin->features[0].params;
	if (!p) return;
	ck_assert_msg(p->n > 0 && p->rows, "%s: an empty table", f->file);
	ck_assert_msg(p->stride >= sizeof(struct rnf_param), "%s: stride", f->file);
	each_row(f, check_row);
}

START_TEST(rows_are_sane)
{
	test_each("*", check_table);
}
END_TEST

/* -- defaults -- */

static int is_choice(const struct rnf_param *row, const char *word)
{
	for (size_t i = 0; row->choices && word && row->choices[i]; i++)
		if (!strcmp(row->choices[i], word)) return 1;
	return 0;
}

static void check_default(const struct rnf_params *p, const struct rnf_param *row,
			  const char *where)
{
	(void)p;
	const int ranged = row->min != 0 || row->max != 0; /* as the core reads it */
	const double d = row->number;
	ck_assert_msg(row->min <= row->max, "%s: an empty range", where);
	if (row->flags & RNF_PARAM_REQUIRED) return;
	if (row->type == RNF_TYPE_BOOL)
		ck_assert_msg(d == 0 || d == 1, "%s: default %g", where, d);
	if (row->type == RNF_TYPE_INT)
		ck_assert_msg(d >= 0x1p63 || d == (double)(int64_t)d, "%s: default %g", where, d);
	if (row->type == RNF_TYPE_INT || row->type == RNF_TYPE_FLOAT)
		ck_assert_msg(d == d && (!ranged || (d >= row->min && d <= row->max)),
			      "%s: default %g, range %g .. %g", where, d, row->min, row->max);
	if (row->type == RNF_TYPE_ENUM)
		ck_assert_msg(is_choice(row, row->text), "%s: default %s", where, row->text);
}

static void check_defaults(const struct test_built *f)
{
	each_row(f, check_default);
}

START_TEST(defaults_are_in_range)
{
	test_each("*", check_defaults);
}
END_TEST

static const struct rnf_param *first_required(const struct rnf_params *p)
{
	for (size_t i = 0; p && i < p->n; i++)
		if (test_param_row(p, i)->flags & RNF_PARAM_REQUIRED) return test_param_row(p, i);
	return NULL;
}

/* The struct that the core filled has the values of the row. */
static void check_filled(const struct test_built *f, const struct rnf_param *row,
			 const char *conf)
{
	const void *at = conf + row->offset;
	int good = 1;
	if (row->type == RNF_TYPE_BOOL) good = *(const int32_t *)at == (row->number != 0);
	if (row->type == RNF_TYPE_INT && row->number < 0x1p63)
		good = *(const int64_t *)at == (int64_t)row->number;
	if (row->type == RNF_TYPE_FLOAT) good = *(const double *)at == row->number;
	if (row->type == RNF_TYPE_ENUM)
		good = !strcmp(row->choices[*(const int32_t *)at], row->text);
	if (row->type == RNF_TYPE_STRING || row->type == RNF_TYPE_REF)
		good = !*(const void *const *)at == !row->text;
	ck_assert_msg(good, "%s.%s %s: the default is not filled in", f->kind, f->name,
		      row->key);
}

static void check_fill(const struct test_built *f)
{
	const struct rnf_params *p = f->plugin->features[0].params;
	const struct rnf_param *required = first_required(p);
	const struct rnf_ref *ref = NULL;
	const rnf_status status = rnf_param_settings(f->kind, f->name, NULL, NULL, 0, &ref);
	if (required) {
		ck_assert_msg(status == RNF_EINVAL, "%s.%s: %s is not asked for", f->kind,
			      f->name, required->key);
		ck_assert_msg(strstr(rnf_fail_words(), required->key) != NULL, "%s",
			      rnf_fail_words());
		return;
	}
	ck_assert_msg(status >= 0, "%s.%s: %s", f->kind, f->name, rnf_fail_words());
	ck_assert_str_eq(ref->feature->name, f->name);
	for (size_t i = 0; p && i < p->n; i++)
		check_filled(f, test_param_row(p, i), ref->conf);
}

START_TEST(defaults_fill_without_settings)
{
	test_plugins_path();
	test_each("*", check_fill);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		descriptors_are_sane,
		one_symbol_is_exported,
		rows_are_sane,
		defaults_are_in_range,
		defaults_fill_without_settings,
		NULL,
	};
	return test_run("plugins", tests);
}
