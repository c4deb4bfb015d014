/* The graph builder: what layers and blocks are given to describe themselves.
 *
 * A block composes layers by name (node, use). A layer lowers to primitives
 * (conv2d ... concat) and writes no backward pass: the core differentiates the
 * primitive graph. Values are NHWC; shapes here are {1, h, w, c} of one image.
 * Errors are sticky: a call with a bad value gives a bad value, the first cause
 * is kept, and status() tells at the end. What no conf can cause (an operand of another
 * kind or size, a scope left open, a tensor that one of the two forms lacks) is the
 * plugin's mistake, RNF_EPLUGIN. [main] */
#ifndef RNFRAME_GRAPH_H
#define RNFRAME_GRAPH_H

#include <rnframe/row.h>

/* A value of the graph; negative after an error. */
typedef int32_t rnf_val;

/* A setting of a layer that a block makes by name: one key, one value; checked
 * against the layer's own parameter table like the text of a conf. */
struct rnf_setting {
	const char *key;
	int32_t type; /* RNF_TYPE_INT, FLOAT, STRING, BOOL or REF */
	int64_t i;
	double f;
	const char *s;
	const struct rnf_ref *ref;
};
#define RNF_SET_INT(k, v) ((struct rnf_setting){ .key = k, .type = RNF_TYPE_INT, .i = v })
#define RNF_SET_BOOL(k, v) ((struct rnf_setting){ .key = k, .type = RNF_TYPE_BOOL, .i = v })
#define RNF_SET_FLOAT(k, v) ((struct rnf_setting){ .key = k, .type = RNF_TYPE_FLOAT, .f = v })
#define RNF_SET_STRING(k, v) ((struct rnf_setting){ .key = k, .type = RNF_TYPE_STRING, .s = v })
#define RNF_SET_REF(k, v) ((struct rnf_setting){ .key = k, .type = RNF_TYPE_REF, .ref = v })

/* A tensor of the model. Its name is the scope's labels joined by '_', then
 * '/' and `name`: stage1_res_block1_conv1/kernel. */
struct rnf_weight {
	const char *name;      /* UTF-8 without control characters and without / */
	int32_t rank;          /* 1 .. 4 */
	int64_t shape[4];      /* conv: kh, kw, in / groups, out; dense: in, out */
	int64_t fan_in, fan_out; /* for the initializer */
	const struct rnf_ref *initializer; /* NULL: filled with `value` */
	double value;
	double l2;             /* adds l2 * sum(w^2) to the loss */
	int32_t state;         /* 1: running statistics, not trained */
};

/* What stands where a window reaches over the edge of an image a b c: 0 0 a b c 0 0 (pools:
 * nothing), c b a b c b a (less than the image has, from each edge), a a a b c c c. In
 * PyTorch, "zeros", "reflect" and "replicate". */
enum rnf_border { RNF_BORDER_ZERO, RNF_BORDER_REFLECT, RNF_BORDER_EDGE };
static const char *const rnf_border_words[] = { "zero", "reflect", "edge", NULL };

/* A window over (h, w): kernel, stride, and pixels of the border before the first row and
 * column, fewer than the window spans; y has the size out_h, out_w. Pixels of the kernel are
 * `dilation` apart (as in PyTorch; Keras' dilation_rate): the window spans
 * (kernel - 1) dilation + 1. Each window meets the image. Kernel, stride, dilation, out are
 * 1 .. 65536; dilation 0 is 1. */
struct rnf_window {
	int64_t kernel_h, kernel_w, stride, pad_top, pad_left, out_h, out_w, dilation;
	int32_t border; /* enum rnf_border */
};

/* How a conv is computed. AUTO: as the backend thinks best for the shape.
 * WINOGRAD is for dense 3x3 convs of stride 1 and dilation 1. */
enum rnf_algorithm { RNF_ALGORITHM_AUTO, RNF_ALGORITHM_DIRECT, RNF_ALGORITHM_WINOGRAD };
static const char *const rnf_algorithm_words[] = { "auto", "direct", "winograd", NULL };

