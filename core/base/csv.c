#include "base/csv.h"

#include <string.h>

void rnf_csv_text(FILE *out, const char *text)
{
	fputc('"', out);
	for (const char *c = text; *c; c++)
		fprintf(out, *c == '"' ? "\"\"" : "%c", *c);
	fputc('"', out);
}

/* Unquote in place. */
static char *unquote(char *from)
{
	char *to = from, *p = from + 1;
	for (; *p; *to++ = *p++) {
		if (*p != '"') continue;
		if (p[1] != '"') break;
		p++;
	}
	if (!*p) return NULL;
	*to = 0;
	return p + 1;
}

const char *rnf_csv_field(char **line)
{
	char *field = *line, *end = field;
	if (*field == '"') end = unquote(field);
	if (!end) return NULL;
	end += strcspn(end, ",\r\n");
	*line = *end == ',' ? end + 1 : NULL;
	*end = 0;
	return field;
}
