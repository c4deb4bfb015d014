"""ops.safetensors: golden cases of single primitives.

Inputs are float32; PyTorch computes in float64, so the results are right to the last bit or so.
Images are NHWC, kernels HWIO, padding `same` is Keras'. Each input's gradient is `d` + its name.

ops.py [--out DIR]
"""

import argparse
import math
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.numpy import save_file

SEED = 42
CONVS = [  # name, input NHWC, kernel, outputs, stride, padding, groups
    ("conv_same_s1", (2, 8, 8, 16), (3, 3), 16, 1, "same", 1),
    ("conv_same_s1_rgb", (2, 9, 7, 3), (3, 3), 8, 1, "same", 1),
    ("conv_same_s2_even", (2, 8, 6, 8), (3, 3), 16, 2, "same", 1),
    ("conv_same_s2_odd", (2, 9, 7, 8), (3, 3), 12, 2, "same", 1),
    ("conv_same_5x4", (2, 7, 8, 3), (5, 4), 6, 1, "same", 1),
    ("conv_valid_5x4", (2, 9, 8, 3), (5, 4), 6, 1, "valid", 1),
    ("conv_1x1", (2, 6, 5, 16), (1, 1), 24, 1, "same", 1),
    ("conv_grouped", (2, 8, 7, 16), (3, 3), 16, 1, "same", 4),
    ("conv_grouped_s2", (2, 8, 7, 8), (3, 3), 16, 2, "same", 4),
]
POOLS = [  # name, input NHWC, window, stride
    ("avg_pool_s1_even", (2, 6, 8, 5), 2, 1),
    ("avg_pool_s1_odd", (2, 5, 7, 5), 2, 1),
    ("avg_pool_s2_even", (2, 6, 8, 5), 2, 2),
    ("avg_pool_s2_odd", (2, 5, 7, 5), 2, 2),
    ("max_pool_s2_even", (2, 8, 6, 5), 3, 2),
    ("max_pool_s2_odd", (2, 9, 7, 5), 3, 2),
]
MATMULS = [  # name, input, outputs
    ("matmul", (2, 3, 5, 6), 7),
    ("dense", (5, 1, 1, 65), 10),
]
BATCH_NORM = {"shape": (4, 5, 6, 7), "momentum": 0.9, "eps": 2e-5}
FAR = (1e4, -1e4, 3e3, -100, 0, 1e3, -2e4)  # of the channels
ACTIVATIONS = {
    "relu": F.relu,
    "mish": F.mish,
    "gelu": F.gelu,
    "silu": F.silu,
    "sigmoid": torch.sigmoid,
    "relu6": F.relu6,
    "hard_swish": F.hardswish,
    "leaky_relu": F.leaky_relu,
    "leaky_relu_0.2": lambda x: F.leaky_relu(x, 0.2),
    "elu": F.elu,
    "elu_0.5": lambda x: F.elu(x, 0.5),
    "softplus": F.softplus,
    "softplus_2": lambda x: F.softplus(x, beta=2, threshold=10),
}
GRID = np.concatenate([np.linspace(-12, 12, 97), [-100, -50, -30, -20, 20, 30, 50, 100]])
SMOOTHING = 0.1


class Cases:
    """The tensors of all cases, and the random numbers they come from."""

    def __init__(self):
        self.tensors = {}
        self.random = np.random.default_rng(SEED)

    def normal(self, *shape):
        """Rounded to float32, so that float64 computes from what is stored."""
        values = self.random.standard_normal(shape).astype(np.float32)
        return torch.from_numpy(values).double()

    def add(self, name, **values):
        for key, value in values.items():
            array = torch.as_tensor(value).detach().numpy()
            kind = "<i4" if array.dtype.kind == "i" else "<f4"
            self.tensors[f"{name}/{key}"] = np.ascontiguousarray(array, kind)

    def add_with_gradients(self, name, function, dy=None, **inputs):
        for value in inputs.values():
            value.requires_grad_()
        y = function(*inputs.values())
        dy = self.normal(*y.shape) if dy is None else dy
        gradients = torch.autograd.grad(y, list(inputs.values()), dy)
        named = {f"d{key}": value for key, value in zip(inputs, gradients)}
        self.add(name, **inputs, y=y, dy=dy, **named)


def to_nchw(x):
    return x.permute(0, 3, 1, 2)


def to_nhwc(x):
    return x.permute(0, 2, 3, 1)


