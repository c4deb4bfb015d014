/* Terms that are one step as a whole, whatever layer writes them, since images of int8 between
 * their parts would lose too many digits.
 * A norm: (x - m) / sqrt(v + eps), m the means of an image x over sets of its numbers, v the means
 * of (x - m)^2 over the same. A set is a pixel, or neighbouring channels of all pixels.
 * A mixture: softmax(factor a b) v, of products of images. */
#include "int8.h"

#include <string.h>

/* A term of a formula, or a value. */
struct place {
	const struct rnf_export_op *op; /* NULL: a value */
	int32_t term, value;
};

/* Each number is a mean over the channels first[i] .. first[i] + width - 1 of all pixels, or over
 * a pixel. */
struct sets {
	int each_pixel;
	int64_t n, width;
	int64_t *first; /* [n], or NULL */
};

/* Of what these are means: the image x, or the squares of its distances from means. */
struct target {
	int32_t x;
	const struct sets *squares; /* or NULL */
};

static struct place of_value(int32_t value)
{
	return (struct place){ NULL, 0, value };
}

static struct place at(const struct rnf_export_op *op, int32_t term)
{
	const struct rnf_formula_node *n = &op->formula[term];
	if (n->function == RNF_FN_IN) return of_value(op->in[n->a]);
	return (struct place){ op, term, -1 };
}

static const struct rnf_export_op *maker_of(const struct plan *p, int32_t value)
{
	const struct rnf_export_model *m = p->w->model;
	for (uint32_t i = 0; i < m->n_ops; i++)
		if (m->ops[i].out == value) return &m->ops[i];
	return NULL;
}

/* A value that a formula makes is the formula's last term. */
static struct place opened(const struct plan *p, struct place t)
{
	const struct rnf_export_op *op = t.op ? NULL : maker_of(p, t.value);
	return op && op->formula ? at(op, (int32_t)op->n_formula - 1) : t;
}

static const struct rnf_formula_node *node_of(struct place t, int32_t function)
{
	return t.op && t.op->formula[t.term].function == function ? &t.op->formula[t.term] : NULL;
}

/* -- sets -- */

static void all_channels(const struct plan *p, int64_t n, struct sets *s)
{
	*s = (struct sets){ .n = n, .width = 1,
			    .first = p->w->host->alloc((size_t)n * sizeof *s->first) };
	for (int64_t i = 0; i < n; i++)
		s->first[i] = i;
}

static int taken(const struct plan *p, const struct rnf_export_op *op, struct sets *s)
{
	const struct image *x = &p->images[op->in[0]];
	int64_t *first = p->w->host->alloc((size_t)op->n_index * sizeof *first);
	if (x->h * x->w > 1 || op->axis != RNF_AXIS_CHANNELS) return 0;
	for (int64_t i = 0; i < op->n_index; i++) {
		if (op->index[i] < 0) return 0;
		first[i] = s->first[op->index[i]];
	}
	s->first = first;
	s->n = op->n_index;
	return 1;
}

/* Of so many sets each, one behind the other. */
static int joined(struct sets *s, int64_t each)
{
	for (int64_t i = 0; i < s->n; i++)
		if (s->first[i] != s->first[i - i % each] + i % each * s->width) return 0;
	s->n /= each;
	for (int64_t i = 0; i < s->n; i++)
		s->first[i] = s->first[i * each];
	s->width *= each;
	return 1;
}

/* Does the value give each of so many channels the mean of a group that it is in? */
static int are_groups(const struct plan *p, struct place t, const struct sets *s, int64_t channels)
{
	if (s->each_pixel) return 1;
	if (t.op || p->images[t.value].c != channels || s->n != channels || channels % s->width)
		return 0;
	for (int64_t i = 0; i < s->n; i++)
		if (s->first[i] != i - i % s->width) return 0;
	return 1;
}

/* -- means -- */

static int is_target(const struct plan *p, struct place t, const struct target *to);

static int pooled(const struct plan *p, const struct rnf_export_op *op, const struct target *to,
		  struct sets *s)
{
	if (!is_target(p, of_value(op->in[0]), to)) return 0;
	all_channels(p, p->images[op->in[0]].c, s);
	return 1;
}

