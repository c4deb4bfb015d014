/* upsample: each pixel becomes factor x factor of them, y[i][j] = x[i / factor][j / factor].
 * x (h, w, c); y (h factor, w factor, c). dx = the sum of dy over a pixel's copies, row by row.
 * Source: torch.nn.Upsample with mode "nearest". */
#include <string.h>
#include <rnframe/layer.h>
#include <rnframe/vmath.h>

struct conf {
	int64_t factor;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_INT(struct conf, factor, 2, 1, 64, "", "pixels of the output for one of x, each way"));

/* Of one place in the model. */
struct place {
	int64_t h, w, c, factor; /* of x */
};

static void fwd(const void *self, const struct rnf_tile *tile, const float *const *in, float *y,
		float *scratch)
{
	const struct place *s = self;
	(void)tile, (void)scratch;
	for (int64_t i = 0; i < s->h * s->factor; i++)
		for (int64_t j = 0; j < s->w * s->factor; j++, y += s->c)
			memcpy(y, in[0] + (i / s->factor * s->w + j / s->factor) * s->c,
			       (size_t)s->c * sizeof *y);
}

RNF_MULTIARCH
static void bwd(const void *self, const struct rnf_tile *tile, uint32_t operand,
		const float *const *in, const float *dy, float *dx, float *scratch)
{
	const struct place *s = self;
	(void)tile, (void)operand, (void)in, (void)scratch;
	memset(dx, 0, (size_t)(s->h * s->w * s->c) * sizeof *dx);
	for (int64_t i = 0; i < s->h * s->factor; i++)
		for (int64_t j = 0; j < s->w * s->factor; j++, dy += s->c) {
			float *d = dx + (i / s->factor * s->w + j / s->factor) * s->c;
			for (int64_t k = 0; k < s->c; k++)
				d[k] += dy[k];
		}
}

static int64_t source(const void *factor, int64_t i)
{
	return i / *(const int64_t *)factor;
}

static int32_t formula(const void *self, struct rnf_formula *f, const int32_t *in)
{
	const struct place *s = self;
	const int64_t r = s->factor;
	const int32_t rows = f->take(f, in[0], RNF_AXIS_ROWS, s->h * r, source, &r);
	return f->take(f, rows, RNF_AXIS_COLUMNS, s->w * r, source, &r);
}

static const struct rnf_image_impl image = RNF_LINEAR_IMAGE(fwd, bwd, formula);

static rnf_val lower(const void *self, struct rnf_graph *graph, const rnf_val *in, size_t n_in)
{
	const struct conf *conf = self;
	int64_t x[4] = { 0 };
	(void)n_in;
	if (in[0] < 0 || conf->factor == 1) return in[0];
	graph->shape(graph, in[0], x);
	const struct place place = { x[1], x[2], x[3], conf->factor };
	const int64_t y[] = { x[1] * conf->factor, x[2] * conf->factor, x[3] };
	return graph->image(graph, in, 1, y, &image, rnf_keep(graph, &place, sizeof place));
}

static const struct rnf_layer_impl impl = { .inputs = 1, .lower = lower };

RNF_PLUGIN(layer, upsample, "each pixel repeated, both ways", &params, impl);
