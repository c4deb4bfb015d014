/* For layers that convolve: what their parameters have in common. Inline, so that a plugin
 * links nothing. [main] */
#ifndef RNFRAME_CONV_H
#define RNFRAME_CONV_H

#include <rnframe/layer.h>

/* A conv of size x size taps, and how its kernel starts. */
struct rnf_kernel_of {
	int64_t size, stride, dilation, groups, c, filters; /* c: channels of x; dilation 0 is 1 */
	const struct rnf_ref *initializer; /* NULL: the model's */
	double l2;                         /* below 0: the model's */
};

/* Do groups divide both? x, or the failure. */
static inline rnf_val rnf_groups_fit(struct rnf_graph *graph, const struct rnf_kernel_of *k,
				     rnf_val x)
{
	if (k->c % k->groups == 0 && k->filters % k->groups == 0) return x;
	return (graph->fail)(graph, "groups is %lld, must divide both the %lld channels "
			     "of the input and the %lld filters", (long long)k->groups,
			     (long long)k->c, (long long)k->filters);
}

/* shape = (size, size, c / groups, filters) */
static inline void rnf_kernel_shape(const struct rnf_kernel_of *k, int64_t shape[4])
{
	shape[0] = shape[1] = k->size;
	shape[2] = k->c / k->groups;
	shape[3] = k->filters;
}

/* The weight, with fans as Keras counts them: size size c / groups, size size filters. */
static inline rnf_val rnf_kernel(struct rnf_graph *graph, const struct rnf_kernel_of *k)
{
	const int64_t taps = k->size * k->size;
	struct rnf_weight w = {
		.name = "kernel", .rank = 4, .fan_in = taps * (k->c / k->groups),
		.fan_out = taps * k->filters,
		.initializer = k->initializer ? k->initializer : graph->initializer,
		.l2 = k->l2 < 0 ? graph->l2 : k->l2 };
	rnf_kernel_shape(k, w.shape);
	return graph->weight(graph, &w);
}

static inline int rnf_fits_winograd(const struct rnf_kernel_of *k)
{
	return k->size == 3 && k->stride == 1 && k->dilation <= 1 && k->groups == 1;
}

/* The model's setting, which applies to the convs that support it. */
static inline enum rnf_algorithm rnf_algorithm_of(const struct rnf_graph *graph,
						  const struct rnf_kernel_of *k)
{
	if (graph->algorithm == RNF_ALGORITHM_WINOGRAD && !rnf_fits_winograd(k))
		return RNF_ALGORITHM_DIRECT;
	return graph->algorithm;
}

#endif
