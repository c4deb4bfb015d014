/* A formula as a loop: terms are constants of one pixel and channel. Functions over all
 * channels of a pixel take passes of their own first. */
#include "writer.h"

#include <string.h>

struct formula {
	struct writer *w;
	const struct rnf_formula_node *nodes;
	size_t n;
	const char **operands; /* [operands], an array and its index */
	char *needed;          /* [n], by the pass under construction */
	int64_t channels; /* the most of an operand, and of the result */
};

static const struct {
	const char *before, *between, *after; /* a and b stand between them */
	enum helper helper;
} words[RNF_FUNCTIONS] = {
	[RNF_FN_ADD] = { "", " + ", "", HELPERS }, [RNF_FN_SUB] = { "", " - ", "", HELPERS },
	[RNF_FN_MUL] = { "", " * ", "", HELPERS }, [RNF_FN_DIV] = { "", " / ", "", HELPERS },
	[RNF_FN_EXP] = { "exp_of(", NULL, ")", HELPER_EXP },
	[RNF_FN_LOG] = { "log_of(", NULL, ")", HELPER_LOG },
	[RNF_FN_SQRT] = { "sqrt_of(", NULL, ")", HELPER_SQRT },
	[RNF_FN_TANH] = { "tanh_of(", NULL, ")", HELPER_TANH },
	[RNF_FN_ERF] = { "erf_of(", NULL, ")", HELPER_ERF },
	[RNF_FN_SIGMOID] = { "sigmoid_of(", NULL, ")", HELPER_SIGMOID },
	[RNF_FN_SOFTPLUS] = { "softplus_of(", NULL, ")", HELPER_SOFTPLUS },
};

/* One number for all channels of a pixel. */
static int is_one(int32_t function)
{
	return function == RNF_FN_MEAN || function == RNF_FN_LARGEST;
}

static void term(const struct formula *f, int32_t i)
{
	const struct rnf_formula_node *node = &f->nodes[i];
	if (node->function == RNF_FN_NUMBER) writer_number(f->w->body, (float)node->number);
	else if (node->function == RNF_FN_IN) fputs(f->operands[node->a], f->w->body);
	else if (is_one(node->function)) fprintf(f->w->body, "one%d", i);
	else fprintf(f->w->body, "v%d", i);
}

/* Mish has this factor. Together the two functions need one exponential, apart two. */
static int is_tanh_softplus(const struct formula *f, const struct rnf_formula_node *node)
{
	return node->function == RNF_FN_TANH && f->nodes[node->a].function == RNF_FN_SOFTPLUS;
}

/* Mark what this pass computes of a term. */
static void need(struct formula *f, int32_t i)
{
	const struct rnf_formula_node *node = &f->nodes[i];
	if (f->needed[i] || is_one(node->function)) return;
	f->needed[i] = 1;
	if (node->function <= RNF_FN_IN) return;
	need(f, is_tanh_softplus(f, node) ? f->nodes[node->a].a : node->a);
	if (rnf_function_operands(node->function) == 2) need(f, node->b);
}

static void choose(const struct formula *f, const struct rnf_formula_node *node, const char *than)
{
	FILE *to = f->w->body;
	term(f, node->a);
	fputs(than, to);
	term(f, node->b);
	fputs(" ? ", to);
	term(f, node->a);
	fputs(" : ", to);
	term(f, node->b);
}

static void size_of(const struct formula *f, const struct rnf_formula_node *node)
{
	term(f, node->a);
	fputs(" < 0 ? -", f->w->body);
	term(f, node->a);
	fputs(" : ", f->w->body);
	term(f, node->a);
}

static void share(const struct formula *f, int32_t i)
{
	fputs("exp_of(", f->w->body);
	term(f, f->nodes[i].a);
	fprintf(f->w->body, " - largest%d) / sum%d", i, i);
	writer_want(f->w, HELPER_EXP);
}

static void tanh_softplus(const struct formula *f, const struct rnf_formula_node *node)
{
	fputs("tanh_softplus_of(", f->w->body);
	term(f, f->nodes[node->a].a);
	fputs(")", f->w->body);
	writer_want(f->w, HELPER_TANH_SOFTPLUS);
}

static void expression(const struct formula *f, int32_t i)
{
	const struct rnf_formula_node *node = &f->nodes[i];
	if (is_tanh_softplus(f, node)) {
		tanh_softplus(f, node);
		return;
	}
	switch (node->function) {
	case RNF_FN_MAX: choose(f, node, " > "); return;
	case RNF_FN_MIN: choose(f, node, " < "); return;
	case RNF_FN_ABS: size_of(f, node); return;
	case RNF_FN_SOFTMAX: share(f, i); return;
	}
	fputs(words[node->function].before, f->w->body);
	term(f, node->a);
	if (words[node->function].between) {
		fputs(words[node->function].between, f->w->body);
		term(f, node->b);
	}
	fputs(words[node->function].after, f->w->body);
	if (words[node->function].helper != HELPERS) writer_want(f->w, words[node->function].helper);
}

