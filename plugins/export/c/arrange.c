/* What moves the elements of images, and the product of two. */
#include "writer.h"

static const struct rnf_export_value *value(const struct writer *w, int32_t i)
{
	return &w->model->values[i];
}

static long long at(const struct writer *w, int32_t v)
{
	return (long long)w->offset[v];
}

void writer_strides(const struct rnf_export_op *op, int64_t *strides)
{
	int64_t step = 1;
	for (int32_t i = op->n_axes - 1; i >= 0; i--) {
		strides[i] = step;
		step *= op->sizes[i];
	}
}

/* A loop for each axis of the output. */
rnf_status writer_permute(struct writer *w, const struct rnf_export_op *op)
{
	int64_t strides[RNF_AXES_MAX];
	writer_strides(op, strides);
	fprintf(w->body, "\t{\n\t\tfloat *y = memory + %lld;\n", at(w, op->out));
	for (int32_t i = 0; i < op->n_axes; i++)
		fprintf(w->body, "\t\tfor (int i%d = 0; i%d < %lld; i%d++)\n", i, i,
			(long long)op->sizes[op->order[i]], i);
	fprintf(w->body, "\t\t\t*y++ = memory[%lld", at(w, op->in[0]));
	for (int32_t i = 0; i < op->n_axes; i++)
		fprintf(w->body, " + i%d * %lld", i, (long long)strides[op->order[i]]);
	fputs("];\n\t}\n", w->body);
	return RNF_OK;
}

static void write_index(struct writer *w, const struct rnf_export_op *op)
{
	enum { A_LINE = 16 };
	fprintf(w->body, "\t\tstatic const int32_t at[%lld] = {", (long long)op->n_index);
	for (int64_t i = 0; i < op->n_index; i++)
		fprintf(w->body, "%s%lld,", i % A_LINE ? " " : "\n\t\t\t", (long long)op->index[i]);
	fputs("\n\t\t};\n", w->body);
	w->table_bytes += 4 * op->n_index;
}

struct around writer_around(const int64_t hwc[3], int32_t axis)
{
	struct around a = { 1, hwc[axis], 1 };
	for (int32_t i = 0; i < axis; i++)
		a.outer *= hwc[i];
	for (int32_t i = axis + 1; i < 3; i++)
		a.inner *= hwc[i];
	return a;
}

rnf_status writer_take(struct writer *w, const struct rnf_export_op *op)
{
	const struct rnf_export_value *x = value(w, op->in[0]);
	const struct around a = writer_around((const int64_t[]){ x->h, x->w, x->c }, op->axis);
	writer_want(w, HELPER_TAKE);
	fputs("\t{\n", w->body);
	write_index(w, op);
	fprintf(w->body, "\t\ttake(%lld, %lld, %lld, at, %lld, memory + %lld, memory + %lld);\n\t}\n",
		(long long)a.outer, (long long)a.size, (long long)op->n_index,
		(long long)a.inner, at(w, op->in[0]), at(w, op->out));
	return RNF_OK;
}

rnf_status writer_product(struct writer *w, const struct rnf_export_op *op)
{
	const struct rnf_export_value *a = value(w, op->in[0]), *b = value(w, op->in[1]);
	writer_want(w, HELPER_PRODUCT);
	w->macs += a->h * a->w * a->c * b->c;
	fprintf(w->body, "\tproduct(%lld, %lld, %lld, %lld, memory + %lld, memory + %lld, "
		"memory + %lld);\n", (long long)a->h, (long long)a->w, (long long)a->c,
		(long long)b->c, at(w, op->in[0]), at(w, op->in[1]), at(w, op->out));
	return RNF_OK;
}

rnf_status writer_constant(struct writer *w, const struct rnf_export_op *op)
{
	const struct rnf_export_value *v = value(w, op->in[0]);
	const int64_t n = v->h * v->w * v->c;
	const int table = writer_table(w, v->tensor->name, v->tensor->data, n);
	writer_want(w, HELPER_COPY);
	fprintf(w->body, "\tcopy(1, %lld, t%d, %lld, memory + %lld, %lld);\n", (long long)n, table,
		(long long)n, at(w, op->out), (long long)n);
	return RNF_OK;
}
