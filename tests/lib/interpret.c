#include "lib/interpret.h"

#include <math.h>
#include <string.h>

#include <rnframe/function.h>

#include "base/arena.h"
#include "lib/plugin.h"
#include "op/formula.h"
#include "op/op.h"

struct run {
	const struct rnf_view *view;
	double **images; /* of values */
};

static const struct rnf_export_value *value(const struct run *r, int32_t i)
{
	return &r->view->values[i];
}

static int64_t size_of(const struct rnf_export_value *v)
{
	return v->h * v->w * v->c;
}

static int64_t pixels(const struct rnf_export_value *v)
{
	return v->h * v->w;
}

static const double *image(const struct run *r, const struct rnf_export_op *op, int i)
{
	ck_assert_ptr_nonnull(r->images[op->in[i]]);
	return r->images[op->in[i]];
}

static const float *tensor(const struct run *r, const struct rnf_export_op *op, int i)
{
	ck_assert_ptr_nonnull(value(r, op->in[i])->tensor);
	return value(r, op->in[i])->tensor->data;
}

/* -- windows -- */

/* One pixel of x that a window sees, tap k of its kernel; -1: it is outside. */
static int64_t seen(const struct rnf_export_op *op, const struct rnf_export_value *x, int64_t oy,
		    int64_t ox, int64_t k)
{
	const struct rnf_window *w = &op->window;
	const int64_t d = w->dilation > 1 ? w->dilation : 1;
	const int64_t row = oy * w->stride - w->pad_top + k / w->kernel_w * d;
	const int64_t col = ox * w->stride - w->pad_left + k % w->kernel_w * d;
	return row < 0 || row >= x->h || col < 0 || col >= x->w ? -1 : row * x->w + col;
}

static void conv2d(const struct run *r, const struct rnf_export_op *op, double *y)
{
	const struct rnf_export_value *x = value(r, op->in[0]), *out = value(r, op->out);
	const int64_t taps = op->window.kernel_h * op->window.kernel_w;
	const int64_t each = x->c / op->groups, filters = out->c / op->groups;
	const float *kernel = tensor(r, op, 1);
	for (int64_t i = 0; i < size_of(out); i++) {
		const int64_t k = i % out->c, p = i / out->c, first = k / filters * each;
		y[i] = 0;
		for (int64_t t = 0; t < taps; t++) {
			const int64_t at = seen(op, x, p / out->w, p % out->w, t);
			for (int64_t c = 0; at >= 0 && c < each; c++)
				y[i] += image(r, op, 0)[at * x->c + first + c] *
					(double)kernel[(t * each + c) * out->c + k];
		}
	}
}

static double pooled(const struct run *r, const struct rnf_export_op *op, int64_t p, int64_t c,
		     int largest)
{
	const struct rnf_export_value *x = value(r, op->in[0]), *out = value(r, op->out);
	double sum = 0, most = -INFINITY;
	int count = 0;
	for (int64_t t = 0; t < op->window.kernel_h * op->window.kernel_w; t++) {
		const int64_t at = seen(op, x, p / out->w, p % out->w, t);
		if (at < 0) continue;
		sum += image(r, op, 0)[at * x->c + c];
		most = fmax(most, image(r, op, 0)[at * x->c + c]);
		count++;
	}
	return largest ? most : sum / count;
}

static void avgpool(const struct run *r, const struct rnf_export_op *op, double *y)
{
	const struct rnf_export_value *out = value(r, op->out);
	for (int64_t i = 0; i < size_of(out); i++)
		y[i] = pooled(r, op, i / out->c, i % out->c, 0);
}

static void maxpool(const struct run *r, const struct rnf_export_op *op, double *y)
{
	const struct rnf_export_value *out = value(r, op->out);
	for (int64_t i = 0; i < size_of(out); i++)
		y[i] = pooled(r, op, i / out->c, i % out->c, 1);
}

static int64_t mirrored(int32_t border, int64_t i, int64_t n)
{
	if (border == RNF_BORDER_EDGE) return i < 0 ? 0 : i < n ? i : n - 1;
	return i < 0 ? -i : i < n ? i : 2 * n - 2 - i;
}

