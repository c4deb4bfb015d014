#include "writer.h"

#include <math.h>
#include <string.h>

static const struct rnf_export_value *value(const struct writer *w, int32_t i)
{
	return &w->model->values[i];
}

static const struct rnf_named_tensor *tensor(const struct writer *w, const struct rnf_export_op *op,
					     int i)
{
	return value(w, op->in[i])->tensor;
}

static long long at(const struct writer *w, int32_t v)
{
	return (long long)w->offset[v];
}

static int64_t pixels(const struct rnf_export_value *v)
{
	return v->h * v->w;
}

/* -- windows -- */

void writer_window(struct writer *w, const struct rnf_export_value *x, const struct rnf_window *n)
{
	fprintf(w->body, "\t{\n\t\tstatic const struct window at = { %lld, %lld, %lld, %lld, %lld, %lld, "
		"%lld, %lld, %lld, %lld, %lld };\n", (long long)x->h, (long long)x->w,
		(long long)x->c, (long long)n->kernel_h, (long long)n->kernel_w, (long long)n->stride,
		(long long)(n->dilation > 1 ? n->dilation : 1), (long long)n->pad_top,
		(long long)n->pad_left, (long long)n->out_h, (long long)n->out_w);
}

static void pool(struct writer *w, const struct rnf_export_op *op, const char *function,
		 enum helper helper)
{
	writer_want(w, helper);
	writer_window(w, value(w, op->in[0]), &op->window);
	fprintf(w->body, "\t\t%s(&at, memory + %lld, memory + %lld);\n\t}\n", function,
		at(w, op->in[0]), at(w, op->out));
}

static rnf_status avgpool(struct writer *w, const struct rnf_export_op *op)
{
	pool(w, op, "average", HELPER_AVERAGE);
	return RNF_OK;
}

static rnf_status maxpool(struct writer *w, const struct rnf_export_op *op)
{
	pool(w, op, "largest", HELPER_LARGEST);
	return RNF_OK;
}

static rnf_status product(struct writer *w, const struct rnf_export_op *op,
			  const struct rnf_window *n, int64_t groups)
{
	const struct rnf_named_tensor *kernel = tensor(w, op, 1);
	const int64_t filters = value(w, op->out)->c, c = value(w, op->in[0])->c;
	const int64_t size = n->kernel_h * n->kernel_w * c / groups * filters;
	const int table = writer_table(w, kernel->name, kernel->data, size);
	w->macs += size * n->out_h * n->out_w;
	writer_want(w, HELPER_WINDOW);
	writer_want(w, HELPER_CONV);
	writer_window(w, value(w, op->in[0]), n);
	fprintf(w->body, "\t\tconv(&at, %lld, %lld, memory + %lld, t%d, memory + %lld);\n\t}\n",
		(long long)groups, (long long)filters, at(w, op->in[0]), table, at(w, op->out));
	return RNF_OK;
}

static rnf_status conv2d(struct writer *w, const struct rnf_export_op *op)
{
	return product(w, op, &op->window, op->groups);
}

static rnf_status matmul(struct writer *w, const struct rnf_export_op *op)
{
	const struct rnf_export_value *x = value(w, op->in[0]);
	const struct rnf_window one = { .kernel_h = 1, .kernel_w = 1, .stride = 1, .out_h = x->h,
					.out_w = x->w };
	return product(w, op, &one, 1);
}

/* -- others -- */

/* y = scale (x - mean) + shift, as rnframe computes it. */
static rnf_status batch_norm(struct writer *w, const struct rnf_export_op *op)
{
	const struct rnf_export_value *y = value(w, op->out);
	float *scale = w->host->alloc((size_t)y->c * sizeof *scale);
	for (int64_t i = 0; i < y->c; i++)
		scale[i] = (float)(tensor(w, op, 1)->data[i] /
				   sqrt(tensor(w, op, 4)->data[i] + op->eps));
	const int by = writer_table(w, tensor(w, op, 1)->name, scale, y->c);
	const int shift = writer_table(w, tensor(w, op, 2)->name, tensor(w, op, 2)->data, y->c);
	const int mean = writer_table(w, tensor(w, op, 3)->name, tensor(w, op, 3)->data, y->c);
	writer_want(w, HELPER_NORM);
	fprintf(w->body, "\tnorm(%lld, %lld, memory + %lld, t%d, t%d, t%d, memory + %lld);\n",
		(long long)pixels(y), (long long)y->c, at(w, op->in[0]), by, mean, shift,
		at(w, op->out));
	return RNF_OK;
}

