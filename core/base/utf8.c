#include "base/utf8.h"

#include <stdint.h>

/* Length of the character at p, where n bytes are available, and its code point; 0: not
 * UTF-8. */
static size_t character(const char *p, size_t n, uint32_t *code)
{
	static const struct { uint32_t mask, lead, least; } forms[] = {
		{ 0x80, 0, 0 }, { 0xe0, 0xc0, 0x80 }, { 0xf0, 0xe0, 0x800 },
		{ 0xf8, 0xf0, 0x10000 },
	};
	const uint32_t lead = (unsigned char)*p;
	size_t more = 0;
	while (more < 4 && (lead & forms[more].mask) != forms[more].lead) more++;
	if (more == 4 || more >= n) return 0;
	*code = lead & ~forms[more].mask;
	for (size_t i = 1; i <= more; i++) {
		if ((p[i] & 0xc0) != 0x80) return 0;
		*code = *code << 6 | (p[i] & 0x3f);
	}
	if (*code < forms[more].least || *code > 0x10ffff ||
	    (*code >= 0xd800 && *code < 0xe000))
		return 0;
	return more + 1;
}

/* Control characters (of ASCII and Latin-1), and characters that change the order of
 * others or break a line. */
static int is_control(uint32_t code)
{
	static const struct { uint32_t first, last; } controls[] = {
		{ 0x00, 0x1f }, { 0x7f, 0x9f }, { 0x061c, 0x061c }, { 0x200e, 0x200f },
		{ 0x2028, 0x202e }, { 0x2066, 0x2069 },
	};
	for (size_t i = 0; i < sizeof controls / sizeof *controls; i++)
		if (code >= controls[i].first && code <= controls[i].last) return 1;
	return 0;
}

size_t rnf_utf8_length(const char *p)
{
	uint32_t code;
	return character(p, 4, &code); /* the terminating zero is no continuation byte */
}

/* Source: Unicode's EastAsianWidth.txt, by whole blocks. */
int rnf_utf8_columns(const char *p)
{
	static const struct { uint32_t first, last; int columns; } others[] = {
		{ 0x0300, 0x036f, 0 }, { 0x200b, 0x200d, 0 }, { 0x20d0, 0x20ff, 0 },
		{ 0xfe00, 0xfe0f, 0 }, { 0xfe20, 0xfe2f, 0 },
		{ 0x1100, 0x115f, 2 }, { 0x2e80, 0x303e, 2 }, { 0x3041, 0xa4cf, 2 },
		{ 0xac00, 0xd7a3, 2 }, { 0xf900, 0xfaff, 2 }, { 0xfe30, 0xfe6f, 2 },
		{ 0xff00, 0xff60, 2 }, { 0xffe0, 0xffe6, 2 }, { 0x1f300, 0x1f64f, 2 },
		{ 0x1f680, 0x1f6ff, 2 }, { 0x1f900, 0x1f9ff, 2 }, { 0x20000, 0x3fffd, 2 },
	};
	uint32_t code;
	if (!character(p, 4, &code)) return 0;
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (code >= others[i].first && code <= others[i].last) return others[i].columns;
	return 1;
}

size_t rnf_utf8_plain(const char *p, size_t n)
{
	uint32_t code = 0;
	const size_t length = character(p, n, &code);
	return is_control(code) ? 0 : length;
}

const char *rnf_utf8_must(const char *text)
{
	for (const char *p = text; *p; ) {
		const size_t n = rnf_utf8_length(p);
		if (n == 0) return "a text in valid UTF-8";
		if (rnf_utf8_plain(p, n) == 0) return "a text without control characters";
		p += n;
	}
	return NULL;
}
