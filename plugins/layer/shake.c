/* shake: y = a x1 + (1 - a) x2 with an a in [0, 1) drawn for each image while training;
 * dx1 = b dy, dx2 = (1 - b) dy with another one. `forward` and `backward` may be "even": a and
 * b are 1/2; `backward` may be "same": b is a. In inference a is 1/2.
 * x1, x2, y of one shape. a and b are functions of (seed, epoch, node, sample) alone.
 * Source: Gastaldi 2017 (arXiv 1705.07485); its Shake-Shake-Image is the default, "same" its
 * Shake-Keep. */
#include <rnframe/layer.h>
#include <rnframe/random.h>
#include <rnframe/vmath.h>

enum { SHAKE_RANDOM, SHAKE_EVEN, SHAKE_SAME };
static const char *const forwards[] = { "random", "even", NULL };
static const char *const backwards[] = { "random", "even", "same", NULL };

struct conf {
	int32_t forward, backward;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_ENUM(struct conf, forward, "random", forwards, "the share of x1, drawn or 1/2"),
	RNF_ENUM(struct conf, backward, "random", backwards,
		 "that of its gradient: drawn anew, 1/2 or the same"));

static float share(const struct rnf_tile *tile, int32_t how, uint64_t draw)
{
	struct rnf_random random = { rnf_random_key(tile->key, tile->sample), draw };
	return how == SHAKE_EVEN || !tile->training ? 0.5f : (float)rnf_random_uniform(&random);
}

static float forward_share(const struct conf *conf, const struct rnf_tile *tile)
{
	return share(tile, conf->forward, 0);
}

static float backward_share(const struct conf *conf, const struct rnf_tile *tile)
{
	return conf->backward == SHAKE_SAME ? forward_share(conf, tile)
					    : share(tile, conf->backward, 1);
}

RNF_MULTIARCH
static void fwd(const void *self, const struct rnf_tile *tile, const float *const *in, float *y)
{
	const float a = forward_share(self, tile), b = 1 - a;
	for (int64_t k = 0; k < tile->pixels * tile->channels; k++)
		y[k] = a * in[0][k] + b * in[1][k];
}

RNF_MULTIARCH
static void bwd(const void *self, const struct rnf_tile *tile, uint32_t i,
		const float *const *in, const float *dy, float *d)
{
	const float b = backward_share(self, tile), factor = i == 0 ? b : 1 - b;
	(void)in;
	for (int64_t k = 0; k < tile->pixels * tile->channels; k++)
		d[k] = factor * dy[k];
}

static int32_t formula(const void *self, struct rnf_formula *f, const int32_t *in)
{
	(void)self;
	return f->apply(f, RNF_FN_MUL, f->apply(f, RNF_FN_ADD, in[0], in[1]), f->number(f, 0.5));
}

static const uint32_t roles[] = { RNF_IN_TILE, RNF_IN_TILE };
static const uint32_t reads[] = { 0, 0 };
static const struct rnf_row_impl row = {
	.size = sizeof row, .flags = RNF_ROW_CHEAP | RNF_ROW_IN_PLACE, .n_in = 2,
	.roles = roles, .reads = reads, .fwd = fwd, .bwd = bwd,
	.formula = formula,
};

static rnf_val lower(const void *self, struct rnf_graph *graph, const rnf_val *in, size_t n_in)
{
	return graph->rows(graph, in, n_in, 0, &row, self);
}

static const struct rnf_layer_impl impl = { .inputs = 2, .lower = lower };

RNF_PLUGIN(layer, shake, "a mix of its two inputs, drawn for each image", &params, impl);
