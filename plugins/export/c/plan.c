/* From primitives to steps. A norm becomes part of the convolution before it; a function that
 * cuts at 0 and above becomes the range of what it cuts, since integers are cut there anyway. */
#include "int8.h"

#include <math.h>
#include <string.h>

struct step *plan_step(struct plan *p, enum step_kind kind, const struct rnf_export_op *op,
		       const int32_t *in, uint32_t n_in, int32_t out)
{
	const size_t c = (size_t)(p->images[out].c > 2 ? p->images[out].c : 2);
	p->steps[p->n_steps] = (struct step){
		.kind = kind, .label = op->label, .in = in, .n_in = n_in, .out = out, .op = op,
		.window = op->window, .groups = op->groups, .first = op->first,
		.by = p->w->host->alloc(c * sizeof(double)),
		.shift = p->w->host->alloc(c * sizeof(double)) };
	return &p->steps[p->n_steps++];
}

static const float *data_of(const struct plan *p, const struct rnf_export_op *op, int i)
{
	return p->w->model->values[op->in[i]].tensor->data;
}

/* -- one op -- */

static struct step *filters(struct plan *p, const struct rnf_export_op *op, const int32_t *in,
			    int32_t out, const float *kernel)
{
	struct step *s = plan_step(p, STEP_CONV, op, in, 1, out);
	s->kernel = kernel;
	for (int64_t c = 0; c < p->images[out].c; c++)
		s->by[c] = 1;
	return s;
}

struct step *plan_product(struct plan *p, const struct rnf_export_op *op, const int32_t *in,
			  int32_t out, const float *kernel)
{
	const struct image *x = &p->images[in[0]];
	struct step *s = filters(p, op, in, out, kernel);
	s->groups = 1;
	s->window = (struct rnf_window){ .kernel_h = 1, .kernel_w = 1, .stride = 1,
					 .out_h = x->h, .out_w = x->w };
	return s;
}

static void convolution(struct plan *p, const struct rnf_export_op *op)
{
	filters(p, op, op->in, op->out, data_of(p, op, 1));
}

static void product(struct plan *p, const struct rnf_export_op *op)
{
	plan_product(p, op, op->in, op->out, data_of(p, op, 1));
}

static void product_of_images(struct plan *p, const struct rnf_export_op *op)
{
	struct mixture *m = p->w->host->alloc(sizeof *m);
	if (plan_mixture(p, op, m)) plan_step(p, STEP_MIX, op, m->in, 3, op->out)->by[0] = m->factor;
	else plan_step(p, STEP_PRODUCT, op, op->in, 2, op->out);
}

static void norm(struct plan *p, const struct rnf_export_op *op)
{
	struct step *s = plan_step(p, STEP_AFFINE, op, op->in, 1, op->out);
	const float *gamma = data_of(p, op, 1), *beta = data_of(p, op, 2);
	const float *mean = data_of(p, op, 3), *variance = data_of(p, op, 4);
	for (int64_t c = 0; c < p->images[op->out].c; c++) {
		s->by[c] = gamma[c] / sqrt(variance[c] + op->eps);
		s->shift[c] = beta[c] - mean[c] * s->by[c];
	}
}

static const struct {
	const char *call;
	enum step_kind kind;
	void (*make)(struct plan *, const struct rnf_export_op *); /* NULL: as they are */
} calls[] = {
	{ "conv2d", STEP_CONV, convolution }, { "matmul", STEP_CONV, product },
	{ "batch_norm", STEP_AFFINE, norm }, { "avgpool", STEP_AVERAGE, NULL },
	{ "maxpool", STEP_LARGEST, NULL }, { "global_avgpool", STEP_MEAN, NULL },
	{ "concat", STEP_CONCAT, NULL }, { "slice", STEP_SLICE, NULL },
	{ "reshape", STEP_RESHAPE, NULL }, { "border", STEP_BORDER, NULL },
	{ "take", STEP_TAKE, NULL }, { "permute", STEP_PERMUTE, NULL },
	{ "product", STEP_PRODUCT, product_of_images },
};
enum { CALLS = sizeof calls / sizeof *calls };

static rnf_status add_op(struct plan *p, const struct rnf_export_op *op)
{
	if (op->formula) return plan_formula(p, op);
	for (int i = 0; i < CALLS; i++) {
		if (strcmp(op->call, calls[i].call)) continue;
		if (calls[i].make) calls[i].make(p, op);
		else plan_step(p, calls[i].kind, op, op->in, op->n_in, op->out);
		return RNF_OK;
	}
	return p->w->host->fail(RNF_EUNSUP, "%s: the primitive %s has no form in integers yet",
				op->label, op->call);
}

static void mark_operands(const struct plan *p, const struct rnf_export_op *op, char *needed)
{
	struct mixture m;
	const int is_mixture = plan_mixture(p, op, &m);
	const int32_t *in = is_mixture ? m.in : op->in;
	for (uint32_t i = 0; i < (is_mixture ? 3 : op->n_in); i++)
		needed[in[i]] = 1;
}

