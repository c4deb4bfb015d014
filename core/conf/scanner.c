/* One pass over a conf's text before libconfig 1.5 parses it. libconfig silently wraps
 * large numbers, exits on some includes, reports one of two equal keys only, and takes
 * time quadratic in the size of a group. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "conf/source.h"

enum {
	MAX_NESTING = 64,
	MAX_SIBLINGS = 4096, /* of a list */
	MAX_KEYS = 256,      /* of a group: libconfig compares each with all others, byte by byte */
	MAX_KEY_BYTES = 64,
	MAX_ENTRIES = 20000, /* of the whole conf */
};

struct key {
	const char *name;
	size_t n;
	int line;
};

struct level { /* an open group or list */
	char opens;
	int line, entries;
	struct key *keys;
	size_t n_keys;
};

struct scanner {
	const struct rnf_source *in;
	char *out;
	size_t n;
	int line, depth, entries;
	struct level levels[MAX_NESTING + 1];
	struct key word; /* the last one: a key, if = or : follows */
	int after_text;  /* only blanks and comments since the last text */
};

static const char *place(const struct scanner *s, int line)
{
	const struct rnf_source_line at = rnf_source_place(s->in, line);
	return rnf_format("%s:%d", at.file, at.line);
}

static rnf_status refuse(const struct scanner *s, const char *words)
{
	return rnf_fail(RNF_EINVAL, "%s: %s", place(s, s->line), words);
}

static void emit(struct scanner *s, const char *p, size_t n)
{
	memcpy(s->out + s->n, p, n);
	s->n += n;
}

/* ---- numbers ---- */

static int is_digit(char c) { return c >= '0' && c <= '9'; }

/* Length of the number at p; 0: there is none. */
static size_t number_length(const char *p)
{
	size_t n = *p == '-' || *p == '+';
	if (!is_digit(p[n]) && !(p[n] == '.' && is_digit(p[n + 1]))) return 0;
	const int hex = p[n] == '0' && (p[n + 1] | 32) == 'x';
	while (is_digit(p[n]) || p[n] == '.' || ((p[n] | 32) >= 'a' && (p[n] | 32) <= 'z') ||
	       (!hex && (p[n] == '-' || p[n] == '+') && (p[n - 1] | 32) == 'e'))
		n++;
	return n;
}

static rnf_status check_float(const struct scanner *s, const char *text)
{
	char *end;
	const double value = strtod(text, &end);
	if (*end) return refuse(s, rnf_format("%s is not a number", text));
	if (isfinite(value)) return RNF_OK;
	return refuse(s, rnf_format("%s is too large for a number", text));
}

static rnf_status check_int(const struct scanner *s, const char *text, int base,
			    long long *value)
{
	char *end;
	errno = 0;
	*value = strtoll(text, &end, base);
	if (errno == ERANGE)
		return refuse(s, rnf_format("%s does not fit into 64 bits", text));
	if (!*end || !strcmp(end, "L") || !strcmp(end, "LL")) return RNF_OK;
	return refuse(s, rnf_format("%s is not a number", text));
}

/* Copy the number; whole numbers in decimal with an L. */
static rnf_status number(struct scanner *s, const char *p, size_t n)
{
	const char *text = rnf_strndup(p, n);
	const int hex = strpbrk(text, "xX") != NULL;
	long long value;
	if (!hex && strpbrk(text, ".eE")) {
		RNF_TRY(check_float(s, text));
		emit(s, p, n);
		return RNF_OK;
	}
	RNF_TRY(check_int(s, text, hex ? 16 : 10, &value));
	s->n += (size_t)sprintf(s->out + s->n, "%lldL", value);
	return RNF_OK;
}

/* ---- groups and lists ---- */

static rnf_status enter(struct scanner *s, char c)
{
	if (s->depth == MAX_NESTING)
		return refuse(s, rnf_format("groups and lists are more than %d deep",
					    MAX_NESTING));
	s->levels[++s->depth] = (struct level){ .opens = c, .line = s->line };
	return RNF_OK;
}

/* libconfig would say "syntax error" only, and blame the end of the text for an open
 * group. */
static void leave(struct scanner *s, char c)
{
	static const char opens[] = "{([", closes[] = "})]";
	const struct level *level = &s->levels[s->depth];
	const char mate = opens[strchr(closes, c) - closes];
	if (s->depth == 0)
		rnf_fail_aside(refuse(s, rnf_format("%c closes nothing", c)));
	else if (level->opens != mate)
		rnf_fail_aside(refuse(s, rnf_format("%c cannot close the %c of %s", c,
				level->opens, place(s, level->line))));
	s->depth -= s->depth > 0;
}

static void check_closed(const struct scanner *s)
{
	const struct level *level = &s->levels[s->depth];
	if (s->depth > 0)
		rnf_fail_aside(rnf_fail(RNF_EINVAL, "%s: this %c is never closed",
					place(s, level->line), level->opens));
}

