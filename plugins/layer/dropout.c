/* dropout: y = x m, m = 0 with probability rate, else 1 / (1 - rate).
 * Any shape, y as x; in inference y = x. m is a function of (seed, epoch, node,
 * sample, element) alone, so backward draws it again instead of storing it.
 * Source: Srivastava et al. 2014, in the form that scales while training. */
#include <rnframe/layer.h>
#include <rnframe/random.h>
#include <rnframe/vmath.h>

struct conf {
	double rate;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_FLOAT(struct conf, rate, 0.5, 0, 0.999, "", "probability that an element becomes 0"));

/* Draws are compared as 24-bit integers. */
struct mask {
	uint64_t key, first, threshold;
	float keep;
};

static struct mask mask(const struct conf *conf, const struct rnf_tile *tile)
{
	return (struct mask){
		.key = rnf_random_key(tile->key, tile->sample),
		.first = tile->offset,
		.threshold = (uint64_t)(conf->rate * 0x1p24),
		.keep = (float)(1.0 / (1.0 - conf->rate)),
	};
}

static inline float factor(const struct mask *m, size_t i)
{
	const uint64_t draw = rnf_random_key(m->key, m->first + i) >> 40;
	return draw < m->threshold ? 0.0f : m->keep;
}

/* A product, not a selection: a dropped NaN stays NaN. */
RNF_MULTIARCH static void fwd(const void *self, const struct rnf_tile *tile,
			      size_t n, const float *x, float *y)
{
	const struct mask m = mask(self, tile);
	for (size_t i = 0; i < n; i++)
		y[i] = x[i] * factor(&m, i);
}

static void bwd(const void *self, const struct rnf_tile *tile, size_t n,
		const float *x, const float *dy, float *dx)
{
	(void)x;
	fwd(self, tile, n, dy, dx);
}

RNF_MULTIARCH static void fwd_bwd(const void *self, const struct rnf_tile *tile, size_t n,
				  const float *x, const float *dy, float *y, float *dx)
{
	const struct mask m = mask(self, tile);
	for (size_t i = 0; i < n; i++) {
		const float f = factor(&m, i), a = x[i] * f, b = dy[i] * f;
		y[i] = a;
		dx[i] = b;
	}
}

static const struct rnf_activation_impl kernels = {
	.fwd = fwd, .bwd = bwd, .fwd_bwd = fwd_bwd,
};

static rnf_val lower(const void *self, struct rnf_graph *graph, const rnf_val *in, size_t n_in)
{
	const struct conf *conf = self;
	(void)n_in;
	if (!graph->training || conf->rate == 0) return in[0];
	return graph->pointwise(graph, in[0], &kernels, conf);
}

static const struct rnf_layer_impl impl = { .inputs = 1, .lower = lower };

RNF_PLUGIN(layer, dropout, "zeroes elements at random while training", &params, impl);
