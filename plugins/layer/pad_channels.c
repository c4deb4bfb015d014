/* pad_channels: y = x, then channels of zeros. x (h, w, c); y (h, w, filters), filters >= c.
 * dx = the first c channels of dy.
 * Source: Han, Kim and Kim 2017 (arXiv 1610.02915), zero-padded shortcuts. */
#include <string.h>
#include <rnframe/layer.h>

struct conf {
	int64_t filters;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_INT_REQUIRED(struct conf, filters, 1, 65536, "channels",
			 "of the output, at least those of the input"));

static void fwd(const void *self, const struct rnf_tile *tile, const float *const *in, float *y)
{
	const int64_t c = tile->channels, filters = ((const struct conf *)self)->filters;
	const float *x = in[0];
	for (int64_t p = 0; p < tile->pixels; p++, x += c, y += filters) {
		memcpy(y, x, (size_t)c * sizeof *y);
		memset(y + c, 0, (size_t)(filters - c) * sizeof *y);
	}
}

static void bwd(const void *self, const struct rnf_tile *tile, uint32_t i,
		const float *const *in, const float *dy, float *dx)
{
	const int64_t c = tile->channels, filters = ((const struct conf *)self)->filters;
	(void)i, (void)in;
	for (int64_t p = 0; p < tile->pixels; p++, dx += c, dy += filters)
		memcpy(dx, dy, (size_t)c * sizeof *dx);
}

static int64_t place_in(const void *channels, int64_t i)
{
	return i < *(const int64_t *)channels ? i : -1;
}

static int32_t formula(const void *self, struct rnf_formula *f, const int32_t *in)
{
	const struct conf *conf = self;
	int64_t x[3];
	f->shape(f, in[0], x);
	return f->take(f, in[0], RNF_AXIS_CHANNELS, conf->filters, place_in, &x[2]);
}

static const uint32_t roles[] = { RNF_IN_TILE };
static const uint32_t reads[] = { 0 };
static const struct rnf_row_impl row = {
	.size = sizeof row, .flags = RNF_ROW_CHEAP, .n_in = 1, .roles = roles, .reads = reads,
	.fwd = fwd, .bwd = bwd, .formula = formula,
};

static rnf_val lower(const void *self, struct rnf_graph *graph, const rnf_val *in, size_t n_in)
{
	const struct conf *conf = self;
	int64_t x[4] = { 0 };
	(void)n_in;
	if (in[0] < 0) return in[0];
	graph->shape(graph, in[0], x);
	if (conf->filters < x[3])
		return graph->fail(graph, "filters is %lld, must be at least the %lld channels "
				   "of the input", (long long)conf->filters, (long long)x[3]);
	if (conf->filters == x[3]) return in[0];
	return graph->rows(graph, in, 1, conf->filters, &row, conf);
}

static const struct rnf_layer_impl impl = { .inputs = 1, .lower = lower };

RNF_PLUGIN(layer, pad_channels, "new channels of zeros", &params, impl);
