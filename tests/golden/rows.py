"""rows.safetensors: golden cases of layers that bring primitives of their own, and of windows
that are dilated or have a border of the image's own pixels.

Inputs and weights are float32; PyTorch computes in float64. Images are NHWC. x and dy are drawn
once for each shape (a smaller y takes the first of dy), the weights for each case; a tensor's
gradient is `d` + its name.

rows.py [--out DIR]
"""

import argparse
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.numpy import save_file

SEED = 42
SHAPES = [(5, 1, 1, 12), (5, 5, 9, 1), (5, 5, 9, 3), (2, 5, 9, 33), (2, 1, 1, 33), (5, 1, 1, 1)]
WIDTH = 2  # of the middle of cbam
EPS = {"groupnorm": 1e-5, "layernorm": 1e-6, "gem_pool": 1e-6}


def to_nchw(x):
    return x.permute(0, 3, 1, 2)


def to_nhwc(x):
    return x.permute(0, 2, 3, 1)


def prelu(x, slope):
    return to_nhwc(F.prelu(to_nchw(x), slope))


def layernorm(x, gamma, beta):
    return F.layer_norm(x, x.shape[-1:], gamma, beta, EPS["layernorm"])


def groupnorm(groups):
    def norm(x, gamma, beta):
        y = F.group_norm(to_nchw(x), groups(x.shape[-1]), gamma, beta, EPS["groupnorm"])
        return to_nhwc(y)
    return norm


def swish(x, beta):
    return x * torch.sigmoid(beta * x)