static void border(const struct run *r, const struct rnf_export_op *op, double *y)
{
	const struct rnf_export_value *x = value(r, op->in[0]), *out = value(r, op->out);
	const struct rnf_window *w = &op->window;
	for (int64_t i = 0; i < size_of(out); i++) {
		const int64_t p = i / out->c;
		const int64_t row = mirrored(w->border, p / out->w - w->pad_top, x->h);
		const int64_t col = mirrored(w->border, p % out->w - w->pad_left, x->w);
		y[i] = image(r, op, 0)[(row * x->w + col) * x->c + i % out->c];
	}
}

/* -- products -- */

static void matmul(const struct run *r, const struct rnf_export_op *op, double *y)
{
	const struct rnf_export_value *x = value(r, op->in[0]), *out = value(r, op->out);
	for (int64_t i = 0; i < size_of(out); i++) {
		y[i] = 0;
		for (int64_t c = 0; c < x->c; c++)
			y[i] += image(r, op, 0)[i / out->c * x->c + c] *
				(double)tensor(r, op, 1)[c * out->c + i % out->c];
	}
}

static void product(const struct run *r, const struct rnf_export_op *op, double *y)
{
	const struct rnf_export_value *a = value(r, op->in[0]), *b = value(r, op->in[1]);
	for (int64_t i = 0; i < pixels(a) * b->c; i++) {
		const int64_t row = i / b->c, h = row / a->w;
		y[i] = 0;
		for (int64_t j = 0; j < a->c; j++)
			y[i] += image(r, op, 0)[row * a->c + j] *
				image(r, op, 1)[(h * b->w + j) * b->c + i % b->c];
	}
}

static void batch_norm(const struct run *r, const struct rnf_export_op *op, double *y)
{
	const struct rnf_export_value *out = value(r, op->out);
	for (int64_t i = 0; i < size_of(out); i++) {
		const int64_t c = i % out->c;
		const double gamma = (double)tensor(r, op, 1)[c], beta = (double)tensor(r, op, 2)[c];
		const double mean = (double)tensor(r, op, 3)[c], v = (double)tensor(r, op, 4)[c];
		y[i] = gamma * (image(r, op, 0)[i] - mean) / sqrt(v + op->eps) + beta;
	}
}

/* -- places -- */

static void global_avgpool(const struct run *r, const struct rnf_export_op *op, double *y)
{
	const struct rnf_export_value *x = value(r, op->in[0]);
	memset(y, 0, (size_t)x->c * sizeof *y);
	for (int64_t i = 0; i < size_of(x); i++)
		y[i % x->c] += image(r, op, 0)[i] / (double)pixels(x);
}

static void concat(const struct run *r, const struct rnf_export_op *op, double *y)
{
	const int64_t width = value(r, op->out)->c;
	int64_t first = 0;
	for (uint32_t k = 0; k < op->n_in; k++) {
		const struct rnf_export_value *x = value(r, op->in[k]);
		for (int64_t i = 0; i < size_of(x); i++)
			y[i / x->c * width + first + i % x->c] = image(r, op, (int)k)[i];
		first += x->c;
	}
}

static void slice(const struct run *r, const struct rnf_export_op *op, double *y)
{
	const struct rnf_export_value *x = value(r, op->in[0]), *out = value(r, op->out);
	for (int64_t i = 0; i < size_of(out); i++)
		y[i] = image(r, op, 0)[i / out->c * x->c + op->first + i % out->c];
}

static void reshape(const struct run *r, const struct rnf_export_op *op, double *y)
{
	memcpy(y, image(r, op, 0), (size_t)size_of(value(r, op->out)) * sizeof *y);
}

static void permute(const struct run *r, const struct rnf_export_op *op, double *y)
{
	for (int64_t i = 0; i < size_of(value(r, op->out)); i++) {
		int64_t place[RNF_AXES_MAX] = { 0 }, left = i, at = 0;
		for (int32_t k = op->n_axes - 1; k >= 0; k--) {
			place[op->order[k]] = left % op->sizes[op->order[k]];
			left /= op->sizes[op->order[k]];
		}
		for (int32_t k = 0; k < op->n_axes; k++)
			at = at * op->sizes[k] + place[k];
		y[i] = image(r, op, 0)[at];
	}
}

static void take(const struct run *r, const struct rnf_export_op *op, double *y)
{
	const struct rnf_export_value *x = value(r, op->in[0]), *out = value(r, op->out);
	for (int64_t i = 0; i < size_of(out); i++) {
		int64_t at[] = { i / out->c / out->w, i / out->c % out->w, i % out->c };
		at[op->axis] = op->index[at[op->axis]];
		y[i] = at[op->axis] < 0 ? 0 : image(r, op, 0)[(at[0] * x->w + at[1]) * x->c + at[2]];
	}
}

