/* groupnorm: y = gamma (x - mean) / sqrt(variance + eps) + beta, mean and biased variance of
 * all pixels of c / groups neighbouring channels of one image. x, y (h, w, c); gamma, beta
 * (c), no L2.
 * With n = (x - mean) s, s = 1 / sqrt(variance + eps), g = gamma dy, means over the group:
 * dx = s (g - mean(g) - n mean(g n)), dgamma = the sum of dy n, dbeta = the sum of dy.
 * Source: Wu and He 2018 (arXiv 1803.08494); torch.nn.GroupNorm. */
#include <math.h>
#include <rnframe/layer.h>
#include <rnframe/sums.h>

struct conf {
	int64_t groups;
	double eps;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_INT(struct conf, groups, 32, 1, 4096, "", "of channels that are normalised together"),
	RNF_FLOAT(struct conf, eps, 1e-5, 1e-12, 1, "", "added to the variance"));

/* In the scratch, [c] each. */
struct parts {
	float *mean, *s; /* of the channel's group */
	float *a, *b;    /* sums */
};
enum { PARTS = 4 };

static struct parts parts_of(float *scratch, int64_t c)
{
	return (struct parts){ scratch, scratch + c, scratch + 2 * c, scratch + 3 * c };
}

/* From sums of channels to the mean of each one's group. */
RNF_INLINE void share(const struct rnf_tile *tile, int64_t groups, float *sums)
{
	const int64_t width = tile->channels / groups;
	for (int64_t g = 0; g < groups; g++, sums += width) {
		const float mean = rnf_sum(width, sums) / (float)(width * tile->pixels);
		for (int64_t i = 0; i < width; i++)
			sums[i] = mean;
	}
}

RNF_INLINE void clear(int64_t c, float *a, float *b)
{
	for (int64_t i = 0; i < c; i++)
		a[i] = b[i] = 0;
}

/* Twice: around a first mean no digits of the variance are lost, and what that mean lacks is
 * found. */
RNF_INLINE void find_statistics(const struct rnf_tile *tile, const struct conf *conf,
				const float *x, const struct parts *t)
{
	const int64_t c = tile->channels, n = tile->pixels * c;
	clear(c, t->mean, t->a);
	clear(c, t->s, t->b);
	for (int64_t p = 0; p < n; p += c)
		for (int64_t i = 0; i < c; i++)
			t->mean[i] += x[p + i];
	share(tile, conf->groups, t->mean);
	for (int64_t p = 0; p < n; p += c)
		for (int64_t i = 0; i < c; i++) {
			const float d = x[p + i] - t->mean[i];
			t->a[i] += d;
			t->b[i] += d * d;
		}
	share(tile, conf->groups, t->a);
	share(tile, conf->groups, t->b);
	for (int64_t i = 0; i < c; i++) {
		const float variance = t->b[i] - t->a[i] * t->a[i];
		t->mean[i] += t->a[i];
		t->s[i] = 1.0f / sqrtf((variance < 0 ? 0 : variance) + (float)conf->eps);
	}
}

RNF_MULTIARCH
static void fwd(const void *self, const struct rnf_tile *tile, const float *const *in, float *y,
		float *scratch)
{
	const int64_t c = tile->channels, n = tile->pixels * c;
	const struct parts t = parts_of(scratch, c);
	const float *x = in[0], *gamma = in[1], *beta = in[2];
	find_statistics(tile, self, x, &t);
	for (int64_t p = 0; p < n; p += c)
		for (int64_t i = 0; i < c; i++)
			y[p + i] = gamma[i] * ((x[p + i] - t.mean[i]) * t.s[i]) + beta[i];
}

RNF_INLINE void to_x(const struct rnf_tile *tile, const struct conf *conf, const float *x,
		     const float *gamma, const float *dy, const struct parts *t, float *dx)
{
	const int64_t c = tile->channels, n = tile->pixels * c;
	clear(c, t->a, t->b);
	for (int64_t p = 0; p < n; p += c)
		for (int64_t i = 0; i < c; i++) {
			const float g = gamma[i] * dy[p + i];
			t->a[i] += g;
			t->b[i] += g * ((x[p + i] - t->mean[i]) * t->s[i]);
		}
	share(tile, conf->groups, t->a);
	share(tile, conf->groups, t->b);
	for (int64_t p = 0; p < n; p += c)
		for (int64_t i = 0; i < c; i++) {
			const float normal = (x[p + i] - t->mean[i]) * t->s[i];
			dx[p + i] = t->s[i] * (gamma[i] * dy[p + i] - t->a[i] - normal * t->b[i]);
		}
}