def eca(x, kernel):
    means = x.mean((1, 2)).unsqueeze(1)
    factors = torch.sigmoid(F.conv1d(means, kernel.reshape(1, 1, -1), padding=len(kernel) // 2))
    return x * factors.reshape(len(x), 1, 1, -1)


def cbam(x, squeeze_kernel, excite_kernel, spatial_kernel):
    def factors(pooled):
        return F.relu(pooled @ squeeze_kernel) @ excite_kernel
    s = torch.sigmoid(factors(x.mean((1, 2), keepdim=True)) + factors(x.amax((1, 2), keepdim=True)))
    u = x * s
    planes = torch.stack((u.mean(3), u.amax(3)), 1)
    gate = F.conv2d(planes, spatial_kernel.permute(3, 2, 0, 1), padding=len(spatial_kernel) // 2)
    return u * to_nhwc(torch.sigmoid(gate))


def gem_pool(x, p):
    return x.clamp(min=EPS["gem_pool"]).pow(p).mean((1, 2), keepdim=True).pow(1 / p)


def around(x, size, stride, dilation, mode):
    """Keras' `same` around NCHW: the odd pixel goes to the bottom and to the right."""
    pads = []
    for n in reversed(x.shape[2:]):
        total = max((-(-n // stride) - 1) * stride + (size - 1) * dilation + 1 - n, 0)
        pads += [total // 2, total - total // 2]
    if mode == "lowest":
        return F.pad(x, pads, value=-torch.inf)
    return F.pad(x, pads, mode=mode)


def conv(stride, dilation, mode, groups=lambda c: 1):
    def layer(x, kernel):
        image = around(to_nchw(x), len(kernel), stride, dilation, mode)
        return to_nhwc(F.conv2d(image, kernel.permute(3, 2, 0, 1), stride=stride,
                                dilation=dilation, groups=groups(x.shape[-1])))
    return layer


def kernel(size, groups=lambda c: 1):
    return lambda c: {"kernel": (size, size, c // groups(c), c)}


def avgpool(size, stride, mode):
    return lambda x: to_nhwc(F.avg_pool2d(around(to_nchw(x), size, stride, 1, mode), size, stride))


def maxpool(size, stride, dilation):
    return lambda x: to_nhwc(F.max_pool2d(around(to_nchw(x), size, stride, dilation, "lowest"),
                                          size, stride, dilation=dilation))


def third(channels):
    return channels // 3 if channels % 3 == 0 else 1


CASES = {  # the layer, and its weights' shapes by their names
    "prelu": (prelu, lambda c: {"slope": (c,)}),
    "prelu_shared": (prelu, lambda c: {"slope": (1,)}),
    "layernorm": (layernorm, lambda c: {"gamma": (c,), "beta": (c,)}),
    "layer_scale": (lambda x, gamma: gamma * x, lambda c: {"gamma": (c,)}),
    "swish": (swish, lambda c: {"beta": (c,)}),
    "swish_shared": (swish, lambda c: {"beta": (1,)}),
    "groupnorm": (groupnorm(lambda c: 1), lambda c: {"gamma": (c,), "beta": (c,)}),
    "groupnorm_threes": (groupnorm(third), lambda c: {"gamma": (c,), "beta": (c,)}),
    "eca": (eca, lambda c: {"kernel": (3 if c >= 8 else 1,)}),
    "eca_7": (eca, lambda c: {"kernel": (7,)}),
    "cbam": (cbam, lambda c: {"squeeze_kernel": (c, WIDTH), "excite_kernel": (WIDTH, c),
                              "spatial_kernel": (7, 7, 2, 1)}),
    "gem_pool": (gem_pool, lambda c: {"p": (1,)}),
    "conv2d_dilated": (conv(1, 2, "constant"), kernel(3)),
    "conv2d_dilated_s2": (conv(2, 3, "constant", third), kernel(3, third)),
    "conv2d_reflect": (conv(1, 1, "reflect", third), kernel(3, third)),
    "conv2d_reflect_dilated": (conv(2, 2, "reflect", third), kernel(3, third)),
    "conv2d_edge": (conv(1, 2, "replicate", third), kernel(5, third)),
    "conv2d_edge_even": (conv(2, 1, "replicate", third), kernel(4, third)),
    "avgpool_reflect": (avgpool(3, 1, "reflect"), lambda c: {}),
    "avgpool_edge": (avgpool(4, 2, "replicate"), lambda c: {}),
    "maxpool_dilated": (maxpool(3, 2, 2), lambda c: {}),
    "slice": (lambda x: x[..., x.shape[-1] // 3:], lambda c: {}),
}


class Draw:
    def __init__(self):
        self.random = np.random.default_rng(SEED)

    def normal(self, *shape):
        """Rounded to float32, so that float64 computes from what is stored."""
        return torch.from_numpy(self.random.standard_normal(shape).astype(np.float32)).double()


def weight(draw, name, shape):
    """A power is positive; a kernel's sums are about as large as what it reads."""
    if name == "p":
        return (2.5 + draw.normal(*shape).abs()).float().double()
    fan_in = int(np.prod(shape[:-1])) if len(shape) > 1 else 1
    return (draw.normal(*shape) / fan_in ** 0.5).float().double()


def case(draw, function, weights, x, dy):
    drawn = {name: weight(draw, name, shape).requires_grad_() for name, shape in weights.items()}
    x = x.clone().requires_grad_()
    y = function(x, *drawn.values())
    dy = dy.flatten()[:y.numel()].reshape(y.shape)
    gradients = torch.autograd.grad(y, [x, *drawn.values()], dy)
    named = {f"d{name}": d for name, d in zip(["x", *drawn], gradients)}
    return {"y": y, **drawn, **named}


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    arguments = parser.parse_args()
    draw, tensors = Draw(), {}

    def add(name, value):
        tensors[name] = np.ascontiguousarray(value.detach().numpy(), np.float32)
    for shape in SHAPES:
        place = "x".join(map(str, shape[1:]))
        x, dy = draw.normal(*shape), draw.normal(*shape)
        add(f"{place}/x", x)
        add(f"{place}/dy", dy)
        for name, (function, weights) in CASES.items():
            if "reflect" in name and min(shape[1:3]) < 3:
                continue  # a reflection has less pixels than the image
            for key, value in case(draw, function, weights(shape[-1]), x, dy).items():
                add(f"{name}/{place}/{key}", value)
    save_file(tensors, arguments.out / "rows.safetensors")


if __name__ == "__main__":
    main()
