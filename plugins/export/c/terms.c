/* Formulas in integers. What depends on one image alone is a sum of a multiple and a constant
 * for each channel, or a table of 256 entries; where two images meet, there must be one of the
 * four operations that integers have. */
#include "int8.h"

#include <rnframe/function.h>

/* A node comes after what it reads. */
double term_at(const struct plan *p, const struct rnf_export_op *op, int32_t term, double x,
	       int64_t c)
{
	double *v = p->values;
	for (int32_t i = 0; i <= term; i++) {
		const struct rnf_formula_node *n = &op->formula[i];
		const struct rnf_named_tensor *t = n->function == RNF_FN_IN
			? p->w->model->values[op->in[n->a]].tensor : NULL;
		if (n->function == RNF_FN_NUMBER) v[i] = n->number;
		else if (n->function != RNF_FN_IN)
			v[i] = rnf_function_value(n->function, v[n->a], v[n->b]);
		else v[i] = t ? (double)t->data[p->w->model->values[op->in[n->a]].c == 1 ? 0 : c] : x;
	}
	return v[term];
}

/* -- what a term is made of -- */

enum { NO_IMAGE = -1, IMAGES = -2, OVER_CHANNELS = -3 };

struct made_of {
	int32_t image; /* the only one, or one of the above */
	int linear, by_channel;
};

static int32_t both(int32_t a, int32_t b)
{
	if (a == OVER_CHANNELS || b == OVER_CHANNELS) return OVER_CHANNELS;
	if (a == NO_IMAGE || a == b) return b;
	return b == NO_IMAGE ? a : IMAGES;
}

static int is_linear(int32_t function, const struct made_of *a, const struct made_of *b)
{
	switch (function) {
	case RNF_FN_ADD: case RNF_FN_SUB: return a->linear && b->linear;
	case RNF_FN_MUL: return (a->linear && b->image == NO_IMAGE) ||
				(b->linear && a->image == NO_IMAGE);
	case RNF_FN_DIV: return a->linear && b->image == NO_IMAGE;
	default: return a->image == NO_IMAGE && b->image == NO_IMAGE;
	}
}

static struct made_of made_of(const struct plan *p, const struct rnf_export_op *op, int32_t term)
{
	const struct rnf_formula_node *n = &op->formula[term];
	const struct made_of none = { NO_IMAGE, 1, 0 };
	if (n->function == RNF_FN_IN) {
		const struct rnf_export_value *v = &p->w->model->values[op->in[n->a]];
		return (struct made_of){ v->tensor ? NO_IMAGE : op->in[n->a], 1,
					 v->tensor && v->c > 1 };
	}
	if (n->function == RNF_FN_NUMBER) return none;
	if (n->function >= RNF_FN_MEAN)
		return (struct made_of){ OVER_CHANNELS, 0, 0 };
	const struct made_of a = p->of[n->a];
	const struct made_of b = rnf_function_operands(n->function) == 2 ? p->of[n->b] : none;
	return (struct made_of){ both(a.image, b.image), is_linear(n->function, &a, &b),
				 a.by_channel || b.by_channel };
}

/* -- steps -- */

static int32_t add_image(struct plan *p, int64_t h, int64_t w, int64_t c)
{
	p->images[p->n_images] = (struct image){ .h = h, .w = w, .c = c };
	return (int32_t)p->n_images++;
}

static const int32_t *kept(const struct plan *p, int32_t a, int32_t b)
{
	int32_t *in = p->w->host->alloc(2 * sizeof *in);
	in[0] = a;
	in[1] = b;
	return in;
}

/* The values at 0 and 1 determine a linear term. */
static void of_one(struct plan *p, const struct rnf_export_op *op, int32_t term,
		   const struct made_of *of, int32_t out)
{
	struct step *s = plan_step(p, of->linear ? STEP_AFFINE : STEP_TABLE, op,
				   kept(p, of->image, 0), 1, out);
	s->term = term;
	s->by_channel = of->by_channel;
	for (int64_t c = 0; of->linear && c < p->images[out].c; c++) {
		s->shift[c] = term_at(p, op, term, 0, c);
		s->by[c] = term_at(p, op, term, 1, c) - s->shift[c];
	}
}

static rnf_status lower(struct plan *p, const struct rnf_export_op *op, int32_t term, int32_t out);

