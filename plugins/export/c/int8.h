/* A model in integers: the primitives of an export become steps, each of which makes one image
 * of int8 out of others. A value v of a step's image is kept as q, v = scale (q - zero). */
#ifndef C_INT8_H
#define C_INT8_H

#include "writer.h"

enum step_kind {
	STEP_CONV,   /* by[o] (x * kernel)[o] + shift[o] */
	STEP_AFFINE, /* by[c] x + shift[c] */
	STEP_NORM,   /* by[c] (x - mean) / deviation + shift[c] */
	STEP_TABLE,  /* f(x), or f(x, c) */
	STEP_ADD,    /* by[0] a + by[1] b */
	STEP_MUL,    /* a b */
	STEP_DIV,    /* a / b */
	STEP_MAX, STEP_MIN,
	STEP_AVERAGE, STEP_LARGEST, STEP_MEAN, /* of a window's pixels; of all */
	STEP_CONCAT, STEP_SLICE, STEP_RESHAPE, STEP_BORDER, STEP_TAKE,
	STEP_PERMUTE,
	STEP_PRODUCT, /* a b, of rows of pixels */
	STEP_MIX, /* softmax(by[0] a b) v, of rows of pixels */
	STEPS
};

/* Of an image x: of each pixel, or of so many neighbouring channels of all pixels. eps is added to
 * the variance. */
struct norm {
	int32_t x;
	int each_pixel;
	int64_t width;
	double eps;
};

struct mixture {
	int32_t in[3]; /* a, b, v */
	double factor; /* above 0 */
};

struct step {
	enum step_kind kind;
	const char *label;
	const int32_t *in; /* [n_in], images */
	uint32_t n_in;
	int32_t out;
	struct rnf_window window;
	int flat; /* the window slides over the numbers of an image, as if each were a pixel */
	int64_t groups, first;
	struct norm norm;
	const float *kernel;
	double *by, *shift;
	/* of a table: the term of a formula, and what its operands are */
	const struct rnf_export_op *op;
	int32_t term;
	int by_channel;
	int cut; /* a max(x, 0) follows, which the ends of the range do: they cut */
};

struct image {
	int64_t h, w, c;
	double low, high; /* calibrated; 0 is always between them */
	double scale;
	int zero;         /* -128 .. 127 */
	int readers;
	int seen;         /* in calibration */
};

struct plan {
	struct writer *w;
	struct step *steps;
	size_t n_steps;
	struct image *images; /* [n_images]: the model's values, then those between terms */
	size_t n_images;
	/* of the op at hand, [n_formula]: the images of its terms, -1: none yet; what they read */
	int32_t *made;
	struct made_of *of;
	double *values; /* [the longest formula]: scratch of term_at() */
	int32_t logits;
	int wide; /* the last step leaves its sums in int32 */
	struct life *lives; /* [n_images], bytes */
	int64_t memory, patch, row; /* bytes; numbers of the largest filter; of a mixture's row */
	int scales; /* the table that makes logits of sums */
};

static inline int64_t image_size(const struct image *i)
{
	return i->h * i->w * i->c;
}

/* The tensor that a value is; NULL: an image, which may be one between terms. (terms.c) */
const struct rnf_named_tensor *plan_tensor(const struct plan *p, int32_t value);
/* A term of a step's formula, where its image operand is x at channel c. (terms.c) */
double term_at(const struct plan *p, const struct rnf_export_op *op, int32_t term, double x,
	       int64_t c);
/* Add the steps of an op that is a formula. (terms.c) */
rnf_status plan_formula(struct plan *p, const struct rnf_export_op *op);
/* Mark the values that the steps of a formula read; values [of the model]. (terms.c) */
void plan_reads(const struct plan *p, const struct rnf_export_op *op, char *values);
/* Is a term of a model's formula a norm? (wholes.c) */
int plan_norm(const struct plan *p, const struct rnf_export_op *op, int32_t term, struct norm *to);
/* Is an op of the model the last one of a mixture? (wholes.c) */
int plan_mixture(const struct plan *p, const struct rnf_export_op *op, struct mixture *to);
struct step *plan_step(struct plan *p, enum step_kind kind, const struct rnf_export_op *op,
		       const int32_t *in, uint32_t n_in, int32_t out);
/* The product of each pixel with a kernel [channels of in][of out]. (plan.c) */
struct step *plan_product(struct plan *p, const struct rnf_export_op *op, const int32_t *in,
			  int32_t out, const float *kernel);

/* Turn the model's ops into steps, and join those that are one in integers. (plan.c) */
rnf_status plan_make(struct plan *p);
/* Choose scales from what so many training images give. (ranges.c) */
rnf_status plan_ranges(struct plan *p, int64_t images);
/* Give each image a place. (int8.c) */
void plan_place(struct plan *p);
/* Write tables and calls. (integers.c) */
rnf_status plan_write(struct plan *p);

rnf_status int8_write(struct writer *w, int64_t images);

#endif
