#include "base/letters.h"

#include <string.h>

#include "lib/plugin.h"

enum { H = 12, W = 30 };
static const uint8_t ink[3] = { 1, 2, 3 };
static uint8_t rgb[H][W][3];

/* The picture as text, a line a row. */
static const char *drawn(const char *text, int64_t room)
{
	static char lines[H * (W + 1) + 1];
	char *to = lines;
	memset(rgb, 0, sizeof rgb);
	rnf_letters_draw(rgb[0][0], W, 2, 3, text, room, ink);
	for (int y = 0; y < H; y++, *to++ = '\n')
		for (int x = 0; x < W; x++)
			*to++ = memcmp(rgb[y][x], ink, 3) ? '.' : '#';
	*to = 0;
	return lines;
}

START_TEST(letters_stand_in_a_line)
{
	ck_assert_str_eq(drawn("Lg", 4),
		"..............................\n"
		"..............................\n"
		"...#..........................\n"
		"...#..........................\n"
		"...#......####................\n"
		"...#.....#...#................\n"
		"...#.....#...#................\n"
		"...#......####................\n"
		"...#####.....#................\n"
		"..........###.................\n"
		"..............................\n"
		"..............................\n");
}
END_TEST

/* A character that there is no letter for is one box; a long text ends in two points. */
START_TEST(what_does_not_fit)
{
	char box[sizeof rgb / 3 + H + 1], points[sizeof box];
	strcpy(box, drawn("\xc3\xbc", 4));
	ck_assert_ptr_nonnull(strstr(box, "\n...#####...................."));
	ck_assert_str_eq(box, drawn("\xe2\x82\xac", 4));
	ck_assert_str_eq(box, drawn("\xff", 4));
	ck_assert_str_eq(box, drawn("\n", 4));
	strcpy(points, drawn("ab..", 4));
	ck_assert_str_eq(points, drawn("abcde", 4));
	ck_assert_str_ne(points, drawn("abcd", 4));
	ck_assert_str_eq(drawn("abc", 0), drawn("", 4));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { letters_stand_in_a_line, what_does_not_fit, NULL };
	return test_run("base/letters", tests);
}
