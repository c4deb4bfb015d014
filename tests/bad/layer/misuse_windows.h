/* Of misuse.c: windows of convolutions and pools, slices, and what makes weights. */
#ifndef MISUSE_WINDOWS_H
#define MISUSE_WINDOWS_H

#include <rnframe/rnframe.h>

static rnf_val weight(struct rnf_graph *g, const char *name, int32_t rank, int64_t a, int64_t b,
		      int64_t c, int64_t d)
{
	return g->weight(g, &(struct rnf_weight){ .name = name, .rank = rank,
						  .shape = { a, b, c, d }, .value = 1 });
}

static rnf_val vector(struct rnf_graph *g, const char *name, int64_t n, int32_t state)
{
	return g->weight(g, &(struct rnf_weight){ .name = name, .rank = 1, .shape = { n },
						  .state = state, .value = 1 });
}

/* -- convolutions -- */

static rnf_val conv(struct rnf_graph *g, rnf_val x, rnf_val kernel, struct rnf_window w)
{
	return g->conv2d(g, x, kernel, &w, 1, RNF_ALGORITHM_AUTO);
}

static struct rnf_window good(void)
{
	return (struct rnf_window){ 3, 3, 1, 1, 1, 8, 8, 1, 0 };
}

static rnf_val kernel(struct rnf_graph *g)
{
	return weight(g, "kernel", 4, 3, 3, 4, 4);
}

static rnf_val conv_window(struct rnf_graph *g, rnf_val x)
{
	return conv(g, x, kernel(g), (struct rnf_window){ 5, 5, 1, 2, 2, 8, 8, 1, 0 });
}

static rnf_val conv_stride(struct rnf_graph *g, rnf_val x)
{
	return conv(g, x, kernel(g), (struct rnf_window){ 3, 3, 0, 1, 1, 8, 8, 1, 0 });
}

static rnf_val conv_pad(struct rnf_graph *g, rnf_val x)
{
	return conv(g, x, kernel(g), (struct rnf_window){ 3, 3, 1, -1, 1, 8, 8, 1, 0 });
}

static rnf_val conv_pad_large(struct rnf_graph *g, rnf_val x)
{
	return conv(g, x, kernel(g), (struct rnf_window){ 3, 3, 1, 1, 3, 8, 8, 1, 0 });
}

static rnf_val conv_out(struct rnf_graph *g, rnf_val x)
{
	return conv(g, x, kernel(g), (struct rnf_window){ 3, 3, 1, 1, 1, 10, 8, 1, 0 });
}

static rnf_val conv_no_out(struct rnf_graph *g, rnf_val x)
{
	return conv(g, x, kernel(g), (struct rnf_window){ 3, 3, 1, 1, 1, 8, 0, 1, 0 });
}

static rnf_val conv_huge(struct rnf_graph *g, rnf_val x)
{
	return conv(g, x, kernel(g), (struct rnf_window){ 3, 3, INT64_MAX, 1, 1, 1, 1, 1, 0 });
}

static rnf_val conv_no_window(struct rnf_graph *g, rnf_val x)
{
	return g->conv2d(g, x, kernel(g), NULL, 1, RNF_ALGORITHM_AUTO);
}

static rnf_val conv_image_kernel(struct rnf_graph *g, rnf_val x)
{
	return conv(g, x, x, good());
}

static rnf_val conv_weight_image(struct rnf_graph *g, rnf_val x)
{
	(void)x;
	return conv(g, kernel(g), weight(g, "other", 4, 3, 3, 4, 4), good());
}

static rnf_val conv_rank(struct rnf_graph *g, rnf_val x)
{
	return conv(g, x, weight(g, "kernel", 2, 36, 4, 0, 0), good());
}

static rnf_val conv_groups(struct rnf_graph *g, rnf_val x)
{
	const struct rnf_window w = good();
	return g->conv2d(g, x, weight(g, "kernel", 4, 3, 3, 2, 3), &w, 2, RNF_ALGORITHM_AUTO);
}

