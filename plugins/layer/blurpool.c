/* blurpool: every stride-th pixel of x after a blur by [1 2 1] / 4 each way, at whose border x
 * is reflected (without its edge twice; a single row or column is its own reflection).
 * x (h, w, c); y (h / stride, w / stride, c), rounded up.
 * Source: Zhang 2019 (arXiv 1904.11486), BlurPool with filt_size 3 and pad_type "reflect". */
#include <string.h>
#include <rnframe/layer.h>
#include <rnframe/vmath.h>

struct conf {
	int64_t stride;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_INT(struct conf, stride, 2, 1, 64, "pixels", "from one kept pixel to the next"));

enum { TAPS = 3 };
static const float taps[TAPS] = { 0.25f, 0.5f, 0.25f };

/* Of one place in the model. */
struct place {
	int64_t h, w, c, stride; /* of x */
};

static int64_t reflect(int64_t i, int64_t n)
{
	if (n == 1) return 0;
	if (i < 0) return -i;
	return i < n ? i : 2 * n - 2 - i;
}

static int64_t kept(int64_t n, int64_t stride)
{
	return (n + stride - 1) / stride;
}

RNF_INLINE void add(int64_t n, float factor, const float *from, float *to)
{
	for (int64_t k = 0; k < n; k++)
		to[k] += factor * from[k];
}

/* Tap t (of 3 x 3) of y's pixel (i, j): its place in x, and its share. */
static int64_t tap(const struct place *s, int64_t i, int64_t j, int t, float *share)
{
	const int64_t row = reflect(i * s->stride + t / TAPS - 1, s->h);
	const int64_t column = reflect(j * s->stride + t % TAPS - 1, s->w);
	*share = taps[t / TAPS] * taps[t % TAPS];
	return (row * s->w + column) * s->c;
}

RNF_MULTIARCH
static void fwd(const void *self, const struct rnf_tile *tile, const float *const *in, float *y,
		float *scratch)
{
	const struct place *s = self;
	float share;
	(void)tile, (void)scratch;
	for (int64_t i = 0; i < kept(s->h, s->stride); i++)
		for (int64_t j = 0; j < kept(s->w, s->stride); j++, y += s->c) {
			memset(y, 0, (size_t)s->c * sizeof *y);
			for (int t = 0; t < TAPS * TAPS; t++) {
				const float *x = in[0] + tap(s, i, j, t, &share);
				add(s->c, share, x, y);
			}
		}
}

RNF_MULTIARCH
static void bwd(const void *self, const struct rnf_tile *tile, uint32_t operand,
		const float *const *in, const float *dy, float *dx, float *scratch)
{
	const struct place *s = self;
	float share;
	(void)tile, (void)operand, (void)in, (void)scratch;
	memset(dx, 0, (size_t)(s->h * s->w * s->c) * sizeof *dx);
	for (int64_t i = 0; i < kept(s->h, s->stride); i++)
		for (int64_t j = 0; j < kept(s->w, s->stride); j++, dy += s->c)
			for (int t = 0; t < TAPS * TAPS; t++) {
				float *d = dx + tap(s, i, j, t, &share);
				add(s->c, share, dy, d);
			}
}

/* The pixels of one axis that tap t sees. */
struct seen {
	int64_t n, stride, t;
};

static int64_t place_of(const void *seen, int64_t i)
{
	const struct seen *s = seen;
	return reflect(i * s->stride + s->t - 1, s->n);
}

static int32_t blur(struct rnf_formula *f, int32_t x, enum rnf_axis axis, int64_t n, int64_t stride)
{
	int32_t sum = -1;
	for (int64_t t = 0; t < TAPS; t++) {
		const struct seen s = { n, stride, t };
		const int32_t at = f->take(f, x, axis, kept(n, stride), place_of, &s);
		const int32_t part = f->apply(f, RNF_FN_MUL, at, f->number(f, (double)taps[t]));
		sum = t ? f->apply(f, RNF_FN_ADD, sum, part) : part;
	}
	return sum;
}

static int32_t formula(const void *self, struct rnf_formula *f, const int32_t *in)
{
	const struct place *s = self;
	const int32_t rows = blur(f, in[0], RNF_AXIS_ROWS, s->h, s->stride);
	return blur(f, rows, RNF_AXIS_COLUMNS, s->w, s->stride);
}

static const struct rnf_image_impl image = RNF_LINEAR_IMAGE(fwd, bwd, formula);

static rnf_val lower(const void *self, struct rnf_graph *graph, const rnf_val *in, size_t n_in)
{
	const int64_t stride = ((const struct conf *)self)->stride;
	int64_t x[4] = { 0 };
	(void)n_in;
	if (in[0] < 0) return in[0];
	graph->shape(graph, in[0], x);
	const struct place place = { x[1], x[2], x[3], stride };
	const int64_t y[] = { kept(x[1], stride), kept(x[2], stride), x[3] };
	return graph->image(graph, in, 1, y, &image, rnf_keep(graph, &place, sizeof place));
}

static const struct rnf_layer_impl impl = { .inputs = 1, .lower = lower };

RNF_PLUGIN(layer, blurpool, "blurred, then every other pixel", &params, impl);
