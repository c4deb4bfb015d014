/* A model as C99: the state of a file under construction. */
#ifndef C_WRITER_H
#define C_WRITER_H

#include <stdio.h>

#include <rnframe/export.h>

/* Functions that the file brings along where something calls them (helpers.c). */
enum helper {
	HELPER_EXP, HELPER_SQRT, HELPER_TANH, HELPER_ERF, HELPER_SIGMOID, HELPER_SOFTPLUS,
	HELPER_WINDOW, HELPER_BORDER, HELPER_CONV, HELPER_AVERAGE, HELPER_LARGEST, HELPER_MEAN, HELPER_COPY,
	HELPER_LOG, HELPER_TAKE, HELPER_PRODUCT,
	HELPERS
};

struct writer {
	const struct rnf_host *host;
	const struct rnf_export_model *model;
	FILE *tables, *body; /* texts in memory: constants, what predict() does */
	int wanted[HELPERS];
	int n_tables;
	int64_t table_floats;
	int64_t *offset; /* [n_values], floats into the memory, of images */
	int64_t memory;  /* floats */
	int64_t macs;
};

/* Give each image a place in the memory, which it shares with those that are read no more. */
void writer_place(struct writer *w);
/* Add a table of constants; its number n is that of the array t<n>. */
int writer_table(struct writer *w, const char *what, const float *data, int64_t n);
/* A float that reads back with the same bits: "0.1f". */
void writer_number(FILE *f, float value);
/* A name as a comment or an identifier may have it. */
void writer_word(FILE *f, const char *text);
void writer_want(struct writer *w, enum helper helper);
void writer_helpers(const struct writer *w, FILE *f);

rnf_status writer_ops(struct writer *w);
/* What moves elements, and the product of two images. (arrange.c) */
rnf_status writer_permute(struct writer *w, const struct rnf_export_op *op);
rnf_status writer_take(struct writer *w, const struct rnf_export_op *op);
rnf_status writer_product(struct writer *w, const struct rnf_export_op *op);
rnf_status writer_constant(struct writer *w, const struct rnf_export_op *op);
/* A loop over pixels and channels; operands are the values in[], `out` an array's name. */
void writer_formula(struct writer *w, const struct rnf_formula_node *nodes, size_t n,
		    const int32_t *in, const struct rnf_export_value *shape, const char *out);

#endif
