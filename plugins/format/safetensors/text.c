#include "text.h"

#include <string.h>

rnf_status text_fail(const struct header *h, const char *what)
{
	return h->host->fail(RNF_EINVAL, "%s: header at byte %zu: %s", h->path,
			     (size_t)(h->at - h->text), what);
}

/* Length of the character at p; 0: not UTF-8. */
static int utf8_length(const uint8_t *p, const uint8_t *end)
{
	static const struct { uint8_t from, to; int n; uint8_t low, high; } rows[] = {
		{ 0x01, 0x7f, 1, 0, 0 },       { 0xc2, 0xdf, 2, 0x80, 0xbf },
		{ 0xe0, 0xe0, 3, 0xa0, 0xbf }, { 0xe1, 0xec, 3, 0x80, 0xbf },
		{ 0xed, 0xed, 3, 0x80, 0x9f }, { 0xee, 0xef, 3, 0x80, 0xbf },
		{ 0xf0, 0xf0, 4, 0x90, 0xbf }, { 0xf1, 0xf3, 4, 0x80, 0xbf },
		{ 0xf4, 0xf4, 4, 0x80, 0x8f },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (*p < rows[i].from || *p > rows[i].to) continue;
		if (rows[i].n > end - p) return 0;
		if (rows[i].n > 1 && (p[1] < rows[i].low || p[1] > rows[i].high)) return 0;
		for (int k = 2; k < rows[i].n; k++)
			if (p[k] < 0x80 || p[k] > 0xbf) return 0;
		return rows[i].n;
	}
	return 0;
}

rnf_status text_check(struct header *h)
{
	for (h->at = h->text; h->at < h->end;) {
		const int n = utf8_length((uint8_t *)h->at, (uint8_t *)h->end);
		if (n == 0) return text_fail(h, "no UTF-8");
		h->braces += *h->at == '{';
		h->at += n;
	}
	h->at = h->text;
	return RNF_OK;
}

int text_next(struct header *h, char c)
{
	while (h->at < h->end && memchr(" \t\r\n", *h->at, 4))
		h->at++;
	if (h->at == h->end || *h->at != c) return 0;
	h->at++;
	return 1;
}

rnf_status text_want(struct header *h, char c)
{
	const char what[] = { 'n', 'o', ' ', '"', c, '"', 0 };
	return text_next(h, c) ? RNF_OK : text_fail(h, what);
}

/* The four hexadecimal digits at p; -1: not four hexadecimal digits. */
static int32_t hex4(const char *p, const char *end)
{
	static const char digits[] = "0123456789abcdef";
	int32_t value = 0;
	if (end - p < 4) return -1;
	for (int i = 0; i < 4; i++) {
		const char lower = (char)(p[i] >= 'A' && p[i] <= 'F' ? p[i] | 32 : p[i]);
		const char *digit = memchr(digits, lower, 16);
		if (!digit) return -1;
		value = value << 4 | (int32_t)(digit - digits);
	}
	return value;
}

/* Never longer than its source: \u takes 6 bytes, a pair of them 12. */
static char *put_utf8(char *to, int32_t c)
{
	if (c < 0x80) {
		*to++ = (char)c;
		return to;
	}
	if (c < 0x800) {
		*to++ = (char)(0xc0 | c >> 6);
	} else {
		if (c < 0x10000) {
			*to++ = (char)(0xe0 | c >> 12);
		} else {
			*to++ = (char)(0xf0 | c >> 18);
			*to++ = (char)(0x80 | (c >> 12 & 63));
		}
		*to++ = (char)(0x80 | (c >> 6 & 63));
	}
	*to++ = (char)(0x80 | (c & 63));
	return to;
}

/* Behind "\u". */
static rnf_status unicode(struct header *h, char **to)
{
	int32_t c = hex4(h->at, h->end);
	h->at += c < 0 ? 0 : 4;
	if (c >= 0xd800 && c < 0xdc00) { /* the first half of a pair */
		const int pair = h->end - h->at > 2 && h->at[0] == '\\' && h->at[1] == 'u';
		const int32_t low = pair ? hex4(h->at + 2, h->end) : -1;
		c = low >= 0xdc00 && low < 0xe000
			? 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00) : -1;
		h->at += c < 0 ? 0 : 6;
	}
	if (c <= 0 || (c >= 0xdc00 && c < 0xe000))
		return text_fail(h, "\\u without a character");
	*to = put_utf8(*to, c);
	return RNF_OK;
}

static rnf_status escape(struct header *h, char **to)
{
	static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
	const char c = h->at < h->end ? *h->at : 0;
	const char *name = c ? memchr(names, c, sizeof names - 1) : NULL;
	h->at += c != 0;
	if (c == 'u') return unicode(h, to);
	if (!name) return text_fail(h, "\\ before a character that takes none");
	*(*to)++ = values[name - names];
	return RNF_OK;
}

rnf_status text_string(struct header *h, char **string)
{
	RNF_TRY(text_want(h, '"'));
	char *to = *string = h->at;
	while (h->at < h->end && *h->at != '"') {
		const char c = *h->at++;
		if ((uint8_t)c < 0x20) return text_fail(h, "a control character in a string");
		if (c == '\\') RNF_TRY(escape(h, &to));
		else *to++ = c;
	}
	if (h->at == h->end) return text_fail(h, "a string without end");
	h->at++;
	*to = 0;
	return RNF_OK;
}

int text_number(struct header *h, int64_t *number)
{
	const char *p = h->at;
	int64_t value = 0;
	while (p < h->end && memchr(" \t\r\n", *p, 4))
		p++;
	const char *start = p;
	for (; p < h->end && *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, *p - '0', &value))
			return 0;
	if (p == start || (*start == '0' && p > start + 1)) return 0;
	if (p < h->end && memchr(".eE", *p, 3)) return 0;
	h->at += p - h->at;
	*number = value;
	return 1;
}
