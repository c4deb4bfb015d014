/* What `inspect` prints about a feature: its parameters, and a line to copy. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "plugin/param.h"
#include "plugin/value.h"

enum { KEY, TYPE, RANGE, DEFAULT, UNIT, COLUMNS }; /* the brief comes last */

static const char *const type_words[] = {
	[RNF_TYPE_BOOL] = "bool", [RNF_TYPE_INT] = "int", [RNF_TYPE_FLOAT] = "float",
	[RNF_TYPE_STRING] = "string", [RNF_TYPE_ENUM] = "enum", [RNF_TYPE_INTS] = "ints",
	[RNF_TYPE_FLOATS] = "floats", [RNF_TYPE_STRINGS] = "strings",
	[RNF_TYPE_REF] = "plugin", [RNF_TYPE_REFS] = "plugins", [RNF_TYPE_GROUP] = "group",
	[RNF_TYPE_GROUPS] = "groups",
};

static const char *range_of(const struct rnf_param *row)
{
	const char *text = "";
	switch (row->type) {
	case RNF_TYPE_BOOL: return "true, false";
	case RNF_TYPE_INT: case RNF_TYPE_FLOAT: case RNF_TYPE_INTS: case RNF_TYPE_FLOATS:
		if (!rnf_value_has_range(row)) return "any";
		return rnf_value_range(row);
	case RNF_TYPE_ENUM:
		for (size_t i = 0; row->choices && row->choices[i]; i++)
			text = rnf_format("%s%s%s", text, i ? ", " : "", row->choices[i]);
		return text;
	case RNF_TYPE_REF: case RNF_TYPE_REFS: return row->kinds;
	default: return row->flags & RNF_PARAM_PATH ? "path" : "";
	}
}

/* A value in conf syntax. */
static const char *value_of(const struct rnf_param *row)
{
	switch (row->type) {
	case RNF_TYPE_BOOL: return row->number != 0 ? "true" : "false";
	case RNF_TYPE_INT: return rnf_format("%.0f", row->number);
	case RNF_TYPE_FLOAT: {
		if (isnan(row->number)) return NULL;
		const char *text = rnf_format("%.10g", row->number);
		return strpbrk(text, ".en") ? text : rnf_format("%s.0", text);
	}
	case RNF_TYPE_INTS: case RNF_TYPE_FLOATS: return "[ ]";
	case RNF_TYPE_STRINGS: case RNF_TYPE_REFS: return "( )";
	default: return row->text ? rnf_format("\"%s\"", row->text) : NULL;
	}
}

static const char *default_of(const struct rnf_param *row)
{
	if (row->flags & RNF_PARAM_REQUIRED) return "required";
	const char *value = value_of(row);
	return value ? value : "none";
}

static const char *type_of(const struct rnf_param *row)
{
	return row->type < sizeof type_words / sizeof *type_words ? type_words[row->type] : "?";
}

struct rnf_param_words rnf_describe_param(const struct rnf_param *row)
{
	const int is_group = row->type == RNF_TYPE_GROUP || row->type == RNF_TYPE_GROUPS;
	return (struct rnf_param_words){ type_of(row), range_of(row),
		is_group && !(row->flags & RNF_PARAM_REQUIRED) ? "" : default_of(row) };
}

static const char *cell(const struct rnf_param *row, int column)
{
	const char *text = NULL;
	switch (column) {
	case KEY: return row->key;
	case TYPE: return type_of(row);
	case RANGE: text = range_of(row); break;
	case DEFAULT: text = default_of(row); break;
	default: text = row->unit; break;
	}
	return text && text[0] ? text : "-";
}

static void print_rows(const struct rnf_params *params, FILE *out)
{
	int widths[COLUMNS] = { 0 };
	for (size_t i = 0; i < params->n; i++)
		for (int c = 0; c < COLUMNS; c++) {
			const int n = rnf_text_width(cell(rnf_param_at(params, i), c));
			if (n > widths[c]) widths[c] = n;
		}
	for (size_t i = 0; i < params->n; i++) {
		const struct rnf_param *row = rnf_param_at(params, i);
		for (int c = 0; c < COLUMNS; c++) {
			fputs("  ", out);
			rnf_text_cell(out, -widths[c], cell(row, c));
		}
		fprintf(out, "  %s\n", row->brief ? row->brief : "");
	}
}

/* A value that the row accepts, for required keys. */
static const char *example_of(const struct rnf_param *row)
{
	if (!(row->flags & RNF_PARAM_REQUIRED)) return value_of(row);
	switch (row->type) {
	case RNF_TYPE_INT: case RNF_TYPE_FLOAT: return rnf_format("%.10g", row->min);
	case RNF_TYPE_BOOL: case RNF_TYPE_INTS: case RNF_TYPE_FLOATS: return value_of(row);
	default: return "\"...\"";
	}
}

void rnf_describe_feature(const struct rnf_feature *feature, FILE *out)
{
	const struct rnf_params *params = feature->params;
	fprintf(out, "%s %s  %s\n", feature->kind, feature->name,
		feature->brief ? feature->brief : "");
	if (params) print_rows(params, out);
	fprintf(out, "  conf: { type = \"%s\";", feature->name);
	for (size_t i = 0; params && i < params->n; i++) {
		const struct rnf_param *row = rnf_param_at(params, i);
		const char *value = example_of(row);
		if (value && value[0] != '[' && value[0] != '(')
			fprintf(out, " %s = %s;", row->key, value);
	}
	fputs(" }\n", out);
}
