#include "study/where.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "conf/conf.h"

enum { LESS = 1, EQUAL = 2, MORE = 4 };

static const struct { const char *sign; int holds; } relations[] = {
	{ "<=", LESS | EQUAL }, { ">=", MORE | EQUAL }, { "!=", LESS | MORE }, { "==", EQUAL },
	{ "<", LESS }, { ">", MORE }, { "=", EQUAL },
};

static int relation_at(const char *p)
{
	for (size_t i = 0; i < sizeof relations / sizeof *relations; i++)
		if (!strncmp(p, relations[i].sign, strlen(relations[i].sign))) return (int)i;
	return -1;
}

rnf_status rnf_where_read(struct rnf_where *w, const char *text)
{
	const size_t n = strcspn(text, "<>=!");
	w->relation = relation_at(text + n);
	w->key = rnf_conf_trimmed(text, n);
	if (w->relation >= 0) {
		const char *value = text + n + strlen(relations[w->relation].sign);
		w->value = rnf_conf_unquoted(rnf_conf_trimmed(value, strlen(value)));
		if (*w->key && *w->value) return RNF_OK;
	}
	return rnf_fail(RNF_EINVAL, "--where %s: must be KEY, one of = != < <= > >=, and a value: "
			"train.optimizer.lr>0.1", text);
}

static int is_number(const char *text, double *value)
{
	char *end;
	*value = strtod(text, &end);
	return end != text && !*end;
}

int rnf_where_holds(const struct rnf_where *w, const char *text)
{
	double a, b;
	if (!text) return 0;
	const int numbers = is_number(text, &a) && is_number(w->value, &b);
	const int order = numbers ? (a > b) - (a < b) : strcmp(text, w->value);
	const int is = order < 0 ? LESS : order > 0 ? MORE : EQUAL;
	return (relations[w->relation].holds & is) != 0;
}
