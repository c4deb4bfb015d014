/* labels.csv: a line of names (file, label and, if it likes, split, in any order), then a line
 * for each image; fields in quotes may hold commas, and "" for a quote (RFC 4180). Files are
 * found from the folder of the data; they may not leave it. */
#include "image_folder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = 256 << 20, FIELDS_MAX = 16, FIELD_MAX = 4096 };
enum { FIELD_FILE, FIELD_LABEL, FIELD_SPLIT, FIELDS };

static const char *const field_names[FIELDS] = { "file", "label", "split" };
static const struct { const char *word; int split; } splits[] = {
	{ "train", SPLIT_TRAIN }, { "val", SPLIT_VALIDATION }, { "test", SPLIT_TEST },
};

struct csv {
	struct list *list;
	const char *file;
	char *at, *end;  /* the rest of the text, which fields are cut out of */
	int64_t line;
	char *fields[FIELDS_MAX];
	size_t n;
	int columns[FIELDS]; /* where each field stands; -1: nowhere */
	size_t n_columns;
};

static rnf_status fail(const struct csv *c, const char *words)
{
	return c->list->host->fail(RNF_EINVAL, "%s:%lld: %s", c->file, (long long)c->line, words);
}

/* -- fields -- */

/* Takes the quotes off, in place; *next is behind the last one. NULL: it never ends. */
static char *unquote(struct csv *c, char **next)
{
	char *from = c->at + 1, *to = c->at, *start = c->at;
	for (; from < c->end; from++) {
		if (*from == '\n') c->line++;
		if (*from != '"') *to++ = *from;
		else if (from + 1 < c->end && from[1] == '"') *to++ = *from++;
		else break;
	}
	*next = from + 1;
	if (from >= c->end) return NULL;
	*to = 0;
	return start;
}

static rnf_status next_field(struct csv *c, int *last)
{
	char *start = c->at, *next = start;
	if (c->n == FIELDS_MAX) return fail(c, "too many fields");
	if (*start == '"') {
		start = unquote(c, &next);
		if (!start) return fail(c, "a quote is not closed");
	} else {
		next += strcspn(start, ",\r\n");
	}
	c->fields[c->n++] = start;
	const char after = next < c->end ? *next : '\n';
	if (after != ',' && after != '\r' && after != '\n')
		return fail(c, "something stands behind a quote");
	*last = after != ',';
	if (next < c->end) *next++ = 0;
	if (after == '\r' && next < c->end && *next == '\n') next++;
	c->at = next;
	return strlen(start) < FIELD_MAX ? RNF_OK : fail(c, "a field is too long");
}

static rnf_status next_line(struct csv *c)
{
	int last = 0;
	c->n = 0;
	c->line++;
	while (!last)
		RNF_TRY(next_field(c, &last));
	return RNF_OK;
}

/* -- the first line -- */

static int column_of(const struct csv *c, const char *name)
{
	for (size_t i = 0; i < c->n; i++)
		if (!strcmp(c->fields[i], name)) return (int)i;
	return -1;
}

static rnf_status read_names(struct csv *c)
{
	RNF_TRY(next_line(c));
	c->n_columns = c->n;
	size_t known = 0;
	for (int f = 0; f < FIELDS; f++) {
		c->columns[f] = column_of(c, field_names[f]);
		known += c->columns[f] >= 0;
	}
	if (c->columns[FIELD_FILE] < 0 || c->columns[FIELD_LABEL] < 0 || known < c->n)
		return fail(c, "the first line must be file,label or file,label,split");
	return RNF_OK;
}

/* -- a line -- */

static int leaves(const char *path)
{
	for (const char *p = path; p; p = strchr(p, '/')) {
		p += *p == '/';
		if (p[0] == '.' && p[1] == '.' && (p[2] == '/' || !p[2])) return 1;
	}
	return path[0] == '/';
}

