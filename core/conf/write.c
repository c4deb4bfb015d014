/* The tree as a conf that runs as it is. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "conf/conf.h"

static void write_string(const char *s, FILE *out)
{
	fputc('"', out);
	for (; *s; s++) {
		const unsigned char c = (unsigned char)*s;
		if (c == '"' || c == '\\') fprintf(out, "\\%c", c);
		else if (c == '\n') fputs("\\n", out);
		else if (c == '\t') fputs("\\t", out);
		else if (c == '\r') fputs("\\r", out);
		else if (c < 32) fprintf(out, "\\x%02x", c);
		else fputc(c, out);
	}
	fputc('"', out);
}

/* The shortest of 15 to 17 digits that reads back as the same number. */
static void write_float(double f, FILE *out)
{
	char text[64];
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof text - 2, "%.*g", digits, f);
		if (strtod(text, NULL) == f) break;
	}
	if (isfinite(f) && !strpbrk(text, ".e")) strcat(text, ".0");
	fputs(text, out);
}

/* Text of an override that no row has typed yet. */
static void write_raw(const char *s, FILE *out)
{
	char *end;
	strtod(s, &end);
	const int is_number = *s && !*end && (strchr("+-.", *s) || (*s >= '0' && *s <= '9'));
	if (is_number || !strcmp(s, "true") || !strcmp(s, "false") || *s == '[' || *s == '(')
		fputs(s, out);
	else
		write_string(s, out);
}

static void write_node(const struct rnf_conf *node, int depth, FILE *out);

static void indent(int depth, FILE *out)
{
	for (int i = 0; i < depth; i++) fputs("  ", out);
}

static int is_flat(const struct rnf_conf *list)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->at[i]->type == RNF_CONF_GROUP || list->at[i]->type == RNF_CONF_LIST)
			return 0;
	return 1;
}

static void write_list(const struct rnf_conf *list, int depth, FILE *out)
{
	const int flat = is_flat(list);
	fputs(flat ? "( " : "(\n", out);
	for (size_t i = 0; i < list->n; i++) {
		if (!flat) indent(depth + 1, out);
		write_node(list->at[i], depth + 1, out);
		if (i + 1 < list->n) fputs(flat ? ", " : ",", out);
		if (!flat) fputc('\n', out);
	}
	if (!flat) indent(depth, out);
	fputs(flat ? " )" : ")", out);
}

static void write_keys(const struct rnf_conf *group, int depth, FILE *out)
{
	for (size_t i = 0; i < group->n; i++) {
		indent(depth, out);
		fprintf(out, "%s = ", group->at[i]->key);
		write_node(group->at[i], depth, out);
		fputs(";\n", out);
	}
}

static void write_node(const struct rnf_conf *node, int depth, FILE *out)
{
	switch (node->type) {
	case RNF_CONF_GROUP:
		fputs("{\n", out);
		write_keys(node, depth + 1, out);
		indent(depth, out);
		fputc('}', out);
		break;
	case RNF_CONF_LIST: write_list(node, depth, out); break;
	case RNF_CONF_BOOL: fputs(node->i ? "true" : "false", out); break;
	case RNF_CONF_INT:
		fprintf(out, "%lld%s", (long long)node->i,
			node->i > INT32_MAX || node->i < INT32_MIN ? "L" : "");
		break;
	case RNF_CONF_FLOAT: write_float(node->f, out); break;
	case RNF_CONF_STRING: write_string(node->s, out); break;
	case RNF_CONF_RAW: write_raw(node->s, out); break;
	}
}

void rnf_conf_write(const struct rnf_conf *root, FILE *out)
{
	write_keys(root, 0, out);
}

const char *rnf_conf_text(const struct rnf_conf *root)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);
	if (!f) rnf_no_memory(0);
	rnf_conf_write(root, f);
	const int bad = ferror(f);
	if (fclose(f) != 0 || bad) rnf_no_memory(n);
	const char *kept = rnf_strndup(text, n);
	free(text);
	return kept;
}
