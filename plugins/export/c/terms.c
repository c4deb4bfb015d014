/* Formulas in integers. What depends on one image alone is a sum of a multiple and a constant
 * for each channel, or a table of 256 entries; where two images meet, there must be one of the
 * four operations that integers have. Norms, and what joins the channels of a pixel, become
 * steps first, whose images are operands of the rest. */
#include "int8.h"

#include <string.h>

#include <rnframe/function.h>

const struct rnf_named_tensor *plan_tensor(const struct plan *p, int32_t value)
{
	const struct rnf_export_model *m = p->w->model;
	return (uint32_t)value < m->n_values ? m->values[value].tensor : NULL;
}

static double operand_at(const struct plan *p, int32_t value, double x, int64_t c)
{
	const struct rnf_named_tensor *t = plan_tensor(p, value);
	return t ? (double)t->data[p->w->model->values[value].c == 1 ? 0 : c] : x;
}

/* A node comes after what it reads. */
double term_at(const struct plan *p, const struct rnf_export_op *op, int32_t term, double x,
	       int64_t c)
{
	double *v = p->values;
	for (int32_t i = 0; i <= term; i++) {
		const struct rnf_formula_node *n = &op->formula[i];
		if (n->function == RNF_FN_NUMBER) v[i] = n->number;
		else if (n->function == RNF_FN_IN) v[i] = operand_at(p, op->in[n->a], x, c);
		else v[i] = rnf_function_value(n->function, v[n->a], v[n->b]);
	}
	return v[term];
}

/* An op of the plan's own */
struct formula {
	struct rnf_export_op *op;
	struct rnf_formula_node *nodes;
	int32_t *in;
};

/* -- what a term is made of -- */

enum { NO_IMAGE = -1, IMAGES = -2 };

struct made_of {
	int32_t image; /* the only one, or one of the above */
	int linear, by_channel;
	int64_t h, w, c;
};

