/* pixel_shuffle: channels become pixels, y[i r + a][j r + b][k] = x[i][j][k r r + a r + b] with
 * r = factor. x (h, w, c), c a multiple of r r; y (h r, w r, c / (r r)). dx goes the way back.
 * Source: Shi et al. 2016 (arXiv 1609.05158); torch.nn.PixelShuffle. */
#include <rnframe/layer.h>

struct conf {
	int64_t factor;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_INT(struct conf, factor, 2, 1, 64, "", "pixels of the output for one of x, each way"));

/* Of one place in the model. */
struct place {
	int64_t h, w, c, factor; /* of y */
};

/* Where pixel (i, j) of y has its first channel in x; the next ones are r r further. */
static int64_t source(const struct place *s, int64_t i, int64_t j)
{
	const int64_t r = s->factor, pixel = i / r * (s->w / r) + j / r;
	return pixel * s->c * r * r + i % r * r + j % r;
}

static void fwd(const void *self, const struct rnf_tile *tile, const float *const *in, float *y,
		float *scratch)
{
	const struct place *s = self;
	const int64_t step = s->factor * s->factor;
	(void)tile, (void)scratch;
	for (int64_t i = 0; i < s->h; i++)
		for (int64_t j = 0; j < s->w; j++, y += s->c) {
			const float *from = in[0] + source(s, i, j);
			for (int64_t k = 0; k < s->c; k++)
				y[k] = from[k * step];
		}
}

static void bwd(const void *self, const struct rnf_tile *tile, uint32_t operand,
		const float *const *in, const float *dy, float *dx, float *scratch)
{
	const struct place *s = self;
	const int64_t step = s->factor * s->factor;
	(void)tile, (void)operand, (void)in, (void)scratch;
	for (int64_t i = 0; i < s->h; i++)
		for (int64_t j = 0; j < s->w; j++, dy += s->c) {
			float *to = dx + source(s, i, j);
			for (int64_t k = 0; k < s->c; k++)
				to[k * step] = dy[k];
		}
}

static int32_t formula(const void *self, struct rnf_formula *f, const int32_t *in)
{
	const struct place *s = self;
	const int64_t r = s->factor;
	/* i, j, k, a, b become i, a, j, b, k */
	return f->permute(f, in[0], 5, (int64_t[]){ s->h / r, s->w / r, s->c, r, r },
			  (int32_t[]){ 0, 3, 1, 4, 2 }, (int64_t[]){ s->h, s->w, s->c });
}

static const struct rnf_image_impl image = RNF_LINEAR_IMAGE(fwd, bwd, formula);

static rnf_val lower(const void *self, struct rnf_graph *graph, const rnf_val *in, size_t n_in)
{
	const struct conf *conf = self;
	const int64_t r = conf->factor;
	int64_t x[4] = { 0 };
	(void)n_in;
	if (in[0] < 0) return in[0];
	graph->shape(graph, in[0], x);
	if (x[3] % (r * r))
		return graph->fail(graph, "factor is %lld, its square must divide the %lld "
				   "channels of the input", (long long)r, (long long)x[3]);
	const struct place y = { x[1] * r, x[2] * r, x[3] / (r * r), r };
	return graph->image(graph, in, 1, (int64_t[]){ y.h, y.w, y.c }, &image,
			    rnf_keep(graph, &y, sizeof y));
}

static const struct rnf_layer_impl impl = { .inputs = 1, .lower = lower };

RNF_PLUGIN(layer, pixel_shuffle, "channels rearranged to pixels", &params, impl);