static rnf_val conv_no_groups(struct rnf_graph *g, rnf_val x)
{
	const struct rnf_window w = good();
	return g->conv2d(g, x, kernel(g), &w, 0, RNF_ALGORITHM_AUTO);
}

static rnf_val conv_algorithm(struct rnf_graph *g, rnf_val x)
{
	const struct rnf_window w = good();
	return g->conv2d(g, x, kernel(g), &w, 1, (enum rnf_algorithm)7);
}

static rnf_val conv_winograd(struct rnf_graph *g, rnf_val x)
{
	const struct rnf_window w = { 1, 1, 1, 0, 0, 8, 8, 1, 0 };
	return g->conv2d(g, x, weight(g, "kernel", 4, 1, 1, 4, 4), &w, 1,
			 RNF_ALGORITHM_WINOGRAD);
}

/* -- pools and slices -- */

static rnf_val pool_nothing(struct rnf_graph *g, rnf_val x)
{
	const struct rnf_window w = { 2, 2, 2, 0, 0, 5, 4, 1, 0 };
	return g->avgpool(g, x, &w);
}

static rnf_val pool_kernel(struct rnf_graph *g, rnf_val x)
{
	const struct rnf_window w = { 0, 2, 2, 0, 0, 4, 4, 1, 0 };
	return g->maxpool(g, x, &w);
}

static rnf_val conv_dilation(struct rnf_graph *g, rnf_val x)
{
	return conv(g, x, kernel(g), (struct rnf_window){ 3, 3, 1, 1, 1, 8, 8, -2, 0 });
}

static rnf_val conv_dilated_pad(struct rnf_graph *g, rnf_val x)
{
	return conv(g, x, kernel(g), (struct rnf_window){ 3, 3, 1, 2, 5, 8, 8, 2, 0 });
}

static rnf_val conv_border(struct rnf_graph *g, rnf_val x)
{
	return conv(g, x, kernel(g), (struct rnf_window){ 3, 3, 1, 1, 1, 8, 8, 1, 3 });
}

static rnf_val conv_reflect(struct rnf_graph *g, rnf_val x)
{
	const struct rnf_window w = { 3, 3, 1, 8, 8, 8, 8, 8, RNF_BORDER_REFLECT };
	return conv(g, x, kernel(g), w);
}

static rnf_val conv_reflect_window(struct rnf_graph *g, rnf_val x)
{
	const struct rnf_window w = { 5, 5, 1, 2, 2, 8, 8, 1, RNF_BORDER_REFLECT };
	return conv(g, x, kernel(g), w);
}

static rnf_val conv_dilated_winograd(struct rnf_graph *g, rnf_val x)
{
	const struct rnf_window w = { 3, 3, 1, 2, 2, 8, 8, 2, 0 };
	return g->conv2d(g, x, kernel(g), &w, 1, RNF_ALGORITHM_WINOGRAD);
}

static rnf_val pool_no_window(struct rnf_graph *g, rnf_val x)
{
	return g->maxpool(g, x, NULL);
}

static rnf_val pool_between(struct rnf_graph *g, rnf_val x)
{
	const struct rnf_window w = { 2, 2, 1, 3, 0, 2, 1, 10, 0 };
	return g->maxpool(g, x, &w);
}

static rnf_val slice_from(struct rnf_graph *g, rnf_val x)
{
	return g->slice(g, x, -1, 2);
}

static rnf_val slice_channels(struct rnf_graph *g, rnf_val x)
{
	return g->slice(g, x, 0, 0);
}

static rnf_val slice_far(struct rnf_graph *g, rnf_val x)
{
	return g->slice(g, x, 2, 3);
}

static rnf_val slice_weight(struct rnf_graph *g, rnf_val x)
{
	(void)x;
	return g->slice(g, kernel(g), 0, 1);
}

#endif
