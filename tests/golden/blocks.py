"""blocks.safetensors: layers and blocks inside of a small model, in float64.

A model is a 3x3 convolution, mish, the subject, mish, a 3x3 convolution, the mean of the pixels
and a dense layer, so that a wrong place or a wrong gradient to the input shows in what stands in
front. Of each case: images NHWC, labels, every weight by rnframe's name, the logits, the loss and
the gradient of each weight, `d` + its name. Kernels HWIO. Of a subject that is computed otherwise
in inference also the running statistics, and `inferred`, the logits by them.

blocks.py [--out DIR]
"""

import argparse
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from ops import same_pad
from safetensors.numpy import save_file

SEED = 42
IMAGES, CLASSES = 5, 5
BN_EPS, LN_EPS = 1e-3, 1e-6


class Model:
    """Weights by name, drawn where they are first asked for, and what layers make of them."""

    def __init__(self, random):
        self.random = random
        self.weights = {}
        self.statistics = {}
        self.training = True

    def draw(self, *shape, scale=1.0, offset=0.0):
        """Rounded to float32, so that float64 computes from what is stored."""
        values = offset + scale * self.random.standard_normal(shape)
        return torch.from_numpy(values.astype(np.float32)).double()

    def weight(self, name, *shape, scale=0.2, offset=0.0):
        if name not in self.weights:
            self.weights[name] = self.draw(*shape, scale=scale, offset=offset).requires_grad_()
        return self.weights[name]

    def statistic(self, name, size, offset):
        if name not in self.statistics:
            self.statistics[name] = self.draw(size, scale=0.1, offset=offset)
        return self.statistics[name]

    def kernel(self, name, x, filters, size, groups=1):
        inputs = x.shape[1] // groups
        scale = (size * size * inputs) ** -0.5
        return self.weight(f"{name}/kernel", size, size, inputs, filters, scale=scale)

    def conv(self, name, x, filters, size=3, stride=1, groups=1, bias=False):
        kernel = self.kernel(name, x, filters, size, groups)
        bias = self.weight(f"{name}/bias", filters) if bias else None
        x = same_pad(x, (size, size), stride)
        return F.conv2d(x, kernel.permute(3, 2, 0, 1).contiguous(), bias, stride=stride, groups=groups)

    def layer_norm(self, name, x):
        gamma = self.weight(f"{name}/gamma", x.shape[1], offset=1)
        beta = self.weight(f"{name}/beta", x.shape[1])
        x = F.layer_norm(x.permute(0, 2, 3, 1), x.shape[1:2], gamma, beta, LN_EPS)
        return x.permute(0, 3, 1, 2)

    def batch_norm(self, name, x):
        gamma = self.weight(f"{name}/gamma", x.shape[1], offset=1)
        beta = self.weight(f"{name}/beta", x.shape[1])
        return F.batch_norm(x, None, None, gamma, beta, training=True, eps=BN_EPS)

    def running_norm(self, name, x):
        """By the batch, or with statistics that are drawn by these."""
        gamma = self.weight(f"{name}/gamma", x.shape[1], offset=1)
        beta = self.weight(f"{name}/beta", x.shape[1])
        mean = self.statistic(f"{name}/moving_mean", x.shape[1], 0)
        variance = self.statistic(f"{name}/moving_variance", x.shape[1], 1)
        if self.training:
            mean = variance = None
        return F.batch_norm(x, mean, variance, gamma, beta, training=self.training, eps=BN_EPS)


def upsample(model, x, factor):
    return torch.nn.Upsample(scale_factor=factor, mode="nearest")(x)


def pixel_shuffle(model, x, factor):
    return torch.nn.PixelShuffle(factor)(x)


def blurpool(model, x, stride):
    """Rows of one pixel are reflected to themselves, which F.pad refuses."""
    for axis in (2, 3):
        before, after = (x.narrow(axis, min(1, x.shape[axis] - 1), 1),
                         x.narrow(axis, max(x.shape[axis] - 2, 0), 1))
        x = torch.cat([before, x, after], axis)
    taps = torch.tensor([1, 2, 1]).double() / 4
    kernel = torch.outer(taps, taps).expand(x.shape[1], 1, 3, 3)
    return F.conv2d(x, kernel, stride=stride, groups=x.shape[1])


def pad_channels(model, x, filters):
    return F.pad(x, (0, 0, 0, 0, 0, filters - x.shape[1]))


