/* Formulas become ops of exports. Functions of elements are gathered until something needs
 * their result as an image: a call of images (formula.h), or the op itself. Then what was
 * gathered becomes an op with a formula of its own, whose result is one more value. */
#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "op/formula.h"
#include "train/view.h"

enum { TAKEN_MAX = 1 << 24 }; /* of an axis: more is a mistake */

/* A term: its shape, and how many channels the widest operand of its formula has. */
struct term {
	int64_t h, w, c, width;
};

/* An IN node's operand is a value of the view; a term that became a value is such a node. */
struct express {
	struct rnf_formula_writer w; /* first */
	struct rnf_formula gather;   /* the calls that only write nodes */
	struct rnf_view *view;
	const struct rnf_op *op;
	struct term *terms; /* one a node */
	size_t n_terms;
	const char *refused; /* the first call that did not accept its arguments; or NULL */
};

static struct express *of(struct rnf_formula *f)
{
	return (struct express *)f;
}

static int32_t refuse(struct express *e, const char *call)
{
	if (!e->refused) e->refused = call;
	return -1;
}

static int is_term(const struct express *e, int32_t a)
{
	return a >= 0 && (size_t)a < e->n_terms;
}

static int32_t know(struct express *e, int32_t node, struct term term)
{
	struct term *to = rnf_push((void **)&e->terms, &e->n_terms, sizeof *to);
	*to = term;
	return node;
}

static int32_t operand(struct express *e, int32_t value)
{
	const struct rnf_export_value *v = &e->view->values[value];
	return know(e, rnf_formula_in(&e->w, value), (struct term){ v->h, v->w, v->c, v->c });
}

static int is_over_channels(int32_t function)
{
	return function == RNF_FN_MEAN || function == RNF_FN_LARGEST || function == RNF_FN_SOFTMAX;
}

/* -- ops -- */

static struct rnf_export_op op_of(const struct express *e, const char *call, int32_t out)
{
	return (struct rnf_export_op){ .call = call, .label = e->op->label, .out = out };
}

/* A node after all that it reads; map says where those are. */
static struct rnf_formula_node moved(struct rnf_formula_node node, const int32_t *map)
{
	const int32_t operands = rnf_function_operands(node.function);
	if (operands >= 1) node.a = map[node.a];
	if (operands == 2) node.b = map[node.b];
	return node;
}

/* What node i reads; nodes come after what they read. */
static void mark(const struct rnf_formula_node *nodes, int32_t last, char *needed)
{
	needed[last] = 1;
	for (int32_t i = last; i >= 0; i--) {
		const int32_t operands = needed[i] ? rnf_function_operands(nodes[i].function) : 0;
		if (operands >= 1) needed[nodes[i].a] = 1;
		if (operands == 2) needed[nodes[i].b] = 1;
	}
}

/* The op whose formula is the term. */
static void write_formula(struct express *e, int32_t term, int32_t out)
{
	const size_t n = (size_t)term + 1;
	struct rnf_export_op op = op_of(e, e->op->row->call, out);
	struct rnf_formula_node *nodes = rnf_alloc(n * sizeof *nodes);
	int32_t *in = rnf_alloc(n * sizeof *in), *map = rnf_alloc(n * sizeof *map);
	char *needed = rnf_alloc(n);
	mark(e->w.list.at, term, needed);
	for (size_t i = 0; i < n; i++) {
		const struct rnf_formula_node node = e->w.list.at[i];
		if (!needed[i]) continue;
		map[i] = (int32_t)op.n_formula;
		nodes[op.n_formula] = moved(node, map);
		if (node.function == RNF_FN_IN) {
			in[op.n_in] = node.a;
			nodes[op.n_formula].a = (int32_t)op.n_in++;
		}
		op.n_formula++;
	}
	op.in = in;
	op.formula = nodes;
	rnf_view_op(e->view, &op);
}

/* The term as a value, an image; -1: it is a weight. */
static int32_t value_of(struct express *e, int32_t a)
{
	struct rnf_formula_node *node = &e->w.list.at[a];
	struct term *t = &e->terms[a];
	if (node->function == RNF_FN_IN)
		return e->view->values[node->a].tensor ? -1 : node->a;
	const int32_t value = rnf_view_value(e->view,
					     (struct rnf_export_value){ t->h, t->w, t->c, NULL });
	write_formula(e, a, value);
	*node = (struct rnf_formula_node){ .function = RNF_FN_IN, .a = value };
	t->width = t->c;
	return value;
}

/* The result of a call on terms. */
static int32_t write_call(struct express *e, struct rnf_export_op op, const int32_t *terms,
			  uint32_t n, struct term y)
{
	int32_t *in = rnf_alloc(n * sizeof *in);
	for (uint32_t i = 0; i < n; i++) {
		in[i] = value_of(e, terms[i]);
		if (in[i] < 0) return refuse(e, op.call);
	}
	op.in = in;
	op.n_in = n;
	op.out = rnf_view_value(e->view, (struct rnf_export_value){ y.h, y.w, y.c, NULL });
	rnf_view_op(e->view, &op);
	return operand(e, op.out);
}

