/* The kernels, once for each instruction set: the file that includes this says
 * LANES, PIXELS, VECTORS, CHANNELS, vec, ints, multiply_add, ISA and ISA_NAME. */
#include "vector.h"

#include "dense.h"
#include "grouped.h"
#include "winograd.h"
#include "peak.h"

const struct native_isa ISA = {
	.name = ISA_NAME, .winograd_name = "winograd, " ISA_NAME,
	.lanes = LANES, .vectors = VECTORS, .channels = CHANNELS,
	.dense = dense, .dense_weights = dense_weights, .point_weights = point_weights,
	.grouped = grouped, .grouped_weights = grouped_weights,
	.winograd = winograd, .winograd_weights = winograd_weights,
	.peak = peak,
};
