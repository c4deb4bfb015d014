/* A model's tensors as PyTorch lays them out and calls them. [main] */
#ifndef RNF_RUN_TORCH_H
#define RNF_RUN_TORCH_H

#include <rnframe/format.h>

/* LAYER/kernel (h, w, in, out) or (in, out) becomes LAYER.weight (out, in, h, w) or (out, in);
 * a norm's gamma, beta, moving_mean and moving_variance become weight, bias, running_mean and
 * running_var; other names keep their last word. The new list is kept. */
struct rnf_named_tensor *rnf_torch_tensors(const struct rnf_named_tensor *tensors, size_t n);

#endif
