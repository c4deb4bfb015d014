/* Writes the tree as a conf that runs as it is, with or without the origins of values,
 * and as a list of its keys. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/lines.h"
#include "base/status.h"
#include "base/text.h"
#include "base/utf8.h"
#include "conf/conf.h"

/* Bytes that are not UTF-8, as a path may hold, and control characters are written by
 * number, so that anything that handles text can handle a conf. */
static void write_string(const char *s, FILE *out)
{
	fputc('"', out);
	for (size_t n; *s; s += n ? n : 1) {
		const unsigned char c = (unsigned char)*s;
		n = rnf_utf8_plain(s, rnf_utf8_length(s));
		if (c == '"' || c == '\\') fprintf(out, "\\%c", c);
		else if (c == '\n') fputs("\\n", out);
		else if (c == '\t') fputs("\\t", out);
		else if (c == '\r') fputs("\\r", out);
		else if (n == 0) fprintf(out, "\\x%02x", c);
		else fwrite(s, 1, n, out);
	}
	fputc('"', out);
}

static void write_float(double f, FILE *out)
{
	char text[32];
	const char *words = rnf_number_text(text, f);
	fprintf(out, "%s%s", words, isfinite(f) && !strpbrk(words, ".e") ? ".0" : "");
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

struct writer {
	FILE *out;
	/* what follows a value on its line */
	void (*tail)(const struct rnf_conf *node, FILE *out);
};

static void write_node(const struct writer *w, const struct rnf_conf *node, int depth);

static void indent(const struct writer *w, int depth)
{
	for (int i = 0; i < depth; i++) fputs("  ", w->out);
}

static int has_lines(const struct rnf_conf *node)
{
	return node->type == RNF_CONF_GROUP || node->type == RNF_CONF_LIST;
}

static int is_flat(const struct rnf_conf *list)
{
	for (size_t i = 0; i < list->n; i++)
		if (has_lines(list->at[i])) return 0;
	return 1;
}

/* A value that takes its whole line, which can end in a comment. */
static int is_line(const struct rnf_conf *node)
{
	return !has_lines(node) || (node->type == RNF_CONF_LIST && is_flat(node));
}

static void write_flat(const struct writer *w, const struct rnf_conf *list)
{
	fputs("( ", w->out);
	for (size_t i = 0; i < list->n; i++) {
		write_node(w, list->at[i], 0);
		if (i + 1 < list->n) fputs(", ", w->out);
	}
	fputs(" )", w->out);
}

/* End the line of a value. */
static void end_line(const struct writer *w, const struct rnf_conf *node, const char *mark)
{
	fputs(mark, w->out);
	if (is_line(node)) w->tail(node, w->out);
	fputc('\n', w->out);
}

static void write_list(const struct writer *w, const struct rnf_conf *list, int depth)
{
	fputs("(\n", w->out);
	for (size_t i = 0; i < list->n; i++) {
		indent(w, depth + 1);
		write_node(w, list->at[i], depth + 1);
		end_line(w, list->at[i], i + 1 < list->n ? "," : "");
	}
	indent(w, depth);
	fputc(')', w->out);
}

static void write_keys(const struct writer *w, const struct rnf_conf *group, int depth)
{
	for (size_t i = 0; i < group->n; i++) {
		indent(w, depth);
		fprintf(w->out, "%s = ", group->at[i]->key);
		write_node(w, group->at[i], depth);
		end_line(w, group->at[i], ";");
	}
}

static void write_group(const struct writer *w, const struct rnf_conf *group, int depth)
{
	fputs("{\n", w->out);
	write_keys(w, group, depth + 1);
	indent(w, depth);
	fputc('}', w->out);
}

static void write_node(const struct writer *w, const struct rnf_conf *node, int depth)
{
	switch (node->type) {
	case RNF_CONF_GROUP: write_group(w, node, depth); break;
	case RNF_CONF_LIST:
		if (is_flat(node)) write_flat(w, node);
		else write_list(w, node, depth);
		break;
	case RNF_CONF_BOOL: fputs(node->i ? "true" : "false", w->out); break;
	case RNF_CONF_INT:
		fprintf(w->out, "%lld%s", (long long)node->i,
			node->i > INT32_MAX || node->i < INT32_MIN ? "L" : "");
		break;
	case RNF_CONF_FLOAT: write_float(node->f, w->out); break;
	case RNF_CONF_STRING: write_string(node->s, w->out); break;
	case RNF_CONF_RAW: write_raw(node->s, w->out); break;
	}
}

/* ---- the three ways ---- */

static void no_tail(const struct rnf_conf *node, FILE *out)
{
	(void)node, (void)out;
}

/* A file's name may hold a line feed, which would end the comment; it is masked. */
static void origin(const struct rnf_conf *node, FILE *out)
{
	const char *place = rnf_conf_place(node);
	const size_t n = strlen(place);
	char line[RNF_LINE_BYTES];
	if (n < 2) return;
	rnf_text_line(line, sizeof line, place, n - 2); /* without the final ": " */
	fprintf(out, "  # %s", line);
}

void rnf_conf_write(const struct rnf_conf *root, FILE *out)
{
	const struct writer w = { out, no_tail };
	write_keys(&w, root, 0);
}

void rnf_conf_write_origins(const struct rnf_conf *root, FILE *out)
{
	const struct writer w = { out, origin };
	write_keys(&w, root, 0);
}

void rnf_conf_list(const struct rnf_conf *root, FILE *out)
{
	const struct writer w = { out, origin };
	for (size_t i = 0; i < root->n; i++) {
		const struct rnf_conf *node = root->at[i];
		if (!is_line(node)) {
			rnf_conf_list(node, out);
			continue;
		}
		fprintf(out, "%s = ", rnf_conf_path(node));
		write_node(&w, node, 0);
		end_line(&w, node, "");
	}
}

static const char *text_by(void (*write)(const struct rnf_conf *, FILE *),
			   const struct rnf_conf *root)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);
	if (!f) rnf_no_memory(0);
	write(root, f);
	const int bad = ferror(f);
	if (fclose(f) != 0 || bad) rnf_no_memory(n);
	const char *kept = rnf_strndup(text, n);
	free(text);
	return kept;
}

const char *rnf_conf_text(const struct rnf_conf *root)
{
	return text_by(rnf_conf_write, root);
}

const char *rnf_conf_text_origins(const struct rnf_conf *root)
{
	return text_by(rnf_conf_write_origins, root);
}
