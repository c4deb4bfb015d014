#include "data/sheet.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/letters.h"
#include "base/png.h"

enum { GAP = 6, LINE = RNF_LETTER_HEIGHT + 3, HEADING = RNF_LETTER_HEIGHT + 2 * GAP };
static const uint8_t black[3] = { 0, 0, 0 }, red[3] = { 192, 0, 0 }, paper = 255, ground = 224;

static int64_t row_height(const struct rnf_sheet *s)
{
	return s->tile + s->captions * LINE + GAP;
}

void rnf_sheet_begin(struct rnf_sheet *s, int64_t headings, int64_t rows)
{
	s->w = GAP + s->columns * (s->tile + GAP);
	s->h = GAP + headings * HEADING + rows * row_height(s);
	s->rgb = rnf_alloc((size_t)(s->h * s->w * 3));
	memset(s->rgb, paper, (size_t)(s->h * s->w * 3));
	s->y = GAP;
	s->column = 0;
}

static void end_row(struct rnf_sheet *s)
{
	if (s->column > 0) s->y += row_height(s);
	s->column = 0;
}

void rnf_sheet_heading(struct rnf_sheet *s, const char *text)
{
	end_row(s);
	rnf_letters_draw(s->rgb, s->w, s->y + GAP, GAP, text, (s->w - 2 * GAP) / RNF_LETTER_STEP, black);
	s->y += HEADING;
}

/* Scale the picture to the tile; it keeps its proportions. */
static rnf_status fit(const struct rnf_sheet *s, struct rnf_picture *p)
{
	const int64_t longer = p->h > p->w ? p->h : p->w;
	const int64_t h = p->h * s->tile / longer, w = p->w * s->tile / longer;
	return rnf_picture_resize(p, h > 0 ? h : 1, w > 0 ? w : 1);
}

/* In the middle of its tile, on grey. */
static void put(const struct rnf_sheet *s, const struct rnf_picture *p, int64_t x)
{
	const int64_t top = s->y + (s->tile - p->h) / 2, left = x + (s->tile - p->w) / 2;
	for (int64_t y = 0; y < s->tile; y++)
		memset(s->rgb + ((s->y + y) * s->w + x) * 3, ground, (size_t)s->tile * 3);
	for (int64_t y = 0; y < p->h; y++)
		memcpy(s->rgb + ((top + y) * s->w + left) * 3, p->rgb + y * p->w * 3, (size_t)p->w * 3);
}

rnf_status rnf_sheet_add(struct rnf_sheet *s, struct rnf_picture *p, const char *const *captions,
			 int wrong)
{
	if (s->column == s->columns) end_row(s);
	const int64_t x = GAP + s->column++ * (s->tile + GAP);
	const rnf_status status = fit(s, p);
	if (status >= 0) put(s, p, x);
	free(p->rgb);
	for (int i = 0; i < s->captions; i++)
		rnf_letters_draw(s->rgb, s->w, s->y + s->tile + 2 + i * LINE, x, captions[i],
				 s->tile / RNF_LETTER_STEP, wrong && i == s->captions - 1 ? red : black);
	return status;
}

rnf_status rnf_sheet_write(const struct rnf_sheet *s, const char *path)
{
	return rnf_png_write(path, s->rgb, s->h, s->w);
}