static rnf_status set_split(struct csv *c, struct item *item)
{
	if (c->columns[FIELD_SPLIT] < 0) return RNF_OK;
	const char *word = c->fields[c->columns[FIELD_SPLIT]];
	for (size_t i = 0; i < sizeof splits / sizeof *splits; i++) {
		if (strcmp(splits[i].word, word)) continue;
		item->split = splits[i].split;
		return RNF_OK;
	}
	return fail(c, "the split must be train, val or test");
}

static rnf_status read_item(struct csv *c)
{
	const struct rnf_host *host = c->list->host;
	struct item item = { .split = SPLIT_TRAIN, .line = c->line };
	RNF_TRY(next_line(c));
	item.line = c->line;
	if (c->n == 1 && !c->fields[0][0]) return RNF_OK; /* an empty line */
	if (c->n != c->n_columns) return fail(c, "another number of fields than in the first line");
	const char *file = c->fields[c->columns[FIELD_FILE]];
	const char *label = c->fields[c->columns[FIELD_LABEL]];
	if (!*file || !*label) return fail(c, "an empty field");
	if (leaves(file)) return fail(c, "the file must lie in the folder of the data");
	RNF_TRY(set_split(c, &item));
	item.path = join(host, c->list->folder, "/", file);
	item.name = join(host, label, "", "");
	if (!item.path || !item.name) return host->fail(RNF_ENOMEM, "no memory");
	return add_item(c->list, &item);
}

/* No file twice: it would stand in two splits, or have two labels. */
static int by_path(const void *a, const void *b)
{
	const struct item *const *x = a, *const *y = b;
	const int order = strcmp((*x)->path, (*y)->path);
	return order ? order : (*x)->line < (*y)->line ? -1 : 1;
}

static rnf_status check_twins(struct csv *c)
{
	const struct list *list = c->list;
	const struct item **sorted = malloc((list->n + 1) * sizeof *sorted);
	rnf_status status = RNF_OK;
	if (!sorted) return list->host->fail(RNF_ENOMEM, "no memory");
	for (size_t i = 0; i < list->n; i++)
		sorted[i] = &list->items[i];
	qsort(sorted, list->n, sizeof *sorted, by_path);
	for (size_t i = 1; i < list->n && status >= 0; i++) {
		c->line = sorted[i]->line;
		if (!strcmp(sorted[i - 1]->path, sorted[i]->path))
			status = fail(c, "the file stands there twice");
	}
	free(sorted);
	return status;
}

static rnf_status parse(struct list *list, const char *file, char *text, size_t n)
{
	struct csv c = { .list = list, .file = file, .at = text, .end = text + n };
	if (memchr(text, 0, n)) return list->host->fail(RNF_EINVAL, "%s is no text", file);
	if (n >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) c.at += 3; /* a byte order mark */
	if (c.at == c.end) return list->host->fail(RNF_EINVAL, "%s is empty", file);
	RNF_TRY(read_names(&c));
	while (c.at < c.end)
		RNF_TRY(read_item(&c));
	return check_twins(&c);
}

rnf_status list_labels(struct list *list, const char *file)
{
	const struct rnf_host *host = list->host;
	FILE *f = fopen(file, "re");
	if (!f) return host->fail(RNF_EINVAL, "%s: %s", file, strerror(errno));
	const long n = fseek(f, 0, SEEK_END) == 0 ? ftell(f) : -1;
	char *text = n >= 0 && n <= FILE_MAX ? malloc((size_t)n + 1) : NULL;
	rewind(f);
	rnf_status status;
	if (n < 0 || n > FILE_MAX)
		status = host->fail(RNF_EINVAL, "%s: is no file of at most %d bytes", file, FILE_MAX);
	else if (!text)
		status = host->fail(RNF_ENOMEM, "no memory for %s", file);
	else if (fread(text, 1, (size_t)n, f) != (size_t)n)
		status = host->fail(RNF_EIO, "%s: it cannot be read", file);
	else
		status = (text[n] = 0, parse(list, file, text, (size_t)n));
	fclose(f);
	free(text);
	return status;
}