/* for each channel: the terms that `target` needs, then `then` with the target's. */
static void pass(struct formula *f, int32_t target, int64_t channels, const char *before,
		 const char *after)
{
	FILE *to = f->w->body;
	memset(f->needed, 0, f->n);
	need(f, target);
	fprintf(to, "\t\tfor (int c = 0; c < %lld; c++) {\n", (long long)channels);
	for (size_t i = 0; i < f->n; i++) {
		if (!f->needed[i] || f->nodes[i].function <= RNF_FN_IN) continue;
		fprintf(to, "\t\t\tconst float v%zu = ", i);
		expression(f, (int32_t)i);
		fputs(";\n", to);
	}
	fprintf(to, "\t\t\t%s", before);
	term(f, target);
	fprintf(to, "%s;\n\t\t}\n", after);
}

static void mean_of(struct formula *f, int32_t i)
{
	FILE *to = f->w->body;
	char before[32];
	snprintf(before, sizeof before, "one%d += ", i);
	fprintf(to, "\t\tfloat one%d = 0;\n", i);
	pass(f, f->nodes[i].a, f->channels, before, "");
	fprintf(to, "\t\tone%d *= 1.0f / %lld;\n", i, (long long)f->channels);
}

static void largest_of(struct formula *f, int32_t i)
{
	char after[64];
	snprintf(after, sizeof after, ";\n\t\t\tif (!c || v > one%d) one%d = v", i, i);
	fprintf(f->w->body, "\t\tfloat one%d = 0;\n", i);
	pass(f, f->nodes[i].a, f->channels, "const float v = ", after);
}

static void softmax_of(struct formula *f, int32_t i)
{
	FILE *to = f->w->body;
	char before[64], after[64];
	fprintf(to, "\t\tfloat largest%d = -3.0e38f, sum%d = 0;\n", i, i);
	snprintf(after, sizeof after, ";\n\t\t\tif (v > largest%d) largest%d = v", i, i);
	pass(f, f->nodes[i].a, f->channels, "const float v = ", after);
	snprintf(before, sizeof before, "sum%d += exp_of(", i);
	snprintf(after, sizeof after, " - largest%d)", i);
	pass(f, f->nodes[i].a, f->channels, before, after);
}

static char *format(const struct writer *w, const char *name, const char *pixel, const char *channel)
{
	const size_t n = strlen(name) + strlen(pixel) + strlen(channel) + 8;
	char *text = w->host->alloc(n);
	snprintf(text, n, "%s[%s%s]", name, pixel, channel);
	return text;
}

/* An array with its index: one pixel or channel stands for all. */
static void operand(struct formula *f, int32_t value, size_t i)
{
	struct writer *w = f->w;
	const struct rnf_export_value *v = &w->model->values[value];
	char name[64], pixel[64] = "";
	if (v->tensor)
		snprintf(name, sizeof name, "t%d",
			 writer_table(w, v->tensor->name, v->tensor->data, v->c));
	else
		snprintf(name, sizeof name, "(%s + %lld)", w->floats, (long long)w->offset[value]);
	if (!v->tensor && v->h * v->w > 1)
		snprintf(pixel, sizeof pixel, "pixel * %lld + ", (long long)v->c);
	f->operands[i] = format(w, name, pixel, v->c == 1 ? "0" : "c");
	if (v->c > f->channels) f->channels = v->c;
}

static void over_channels(struct formula *f, int32_t i)
{
	if (f->nodes[i].function == RNF_FN_MEAN) mean_of(f, i);
	if (f->nodes[i].function == RNF_FN_LARGEST) largest_of(f, i);
	if (f->nodes[i].function == RNF_FN_SOFTMAX) softmax_of(f, i);
}

void writer_formula(struct writer *w, const struct rnf_formula_node *nodes, size_t n,
		    const int32_t *in, const struct rnf_export_value *shape, const char *out)
{
	char before[96];
	struct formula f = { w, nodes, n, w->host->alloc(n * sizeof *f.operands),
			     w->host->alloc(n), shape->c };
	for (size_t i = 0; i < n; i++)
		if (nodes[i].function == RNF_FN_IN) operand(&f, in[nodes[i].a], (size_t)nodes[i].a);
	fprintf(w->body, "\tfor (int pixel = 0; pixel < %lld; pixel++) {\n",
		(long long)(shape->h * shape->w));
	for (size_t i = 0; i < n; i++)
		over_channels(&f, (int32_t)i);
	snprintf(before, sizeof before, "%s[pixel * %lld + c] = ", out, (long long)shape->c);
	pass(&f, (int32_t)n - 1, shape->c, before, "");
	fputs("\t}\n", w->body);
}