/* -- elementary functions -- */

static int32_t number(struct rnf_formula *f, double value)
{
	struct express *e = of(f);
	return know(e, e->gather.number(f, value), (struct term){ 1, 1, 1, 1 });
}

static int is_gathered(const struct express *e, int32_t a)
{
	return e->w.list.at[a].function > RNF_FN_IN;
}

/* What has one pixel becomes a value where it meets many, so that it is computed once. So does
 * one channel that was made of many, where it meets another number of channels. */
static void part(struct express *e, int32_t a, int32_t b)
{
	const struct term x = e->terms[a], y = e->terms[b];
	if (is_gathered(e, a) && ((x.h * x.w == 1 && y.h * y.w > 1) ||
				  (x.c == 1 && x.width > 1 && y.width > 1 && x.width != y.width)))
		value_of(e, a);
}

static int fits(int64_t a, int64_t b)
{
	return a == b || a == 1 || b == 1;
}

static int fit(const struct term *x, const struct term *y)
{
	const int same_pixels = x->h == y->h && x->w == y->w;
	return fits(x->c, y->c) && (same_pixels || x->h * x->w == 1 || y->h * y->w == 1);
}

static struct term joined(const struct term *x, const struct term *y)
{
	const struct term *large = x->h * x->w > y->h * y->w ? x : y;
	return (struct term){ large->h, large->w, x->c > y->c ? x->c : y->c,
			      x->width > y->width ? x->width : y->width };
}

static int32_t apply(struct rnf_formula *, enum rnf_function, int32_t a, int32_t b);

/* The softmax of a single channel, which keeps the pixels of a. */
static int32_t ones(struct rnf_formula *f, int32_t a)
{
	return apply(f, RNF_FN_ADD, apply(f, RNF_FN_MUL, a, number(f, 0)), number(f, 1));
}

static int32_t apply(struct rnf_formula *f, enum rnf_function function, int32_t a, int32_t b)
{
	struct express *e = of(f);
	if (!is_term(e, a)) return refuse(e, "apply");
	if (rnf_function_operands((int32_t)function) == 2) {
		if (!is_term(e, b) || !fit(&e->terms[a], &e->terms[b])) return refuse(e, "apply");
		part(e, a, b);
		part(e, b, a);
		const struct term y = joined(&e->terms[a], &e->terms[b]);
		return know(e, e->gather.apply(f, function, a, b), y);
	}
	struct term y = e->terms[a];
	if (is_over_channels((int32_t)function) && y.c == 1)
		return function == RNF_FN_SOFTMAX ? ones(f, a) : a;
	if (is_over_channels((int32_t)function) && function != RNF_FN_SOFTMAX) y.c = 1;
	const int32_t node = e->gather.apply(f, function, a, 0);
	return node < 0 ? node : know(e, node, y);
}

/* -- calls of images -- */

static void shape(struct rnf_formula *f, int32_t a, int64_t hwc[3])
{
	struct express *e = of(f);
	const struct term none = { 0, 0, 0, 0 }, t = is_term(e, a) ? e->terms[a] : none;
	if (!is_term(e, a)) refuse(e, "shape");
	hwc[0] = t.h;
	hwc[1] = t.w;
	hwc[2] = t.c;
}

static int are_sizes(int64_t total, int32_t n, const int64_t *sizes)
{
	int64_t product = 1;
	for (int32_t i = 0; i < n; i++) {
		if (sizes[i] < 1 || product > total) return 0;
		product *= sizes[i];
	}
	return product == total;
}

static int is_order(int32_t n, const int32_t *order)
{
	uint32_t seen = 0;
	for (int32_t i = 0; i < n; i++)
		if (order[i] >= 0 && order[i] < n) seen |= 1u << order[i];
	return seen == (1u << n) - 1;
}

static int64_t size_of(const struct express *e, int32_t a)
{
	return e->terms[a].h * e->terms[a].w * e->terms[a].c;
}

static struct term image_of(const int64_t hwc[3])
{
	return (struct term){ hwc[0], hwc[1], hwc[2], hwc[2] };
}

static int32_t reshape(struct rnf_formula *f, int32_t a, const int64_t hwc[3])
{
	struct express *e = of(f);
	if (!is_term(e, a) || !are_sizes(size_of(e, a), 3, hwc)) return refuse(e, "reshape");
	return write_call(e, op_of(e, "reshape", -1), &a, 1, image_of(hwc));
}

