#include "base/letters.h"

#include <string.h>

#include "base/utf8.h"

enum { COLUMNS = 5, FIRST = ' ', LAST = '~', CUT = 2 };

/* Of each letter from the space on, its rows from the top: bits of columns, the left one
 * first, as a digit 0-9, a-v. The last row is for what hangs below the line. */
static const char letters[][RNF_LETTER_HEIGHT + 1] = {
	"00000000", "44444040", "aa000000", "aavavaa0", "4fke5u40", "op248j30", "cik8lid0", "44000000",
	"24888420", "84222480", "04lel400", "044v4400", "00000448", "000e0000", "00000cc0", "11248gg0",
	"ehjlphe0", "4c4444e0", "eh1248v0", "eh161he0", "26aiv220", "vgu11he0", "68guhhe0", "v1248880",
	"ehhehhe0", "ehhf12c0", "0cc0cc00", "0cc0c480", "248g8420", "00v0v000", "84212480", "eh124040",
	"eh1dlle0", "ehhvhhh0", "uhhuhhu0", "ehggghe0", "sihhhis0", "vgguggv0", "vgguggg0", "ehgnhhf0",
	"hhhvhhh0", "e44444e0", "72222ic0", "hikokih0", "ggggggv0", "hrllhhh0", "hhpljhh0", "ehhhhhe0",
	"uhhuggg0", "ehhhlid0", "uhhukih0", "fgge11u0", "v4444440", "hhhhhhe0", "hhhhha40", "hhhllla0",
	"hha4ahh0", "hhha4440", "v1248gv0", "e88888e0", "gg842110", "e22222e0", "4ah00000", "0000000v",
	"84000000", "00e1fhf0", "ggmphhu0", "00egghe0", "11djhhf0", "00ehvge0", "698s8880", "00fhhf1e",
	"ggmphhh0", "40c444e0", "206222ic", "ggikoki0", "c44444e0", "00qllll0", "00mphhh0", "00ehhhe0",
	"00uhhugg", "00fhhf11", "00mpggg0", "00fge1u0", "88s88960", "00hhhjd0", "00hhha40", "00hhlla0",
	"00ha4ah0", "00hhhf1e", "00v248v0", "24484420", "44444440", "84424480", "0008l200",
};
static const char box[] = "vhhhhhv0";

static int bits(char digit)
{
	return digit <= '9' ? digit - '0' : digit - 'a' + 10;
}

static void put(uint8_t *at, int64_t w, const char *rows, const uint8_t colour[3])
{
	for (int y = 0; y < RNF_LETTER_HEIGHT; y++)
		for (int x = 0; x < COLUMNS; x++)
			if (bits(rows[y]) >> (COLUMNS - 1 - x) & 1)
				memcpy(at + (y * w + x) * 3, colour, 3);
}

static const char *rows_of(char c)
{
	return c >= FIRST && c <= LAST ? letters[c - FIRST] : box;
}

static int64_t count(const char *text)
{
	int64_t n = 0;
	for (size_t length; *text; text += length, n++)
		if (!(length = rnf_utf8_length(text))) length = 1;
	return n;
}

void rnf_letters_draw(uint8_t *rgb, int64_t w, int64_t y, int64_t x, const char *text, int64_t room,
		      const uint8_t colour[3])
{
	uint8_t *at = rgb + (y * w + x) * 3;
	const int cut = count(text) > room;
	for (int64_t i = 0; i < room && *text; i++, at += RNF_LETTER_STEP * 3) {
		const size_t length = rnf_utf8_length(text);
		const int dot = cut && i >= room - CUT;
		put(at, w, dot ? rows_of('.') : rows_of(*text), colour);
		text += length ? length : 1;
	}
}