/* The image of a term that another one reads; it is made once. */
static rnf_status operand(struct plan *p, const struct rnf_export_op *op, int32_t term, int32_t *out)
{
	const struct made_of of = p->of[term];
	const struct image *as = &p->images[of.image >= 0 ? of.image : op->out];
	*out = op->formula[term].function == RNF_FN_IN ? of.image : p->made[term];
	if (*out >= 0) return RNF_OK;
	*out = p->made[term] = add_image(p, as->h, as->w, as->c);
	return lower(p, op, term, *out);
}

static rnf_status refuse(const struct plan *p, const struct rnf_export_op *op, const char *why)
{
	return p->w->host->fail(RNF_EUNSUP, "%s: its formula %s, which has no form in integers yet",
				op->label, why);
}

static double with(int32_t function, double k, double x, int swapped)
{
	return swapped ? rnf_function_value(function, k, x) : rnf_function_value(function, x, k);
}

/* A term with images, and one without: a linear step of the first. */
static rnf_status with_constant(struct plan *p, const struct rnf_export_op *op, int32_t term,
				int swapped, int32_t out)
{
	const struct rnf_formula_node *n = &op->formula[term];
	int32_t in = -1;
	if (n->function > RNF_FN_DIV || (n->function == RNF_FN_DIV && swapped))
		return refuse(p, op, "compares two images with a constant");
	RNF_TRY(operand(p, op, swapped ? n->b : n->a, &in));
	struct step *s = plan_step(p, STEP_AFFINE, op, kept(p, in, 0), 1, out);
	for (int64_t c = 0; c < p->images[out].c; c++) {
		const double k = term_at(p, op, swapped ? n->a : n->b, 0, c);
		const double zero = with(n->function, k, 0, swapped), one = with(n->function, k, 1, swapped);
		s->by[c] = one - zero;
		s->shift[c] = zero;
	}
	return RNF_OK;
}

static const struct { int32_t function; enum step_kind kind; double b; } meetings[] = {
	{ RNF_FN_ADD, STEP_ADD, 1 }, { RNF_FN_SUB, STEP_ADD, -1 }, { RNF_FN_MUL, STEP_MUL, 0 },
	{ RNF_FN_MAX, STEP_MAX, 0 }, { RNF_FN_MIN, STEP_MIN, 0 },
};

static rnf_status of_two(struct plan *p, const struct rnf_export_op *op, int32_t term, int32_t out)
{
	const struct rnf_formula_node *n = &op->formula[term];
	const struct made_of a = p->of[n->a], b = p->of[n->b];
	int32_t in[2] = { -1, -1 };
	if (b.image == NO_IMAGE) return with_constant(p, op, term, 0, out);
	if (a.image == NO_IMAGE) return with_constant(p, op, term, 1, out);
	for (size_t i = 0; i < sizeof meetings / sizeof *meetings; i++) {
		if (meetings[i].function != n->function) continue;
		RNF_TRY(operand(p, op, n->a, &in[0]));
		RNF_TRY(operand(p, op, n->b, &in[1]));
		struct step *s = plan_step(p, meetings[i].kind, op, kept(p, in[0], in[1]), 2, out);
		s->by[0] = 1;
		s->by[1] = meetings[i].b;
		return RNF_OK;
	}
	return refuse(p, op, "is a function of two images");
}

/* Add the steps that make the image `out` of a term. */
static rnf_status lower(struct plan *p, const struct rnf_export_op *op, int32_t term, int32_t out)
{
	const struct made_of of = p->of[term];
	if (of.image == OVER_CHANNELS) return refuse(p, op, "sums over channels");
	if (of.image == NO_IMAGE) return refuse(p, op, "has no image");
	if (of.image == IMAGES && rnf_function_operands(op->formula[term].function) != 2)
		return refuse(p, op, "is a function of two images");
	if (of.image == IMAGES) return of_two(p, op, term, out);
	if (image_size(&p->images[of.image]) != image_size(&p->images[out]))
		return refuse(p, op, "repeats an image");
	of_one(p, op, term, &of, out);
	return RNF_OK;
}

rnf_status plan_formula(struct plan *p, const struct rnf_export_op *op)
{
	p->made = p->w->host->alloc(op->n_formula * sizeof *p->made);
	p->of = p->w->host->alloc(op->n_formula * sizeof *p->of);
	for (uint32_t i = 0; i < op->n_formula; i++) {
		p->made[i] = -1;
		p->of[i] = made_of(p, op, (int32_t)i);
	}
	return lower(p, op, (int32_t)op->n_formula - 1, op->out);
}
