/* stage: x through `repeat` copies of a block, labelled res_block1, res_block2
 * and so on. Only the first has the stage's stride and is told `first`, so a
 * block must take the keys stride and first. A block sees where it is in its stage as
 * graph->block_index of graph->block_count.
 * x (h, w, c); y as the blocks make it. */
#include <stdio.h>
#include <rnframe/layer.h>

struct conf {
	int64_t repeat, stride;
	const struct rnf_ref *block;
};

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_INT(struct conf, repeat, 1, 1, 1000, "blocks", "one after the other"),
	RNF_INT(struct conf, stride, 1, 1, 64, "pixels", "of the first block; the others have 1"),
	RNF_REF_REQUIRED(struct conf, block, "block|layer", "what is repeated"));

static rnf_val block(const struct conf *conf, struct rnf_graph *graph, rnf_val x, int64_t i)
{
	const struct rnf_setting settings[] = {
		RNF_SET_INT("stride", i == 0 ? conf->stride : 1),
		RNF_SET_BOOL("first", i == 0),
	};
	char label[32];
	snprintf(label, sizeof label, "res_block%lld", (long long)i + 1);
	graph->block_index = i;
	graph->block_count = conf->repeat;
	return graph->use(graph, conf->block, label, &x, 1, settings, 2);
}

static rnf_val lower(const void *self, struct rnf_graph *graph, const rnf_val *in, size_t n_in)
{
	const struct conf *conf = self;
	const int64_t outer_index = graph->block_index, outer_count = graph->block_count;
	rnf_val x = in[0];
	(void)n_in;
	for (int64_t i = 0; i < conf->repeat && x >= 0; i++)
		x = block(conf, graph, x, i);
	graph->block_index = outer_index;
	graph->block_count = outer_count;
	return x;
}

static const struct rnf_layer_impl impl = { .inputs = 1, .lower = lower };

RNF_PLUGIN(layer, stage, "a block, repeated", &params, impl);
