/* Checks what a layer passes to a primitive, by the roles in its row, with messages for the
 * author of the layer. Shapes of images that meet come from the conf and are the user's
 * mistake; all else is the plugin's. */
#include "base/arena.h"
#include "op/builder.h"

/* The limit for kernels, strides and images: as for model.input. */
enum { PIXELS_MAX = 65536 };

static const struct rnf_program *program(const struct rnf_use *u)
{
	return rnf_builder_of(u->graph)->program;
}

const struct rnf_value *rnf_use_operand(const struct rnf_use *u, int i)
{
	return &program(u)->values[u->op->in[i]];
}

static const struct rnf_model_weight *tensor(const struct rnf_use *u)
{
	return rnf_tensor_of(program(u), u->op->in[u->i]);
}

static const char *call(const struct rnf_use *u)
{
	return u->op->row->call;
}

static const struct rnf_operand_info *role(const struct rnf_use *u)
{
	return &u->op->row->in[u->i];
}

/* -- words -- */

static const char *shape_words(int rank, const int64_t *shape)
{
	const char *words = "";
	for (int i = 0; i < rank; i++)
		words = rnf_format("%s%s%lld", words, i ? " x " : "", (long long)shape[i]);
	return words;
}

static const char *what_it_is(const struct rnf_use *u)
{
	const struct rnf_value *v = rnf_use_operand(u, u->i);
	const int64_t hwc[] = { v->h, v->w, v->c };
	if (v->domain == RNF_IMAGE) return rnf_format("an image of %s", shape_words(3, hwc));
	if (v->domain == RNF_CHANNEL) return "a vector of the batch";
	const char *shape = shape_words(tensor(u)->rank, tensor(u)->shape);
	if (v->weight < 0) return rnf_format("a value derived from weights, of %s", shape);
	return rnf_format("the %s %s of %s", tensor(u)->state ? "statistics" : "weight",
			  tensor(u)->name, shape);
}

static const char *what_it_must_be(const struct rnf_use *u)
{
	const struct rnf_value *x = rnf_use_operand(u, 0);
	const struct rnf_window *w = &u->op->window;
	const int64_t hwc[] = { x->h, x->w, x->c };
	switch (role(u)->role) {
	case RNF_ROLE_PLANE: return rnf_format("an image of %s x any", shape_words(2, hwc));
	case RNF_ROLE_TILE: return rnf_format("an image of %s", shape_words(3, hwc));
	case RNF_ROLE_MAP: return rnf_format("an image of %s x 1", shape_words(2, hwc));
	case RNF_ROLE_VECTOR: return rnf_format("an image of 1 x 1 x %lld", (long long)x->c);
	case RNF_ROLE_SCALAR: return "an image of 1 x 1 x 1";
	case RNF_ROLE_WEIGHT:
		return rnf_format("a weight of %lld values, one a channel", (long long)u->c);
	case RNF_ROLE_STATE:
		return rnf_format("running statistics (state = 1) of %lld values, one a channel",
				  (long long)u->c);
	case RNF_ROLE_MATRIX: return rnf_format("a weight of %lld x any", (long long)x->c);
	case RNF_ROLE_KERNEL:
		return rnf_format("a weight of %lld x %lld x %lld x any", (long long)w->kernel_h,
				  (long long)w->kernel_w, (long long)(x->c / u->op->groups));
	case RNF_ROLE_TENSOR: return "a weight";
	case RNF_ROLE_SOURCE: return "a weight or running statistics";
	default: return "an image";
	}
}

static rnf_val refuse(const struct rnf_use *u)
{
	return rnf_builder_broken(u->graph, "%s: %s is %s, must be %s", call(u), role(u)->name,
				  what_it_is(u), what_it_must_be(u));
}

/* Images of unexpected shapes come from layers that the conf combined. */
static rnf_val refuse_shape(const struct rnf_use *u)
{
	return u->graph->fail(u->graph, "%s: %s is %s, must be %s", call(u), role(u)->name,
			      what_it_is(u), what_it_must_be(u));
}