static int32_t both(int32_t a, int32_t b)
{
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

static struct made_of of_operand(const struct plan *p, int32_t value)
{
	const struct image *x = &p->images[value];
	const int is_tensor = plan_tensor(p, value) != NULL;
	return (struct made_of){ is_tensor ? NO_IMAGE : value, 1, is_tensor && x->c > 1,
				 x->h, x->w, x->c };
}

static int64_t more(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static struct made_of made_of(const struct plan *p, const struct rnf_export_op *op, int32_t term)
{
	const struct rnf_formula_node *n = &op->formula[term];
	const struct made_of none = { NO_IMAGE, 1, 0, 1, 1, 1 };
	if (n->function == RNF_FN_IN) return of_operand(p, op->in[n->a]);
	if (n->function == RNF_FN_NUMBER) return none;
	const struct made_of a = p->of[n->a];
	const struct made_of b = rnf_function_operands(n->function) == 2 ? p->of[n->b] : none;
	return (struct made_of){ both(a.image, b.image), is_linear(n->function, &a, &b),
				 a.by_channel || b.by_channel, more(a.h, b.h), more(a.w, b.w),
				 more(a.c, b.c) };
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
	*out = op->formula[term].function == RNF_FN_IN ? of.image : p->made[term];
	if (*out >= 0) return RNF_OK;
	*out = p->made[term] = add_image(p, of.h, of.w, of.c);
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
	{ RNF_FN_DIV, STEP_DIV, 0 },
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
	if (of.image == NO_IMAGE) return refuse(p, op, "has no image");
	if (of.image == IMAGES && rnf_function_operands(op->formula[term].function) != 2)
		return refuse(p, op, "is a function of two images");
	if (of.image == IMAGES) return of_two(p, op, term, out);
	if (image_size(&p->images[of.image]) != image_size(&p->images[out]))
		return refuse(p, op, "repeats an image");
	of_one(p, op, term, &of, out);
	return RNF_OK;
}

/* -- steps of many numbers each -- */

static rnf_status normalise(struct plan *p, const struct rnf_export_op *op, const struct norm *norm,
			    int32_t out)
{
	struct step *s = plan_step(p, STEP_NORM, op, kept(p, norm->x, 0), 1, out);
	s->norm = *norm;
	for (int64_t c = 0; c < p->images[out].c; c++)
		s->by[c] = 1;
	return RNF_OK;
}

/* The mean of a linear term is the product with one filter. */
static rnf_status mean(struct plan *p, const struct rnf_export_op *op, int32_t term, int32_t out)
{
	const struct made_of *of = &p->of[op->formula[term].a];
	const int linear = of->linear && of->image >= 0 && p->images[of->image].c == of->c;
	int32_t in = of->image;
	float *kernel = p->w->host->alloc((size_t)of->c * sizeof *kernel);
	if (!linear) RNF_TRY(operand(p, op, op->formula[term].a, &in));
	struct step *s = plan_product(p, op, kept(p, in, 0), out, kernel);
	s->by[0] = 1.0 / (double)of->c;
	for (int64_t c = 0; c < of->c; c++) {
		const double zero = linear ? term_at(p, op, op->formula[term].a, 0, c) : 0;
		kernel[c] = linear ? (float)(term_at(p, op, op->formula[term].a, 1, c) - zero) : 1;
		s->shift[0] += zero * s->by[0];
	}
	return RNF_OK;
}

static rnf_status largest(struct plan *p, const struct rnf_export_op *op, int32_t term, int32_t out)
{
	int32_t in = -1;
	RNF_TRY(operand(p, op, op->formula[term].a, &in));
	const struct image *x = &p->images[in];
	struct step *s = plan_step(p, STEP_LARGEST, op, kept(p, in, 0), 1, out);
	s->flat = 1;
	s->window = (struct rnf_window){ .kernel_h = 1, .kernel_w = x->c, .stride = x->c, .out_h = 1,
					 .out_w = x->h * x->w };
	return RNF_OK;
}

static rnf_status over_channels(struct plan *p, const struct rnf_export_op *op, int32_t term,
				int32_t out)
{
	switch (op->formula[term].function) {
	case RNF_FN_MEAN: return mean(p, op, term, out);
	case RNF_FN_LARGEST: return largest(p, op, term, out);
	default: return refuse(p, op, "has a softmax over channels");
	}
}

/* -- a formula -- */

static int32_t last_of(const struct rnf_export_op *op)
{
	return (int32_t)op->n_formula - 1;
}

/* Mark the terms of which steps are made, and the values that these read. */
static void mark(const struct plan *p, const struct rnf_export_op *op, char *terms, char *values)
{
	struct norm norm;
	terms[last_of(op)] = 1;
	for (int32_t i = last_of(op); i >= 0; i--) {
		const struct rnf_formula_node *n = &op->formula[i];
		if (!terms[i]) continue;
		if (n->function == RNF_FN_IN) values[op->in[n->a]] = 1;
		else if (plan_norm(p, op, i, &norm)) values[norm.x] = 1;
		else if (n->function > RNF_FN_IN)
			terms[n->a] = terms[rnf_function_operands(n->function) == 2 ? n->b : n->a] = 1;
	}
}

void plan_reads(const struct plan *p, const struct rnf_export_op *op, char *values)
{
	mark(p, op, p->w->host->alloc(op->n_formula), values);
}

/* A copy, with room for terms that become operands. */
static struct formula copied(const struct plan *p, const struct rnf_export_op *op)
{
	const size_t n = op->n_formula, values = op->n_in + n;
	struct formula f = { .op = p->w->host->alloc(sizeof *f.op),
			     .nodes = p->w->host->alloc(n * sizeof *f.nodes),
			     .in = p->w->host->alloc(values * sizeof *f.in) };
	memcpy(f.nodes, op->formula, n * sizeof *f.nodes);
	memcpy(f.in, op->in, op->n_in * sizeof *f.in);
	*f.op = *op;
	f.op->formula = f.nodes;
	f.op->in = f.in;
	return f;
}

/* A norm, or what joins channels, as an operand; the last term makes the result. */
static rnf_status set_apart(struct plan *p, const struct rnf_export_op *op, struct formula *f,
			    int32_t term)
{
	struct norm norm;
	struct rnf_formula_node *n = &f->nodes[term];
	const int is_norm = plan_norm(p, op, term, &norm), is_last = term == last_of(op);
	if (!is_norm && n->function < RNF_FN_MEAN) return RNF_OK;
	const struct made_of of = is_norm ? of_operand(p, norm.x) : p->of[n->a];
	const int32_t out = is_last ? op->out : add_image(p, of.h, of.w, is_norm ? of.c : 1);
	RNF_TRY(is_norm ? normalise(p, f->op, &norm, out) : over_channels(p, f->op, term, out));
	*n = (struct rnf_formula_node){ .function = RNF_FN_IN, .a = (int32_t)f->op->n_in };
	f->in[f->op->n_in++] = out;
	return RNF_OK;
}

rnf_status plan_formula(struct plan *p, const struct rnf_export_op *op)
{
	struct formula f = copied(p, op);
	char *needed = p->w->host->alloc(op->n_formula);
	mark(p, op, needed, p->w->host->alloc(p->w->model->n_values));
	p->made = p->w->host->alloc(op->n_formula * sizeof *p->made);
	p->of = p->w->host->alloc(op->n_formula * sizeof *p->of);
	for (int32_t i = 0; i <= last_of(op); i++) {
		if (!needed[i]) continue;
		p->made[i] = -1;
		RNF_TRY(set_apart(p, op, &f, i));
		p->of[i] = made_of(p, f.op, i);
	}
	return p->of[last_of(op)].image == op->out ? RNF_OK : lower(p, f.op, last_of(op), op->out);
}
