#include "base/utf8.h"

#include <stdint.h>

/* Bytes of the character at p, and its number; 0: it is none. */
static size_t character(const char *p, uint32_t *code)
{
	static const struct { uint32_t mask, lead, least; } forms[] = {
		{ 0x80, 0, 0 }, { 0xe0, 0xc0, 0x80 }, { 0xf0, 0xe0, 0x800 },
		{ 0xf8, 0xf0, 0x10000 },
	};
	const uint32_t lead = (unsigned char)*p;
	size_t n = 0;
	while (n < 4 && (lead & forms[n].mask) != forms[n].lead) n++;
	if (n == 4) return 0;
	*code = lead & ~forms[n].mask;
	for (size_t i = 1; i <= n; i++) {
		if ((p[i] & 0xc0) != 0x80) return 0;
		*code = *code << 6 | (p[i] & 0x3f);
	}
	if (*code < forms[n].least || *code > 0x10ffff || (*code >= 0xd800 && *code < 0xe000))
		return 0;
	return n + 1;
}

/* Those of ASCII and of Latin-1, which terminals obey too. */
static int is_control(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0);
}

size_t rnf_utf8_length(const char *p)
{
	uint32_t code;
	return character(p, &code);
}

const char *rnf_utf8_must(const char *text)
{
	for (const char *p = text; *p; ) {
		uint32_t code = 0;
		const size_t n = character(p, &code);
		if (n == 0) return "a text in valid UTF-8";
		if (is_control(code)) return "a text without control characters";
		p += n;
	}
	return NULL;
}