def attention(model, x, heads):
    n, c, h, w = x.shape
    qkv = model.conv("subject_qkv", x, 3 * c, size=1, bias=True)
    q, k, v = (part.reshape(n, heads, c // heads, h * w).transpose(2, 3)
               for part in qkv.chunk(3, 1))
    y = F.scaled_dot_product_attention(q, k, v).transpose(2, 3).reshape(n, c, h, w)
    return model.conv("subject_proj", y, c, size=1, bias=True)


def convnext(model, x, filters, stride=1, kernel=7, ratio=4):
    name = "subject_{}".format
    if stride != 1 or x.shape[1] != filters:
        x = model.layer_norm(name("down_norm"), x)
        x = model.conv(name("down"), x, filters, stride, stride, bias=True)
    y = model.conv(name("dwconv"), x, filters, kernel, groups=filters, bias=True)
    y = model.layer_norm(name("norm"), y)
    y = F.gelu(model.conv(name("pwconv1"), y, ratio * filters, 1, bias=True))
    y = model.conv(name("pwconv2"), y, filters, 1, bias=True)
    gamma = model.weight(name("scale/gamma"), filters, offset=0.5)
    return x + gamma[:, None, None] * y


def pyramid(model, x, repeat, start, to, stride):
    for block in range(1, repeat + 1):
        name = f"subject_res_block{block}_{{}}".format
        filters = int(start + (to - start) * block / repeat)
        step = stride if block == 1 else 1
        y = model.batch_norm(name("bn1"), x)
        y = model.conv(name("conv1"), y, filters, stride=step)
        y = F.mish(model.batch_norm(name("bn2"), y))
        y = model.batch_norm(name("bn3"), model.conv(name("conv2"), y, filters))
        if step != 1:
            x = F.avg_pool2d(x, 2, step, ceil_mode=True)
        x = y + pad_channels(model, x, filters)
    return x


def shift(model, x, rows, columns):
    return F.pad(x, (-columns, columns, -rows, rows))


def shake_shake(model, x, filters, stride=1):
    """Both branches weigh 1/2, forward and backward."""
    name, a = "subject_{}".format, F.mish(x)
    branches = []
    for branch in (1, 2):
        label = name(f"branch{branch}_{{}}").format
        y = model.conv(label("conv1"), a, filters, stride=stride)
        y = F.mish(model.batch_norm(label("bn1"), y))
        branches.append(model.batch_norm(label("bn2"), model.conv(label("conv2"), y, filters)))
    if stride != 1 or x.shape[1] != filters:
        first, second = F.avg_pool2d(a, 1, stride), F.avg_pool2d(shift(model, a, 1, 1), 1, stride)
        x = torch.cat([model.conv(name("red1"), first, filters // 2, 1),
                       model.conv(name("red2"), second, filters - filters // 2, 1)], 1)
        x = model.batch_norm(name("red_bn"), x)
    return (branches[0] + branches[1]) / 2 + x


def standardized(model, x, filters, size=3, stride=1, groups=1, gain=False, eps=1e-6):
    """As timm's StdConv2d: a filter is a channel of a batch norm."""
    kernel = model.kernel("subject", x, filters, size, groups).permute(3, 2, 0, 1)
    factors = model.weight("subject/gain", filters, offset=1) if gain else None
    kernel = F.batch_norm(kernel.reshape(1, filters, -1), None, None, factors, training=True,
                          eps=eps).reshape_as(kernel)
    return F.conv2d(same_pad(x, (size, size), stride), kernel, stride=stride, groups=groups)


def repvgg(model, x, filters, stride=1, groups=1):
    def branch(size):
        name = f"subject_rep_conv{size}"
        kernel = model.kernel(name, x, filters, size, groups).permute(3, 2, 0, 1)
        return F.conv2d(x, kernel, stride=stride, padding=size // 2, groups=groups)
    y = model.running_norm("subject_rep_bn3", branch(3))
    y = y + model.running_norm("subject_rep_bn1", branch(1))
    if stride == 1 and x.shape[1] == filters:
        y = y + model.running_norm("subject_rep_bn", x)
    return F.mish(y)


CASES = [  # name, height, width, channels, subject, its parameters
    ("upsample", 5, 9, 3, upsample, {"factor": 2}),
    ("upsample_3", 3, 2, 33, upsample, {"factor": 3}),
    ("upsample_pixel", 1, 1, 1, upsample, {"factor": 2}),
    ("pixel_shuffle", 5, 9, 12, pixel_shuffle, {"factor": 2}),
    ("pixel_shuffle_3", 3, 2, 9, pixel_shuffle, {"factor": 3}),
    ("pixel_shuffle_pixel", 1, 1, 4, pixel_shuffle, {"factor": 2}),
    ("blurpool", 5, 9, 12, blurpool, {"stride": 2}),
    ("blurpool_even", 6, 8, 3, blurpool, {"stride": 2}),
    ("blurpool_row", 1, 4, 33, blurpool, {"stride": 1}),
    ("blurpool_pixel", 1, 1, 1, blurpool, {"stride": 2}),
    ("pad_channels", 5, 9, 3, pad_channels, {"filters": 12}),
    ("attention", 5, 9, 12, attention, {"heads": 3}),
    ("attention_one", 4, 3, 33, attention, {"heads": 1}),
    ("attention_pixel", 1, 1, 1, attention, {"heads": 1}),
    ("convnext", 5, 9, 12, convnext, {"filters": 12}),
    ("convnext_down", 5, 9, 3, convnext, {"filters": 12, "stride": 2, "ratio": 2}),
    ("convnext_even", 6, 8, 12, convnext, {"filters": 33, "stride": 2, "kernel": 3, "ratio": 1}),
    ("convnext_pixel", 1, 1, 33, convnext, {"filters": 33, "kernel": 3, "ratio": 1}),
    ("pyramid", 5, 9, 3, pyramid, {"repeat": 3, "start": 3, "to": 12, "stride": 2}),
    ("pyramid_even", 6, 8, 12, pyramid, {"repeat": 2, "start": 12, "to": 17, "stride": 2}),
    ("pyramid_same", 5, 9, 12, pyramid, {"repeat": 2, "start": 12, "to": 12, "stride": 1}),
    ("shift", 5, 9, 3, shift, {"rows": 2, "columns": -1}),
    ("shake_shake", 5, 9, 3, shake_shake, {"filters": 12, "stride": 2}),
    ("shake_shake_even", 6, 8, 12, shake_shake, {"filters": 9, "stride": 2}),
    ("shake_shake_same", 5, 9, 12, shake_shake, {"filters": 12}),
    ("standardized", 5, 9, 3, standardized, {"filters": 12}),
    ("standardized_gain", 6, 8, 12, standardized, {"filters": 33, "stride": 2, "gain": True}),
    ("standardized_groups", 5, 9, 12, standardized,
     {"filters": 12, "groups": 12, "gain": True, "eps": 0.1}),
    ("standardized_pixel", 1, 1, 33, standardized, {"filters": 1, "size": 1, "gain": True}),
    ("repvgg", 5, 9, 12, repvgg, {"filters": 12}),
    ("repvgg_down", 5, 9, 3, repvgg, {"filters": 12, "stride": 2}),
    ("repvgg_even", 6, 8, 12, repvgg, {"filters": 9, "stride": 2, "groups": 3}),
    ("repvgg_groups", 5, 9, 12, repvgg, {"filters": 12, "groups": 4}),
    ("repvgg_one", 3, 1, 1, repvgg, {"filters": 1}),
]


def logits_of(model, images, channels, subject, parameters):
    x = F.mish(model.conv("stem", images.permute(0, 3, 1, 2), channels, bias=True))
    x = F.mish(subject(model, x, **parameters))
    x = model.conv("head", x, 4).mean((2, 3))
    logits = x @ model.weight("dense/kernel", 4, CLASSES, scale=1)
    return logits + model.weight("dense/bias", CLASSES)


def inferred(model, *case):
    if not model.statistics:
        return {}
    model.training = False
    return {"inferred": logits_of(model, *case), **model.statistics}


def tensors_of(random, height, width, channels, subject, parameters):
    model = Model(random)
    images = model.draw(IMAGES, height, width, 3)
    labels = torch.from_numpy(random.integers(0, CLASSES, IMAGES))
    logits = logits_of(model, images, channels, subject, parameters)
    loss = F.cross_entropy(logits, labels)
    gradients = torch.autograd.grad(loss, list(model.weights.values()))
    return {"images": images, "labels": labels.double(), "logits": logits, "loss": loss,
            **model.weights, **{f"d{name}": d for name, d in zip(model.weights, gradients)},
            **inferred(model, images, channels, subject, parameters)}


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    arguments = parser.parse_args()
    tensors = {}
    for index, (name, *case) in enumerate(CASES):
        random = np.random.default_rng((SEED, index))
        for key, value in tensors_of(random, *case).items():
            array = value.detach().reshape(value.shape or (1,)).numpy()
            tensors[f"{name}/{key}"] = np.ascontiguousarray(array, np.float32)
    save_file(tensors, arguments.out / "blocks.safetensors")


if __name__ == "__main__":
    main()