def same_pad(x, window, stride, value=0.0):
    """Keras' `same` around NCHW: the odd pixel goes to the bottom and to the right."""
    pads = []
    for size, width in zip(reversed(x.shape[2:]), reversed(window)):
        total = max((math.ceil(size / stride) - 1) * stride + width - size, 0)
        pads += [total // 2, total - total // 2]
    return F.pad(x, pads, value=value)


def conv(x, kernel, stride, padding, groups):
    x = to_nchw(x)
    if padding == "same":
        x = same_pad(x, kernel.shape[:2], stride)
    return to_nhwc(F.conv2d(x, kernel.permute(3, 2, 0, 1), stride=stride, groups=groups))


def avg_pool(x, window, stride):
    """Divides by the number of real pixels."""
    def total(image):
        return F.avg_pool2d(same_pad(image, (window, window), stride), window, stride)
    x = to_nchw(x)
    return to_nhwc(total(x) / total(torch.ones_like(x)))


def max_pool(x, window, stride):
    padded = same_pad(to_nchw(x), (window, window), stride, -math.inf)
    return to_nhwc(F.max_pool2d(padded, window, stride))


def add_convs(cases):
    for name, shape, size, outputs, stride, padding, groups in CONVS:
        x, kernel = cases.normal(*shape), cases.normal(*size, shape[-1] // groups, outputs)
        cases.add_with_gradients(
            name, lambda x, kernel: conv(x, kernel, stride, padding, groups), x=x, kernel=kernel)
        cases.add(name, stride=[stride], groups=[groups])


def add_pools(cases):
    for name, shape, window, stride in POOLS:
        pool = avg_pool if name.startswith("avg") else max_pool
        cases.add_with_gradients(name, lambda x: pool(x, window, stride), x=cases.normal(*shape))


def add_batch_norm(cases, name="batch_norm", offsets=0.0):
    """The running variance takes the unbiased variance, the normalisation the biased one."""
    channels = BATCH_NORM["shape"][-1]
    mean, variance = cases.normal(channels), cases.normal(channels).square().float().double()
    cases.add(name, mean_before=mean, variance_before=variance)

    def norm(x, gamma, beta):
        return to_nhwc(F.batch_norm(to_nchw(x), mean, variance, gamma, beta, training=True,
                                    momentum=1 - BATCH_NORM["momentum"], eps=BATCH_NORM["eps"]))
    x = (cases.normal(*BATCH_NORM["shape"]) + torch.tensor(offsets)).float().double()
    cases.add_with_gradients(name, norm, x=x, gamma=cases.normal(channels),
                             beta=cases.normal(channels))
    cases.add(name, mean_after=mean, variance_after=variance)


def add_activations(cases):
    """With dy = 1, so dx is the derivative."""
    for name, function in ACTIVATIONS.items():
        x = torch.from_numpy(GRID)
        cases.add_with_gradients(name, function, dy=torch.ones_like(x), x=x)


def add_cross_entropy(cases):
    """`dlogits` is the gradient of the mean of `loss`."""
    logits = cases.normal(8, 10) * 3
    logits[6], logits[7] = logits[6] * 32, 0  # a saturated and a flat image
    logits.requires_grad_()
    labels = torch.from_numpy(cases.random.integers(0, 10, 8))
    loss = F.cross_entropy(logits, labels, reduction="none", label_smoothing=SMOOTHING)
    dlogits, = torch.autograd.grad(loss.mean(), logits)
    cases.add("cross_entropy", logits=logits, labels=labels.double(), loss=loss, dlogits=dlogits)


def add_matmuls(cases):
    """Of each pixel; the bias is per output."""
    for name, shape, outputs in MATMULS:
        cases.add_with_gradients(
            name, lambda x, kernel, bias: x @ kernel + bias, x=cases.normal(*shape),
            kernel=cases.normal(shape[-1], outputs), bias=cases.normal(outputs))


def add_batch_norm_fixed(cases, name="batch_norm", when="after"):
    """Inference on the x of a batch norm with the running statistics after its step."""
    def stored(key):
        return torch.from_numpy(cases.tensors[f"{name}/{key}"]).double()
    y = F.batch_norm(to_nchw(stored("x")), stored(f"mean_{when}"), stored(f"variance_{when}"),
                     stored("gamma"), stored("beta"), training=False, eps=BATCH_NORM["eps"])
    cases.add(f"{name}_fixed", y=to_nhwc(y))


def add_batch_norm_far(cases):
    """Channels that lie far from 0 and from the running mean, which arrives in the end."""
    add_batch_norm(cases, "batch_norm_far", FAR)
    channels = len(FAR)
    cases.add("batch_norm_far", mean_end=torch.tensor(FAR) + cases.normal(channels),
              variance_end=cases.normal(channels).square() + 0.5)
    add_batch_norm_fixed(cases, "batch_norm_far", "end")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    arguments = parser.parse_args()
    cases = Cases()
    # in the order in which they came: a new one behind the others leaves their numbers alone
    for add in (add_convs, add_pools, add_batch_norm, add_activations, add_cross_entropy,
                add_matmuls, add_batch_norm_fixed, add_batch_norm_far):
        add(cases)
    save_file(cases.tensors, arguments.out / "ops.safetensors")


if __name__ == "__main__":
    main()
