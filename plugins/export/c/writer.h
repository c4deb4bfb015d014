/* A model as C99: the state of a file under construction. */
#ifndef C_WRITER_H
#define C_WRITER_H

#include <stdio.h>

#include <rnframe/export.h>

/* Functions that the file brings along where something calls them (helpers.c). */
enum helper {
	HELPER_SIGN, HELPER_EXP, HELPER_BY_SIGN, HELPER_SQRT, HELPER_TANH, HELPER_ERF,
	HELPER_SIGMOID, HELPER_SOFTPLUS, HELPER_TANH_SOFTPLUS, HELPER_WINDOW, HELPER_PIXEL,
	HELPER_PLACE, HELPER_BORDER, HELPER_SUM, HELPER_CONV, HELPER_NORM, HELPER_AVERAGE, HELPER_LARGEST,
	HELPER_MEAN, HELPER_COPY, HELPER_LOG, HELPER_TAKE, HELPER_PRODUCT,
	HELPER_INT_ROUNDED, HELPER_INT_IMAGE, HELPER_INT_CONV, HELPER_INT_AFFINE, HELPER_INT_TABLE,
	HELPER_INT_ADD, HELPER_INT_MULTIPLY, HELPER_INT_DIVIDE, HELPER_INT_EXTREME,
	HELPER_INT_AVERAGE, HELPER_INT_LARGEST,
	HELPER_INT_MEAN, HELPER_INT_MOVE, HELPER_INT_BORDER, HELPER_INT_TAKE,
	HELPER_INT_WIDEN, HELPER_INT_NORM, HELPER_INT_PERMUTE,
	HELPER_INT_PRODUCT, HELPER_INT_MIX,
	HELPERS
};
struct helper_text {
	enum helper needs; /* HELPERS: none */
	const char *text;
};
extern const struct helper_text int8_helpers[HELPERS];

struct writer {
	const struct rnf_host *host;
	const struct rnf_export_model *model;
	const char *name; /* of the functions */
	int int8, main;
	FILE *tables, *body; /* texts in memory: constants, what predict() does */
	int wanted[HELPERS];
	int n_tables;
	int64_t table_bytes;
	const char *floats; /* the array in which formulas find their images */
	int64_t *offset; /* [n_values], floats into that array, of images */
	int64_t memory;  /* floats */
	int64_t macs;
	const char *declared; /* its arrays */
	const char *notes;    /* more words for its head */
	int64_t ram;          /* bytes */
	double measured;      /* ms a prediction; 0: not measured */
};

/* An image lives from the op that makes it to the last one that reads it. */
struct life {
	int64_t size, first, last;
	int64_t offset; /* output */
	int32_t with;   /* the image whose place it takes, when that ends where it begins; or -1 */
};

/* Give each a place, which it shares with those that do not live at the same time; those that
 * begin earlier come first. Return the size of all. */
int64_t writer_place_lives(const struct rnf_host *host, struct life *lives, size_t n);
void writer_place(struct writer *w);
/* Add a table of constants; its number n is that of the array t<n>. */
int writer_table(struct writer *w, const char *what, const float *data, int64_t n);
/* The same of integers; type "int8_t", "uint8_t" or "int32_t". */
int writer_integers(struct writer *w, const char *what, const char *type, const int32_t *data,
		    int64_t n);
/* A float that reads back with the same bits: "0.1f". */
void writer_number(FILE *f, float value);
/* A name as a comment or an identifier may have it. */
void writer_word(FILE *f, const char *text);
void writer_want(struct writer *w, enum helper helper);
void writer_helpers(const struct writer *w, FILE *f);

/* Compile a file and let it predict; set w->measured. */
rnf_status writer_measure(struct writer *w, const char *text, size_t n);
void writer_main(const struct writer *w, FILE *f);

rnf_status writer_ops(struct writer *w);
/* An image [h][w][c] around one of its axes: [outer][size][inner]. (arrange.c) */
struct around {
	int64_t outer, size, inner;
};
struct around writer_around(const int64_t hwc[3], int32_t axis);
/* What moves elements, and the product of two images. (arrange.c) */
/* Of an axis of what is permuted: numbers from one to the next; strides [n_axes]. */
void writer_strides(const struct rnf_export_op *op, int64_t *strides);
rnf_status writer_permute(struct writer *w, const struct rnf_export_op *op);
rnf_status writer_take(struct writer *w, const struct rnf_export_op *op);
rnf_status writer_product(struct writer *w, const struct rnf_export_op *op);
rnf_status writer_constant(struct writer *w, const struct rnf_export_op *op);
/* Begin a block and declare a window of it: "at". */
void writer_window(struct writer *w, const struct rnf_export_value *x, const struct rnf_window *n);
/* A loop over pixels and channels; operands are the values in[], `out` an array's name. */
void writer_formula(struct writer *w, const struct rnf_formula_node *nodes, size_t n,
		    const int32_t *in, const struct rnf_export_value *shape, const char *out);

#endif
