"""norm_far.safetensors: a norm behind a convolution whose bias is far from the running mean.

A small model's loss and gradients by PyTorch in float64, for several biases; beside each the
relative error that PyTorch makes of it in float32. Images NHWC, kernels HWIO.

norm_far.py [--out DIR]
"""

import argparse
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.numpy import save_file

SEED = 42
IMAGES, SIZE, CHANNELS, FILTERS, CLASSES = 16, 8, 3, 8, 5
EPS = 1e-3
BIASES = {
    "near": 0,
    "100": 100,
    "1000": 1000,
    "10000": 10000,
    "minus_10000": -10000,
    "mixed": (10000, -10000, 3000, -100, 0, 1, 1000, -5000),
}


def draw():
    """Weights by rnframe's names; float32, so that float64 computes from what is stored."""
    random = np.random.default_rng(SEED)

    def normal(*shape, scale=1.0, offset=0.0):
        return (offset + scale * random.standard_normal(shape)).astype(np.float32)
    return {
        "images": normal(IMAGES, SIZE, SIZE, CHANNELS),
        "labels": random.integers(0, CLASSES, IMAGES).astype(np.int32),
        "conv/kernel": normal(1, 1, CHANNELS, FILTERS),
        "norm/gamma": normal(FILTERS, scale=0.2, offset=1),
        "norm/beta": normal(FILTERS, scale=0.2),
        "dense/kernel": normal(FILTERS, CLASSES),
        "dense/bias": normal(CLASSES, scale=0.2),
    }


def step(drawn, bias, dtype):
    """The loss, and its gradient to each weight but the bias, for which it is 0."""
    def tensor(name):
        return torch.from_numpy(drawn[name]).to(dtype)
    weights = {name: tensor(name).requires_grad_() for name in drawn if "/" in name}
    x = tensor("images").permute(0, 3, 1, 2)
    x = F.conv2d(x, weights["conv/kernel"].permute(3, 2, 0, 1), bias.to(dtype))
    x = F.batch_norm(x, None, None, weights["norm/gamma"], weights["norm/beta"], training=True,
                     eps=EPS)
    x = F.mish(x).mean((2, 3)) @ weights["dense/kernel"] + weights["dense/bias"]
    loss = F.cross_entropy(x, torch.from_numpy(drawn["labels"]).long())
    gradients = torch.autograd.grad(loss, list(weights.values()))
    return {"loss": loss.detach(), **dict(zip(weights, gradients))}


def error(value, right):
    """Of the largest element, relative to it."""
    return float((value.double() - right).abs().max() / right.abs().max())


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    arguments = parser.parse_args()
    tensors = draw()
    drawn = dict(tensors)
    for case, value in BIASES.items():
        bias = torch.zeros(FILTERS) + torch.tensor(value)
        right, rounded = (step(drawn, bias, dtype) for dtype in (torch.float64, torch.float32))
        tensors[f"{case}/conv/bias"] = bias.numpy()
        for name, gradient in right.items():
            tensors[f"{case}/{name}"] = np.ascontiguousarray(gradient.numpy(), np.float32)
            tensors[f"{case}/{name}/error"] = np.float32([error(rounded[name], gradient)])
    save_file(tensors, arguments.out / "norm_far.safetensors")


if __name__ == "__main__":
    main()
