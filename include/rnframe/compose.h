/* For authors of blocks: the layers that residual blocks are composed of, by name.
 * Inline, so that a plugin links nothing. [main] */
#ifndef RNFRAME_COMPOSE_H
#define RNFRAME_COMPOSE_H

#include <rnframe/layer.h>

struct rnf_conv_spec {
	int64_t filters, kernel, stride, groups;
};

/* A conv2d of kernel x kernel, padding `same`, without bias. */
static inline rnf_val rnf_conv(struct rnf_graph *graph, const char *label, rnf_val x,
			       struct rnf_conv_spec spec)
{
	const struct rnf_setting settings[] = {
		RNF_SET_INT("filters", spec.filters),
		RNF_SET_INT("kernel", spec.kernel),
		RNF_SET_INT("stride", spec.stride),
		RNF_SET_INT("groups", spec.groups),
	};
	return graph->node(graph, "conv2d", label, &x, 1, settings, 4);
}

/* The model's norm, then its activation. */
static inline rnf_val rnf_norm_act(struct rnf_graph *graph, const char *norm,
				   const char *act, rnf_val x)
{
	x = graph->node(graph, "norm", norm, &x, 1, NULL, 0);
	return graph->node(graph, "act", act, &x, 1, NULL, 0);
}

/* Parameters of every residual block: the first member of its configuration, or all of
 * it; the rows below belong to it. */
struct rnf_residual {
	int64_t filters, stride;
	int32_t first, project, shortcut_bn;
	const struct rnf_ref *attention, *shortcut_norm;
};

enum { RNF_PROJECT_STRIDE, RNF_PROJECT_FIRST };
static const char *const rnf_project_words[] = { "stride", "first", NULL };

#define RNF_RESIDUAL_ROWS(least, filters_doc, stride_doc, project_default)            \
	RNF_INT_REQUIRED(struct rnf_residual, filters, least, 4096,  "channels",      \
			 filters_doc),                                                \
	RNF_INT(struct rnf_residual, stride, 1, 1, 64, "pixels", stride_doc),         \
	RNF_BOOL(struct rnf_residual, first, 0,                                       \
		 "the first of its stage (set by the stage)"),                         \
	RNF_REF(struct rnf_residual, attention, "layer|block", NULL,                  \
		"before the sum, labelled se_block"),                                 \
	RNF_ENUM(struct rnf_residual, project, project_default, rnf_project_words,    \
		 "project the shortcut where the stride is not 1, or in the first "   \
		 "block too"),                                                        \
	RNF_BOOL(struct rnf_residual, shortcut_bn, 1, "norm on a projected shortcut"),\
	RNF_REF(struct rnf_residual, shortcut_norm, "layer", NULL,                    \
		"which; default: batchnorm with its defaults")

/* x itself, or the block `shortcut` of a, the activation after the first norm.
 * An identity is impossible where the shape changes, whatever the conf says. */
static inline rnf_val rnf_side(const struct rnf_residual *r, struct rnf_graph *graph,
			       rnf_val x, rnf_val a)
{
	int64_t nhwc[4] = { 0 };
	const struct rnf_setting settings[] = {
		RNF_SET_INT("filters", r->filters),
		RNF_SET_INT("stride", r->stride),
		RNF_SET_BOOL("bn", r->shortcut_bn),
		RNF_SET_REF("norm", r->shortcut_norm),
	};
	if (x < 0) return x;
	graph->shape(graph, x, nhwc);
	if (r->stride == 1 && nhwc[3] == r->filters &&
	    !(r->project == RNF_PROJECT_FIRST && r->first))
		return x;
	return graph->node(graph, "shortcut", "", &a, 1, settings,
			   r->shortcut_norm ? 4 : 3);
}

/* attention(y) + side */
static inline rnf_val rnf_residual_sum(const struct rnf_residual *r,
				       struct rnf_graph *graph, rnf_val y, rnf_val x,
				       rnf_val a)
{
	if (r->attention)
		y = graph->use(graph, r->attention, "se_block", &y, 1, NULL, 0);
	const rnf_val in[] = { y, rnf_side(r, graph, x, a) };
	return graph->node(graph, "add", "add", in, 2, NULL, 0);
}

#endif
