/* A message that the jailed reader writes into its pipe: this struct, then name_bytes of
 * a name (for FAIL, of a message) without a zero, then for TENSOR the floats. The
 * receiver trusts none of it. */
#ifndef KERAS_H5_MESSAGE_H
#define KERAS_H5_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

enum { RANK_MAX = 4, TENSORS_MAX = 10000, NAME_BYTES = 512, RATIO_MAX = 1000 };
enum message_kind { MESSAGE_END = 1, MESSAGE_FAIL, MESSAGE_TENSOR };

struct message {
	uint32_t kind, name_bytes;
	int32_t rank, reserved;
	int64_t shape[RANK_MAX];
};

#endif
