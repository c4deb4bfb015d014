/* Contact sheets: many small pictures in one, with words. */
#ifndef RNF_DATA_SHEET_H
#define RNF_DATA_SHEET_H

#include "data/picture.h"

enum { RNF_SHEET_CAPTIONS = 2 };

struct rnf_sheet {
	int64_t columns, tile; /* pictures in a row; pixels of a side */
	int captions;          /* lines below each: 0 .. RNF_SHEET_CAPTIONS */
	/* set by begin(): */
	uint8_t *rgb;          /* [h][w][3] */
	int64_t h, w;
	int64_t y, column;     /* of the next picture */
};

/* White paper for so many lines of words and rows of pictures. [main] */
void rnf_sheet_begin(struct rnf_sheet *sheet, int64_t headings, int64_t rows);
/* A line across the sheet; the next picture begins a row. */
void rnf_sheet_heading(struct rnf_sheet *sheet, const char *text);
/* The next picture, as large as fits, which is freed. captions[], the last of which is red
 * with `wrong`. */
rnf_status rnf_sheet_add(struct rnf_sheet *sheet, struct rnf_picture *picture,
			 const char *const *captions, int wrong);
rnf_status rnf_sheet_write(const struct rnf_sheet *sheet, const char *path);

#endif