/* -- operands -- */

static enum rnf_domain wanted_domain(enum rnf_role role)
{
	return role <= RNF_ROLE_SCALAR ? RNF_IMAGE
	     : role == RNF_ROLE_CHANNEL ? RNF_CHANNEL : RNF_WEIGHT;
}

static int image_fits(enum rnf_role role, const struct rnf_value *x,
		      const struct rnf_value *v)
{
	switch (role) {
	case RNF_ROLE_PLANE: return v->h == x->h && v->w == x->w;
	case RNF_ROLE_TILE: return v->h == x->h && v->w == x->w && v->c == x->c;
	case RNF_ROLE_MAP: return v->h == x->h && v->w == x->w && v->c == 1;
	case RNF_ROLE_VECTOR: return v->h == 1 && v->w == 1 && v->c == x->c;
	case RNF_ROLE_SCALAR: return v->h == 1 && v->w == 1 && v->c == 1;
	default: return 1;
	}
}

static int kernel_fits(const struct rnf_use *u)
{
	const struct rnf_model_weight *t = tensor(u);
	const struct rnf_window *w = &u->op->window;
	return t->rank == 4 && t->shape[0] == w->kernel_h && t->shape[1] == w->kernel_w &&
	       t->shape[2] == rnf_use_operand(u, 0)->c / u->op->groups;
}

static int weight_fits(const struct rnf_use *u)
{
	const struct rnf_value *v = rnf_use_operand(u, u->i);
	switch (role(u)->role) {
	case RNF_ROLE_WEIGHT: return v->c == u->c && !tensor(u)->state;
	case RNF_ROLE_STATE: return v->c == u->c && tensor(u)->state;
	case RNF_ROLE_MATRIX: return v->c == rnf_use_operand(u, 0)->c * u->c;
	case RNF_ROLE_KERNEL: return kernel_fits(u);
	case RNF_ROLE_TENSOR: return !tensor(u)->state;
	default: return 1;
	}
}

static rnf_val check_domain(const struct rnf_use *u)
{
	return rnf_use_operand(u, u->i)->domain == wanted_domain(role(u)->role) ? 0 : refuse(u);
}

static rnf_val check_size(const struct rnf_use *u)
{
	const struct rnf_value *v = rnf_use_operand(u, u->i);
	if (v->domain == RNF_IMAGE)
		return image_fits(role(u)->role, rnf_use_operand(u, 0), v) ? 0 : refuse_shape(u);
	if (v->domain == RNF_CHANNEL) return v->c == role(u)->rows * u->c ? 0 : refuse(u);
	return weight_fits(u) ? 0 : refuse(u);
}

static rnf_val check_operands(const struct rnf_op *op, struct rnf_use u,
			      rnf_val (*check)(const struct rnf_use *))
{
	for (u.i = 0; u.i < op->n_in; u.i++)
		if (check(&u) < 0) return -1;
	return 0;
}

/* All operands must exist first: a message about one may name another. */
static rnf_val check_values(const struct rnf_use *u)
{
	const size_t n = program(u)->n_values;
	for (int i = 0; i < u->op->n_in; i++)
		if (u->op->in[i] < 0 || (size_t)u->op->in[i] >= n)
			return rnf_builder_broken(u->graph, "%s: %s is %d, no value of this "
				"graph", call(u), u->op->row->in[i].name,
				u->op->in[i]);
	return 0;
}

/* -- windows -- */

struct axis {
	int64_t n, kernel, pad, out; /* n pixels of x */
	const char *pad_name, *kernel_name, *out_name, *pixels;
	const struct rnf_window *w;
};

