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
