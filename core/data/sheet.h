/* Contact sheets: many small pictures in one, with headings and captions. */
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

/* Make a white sheet with room for so many headings and rows of pictures. [main] */
void rnf_sheet_begin(struct rnf_sheet *sheet, int64_t headings, int64_t rows);
/* Write a heading across the sheet; the next picture begins a new row. */
void rnf_sheet_heading(struct rnf_sheet *sheet, const char *text);
/* Add the next picture, scaled to its tile, and free its pixels. Below it stand
 * captions[sheet->captions], the last one in red if `wrong`. */
rnf_status rnf_sheet_add(struct rnf_sheet *sheet, struct rnf_picture *picture,
			 const char *const *captions, int wrong);
rnf_status rnf_sheet_write(const struct rnf_sheet *sheet, const char *path);

#endif