RNF_INLINE void to_gamma(const struct rnf_tile *tile, const float *x, const float *dy,
			 const struct parts *t, float *dgamma)
{
	const int64_t c = tile->channels, n = tile->pixels * c;
	for (int64_t p = 0; p < n; p += c)
		for (int64_t i = 0; i < c; i++)
			dgamma[i] += dy[p + i] * ((x[p + i] - t->mean[i]) * t->s[i]);
}

RNF_INLINE void to_beta(const struct rnf_tile *tile, const float *dy, float *dbeta)
{
	const int64_t c = tile->channels, n = tile->pixels * c;
	for (int64_t p = 0; p < n; p += c)
		for (int64_t i = 0; i < c; i++)
			dbeta[i] += dy[p + i];
}

RNF_MULTIARCH
static void bwd(const void *self, const struct rnf_tile *tile, uint32_t i,
		const float *const *in, const float *dy, float *d, float *scratch)
{
	const struct parts t = parts_of(scratch, tile->channels);
	if (i < 2) find_statistics(tile, self, in[0], &t);
	if (i == 0) to_x(tile, self, in[0], in[1], dy, &t, d);
	else if (i == 1) to_gamma(tile, in[0], dy, &t, d);
	else to_beta(tile, dy, d);
}

static int64_t group_of(const void *width, int64_t channel)
{
	return channel / *(const int64_t *)width;
}

/* For each channel, the mean of its group. */
static int32_t means(struct rnf_formula *f, int32_t x, int64_t c, int64_t groups)
{
	const int64_t width = c / groups;
	const int32_t of_channels = f->global_avgpool(f, x);
	const int32_t apart = f->reshape(f, of_channels, (int64_t[]){ 1, groups, width });
	const int32_t each = f->reshape(f, f->apply(f, RNF_FN_MEAN, apart, 0),
					(int64_t[]){ 1, 1, groups });
	return f->take(f, each, RNF_AXIS_CHANNELS, c, group_of, &width);
}

static int32_t formula(const void *self, struct rnf_formula *f, const int32_t *in)
{
	const struct conf *conf = self;
	int64_t x[3];
	f->shape(f, in[0], x);
	const int32_t d = f->apply(f, RNF_FN_SUB, in[0], means(f, in[0], x[2], conf->groups));
	const int32_t variance = means(f, f->apply(f, RNF_FN_MUL, d, d), x[2], conf->groups);
	const int32_t sum = f->apply(f, RNF_FN_ADD, variance, f->number(f, conf->eps));
	const int32_t n = f->apply(f, RNF_FN_DIV, d, f->apply(f, RNF_FN_SQRT, sum, 0));
	return f->apply(f, RNF_FN_ADD, f->apply(f, RNF_FN_MUL, n, in[1]), in[2]);
}

static const uint32_t roles[] = { RNF_IN_IMAGE, RNF_IN_WEIGHT, RNF_IN_WEIGHT };
static const uint32_t reads[] = { 1 << 0 | 1 << 1, 1 << 0, 0 };

static rnf_val lower(const void *self, struct rnf_graph *graph, const rnf_val *in, size_t n_in)
{
	const struct conf *conf = self;
	int64_t x[4] = { 0 };
	(void)n_in;
	if (in[0] < 0) return in[0];
	graph->shape(graph, in[0], x);
	if (x[3] % conf->groups != 0)
		return graph->fail(graph, "groups is %lld, must divide the %lld channels of the "
				     "input", (long long)conf->groups, (long long)x[3]);
	const struct rnf_image_impl image = {
		.size = sizeof image, .n_in = 3, .roles = roles, .reads = reads,
		.scratch = (size_t)(PARTS * x[3]), .fwd = fwd, .bwd = bwd, .formula = formula };
	const rnf_val gamma = rnf_vector(graph, "gamma", x[3], 1);
	const rnf_val beta = rnf_vector(graph, "beta", x[3], 0);
	return graph->image(graph, (rnf_val[]){ in[0], gamma, beta }, 3, x + 1,
			    rnf_keep(graph, &image, sizeof image), conf);
}

static const struct rnf_layer_impl impl = { .inputs = 1, .lower = lower };

RNF_PLUGIN(layer, groupnorm, "channels of an image normalised in groups", &params, impl);