/* Dilation skips pixels: does each window have one inside the image? */
static rnf_val check_dilated(const struct rnf_use *u, const struct axis *a)
{
	const int64_t d = a->w->dilation, span = rnf_window_span(a->kernel, d);
	for (int64_t o = 0; o < a->out; o++) {
		const int64_t first = o * a->w->stride - a->pad;
		const int64_t inside = first < 0 ? first + (d - 1 - first) / d * d : first;
		if (inside < first + span && inside < a->n) continue;
		return u->graph->fail(u->graph, "%s: dilation is %lld, too wide for the %lld %s "
				      "of x: window %lld has none of them", call(u), (long long)d,
				      (long long)a->n, a->pixels, (long long)o);
	}
	return 0;
}

/* Each window must overlap the image, or it would have no mean. */
static rnf_val check_axis(const struct rnf_use *u, const struct axis *a)
{
	if (a->kernel < 1 || a->kernel > PIXELS_MAX)
		return rnf_builder_broken(u->graph, "%s: %s is %lld, must be 1 .. %d", call(u),
					  a->kernel_name, (long long)a->kernel, PIXELS_MAX);
	const int64_t span = rnf_window_span(a->kernel, a->w->dilation);
	if (a->pad < 0 || a->pad >= span)
		return rnf_builder_broken(u->graph, "%s: %s is %lld, must be 0 .. %lld, below "
					  "%s%s", call(u), a->pad_name, (long long)a->pad,
					  (long long)span - 1, a->w->dilation == 1 ? "" :
					  "the pixels that dilation makes of ", a->kernel_name);
	const int64_t most = (a->n + a->pad - 1) / a->w->stride + 1;
	if (a->out >= 1 && a->out <= most)
		return a->w->dilation > 1 && !a->w->border ? check_dilated(u, a) : 0;
	return rnf_builder_broken(u->graph, "%s: %s is %lld, must be 1 .. %lld: a window of "
				  "stride %lld behind those meets none of the %lld %s of x",
				  call(u), a->out_name, (long long)a->out, (long long)most,
				  (long long)a->w->stride, (long long)a->n, a->pixels);
}

static rnf_val check_window(const struct rnf_use *u)
{
	const struct rnf_window *w = &u->op->window;
	const struct rnf_value *x = rnf_use_operand(u, 0);
	const struct axis axes[] = {
		{ x->h, w->kernel_h, w->pad_top, w->out_h,
		  "pad_top", "kernel_h", "out_h", "rows", w },
		{ x->w, w->kernel_w, w->pad_left, w->out_w,
		  "pad_left", "kernel_w", "out_w", "columns", w },
	};
	if (w->stride < 1 || w->stride > PIXELS_MAX)
		return rnf_builder_broken(u->graph, "%s: stride is %lld, must be 1 .. %d",
					  call(u), (long long)w->stride, PIXELS_MAX);
	if (w->dilation < 1 || w->dilation > PIXELS_MAX)
		return rnf_builder_broken(u->graph, "%s: dilation is %lld, must be 0 .. %d",
					  call(u), (long long)w->dilation, PIXELS_MAX);
	if (w->border < RNF_BORDER_ZERO || w->border > RNF_BORDER_EDGE)
		return rnf_builder_broken(u->graph, "%s: border is %d, must be %d .. %d", call(u),
					  w->border, RNF_BORDER_ZERO, RNF_BORDER_EDGE);
	return check_axis(u, &axes[0]) < 0 ? -1 : check_axis(u, &axes[1]);
}

/* Checked in this order: each message relies on the checks before it. */
rnf_val rnf_roles_check(struct rnf_graph *g, const struct rnf_op *op, int64_t c)
{
	const struct rnf_use u = { g, op, c, 0 };
	if (rnf_builder_of(g)->failed || check_values(&u) < 0) return -1;
	if (check_operands(op, u, check_domain) < 0) return -1;
	if (op->row->check && op->row->check(&u) < 0) return -1;
	if (check_operands(op, u, check_size) < 0) return -1;
	return op->row->has_window ? check_window(&u) : 0;
}
