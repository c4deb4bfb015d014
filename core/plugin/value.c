#include "plugin/value.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"
#include "base/utf8.h"

#define MAX_NAME_BYTES 200 /* a file name has 255 bytes, and suffixes must fit */

/* ---- words ---- */

static const char *shown(const struct rnf_conf *node)
{
	switch (node->type) {
	case RNF_CONF_GROUP: return "a group";
	case RNF_CONF_LIST: return "a list";
	case RNF_CONF_BOOL: return node->i ? "true" : "false";
	case RNF_CONF_INT: return rnf_format("%lld", (long long)node->i);
	case RNF_CONF_FLOAT: return rnf_format("%g", node->f);
	default: return rnf_text_quoted(node->s);
	}
}

int rnf_value_is_list(uint32_t type)
{
	return type == RNF_TYPE_INTS || type == RNF_TYPE_FLOATS ||
	       type == RNF_TYPE_STRINGS || type == RNF_TYPE_REFS;
}

/* A row without a range has min = max = 0. */
int rnf_value_has_range(const struct rnf_param *row)
{
	return row->min != 0 || row->max != 0;
}

const char *rnf_value_range(const struct rnf_param *row)
{
	if (!rnf_value_has_range(row)) return "";
	const int whole = row->type == RNF_TYPE_INT || row->type == RNF_TYPE_INTS;
	const char *least = whole ? rnf_format("%.0f", row->min)
				  : rnf_format("%.10g", row->min);
	if (whole ? row->max >= 0x1p63 : isinf(row->max)) return rnf_format("%s or more", least);
	return rnf_format(whole ? "%s .. %.0f" : "%s .. %.10g", least, row->max);
}

int64_t rnf_value_whole(double number)
{
	return number >= 0x1p63 ? INT64_MAX : (int64_t)number;
}

int rnf_value_fits(const struct rnf_param *row, int64_t value)
{
	if (!rnf_value_has_range(row)) return 1;
	if (row->min > -0x1p63 && value < (int64_t)row->min) return 0;
	return row->max >= 0x1p63 || value <= (int64_t)row->max;
}

const char *rnf_value_name(const char *text)
{
	if (!text[0]) return "a text that is not empty";
	if (!strcmp(text, ".") || !strcmp(text, ".."))
		return "a name, which \".\" and \"..\" are not";
	if (strchr(text, '/')) return "a name without /";
	const char *must = rnf_utf8_must(text);
	if (must) return must;
	return strlen(text) <= MAX_NAME_BYTES
		? NULL : rnf_format("at most %d bytes long", MAX_NAME_BYTES);
}

const char *rnf_value_choices(const struct rnf_param *row)
{
	const char *text = "";
	for (size_t i = 0; row->choices && row->choices[i]; i++)
		text = rnf_format("%s%s\"%s\"", text,
				  !i ? "" : row->choices[i + 1] ? ", " : " or ",
				  row->choices[i]);
	return text;
}

const char *rnf_value_kinds(const char *kinds)
{
	char *text = rnf_format("%s", kinds);
	for (char *p = text; *p; p++)
		if (*p == '|') *p = '/';
	return text;
}

const char *rnf_value_numbers(const struct rnf_param *row, const char *what)
{
	const char *limits = rnf_value_range(row);
	return rnf_format("%s%s%s", what, limits[0] ? ", " : "", limits);
}

/* 1000 and 1e3 are one number, but libconfig takes only the first as a whole one. */
const char *rnf_value_whole_numbers(const struct rnf_param *row, const struct rnf_conf *node)
{
	const char *must = rnf_value_numbers(row, "a whole number");
	char *end = NULL;
	const double value = node->type == RNF_CONF_FLOAT ? node->f
			   : node->type == RNF_CONF_STRING || node->type == RNF_CONF_RAW
			   ? strtod(node->s, &end) : NAN;
	if ((end && (end == node->s || *end)) || value != rint(value) || fabs(value) > 0x1p53)
		return must;
	return rnf_format("%s, without point and exponent: write %.0f", must, value);
}

/* What a row wants, to follow "must be". */
const char *rnf_value_wanted(const struct rnf_param *row)
{
	switch (row->type) {
	case RNF_TYPE_BOOL: return "true or false";
	case RNF_TYPE_INT: return rnf_value_numbers(row, "a whole number");
	case RNF_TYPE_FLOAT: return rnf_value_numbers(row, "a number");
	case RNF_TYPE_STRING: return "a text in quotes";
	case RNF_TYPE_ENUM: return rnf_value_choices(row);
	case RNF_TYPE_INTS: return "a list of whole numbers";
	case RNF_TYPE_FLOATS: return "a list of numbers";
	case RNF_TYPE_STRINGS: return "a list of texts";
	case RNF_TYPE_REFS: return rnf_format("a list of %ss", rnf_value_kinds(row->kinds));
	case RNF_TYPE_GROUPS: return "a list of groups, ( { key = value; }, ... )";
	case RNF_TYPE_REF: return rnf_format("the name of a %s, or a group with `type`",
					     rnf_value_kinds(row->kinds));
	default: return "a group";
	}
}

rnf_status rnf_value_refuse(const struct rnf_conf *node, const char *must)
{
	return rnf_fail(RNF_EINVAL, "%s%s is %s, must be %s", rnf_conf_place(node),
			rnf_conf_path(node), shown(node), must);
}

/* ---- RAW text becomes typed nodes ---- */

/* Literals as in a file: hex too, and 010 is ten. */
static void type_int(struct rnf_conf *node)
{
	char *end;
	errno = 0;
	if (isspace((unsigned char)*node->s)) return; /* quoted: taken literally */
	const long long value = strtoll(node->s, &end, strpbrk(node->s, "xX") ? 16 : 10);
	if (end == node->s || *end || errno) return;
	node->type = RNF_CONF_INT;
	node->i = value;
}

static void type_float(struct rnf_conf *node)
{
	char *end;
	const double value = strtod(node->s, &end);
	if (end == node->s || *end || isspace((unsigned char)*node->s)) return;
	if (!isfinite(value) || strpbrk(node->s, "xX")) return; /* as in a file */
	node->type = RNF_CONF_FLOAT;
	node->f = value;
}

static void type_bool(struct rnf_conf *node)
{
	const int yes = !strcmp(node->s, "true");
	if (!yes && strcmp(node->s, "false")) return;
	node->type = RNF_CONF_BOOL;
	node->i = yes;
}

void rnf_value_type(struct rnf_conf *node, uint32_t type)
{
	if (node->type != RNF_CONF_RAW) return;
	if (rnf_value_is_list(type)) rnf_conf_split(node);
	else if (type == RNF_TYPE_BOOL) type_bool(node);
	else if (type == RNF_TYPE_INT) type_int(node);
	else if (type == RNF_TYPE_FLOAT) type_float(node);
	else if (type != RNF_TYPE_GROUP) node->type = RNF_CONF_STRING;
}