/* Some ops only say what one step does. */
static const char *needed_values(const struct plan *p)
{
	const struct rnf_export_model *m = p->w->model;
	char *needed = p->w->host->alloc(m->n_values);
	needed[m->logits] = 1;
	for (uint32_t i = m->n_ops; i-- > 0;) {
		const struct rnf_export_op *op = &m->ops[i];
		if (!needed[op->out]) continue;
		if (op->formula) plan_reads(p, op, needed);
		else mark_operands(p, op, needed);
	}
	return needed;
}

static rnf_status add_ops(struct plan *p)
{
	const struct rnf_export_model *m = p->w->model;
	const char *needed = needed_values(p);
	for (uint32_t i = 0; i < m->n_ops; i++)
		if (needed[m->ops[i].out]) RNF_TRY(add_op(p, &m->ops[i]));
	return RNF_OK;
}

/* -- joined steps -- */

static void count_readers(struct plan *p)
{
	for (size_t i = 0; i < p->n_images; i++)
		p->images[i].readers = 0;
	for (size_t i = 0; i < p->n_steps; i++)
		for (uint32_t k = 0; k < p->steps[i].n_in; k++)
			p->images[p->steps[i].in[k]].readers++;
	p->images[p->logits].readers++;
}

/* max(x, 0), or cut above as well: 0 below, x itself a little above 0. */
static int is_cut(const struct plan *p, const struct step *s)
{
	if (s->kind != STEP_TABLE || s->by_channel) return 0;
	for (uint32_t i = 0; i < s->op->n_formula; i++) {
		const int32_t f = s->op->formula[i].function;
		if (f > RNF_FN_IN && f != RNF_FN_MAX && f != RNF_FN_MIN) return 0;
	}
	return term_at(p, s->op, s->term, -1e9, 0) == 0 &&
	       term_at(p, s->op, s->term, 1e-9, 0) == 1e-9;
}

static int is_rounded(enum step_kind kind)
{
	return kind <= STEP_MEAN && kind != STEP_TABLE && kind != STEP_LARGEST;
}

/* Can step b, the only reader of what a makes, be part of a? */
static int join(const struct plan *p, struct step *a, const struct step *b)
{
	if (is_rounded(a->kind) && is_cut(p, b)) return a->cut = 1;
	if (a->cut || a->kind > STEP_NORM || b->kind != STEP_AFFINE) return 0;
	for (int64_t c = 0; c < p->images[b->out].c; c++) {
		a->by[c] *= b->by[c];
		a->shift[c] = a->shift[c] * b->by[c] + b->shift[c];
	}
	return 1;
}

static struct step *maker_of(const struct plan *p, int32_t image, size_t before)
{
	for (size_t i = 0; i < before; i++)
		if (p->steps[i].out == image) return &p->steps[i];
	return NULL;
}

/* In their order, so that a step meets what is joined already. */
static void join_steps(struct plan *p)
{
	size_t n = 0;
	count_readers(p);
	for (size_t i = 0; i < p->n_steps; i++) {
		const struct step *s = &p->steps[i];
		struct step *maker = s->n_in == 1 ? maker_of(p, s->in[0], n) : NULL;
		if (maker && p->images[maker->out].readers == 1 && join(p, maker, s))
			maker->out = s->out;
		else
			p->steps[n++] = *s;
	}
	p->n_steps = n;
}

static rnf_status check_logits(struct plan *p)
{
	const struct step *last = maker_of(p, p->logits, p->n_steps);
	if (!last) return p->w->host->fail(RNF_EUNSUP, "the model computes nothing");
	p->wide = last->kind == STEP_CONV && !last->cut && p->images[p->logits].readers == 1;
	return RNF_OK;
}

/* Each term of a formula becomes at most one step, with an image of its own. */
static void make_room(struct plan *p)
{
	const struct rnf_export_model *m = p->w->model;
	size_t n = 0, longest = 0;
	for (uint32_t i = 0; i < m->n_ops; i++) {
		n += 1 + m->ops[i].n_formula;
		if (m->ops[i].n_formula > longest) longest = m->ops[i].n_formula;
	}
	p->values = p->w->host->alloc((longest + 1) * sizeof *p->values);
	p->steps = p->w->host->alloc(n * sizeof *p->steps);
	p->images = p->w->host->alloc((m->n_values + n) * sizeof *p->images);
}

rnf_status plan_make(struct plan *p)
{
	const struct rnf_export_model *m = p->w->model;
	make_room(p);
	p->n_images = m->n_values;
	p->logits = m->logits;
	for (uint32_t i = 0; i < m->n_values; i++) {
		p->images[i].h = m->values[i].h;
		p->images[i].w = m->values[i].w;
		p->images[i].c = m->values[i].c;
	}
	RNF_TRY(add_ops(p));
	join_steps(p);
	return check_logits(p);
}