struct rnf_graph {
	uint32_t size;
	int32_t training; /* 0: inference; a layer may lower differently */
	const struct rnf_host *host;
	/* What the model says for layers that do not: its kernels' initializer
	 * and L2 coefficient, and how its convs are computed where they can be. */
	const struct rnf_ref *initializer;
	double l2;
	enum rnf_algorithm algorithm;
	/* Of the block that a stage is at: its index, from 0, and how many the stage has; 0 of
	 * 1 outside of stages. A layer that repeats another one sets both around each copy and
	 * puts back what it found. */
	int64_t block_index, block_count;

	/* -- composing layers -- */

	/* A layer (or block, or the roles "norm" and "act") by type, under a
	 * label; its weights are named after the scopes and the label. */
	rnf_val (*node)(struct rnf_graph *, const char *type, const char *label,
			const rnf_val *in, size_t n_in,
			const struct rnf_setting *settings, size_t n_settings);
	/* The layer, block or activation that the conf put at `ref`. */
	rnf_val (*use)(struct rnf_graph *, const struct rnf_ref *ref,
		       const char *label, const rnf_val *in, size_t n_in,
		       const struct rnf_setting *settings, size_t n_settings);
	void (*shape)(struct rnf_graph *, rnf_val, int64_t nhwc[4]);
	void (*enter)(struct rnf_graph *, const char *label);
	void (*leave)(struct rnf_graph *);
	rnf_val (*fail)(struct rnf_graph *, const char *format, ...)
		__attribute__((format(printf, 2, 3)));
	rnf_status (*status)(struct rnf_graph *);

	/* -- primitives -- */

	/* The same ones, in the same order, for training and for inference. */
	rnf_val (*weight)(struct rnf_graph *, const struct rnf_weight *);
	/* y = x * kernel, kernel (kh, kw, c / groups, k), cross-correlation. */
	rnf_val (*conv2d)(struct rnf_graph *, rnf_val x, rnf_val kernel,
			  const struct rnf_window *, int64_t groups,
			  enum rnf_algorithm);
	/* y[.., k] = sum_c x[.., c] w[c][k], x of any (h, w). */
	rnf_val (*matmul)(struct rnf_graph *, rnf_val x, rnf_val w);
	/* y[.., c] = x[.., c] + b[c] */
	rnf_val (*bias)(struct rnf_graph *, rnf_val x, rnf_val b);
	/* Training: batch statistics, running ones updated at the commit
	 * (running = momentum * running + (1 - momentum) * batch, the variance
	 * unbiased); inference: running statistics. All four are weights of c values, mean
	 * and variance with state = 1. */
	rnf_val (*batch_norm)(struct rnf_graph *, rnf_val x, rnf_val gamma,
			      rnf_val beta, rnf_val mean, rnf_val variance,
			      double eps, double momentum);
	/* y = f(x); impl has fwd and bwd, and lives with self as long as the graph. */
	rnf_val (*pointwise)(struct rnf_graph *, rnf_val x,
			     const struct rnf_activation_impl *,
			     const void *self);
	/* y[h][w][c] = x[h][w][c] * s[c], s an image of (1, 1, c) or a weight of c values */
	rnf_val (*scale)(struct rnf_graph *, rnf_val x, rnf_val s);
	/* Element by element, of two images of one shape: a + b, a - b, a b, a / b, and the
	 * larger of both (ties: a). */
	rnf_val (*add)(struct rnf_graph *, rnf_val a, rnf_val b);
	rnf_val (*sub)(struct rnf_graph *, rnf_val a, rnf_val b);
	rnf_val (*mul)(struct rnf_graph *, rnf_val a, rnf_val b);
	rnf_val (*div)(struct rnf_graph *, rnf_val a, rnf_val b);
	rnf_val (*max)(struct rnf_graph *, rnf_val a, rnf_val b);
	/* Mean over the pixels of the window that are inside the image. */
	rnf_val (*avgpool)(struct rnf_graph *, rnf_val x, const struct rnf_window *);
	/* Largest pixel of the window inside the image; ties: the first. */
	rnf_val (*maxpool)(struct rnf_graph *, rnf_val x, const struct rnf_window *);
	rnf_val (*global_avgpool)(struct rnf_graph *, rnf_val x); /* (1, 1, c) */
	rnf_val (*global_maxpool)(struct rnf_graph *, rnf_val x); /* (1, 1, c) */
	/* Along the channels; all of one (h, w). */
	rnf_val (*concat)(struct rnf_graph *, const rnf_val *in, size_t n);
	/* y[h][w][c] = x[h][w][from + c], 0 <= c < channels */
	rnf_val (*slice)(struct rnf_graph *, rnf_val x, int64_t from, int64_t channels);
	/* The same numbers in the same order as an image of (h, w, c), h w c those of x. */
	rnf_val (*reshape)(struct rnf_graph *, rnf_val x, int64_t h, int64_t w, int64_t c);

