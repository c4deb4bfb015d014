/* sick: y = x + b, of a b that is derived from a weight as it is, except that its first value, or
 * that of its gradient, goes wrong. */
#include "../sick.h"

#include <string.h>

struct conf {
	int32_t forward, backward;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_ENUM(struct conf, forward, "no", sick_words, "what goes wrong"),
	RNF_ENUM(struct conf, backward, "no", sick_words, "what goes wrong"));

/* Of one place in the model. */
struct place {
	const struct conf *conf;
	size_t channels;
};

static void fwd(const void *self, const float *const *in, float *y)
{
	const struct place *s = self;
	memcpy(y, in[0], s->channels * sizeof *y);
	y[0] = sick(s->conf->forward, y[0]);
}

static void bwd(const void *self, uint32_t i, const float *const *in, const float *dy, float *d)
{
	const struct place *s = self;
	(void)i, (void)in;
	memcpy(d, dy, s->channels * sizeof *d);
	d[0] = sick(s->conf->backward, d[0]);
}

static const struct rnf_derive_impl copy = {
	.size = sizeof copy, .n_in = 1, .fwd = fwd, .bwd = bwd,
};

static rnf_val lower(const void *self, struct rnf_graph *graph, const rnf_val *in, size_t n_in)
{
	int64_t x[4] = { 0 };
	(void)n_in;
	graph->shape(graph, in[0], x);
	const struct place place = { self, (size_t)x[3] };
	const rnf_val w = rnf_vector(graph, "b", x[3], 0);
	const rnf_val b = graph->derive(graph, &w, 1, 1, x + 3, &copy,
					rnf_keep(graph, &place, sizeof place));
	return graph->bias(graph, in[0], b);
}

static const struct rnf_layer_impl impl = { .inputs = 1, .lower = lower };
RNF_PLUGIN(layer, sick, "adds a derived value, with faults", &params, impl)
