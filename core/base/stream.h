/* The streams of random numbers of a run. Each use has its own number here, so that no
 * two draw the same: a key is (seed, use, index). */
#ifndef RNF_BASE_STREAM_H
#define RNF_BASE_STREAM_H

#include <rnframe/random.h>

enum rnf_stream {
	RNF_STREAM_WEIGHTS, /* index: the weight's place in the model */
	RNF_STREAM_SPLIT, /* index: the class; the seed is data.split_seed */
	RNF_STREAM_PART, /* index: 0; gives the seed of that split */
	RNF_STREAM_ORDER, /* index: the epoch */
	RNF_STREAM_IMAGE, /* index: the epoch; within it, the sample */
	RNF_STREAM_NODE, /* index: the epoch; within it, the node's samples */
	RNF_STREAM_TEST, /* index: 0; gives the seed of the split that draws test images */
};

static inline uint64_t rnf_stream_key(uint64_t seed, enum rnf_stream use,
				      uint64_t index)
{
	return rnf_random_key(rnf_random_key(seed, (uint64_t)use), index);
}

#endif