/* Is each number of the term a mean of the target? */
static int are_means(const struct plan *p, struct place t, const struct target *to, struct sets *s)
{
	const struct rnf_export_op *op = t.op ? NULL : maker_of(p, t.value);
	if (op && !strcmp(op->call, "global_avgpool")) return pooled(p, op, to, s);
	if (op && (!strcmp(op->call, "reshape") || !strcmp(op->call, "take")))
		return are_means(p, of_value(op->in[0]), to, s) && !s->each_pixel &&
		       (!op->n_index || taken(p, op, s));
	t = opened(p, t);
	const struct rnf_formula_node *n = node_of(t, RNF_FN_MEAN);
	if (!n) return 0;
	const struct place of = at(t.op, n->a);
	*s = (struct sets){ .each_pixel = 1, .width = p->images[to->x].c };
	if (is_target(p, of, to)) return 1;
	return !of.op && are_means(p, of, to, s) && !s->each_pixel &&
	       joined(s, p->images[of.value].c);
}

/* An image less its means */
static int is_distance(const struct plan *p, struct place t, int32_t *x, struct sets *s)
{
	t = opened(p, t);
	const struct rnf_formula_node *n = node_of(t, RNF_FN_SUB);
	if (!n) return 0;
	const struct place image = at(t.op, n->a), means = at(t.op, n->b);
	*x = image.value;
	return !image.op && !plan_tensor(p, *x) &&
	       are_means(p, means, &(struct target){ *x, NULL }, s) &&
	       are_groups(p, means, s, p->images[*x].c);
}

static int are_same(const struct sets *s, const struct sets *t)
{
	return s->each_pixel == t->each_pixel && s->width == t->width;
}

static int is_target(const struct plan *p, struct place t, const struct target *to)
{
	struct sets s[2];
	int32_t x[2];
	if (!to->squares) return t.value == to->x;
	t = opened(p, t);
	const struct rnf_formula_node *n = node_of(t, RNF_FN_MUL);
	return n && is_distance(p, at(t.op, n->a), &x[0], &s[0]) &&
	       is_distance(p, at(t.op, n->b), &x[1], &s[1]) && x[0] == to->x && x[1] == to->x &&
	       are_same(&s[0], to->squares) && are_same(&s[1], to->squares);
}

/* -- the norm -- */

/* v, of v + eps */
static struct place without_eps(const struct plan *p, struct place t, double *eps)
{
	const struct place sum = opened(p, t);
	const struct rnf_formula_node *n = node_of(sum, RNF_FN_ADD);
	const struct rnf_formula_node *number = n ? node_of(at(sum.op, n->b), RNF_FN_NUMBER) : NULL;
	*eps = number ? number->number : 0;
	return number ? at(sum.op, n->a) : t;
}

int plan_norm(const struct plan *p, const struct rnf_export_op *op, int32_t term, struct norm *to)
{
	const struct rnf_formula_node *n = &op->formula[term];
	struct sets sets, of_squares;
	if (n->function != RNF_FN_DIV || !is_distance(p, at(op, n->a), &to->x, &sets)) return 0;
	const struct place root = opened(p, at(op, n->b));
	const struct rnf_formula_node *of = node_of(root, RNF_FN_SQRT);
	if (!of) return 0;
	const struct place variance = without_eps(p, at(root.op, of->a), &to->eps);
	to->each_pixel = sets.each_pixel;
	to->width = sets.width;
	return are_means(p, variance, &(struct target){ to->x, &sets }, &of_squares) &&
	       are_groups(p, variance, &of_squares, p->images[to->x].c) &&
	       are_same(&sets, &of_squares);
}

/* -- the mixture -- */

static const struct rnf_export_op *product_at(const struct plan *p, struct place t)
{
	const struct rnf_export_op *op = t.op ? NULL : maker_of(p, t.value);
	return op && !strcmp(op->call, "product") ? op : NULL;
}

/* Of factor x: x */
static struct place without_factor(struct place t, double *factor)
{
	const struct rnf_formula_node *n = node_of(t, RNF_FN_MUL);
	const struct rnf_formula_node *number = n ? node_of(at(t.op, n->b), RNF_FN_NUMBER) : NULL;
	*factor = number ? number->number : 1;
	return number ? at(t.op, n->a) : t;
}

int plan_mixture(const struct plan *p, const struct rnf_export_op *op, struct mixture *to)
{
	if (strcmp(op->call, "product")) return 0;
	const struct place shares = opened(p, of_value(op->in[0]));
	const struct rnf_formula_node *n = node_of(shares, RNF_FN_SOFTMAX);
	if (!n) return 0;
	const struct place t = without_factor(opened(p, at(shares.op, n->a)), &to->factor);
	const struct rnf_export_op *scores = product_at(p, t);
	if (!scores || !(to->factor > 0)) return 0;
	to->in[0] = scores->in[0];
	to->in[1] = scores->in[1];
	to->in[2] = op->in[1];
	return 1;
}
