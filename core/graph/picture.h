/* The graph of a model's layers as a picture: layers from top to bottom, blocks as frames,
 * branches beside each other, shortcuts along the side. Equal blocks one after the other are
 * drawn once. [main] */
#ifndef RNF_GRAPH_PICTURE_H
#define RNF_GRAPH_PICTURE_H

#include <stdio.h>

#include "op/op.h"

/* A layer, or an op of a block that composes layers. */
struct rnf_drawn {
	const char *label, *type; /* type: "" for the input and ops */
	const char *kernel;       /* "3x3"; "": not one convolution */
	int64_t parameters;
	enum rnf_drawn_look { RNF_LOOK_INPUT, RNF_LOOK_HEAVY, RNF_LOOK_LEARNS, RNF_LOOK_ACTS,
			      RNF_LOOK_JOINS, RNF_LOOK_OTHER } look;
	int value;   /* its output */
	int frame;   /* the innermost around it; -1: none */
	int row, column;
};

struct rnf_drawn_frame {
	const char *label, *type;
	size_t n;      /* equal blocks that it stands for */
	int outer;     /* the frame around it; -1: none */
	int depth;     /* 0: in none */
	int first, last; /* rows */
	int left, right; /* columns */
	double edge;     /* x of its right side */
};

struct rnf_drawn_edge {
	int from, to; /* of `drawn` */
	int value;    /* of the program, for the shape */
	double lane;  /* x of its vertical part beside the layers; 0: it goes down a column */
};

struct rnf_picture {
	const struct rnf_program *program;
	struct rnf_drawn *drawn;
	size_t n_drawn;
	struct rnf_drawn_frame *frames;
	size_t n_frames;
	struct rnf_drawn_edge *edges;
	size_t n_edges;
	int rows, columns;
};

/* Sizes of the drawing, in pixels. */
enum {
	RNF_DRAWN_WIDTH = 230, RNF_DRAWN_HEIGHT = 22,
	RNF_DRAWN_BETWEEN = 80, /* columns */
	RNF_DRAWN_LANE = 16,    /* from a lane to the next */
	RNF_DRAWN_PAD = 12,     /* between a frame and what is in it */
	RNF_DRAWN_MARGIN = 20,  /* around the frames */
};
/* x of a column's left side, with room for the deepest frames before the first one. */
double rnf_picture_x(const struct rnf_picture *picture, int column);
/* Is the column free in rows first .. last? (place.c) */
int rnf_picture_is_free(const struct rnf_picture *picture, int column, int first, int last);

/* The layers, those inside of blocks too unless these are too many to read. (picture.c) */
struct rnf_picture *rnf_picture_of(const struct rnf_program *program);
/* Set rows, columns and lanes. (place.c) */
void rnf_picture_place(struct rnf_picture *picture);
/* Write it as SVG. (svg.c) */
void rnf_picture_svg(const struct rnf_picture *picture, const char *title, FILE *out);

#endif
