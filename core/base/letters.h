/* Small letters for pictures: 5 x 8 pixels, 6 from one to the next. */
#ifndef RNF_BASE_LETTERS_H
#define RNF_BASE_LETTERS_H

#include <stdint.h>

enum { RNF_LETTER_STEP = 6, RNF_LETTER_HEIGHT = 8 };

/* Write a line of UTF-8 into rgb[..][w][3], its upper left corner at row y, column x: at most
 * `room` letters, all of which must lie inside. A longer text is cut and ends in two dots;
 * letters beyond ASCII are drawn as boxes. */
void rnf_letters_draw(uint8_t *rgb, int64_t w, int64_t y, int64_t x, const char *text, int64_t room,
		      const uint8_t colour[3]);

#endif
