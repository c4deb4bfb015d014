#define _GNU_SOURCE /* fopencookie */
#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/utf8.h"

enum { QUOTED = 200, WORD = 256, WORDS = 40, LIST = 1500, MASK = 4 /* \xNN */ };

/* ---- one character ---- */

struct piece {
	size_t from, to; /* bytes of the character, and of its masked form */
	int as_it_is;
};

static struct piece look(const char *p, size_t n)
{
	const size_t plain = rnf_utf8_plain(p, n);
	return plain ? (struct piece){ plain, plain, 1 } : (struct piece){ 1, MASK, 0 };
}

static void put(char *out, const char *p, const struct piece *piece)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned c = (unsigned char)*p;
	const char mask[MASK] = { '\\', 'x', digits[c >> 4], digits[c & 15] };
	memcpy(out, piece->as_it_is ? p : mask, piece->to);
}

/* ---- one line ---- */

static size_t whole_length(const char *text, size_t n)
{
	size_t length = 0;
	for (size_t i = 0; i < n;) {
		const struct piece piece = look(text + i, n - i);
		length += piece.to;
		i += piece.from;
	}
	return length;
}

/* Copy from text[*at] on as much as fits. */
static size_t fill(char *out, size_t room, const char *text, size_t n, size_t *at)
{
	size_t length = 0;
	while (*at < n) {
		const struct piece piece = look(text + *at, n - *at);
		if (length + piece.to > room) break;
		put(out + length, text + *at, &piece);
		length += piece.to;
		*at += piece.from;
	}
	return length;
}

/* The first byte from which the rest fits into `room`; `left` is the masked length of the
 * text from `at` on. */
static size_t find_tail(const char *text, size_t n, size_t at, size_t left, size_t room)
{
	while (left > room) {
		const struct piece piece = look(text + at, n - at);
		left -= piece.to;
		at += piece.from;
	}
	return at;
}

/* The beginning says where, the end says what is allowed: cut the middle. */
size_t rnf_text_line(char *out, size_t room, const char *text, size_t n)
{
	enum { MARK = 40 }; /* longer than the mark itself */
	const size_t whole = whole_length(text, n);
	size_t at = 0, length;
	if (whole < room) {
		length = fill(out, room, text, n, &at);
	} else {
		const size_t half = (room - MARK) / 2;
		length = fill(out, half, text, n, &at);
		size_t tail = find_tail(text, n, at, whole - length, half);
		length += (size_t)sprintf(out + length, " [... %zu bytes ...] ", tail - at);
		length += fill(out + length, half, text, n, &tail);
	}
	out[length] = 0;
	return length;
}

const char *rnf_text_quoted(const char *text)
{
	char line[QUOTED];
	rnf_text_line(line, sizeof line, text, strlen(text));
	return rnf_format("\"%s\"", line);
}

/* ---- tables ---- */

int rnf_text_width(const char *text)
{
	int width = 0;
	while (*text) {
		const struct piece piece = look(text, 4); /* the terminating zero ends it, too */
		width += piece.as_it_is ? rnf_utf8_columns(text) : (int)piece.to;
		text += piece.from;
	}
	return width;
}

void rnf_text_cell(FILE *out, int width, const char *text)
{
	const int left = abs(width) - rnf_text_width(text), blanks = left > 0 ? left : 0;
	fprintf(out, "%*s%s%*s", width > 0 ? blanks : 0, "", text, width > 0 ? 0 : blanks, "");
}

/* ---- the standard output ---- */

static struct {
	char bytes[4]; /* of a character that is not complete yet */
	size_t n;
} held;

static int write_all(const char *p, size_t n)
{
	while (n > 0) {
		const ssize_t done = write(STDOUT_FILENO, p, n);
		if (done < 0 && errno == EINTR) continue;
		if (done < 0) return -1;
		p += done;
		n -= (size_t)done;
	}
	return 0;
}

/* Bytes at the end that are judged by what follows: a lead byte with too few behind it, which
 * may begin a character, or a carriage return, which may end a line. */
static size_t open_end(const char *text, size_t n)
{
	if (n > 0 && text[n - 1] == '\r') return 1;
	for (size_t back = 1; back <= 3 && back <= n; back++) {
		const unsigned c = (unsigned char)text[n - back];
		if ((c & 0xc0) == 0x80) continue;
		return back < (c < 0xc0 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4) ? back : 0;
	}
	return 0;
}

/* Does it only move on: a line feed, a tab, or the end of a line of CSV? */
static int is_layout(const char *p, size_t n)
{
	return *p == '\n' || *p == '\t' || (*p == '\r' && n > 1 && p[1] == '\n');
}

static int put_output(const char *text, size_t n)
{
	char out[4096];
	size_t length = 0;
	for (size_t i = 0; i < n;) {
		struct piece piece = look(text + i, n - i);
		if (is_layout(text + i, n - i)) piece = (struct piece){ 1, 1, 1 };
		if (length + piece.to > sizeof out) {
			if (write_all(out, length) < 0) return -1;
			length = 0;
		}
		put(out + length, text + i, &piece);
		length += piece.to;
		i += piece.from;
	}
	return write_all(out, length);
}

/* Write at most one piece at a time, with what was held back before it. 0: an error, see
 * errno. */
static ssize_t write_output(void *cookie, const char *text, size_t n)
{
	char piece[1024];
	(void)cookie;
	for (size_t done = 0; done < n;) {
		const size_t room = sizeof piece - held.n;
		const size_t take = n - done < room ? n - done : room;
		memcpy(piece, held.bytes, held.n);
		memcpy(piece + held.n, text + done, take);
		const size_t all = held.n + take, open = open_end(piece, all);
		memcpy(held.bytes, piece + all - open, held.n = open);
		if (put_output(piece, all - open) < 0) return 0;
		done += take;
	}
	return (ssize_t)n;
}

void rnf_text_mask_output(void)
{
	const cookie_io_functions_t functions = { .write = write_output };
	FILE *out = fopencookie(NULL, "w", functions);
	if (!out) rnf_no_memory(0);
	setvbuf(out, NULL, isatty(STDOUT_FILENO) ? _IOLBF : _IOFBF, BUFSIZ);
	stdout = out;
}

/* ---- lists ---- */

static void append(struct rnf_list *list, const char *text)
{
	const size_t n = strlen(text);
	if (list->bytes + n + 1 > list->room) {
		char *larger = rnf_alloc(list->room = 2 * (list->bytes + n + 1));
		if (list->bytes) memcpy(larger, list->text, list->bytes);
		list->text = larger;
	}
	memcpy(list->text + list->bytes, text, n + 1);
	list->bytes += n;
}

void rnf_list_add(struct rnf_list *list, const char *between, const char *word)
{
	char line[WORD];
	if (list->n == WORDS || list->bytes > LIST) {
		list->left_out++;
		return;
	}
	rnf_text_line(line, sizeof line, word, strlen(word));
	if (list->n++) append(list, between);
	append(list, line);
}

const char *rnf_list_text(struct rnf_list *list, const char *none)
{
	if (list->left_out) {
		append(list, rnf_format(" and %zu more", list->left_out));
		list->left_out = 0;
	}
	return list->text ? list->text : none;
}