	/* -- primitives of the plugin's own: row.h -- */

	/* y (h, w, channels) pixel by pixel, x = in[0]; channels 0: those of x. */
	rnf_val (*rows)(struct rnf_graph *, const rnf_val *in, size_t n, int64_t channels,
			const struct rnf_row_impl *, const void *self);
	/* y of (h, w, c) from whole images. */
	rnf_val (*image)(struct rnf_graph *, const rnf_val *in, size_t n, const int64_t hwc[3],
			 const struct rnf_image_impl *, const void *self);
	/* A value of `shape`, 1 .. 4 sizes, which stands where a weight may: of conv2d, matmul,
	 * bias, batch_norm, rows, image and derive. Only the weights that it is made of are in
	 * files, and only they are trained. */
	rnf_val (*derive)(struct rnf_graph *, const rnf_val *in, size_t n, int32_t rank,
			  const int64_t *shape, const struct rnf_derive_impl *,
			  const void *self);
	/* An image of (h, w, c) that is the same in each place of each batch, of finite
	 * `values`, which live as long as the graph. Nothing is computed for its gradient. */
	rnf_val (*constant)(struct rnf_graph *, const int64_t hwc[3], const float *values);

	/* What the model says for convs that do not: 1: their kernels are standardized. */
	int32_t standardize;
};

/* Keras' padding words: `same` gives ceil(n / stride) and puts the odd pixel of the border at
 * the end; `valid` stays inside. */
enum rnf_padding { RNF_PADDING_SAME, RNF_PADDING_VALID };
/* In that order, for a row of a layer's parameters. */
static const char *const rnf_padding_words[] = { "same", "valid", NULL };

/* Pixels from the first to the last one of a kernel. */
static inline int64_t rnf_window_span(int64_t kernel, int64_t dilation)
{
	return (kernel - 1) * dilation + 1;
}

/* One axis of n pixels: returns the size of the output, sets *before. */
static inline int64_t rnf_window_axis(enum rnf_padding padding, int64_t n, int64_t span,
				      int64_t stride, int64_t *before)
{
	*before = 0;
	if (padding == RNF_PADDING_VALID)
		return n < span ? 0 : (n - span) / stride + 1;
	const int64_t out = (n + stride - 1) / stride;
	const int64_t outside = (out - 1) * stride + span - n;
	*before = outside > 0 ? outside / 2 : 0;
	return out;
}

/* Square windows over x: *w comes with kernel_h, stride, dilation and border; the rest is
 * filled in. A size that does not fit fails, under its parameter's `key`: then *w is nothing
 * to go on with. Returns x, or the failure. */
static inline rnf_val rnf_window_over(struct rnf_graph *graph, rnf_val x,
				      enum rnf_padding padding, const char *key,
				      struct rnf_window *w)
{
	const int64_t dilation = w->dilation ? w->dilation : 1;
	const int64_t span = rnf_window_span(w->kernel_h, dilation);
	int64_t nhwc[4] = { 0 };
	if (x < 0) return x;
	graph->shape(graph, x, nhwc);
	w->kernel_w = w->kernel_h;
	w->out_h = rnf_window_axis(padding, nhwc[1], span, w->stride, &w->pad_top);
	w->out_w = rnf_window_axis(padding, nhwc[2], span, w->stride, &w->pad_left);
	if (w->out_h >= 1 && w->out_w >= 1) return x;
	/* in brackets, since Check has a macro of that name */
	if (dilation == 1)
		return (graph->fail)(graph, "%s is %lld, must fit into the %lld x %lld input "
				     "when padding is \"valid\"", key, (long long)span,
				     (long long)nhwc[1], (long long)nhwc[2]);
	return (graph->fail)(graph, "%s is %lld and dilation %lld, which span %lld pixels: "
			     "these must fit into the %lld x %lld input when padding is "
			     "\"valid\"", key, (long long)w->kernel_h, (long long)dilation,
			     (long long)span, (long long)nhwc[1], (long long)nhwc[2]);
}

#endif
