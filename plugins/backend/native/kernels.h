/* The kernels, compiled once for each instruction set. The including file defines LANES,
 * PIXELS, VECTORS, CHANNELS, PERMUTES, vec, ints, multiply_add, permute, ISA and
 * ISA_NAME, and what pairs.h needs, if available. */
#include "vector.h"
#include "pairs.h"

#include "dense.h"
#include "bf16.h"
#include "grouped.h"
#include "winograd.h"
#include "winograd_weights.h"
#include "peak.h"

const struct native_isa ISA = {
	.name = ISA_NAME, .bf16_name = "bf16, " ISA_NAME, .emulates_bf16 = PAIRS_EMULATED,
	.lanes = LANES, .vectors = VECTORS, .channels = CHANNELS, .permutes = PERMUTES,
	.dense = dense, .dense_weights = dense_weights, .point_weights = point_weights,
	.grouped = grouped, .grouped_weights = grouped_weights,
	.bf16 = bf16, .bf16_weights = bf16_weights,
	.winograd = { "winograd, " ISA_NAME, winograd, winograd_weights, winograd_pack },
	.winograd_bf16 = { "winograd of bf16, " ISA_NAME, winograd_bf16,
			   winograd_bf16_weights, winograd_bf16_pack },
	.peak = peak,
};