static void constant(const struct run *r, const struct rnf_export_op *op, double *y)
{
	for (int64_t i = 0; i < size_of(value(r, op->out)); i++)
		y[i] = (double)tensor(r, op, 0)[i];
}

static const struct {
	const char *call;
	void (*run)(const struct run *, const struct rnf_export_op *, double *y);
} calls[] = {
	{ "conv2d", conv2d }, { "matmul", matmul }, { "batch_norm", batch_norm },
	{ "avgpool", avgpool }, { "maxpool", maxpool }, { "global_avgpool", global_avgpool },
	{ "concat", concat }, { "border", border }, { "slice", slice }, { "reshape", reshape },
	{ "permute", permute }, { "take", take }, { "product", product }, { "constant", constant },
};

/* -- formulas -- */

/* [channels] of one pixel, of each node. */
static double operand(const struct run *r, int32_t v, int64_t pixel, int64_t c)
{
	const struct rnf_export_value *x = value(r, v);
	const int64_t at = (pixels(x) == 1 ? 0 : pixel) * x->c + (x->c == 1 ? 0 : c);
	return x->tensor ? (double)x->tensor->data[x->c == 1 ? 0 : c] : r->images[v][at];
}

static void over_channels(int32_t function, int64_t n, const double *a, double *y)
{
	double sum = 0, most = a[0], total = 0;
	for (int64_t c = 0; c < n; c++) {
		sum += a[c];
		most = fmax(most, a[c]);
	}
	for (int64_t c = 0; c < n; c++)
		total += exp(a[c] - most);
	for (int64_t c = 0; c < n; c++)
		y[c] = function == RNF_FN_MEAN ? sum / (double)n
			: function == RNF_FN_LARGEST ? most : exp(a[c] - most) / total;
}

static void node_of(const struct run *r, const struct rnf_export_op *op, int64_t pixel,
		    int64_t channels, const double *terms, const struct rnf_formula_node *n,
		    double *y)
{
	const double *a = terms + n->a * channels, *b = terms + n->b * channels;
	if (n->function == RNF_FN_MEAN || n->function == RNF_FN_LARGEST ||
	    n->function == RNF_FN_SOFTMAX) {
		over_channels(n->function, channels, a, y);
		return;
	}
	for (int64_t c = 0; c < channels; c++)
		y[c] = n->function == RNF_FN_NUMBER ? n->number
			: n->function == RNF_FN_IN ? operand(r, op->in[n->a], pixel, c)
			: rnf_function_value(n->function, a[c], b[c]);
}

static void formula(const struct run *r, const struct rnf_export_op *op, double *y)
{
	const struct rnf_export_value *out = value(r, op->out);
	int64_t channels = out->c;
	for (uint32_t i = 0; i < op->n_in; i++)
		if (value(r, op->in[i])->c > channels) channels = value(r, op->in[i])->c;
	double *terms = rnf_alloc(op->n_formula * (size_t)channels * sizeof *terms);
	for (int64_t p = 0; p < pixels(out); p++) {
		for (uint32_t i = 0; i < op->n_formula; i++)
			node_of(r, op, p, channels, terms, &op->formula[i], terms + i * channels);
		memcpy(y + p * out->c, terms + (op->n_formula - 1) * channels,
		       (size_t)out->c * sizeof *y);
	}
}

static void run_op(const struct run *r, const struct rnf_export_op *op)
{
	double *y = r->images[op->out] =
		rnf_alloc((size_t)size_of(value(r, op->out)) * sizeof *y);
	if (op->formula) {
		formula(r, op, y);
		return;
	}
	for (int i = 0; i < TEST_ROWS(calls); i++)
		if (!strcmp(calls[i].call, op->call)) {
			calls[i].run(r, op, y);
			return;
		}
	ck_abort_msg("%s: export.h has no call %s", op->label, op->call);
}

double **test_interpret(const struct rnf_view *view, const float *x)
{
	const int input = view->program->input;
	struct run r = { view, rnf_alloc(view->n_values * sizeof *r.images) };
	const int64_t n = size_of(value(&r, input));
	r.images[input] = rnf_alloc((size_t)n * sizeof **r.images);
	for (int64_t i = 0; i < n; i++)
		r.images[input][i] = (double)x[i];
	for (size_t i = 0; i < view->n_ops; i++)
		run_op(&r, &view->ops[i]);
	return r.images;
}