static rnf_status add_entry(struct scanner *s)
{
	struct level *level = &s->levels[s->depth];
	const int is_group = level->opens == '{', most = is_group ? MAX_KEYS : MAX_SIBLINGS;
	if (++level->entries > most)
		return refuse(s, rnf_format("a %s has more than %d %s", is_group ? "group" : "list",
					    most, is_group ? "keys" : "entries"));
	if (++s->entries > MAX_ENTRIES)
		return refuse(s, rnf_format("the conf has more than %d entries",
					    MAX_ENTRIES));
	return RNF_OK;
}

static int same_key(const struct key *a, const struct key *b)
{
	return a->n == b->n && !memcmp(a->name, b->name, a->n);
}

/* libconfig reports neither the name nor the first place. */
static rnf_status add_key(struct scanner *s)
{
	struct level *level = &s->levels[s->depth];
	const struct key key = s->word;
	s->word.n = 0;
	if (key.n > MAX_KEY_BYTES)
		return refuse(s, rnf_format("the key \"%.*s...\" has %zu bytes, may have %d",
					    MAX_KEY_BYTES / 2, key.name, key.n, MAX_KEY_BYTES));
	for (size_t i = 0; i < level->n_keys && key.n; i++)
		if (same_key(&level->keys[i], &key))
			return refuse(s, rnf_format("duplicate key: \"%.*s\" is set at %s "
						    "already", (int)key.n, key.name,
						    place(s, level->keys[i].line)));
	*(struct key *)rnf_push((void **)&level->keys, &level->n_keys,
				sizeof *level->keys) = key;
	return RNF_OK;
}

static rnf_status mark(struct scanner *s, char c)
{
	const struct level *level = &s->levels[s->depth];
	switch (c) {
	case '\n': s->line++; break;
	case '{': case '(': case '[': return enter(s, c);
	case '}': case ')': case ']': leave(s, c); break;
	case ',': return level->opens == '{' ? RNF_OK : add_entry(s);
	case '=': case ':':
		RNF_TRY(add_entry(s));
		rnf_fail_aside(add_key(s));
		break;
	case '@':
		rnf_fail_aside(refuse(s, "an include must be alone on its line: "
				      "@include \"path\""));
		break;
	default: break;
	}
	return RNF_OK;
}

/* ---- words, strings, comments ---- */

static int is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       is_digit(c) || c == '_' || c == '*' || c == '-';
}

static size_t word(struct scanner *s, const char *p)
{
	size_t n = 0;
	if (is_digit(*p) || *p == '-') return 0;
	while (is_word(p[n])) n++;
	if (n) s->word = (struct key){ p, n, s->line };
	emit(s, p, n);
	return n;
}

/* libconfig would silently end the text at a zero byte, and join two adjacent texts. */
static rnf_status quoted(struct scanner *s, const char *p, size_t n)
{
	if (*p == '"' && s->after_text)
		rnf_fail_aside(refuse(s, "two strings follow each other: a comma is missing"));
	if (*p == '"') s->after_text = 1;
	for (size_t i = 0; i + 3 < n && *p == '"'; i++) {
		if (p[i] != '\\') continue;
		if (!memcmp(p + i, "\\x00", 4)) return refuse(s, "a text holds no \\x00");
		i++;
	}
	for (size_t i = 0; i < n; i++)
		if (p[i] == '\n') s->line++;
	emit(s, p, n);
	return RNF_OK;
}

/* Read one token; *n is its length. A mistake in one token is put aside; only unbounded
 * growth ends the scan. */
static rnf_status token(struct scanner *s, const char *p, const char *end, size_t *n)
{
	enum rnf_source_state state = RNF_SOURCE_PLAIN;
	if ((*n = (size_t)(rnf_source_skip(p, end, &state) - p))) {
		rnf_fail_aside(quoted(s, p, *n));
		return RNF_OK;
	}
	s->after_text &= strchr(" \t\r\n\f", *p) != NULL;
	if ((*n = word(s, p))) return RNF_OK;
	if ((*n = number_length(p))) {
		rnf_fail_aside(number(s, p, *n));
		return RNF_OK;
	}
	RNF_TRY(mark(s, *p));
	emit(s, p, *n = 1);
	return RNF_OK;
}

static rnf_status scan(struct scanner *s, const char *p, const char *end)
{
	for (size_t n; p < end; p += n)
		RNF_TRY(token(s, p, end, &n));
	check_closed(s);
	return RNF_OK;
}

rnf_status rnf_source_check(struct rnf_source *source)
{
	struct scanner *s = rnf_alloc(sizeof *s);
	*s = (struct scanner){ .in = source, .line = 1, .levels = { { .opens = '{' } } };
	/* "0," grows to "0L,": at most twice the text, plus decimals of hex numbers */
	s->out = rnf_alloc(2 * source->n + 64);
	rnf_fail_aside(scan(s, source->text, source->text + source->n));
	source->text = s->out;
	source->n = s->n;
	return rnf_fail_all();
}