static rnf_status global_avgpool(struct writer *w, const struct rnf_export_op *op)
{
	const struct rnf_export_value *x = value(w, op->in[0]);
	writer_want(w, HELPER_MEAN);
	fprintf(w->body, "\tmean(%lld, %lld, memory + %lld, memory + %lld);\n", (long long)pixels(x),
		(long long)x->c, at(w, op->in[0]), at(w, op->out));
	return RNF_OK;
}

static void copy(struct writer *w, int64_t n_pixels, int64_t n, int64_t from, int64_t from_c,
		 int64_t to, int64_t to_c)
{
	writer_want(w, HELPER_COPY);
	fprintf(w->body, "\tcopy(%lld, %lld, memory + %lld, %lld, memory + %lld, %lld);\n",
		(long long)n_pixels, (long long)n, (long long)from, (long long)from_c, (long long)to,
		(long long)to_c);
}

static rnf_status concat(struct writer *w, const struct rnf_export_op *op)
{
	const struct rnf_export_value *y = value(w, op->out);
	int64_t first = 0;
	for (uint32_t i = 0; i < op->n_in; i++) {
		const int64_t c = value(w, op->in[i])->c;
		copy(w, pixels(y), c, w->offset[op->in[i]], c, w->offset[op->out] + first, y->c);
		first += c;
	}
	return RNF_OK;
}

static rnf_status border(struct writer *w, const struct rnf_export_op *op)
{
	const struct rnf_export_value *x = value(w, op->in[0]), *y = value(w, op->out);
	writer_want(w, HELPER_BORDER);
	fprintf(w->body, "\tsurround(%lld, %lld, %lld, %lld, %lld, %lld, %lld, %d, memory + %lld, "
		"memory + %lld);\n", (long long)x->h, (long long)x->w, (long long)x->c,
		(long long)op->window.pad_top, (long long)op->window.pad_left, (long long)y->h,
		(long long)y->w, op->window.border == RNF_BORDER_EDGE, at(w, op->in[0]),
		at(w, op->out));
	return RNF_OK;
}

static rnf_status slice(struct writer *w, const struct rnf_export_op *op)
{
	const struct rnf_export_value *x = value(w, op->in[0]), *y = value(w, op->out);
	copy(w, pixels(y), y->c, w->offset[op->in[0]] + op->first, x->c, w->offset[op->out], y->c);
	return RNF_OK;
}

static rnf_status reshape(struct writer *w, const struct rnf_export_op *op)
{
	const struct rnf_export_value *y = value(w, op->out);
	const int64_t n = pixels(y) * y->c;
	copy(w, 1, n, w->offset[op->in[0]], n, w->offset[op->out], n);
	return RNF_OK;
}

static const struct {
	const char *call;
	rnf_status (*write)(struct writer *, const struct rnf_export_op *);
} calls[] = {
	{ "conv2d", conv2d }, { "matmul", matmul }, { "batch_norm", batch_norm },
	{ "avgpool", avgpool }, { "maxpool", maxpool }, { "global_avgpool", global_avgpool },
	{ "concat", concat }, { "border", border }, { "slice", slice }, { "reshape", reshape },
	{ "permute", writer_permute }, { "take", writer_take }, { "product", writer_product },
	{ "constant", writer_constant },
};
enum { CALLS = sizeof calls / sizeof *calls };

static rnf_status write_op(struct writer *w, const struct rnf_export_op *op)
{
	char out[64];
	fputs("\n\t/* ", w->body);
	writer_word(w->body, op->label);
	fprintf(w->body, ": %s */\n", op->call);
	snprintf(out, sizeof out, "(memory + %lld)", at(w, op->out));
	if (op->formula) {
		writer_formula(w, op->formula, op->n_formula, op->in, value(w, op->out), out);
		return RNF_OK;
	}
	for (int i = 0; i < CALLS; i++)
		if (!strcmp(op->call, calls[i].call)) return calls[i].write(w, op);
	return w->host->fail(RNF_EUNSUP, "%s: the primitive %s has no C form yet", op->label, op->call);
}

rnf_status writer_ops(struct writer *w)
{
	for (uint32_t i = 0; i < w->model->n_ops; i++)
		RNF_TRY(write_op(w, &w->model->ops[i]));
	return RNF_OK;
}