static int32_t permute(struct rnf_formula *f, int32_t a, int32_t n, const int64_t *sizes,
		       const int32_t *order, const int64_t hwc[3])
{
	struct express *e = of(f);
	struct rnf_export_op op = op_of(e, "permute", -1);
	if (!is_term(e, a) || n < 1 || n > RNF_AXES_MAX || !are_sizes(size_of(e, a), n, sizes) ||
	    !is_order(n, order) || !are_sizes(size_of(e, a), 3, hwc))
		return refuse(e, "permute");
	op.n_axes = n;
	memcpy(op.sizes, sizes, (size_t)n * sizeof *sizes);
	memcpy(op.order, order, (size_t)n * sizeof *order);
	return write_call(e, op, &a, 1, image_of(hwc));
}

/* NULL: one is not a place in a. */
static const int64_t *indices(int64_t n, int64_t size, int64_t (*index)(const void *, int64_t),
			      const void *of_index)
{
	int64_t *to = rnf_alloc((size_t)n * sizeof *to);
	for (int64_t i = 0; i < n; i++) {
		to[i] = index(of_index, i);
		if (to[i] >= size) return NULL;
	}
	return to;
}

static int32_t take(struct rnf_formula *f, int32_t a, enum rnf_axis axis, int64_t n,
		    int64_t (*index)(const void *of, int64_t i), const void *of_index)
{
	struct express *e = of(f);
	struct rnf_export_op op = op_of(e, "take", -1);
	int64_t hwc[3];
	if (!is_term(e, a) || (int)axis < 0 || axis > RNF_AXIS_CHANNELS || n < 1 || n > TAKEN_MAX)
		return refuse(e, "take");
	shape(f, a, hwc);
	op.axis = (int32_t)axis;
	op.n_index = n;
	op.index = indices(n, hwc[axis], index, of_index);
	if (!op.index) return refuse(e, "take");
	hwc[axis] = n;
	return write_call(e, op, &a, 1, image_of(hwc));
}

static int32_t product(struct rnf_formula *f, int32_t a, int32_t b)
{
	struct express *e = of(f);
	if (!is_term(e, a) || !is_term(e, b)) return refuse(e, "product");
	const struct term x = e->terms[a], y = e->terms[b];
	if (x.h != y.h || x.c != y.w) return refuse(e, "product");
	return write_call(e, op_of(e, "product", -1), (const int32_t[]){ a, b }, 2,
			  (struct term){ x.h, x.w, y.c, y.c });
}

static int32_t global_avgpool(struct rnf_formula *f, int32_t a)
{
	struct express *e = of(f);
	if (!is_term(e, a)) return refuse(e, "global_avgpool");
	const int64_t c = e->terms[a].c;
	return write_call(e, op_of(e, "global_avgpool", -1), &a, 1, (struct term){ 1, 1, c, c });
}

static void begin(struct express *e, struct rnf_view *view, const struct rnf_op *op)
{
	*e = (struct express){ .view = view, .op = op };
	rnf_formula_begin(&e->w, 0);
	e->gather = e->w.f;
	e->w.f = (struct rnf_formula){
		.size = sizeof e->w.f, .number = number, .apply = apply, .shape = shape,
		.reshape = reshape, .permute = permute, .take = take, .product = product,
		.global_avgpool = global_avgpool };
}

/* -- the result -- */

static int is_last(const struct express *e, size_t first, const struct rnf_formula_node *node)
{
	const struct rnf_view *v = e->view;
	return node->function == RNF_FN_IN && v->n_ops > first &&
	       v->ops[v->n_ops - 1].out == node->a;
}

static rnf_status finish(struct express *e, size_t first, int32_t result)
{
	const struct rnf_export_value *y = &e->view->values[e->op->out];
	const struct term *t = &e->terms[result];
	if (t->h != y->h || t->w != y->w || t->c != y->c)
		return rnf_fail(RNF_EPLUGIN, "%s: its formula gives %lld x %lld x %lld, it is %lld x "
				"%lld x %lld", e->op->label, (long long)t->h, (long long)t->w,
				(long long)t->c, (long long)y->h, (long long)y->w, (long long)y->c);
	if (is_last(e, first, &e->w.list.at[result]))
		e->view->ops[e->view->n_ops - 1].out = e->op->out;
	else
		write_formula(e, result, e->op->out);
	return RNF_OK;
}

rnf_status rnf_view_express(struct rnf_view *v, const struct rnf_op *op, int *is_one)
{
	const size_t first = v->n_ops;
	struct express e;
	struct rnf_formula_list list;
	int32_t in[RNF_OP_INPUTS];
	begin(&e, v, op);
	for (int i = 0; i < op->n_in; i++)
		in[i] = operand(&e, op->in[i]);
	const int32_t result = op->row->formula(op, &e.w.f, in);
	if (e.refused)
		return rnf_fail(RNF_EPLUGIN, "%s: its formula calls %s with arguments that it does "
				"not accept", op->label, e.refused);
	RNF_TRY(rnf_formula_end(&e.w, result, op->label, &list));
	*is_one = list.n > 0;
	return list.n ? finish(&e, first, result) : RNF_OK;
}
