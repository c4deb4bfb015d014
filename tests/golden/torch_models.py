"""The residual networks in PyTorch: oracle of the golden steps and benchmark peer.

Module paths, with "_" for ".", are the layer names of the Keras models.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

BN = {"eps": 2e-5, "momentum": 0.1}
SHORTCUT_BN = {"eps": 1e-3, "momentum": 0.01}
BASE_WIDTH = 64
CLASSES = 10
TRUNCATED_STD = 0.87962566103423978  # of a unit normal cut at two deviations


@dataclass(frozen=True)
class Spec:
    blocks: int
    act: str = "relu"
    se_ratio: int = 0
    bottleneck: bool = False
    groups: int = 1
    group_width: int = 0
    project_always: bool = False
    shortcut_norm: bool = True
    keras_same: bool = True  # stride 2 pads bottom and right only
    stem: str = "cifar"
    size: int = 32  # of the images, in pixels

    @property
    def filters(self):
        return (64, 64, 128, 256) if self.bottleneck else (16, 16, 32, 64)

    def inner(self, filters):
        """The width inside a block."""
        if self.group_width:
            return int(filters / BASE_WIDTH * self.group_width) * self.groups
        return filters // 4 if self.bottleneck else filters


REFINEMENTS = {
    "x": {},
    "mx": {"act": "mish"},
    "se_mx": {"act": "mish", "se_ratio": 16},
}
DEEP = {"bottleneck": True, "project_always": True}
FAMILIES = [  # name after the refinement, blocks a stage by depth, shape
    ("resnet{}", {20: 3, 32: 5, 44: 7, 56: 9}, {}),
    ("resnet{}", {29: 3, 47: 5, 65: 7, 83: 9}, DEEP),
    ("resnext{}_1x16d", {29: 3}, {**DEEP, "groups": 1, "group_width": 16}),
    ("resnext{}_2x10d", {29: 3}, {**DEEP, "groups": 2, "group_width": 10}),
    ("resnext{}_4x6d", {29: 3}, {**DEEP, "groups": 4, "group_width": 6}),
    ("resnext{}_16x2d", {29: 3, 47: 5, 65: 7, 83: 9}, {**DEEP, "groups": 16, "group_width": 2}),
]
SPECS = {
    refinement + family.format(depth): Spec(blocks=blocks, **shape, **extra)
    for refinement, extra in REFINEMENTS.items()
    for family, depths, shape in FAMILIES
    for depth, blocks in depths.items()
}
SPECS["se_mxresnet20_published"] = replace(
    SPECS["se_mxresnet20"], project_always=True, shortcut_norm=False)
SPECS["se_mxresnet20_224"] = replace(SPECS["se_mxresnet20"], stem="imagenet", size=224)

ACTIVATIONS = {"relu": F.relu, "mish": F.mish}


class SameConv2d(nn.Conv2d):
    """Stride 2 with Keras' `same` on an even size."""

    def forward(self, x):
        return super().forward(F.pad(x, (0, 1, 0, 1)))


def conv(inputs, outputs, size, stride=1, groups=1, keras_same=True):
    shape = {"kernel_size": size, "stride": stride, "groups": groups, "bias": False}
    if stride == 2 and keras_same:
        return SameConv2d(inputs, outputs, **shape)
    return nn.Conv2d(inputs, outputs, padding=size // 2, **shape)


def pool(x, stride):
    """2x2 `same` average of the real pixels: a repeated edge leaves that mean alone."""
    if stride == 1:
        x = F.pad(x, (0, 1, 0, 1), mode="replicate")
    return F.avg_pool2d(x, 2, stride)


class SqueezeExcite(nn.Module):
    def __init__(self, channels, ratio):
        super().__init__()
        self.squeeze = nn.Linear(channels, channels // ratio, bias=False)
        self.excite = nn.Linear(channels // ratio, channels, bias=False)

    def forward(self, x):
        scale = self.excite(F.relu(self.squeeze(x.mean((2, 3)))))
        return x * torch.sigmoid(scale)[:, :, None, None]


def block_convs(spec, inputs, filters, stride):
    """The convolutions of a block, in order."""
    inner = spec.inner(filters)
    if spec.bottleneck:
        return [conv(inputs, inner, 1),
                conv(inner, inner, 3, stride, spec.groups, spec.keras_same),
                conv(inner, filters, 1)]
    return [conv(inputs, filters, 3, stride, keras_same=spec.keras_same),
            conv(filters, filters, 3)]


class Block(nn.Module):
    """Pre-activation block; the projection starts from the first activation."""

    def __init__(self, spec, inputs, filters, stride, project):
        super().__init__()
        self.act = ACTIVATIONS[spec.act]
        self.stride = stride
        convs = block_convs(spec, inputs, filters, stride)
        self.convs = len(convs)
        for index, layer in enumerate(convs, 1):
            self.add_module(f"bn{index}", nn.BatchNorm2d(layer.in_channels, **BN))
            self.add_module(f"conv{index}", layer)
        self.se_block = SqueezeExcite(filters, spec.se_ratio) if spec.se_ratio else nn.Identity()
        self.red = conv(inputs, filters, 1) if project else None
        norm = project and spec.shortcut_norm
        self.red_bn = nn.BatchNorm2d(filters, **SHORTCUT_BN) if norm else nn.Identity()

    def forward(self, x):
        y = active = self.act(self.bn1(x))
        y = self.conv1(y)
        for index in range(2, self.convs + 1):
            y = self.act(getattr(self, f"bn{index}")(y))
            y = getattr(self, f"conv{index}")(y)
        if self.red is not None:
            x = self.red_bn(self.red(pool(active, self.stride)))
        return self.se_block(y) + x


def stem_convs(spec, filters):
    """The convolutions before the blocks, by name."""
    if spec.stem == "cifar":
        return {"stem_conv": conv(3, filters, 3)}
    return {"stem_conv1": conv(3, filters, 3, 2, keras_same=spec.keras_same),
            "stem_conv2": conv(filters, filters, 3),
            "stem_conv3": conv(filters, filters, 3)}


def stem_pool(spec):
    """3x3, stride 2; the edge of Keras' `same` never is the maximum."""
    if spec.stem == "cifar":
        return nn.Identity()
    if spec.keras_same:
        return nn.Sequential(nn.ConstantPad2d((0, 1, 0, 1), -torch.inf), nn.MaxPool2d(3, 2))
    return nn.MaxPool2d(3, 2, padding=1)


class ResNet(nn.Module):
    def __init__(self, spec):
        super().__init__()
        self.act = ACTIVATIONS[spec.act]
        inputs = spec.filters[0]
        convs = stem_convs(spec, inputs)
        self.stem = list(convs)
        for name, layer in convs.items():
            self.add_module(name, layer)
        self.stem_pool = stem_pool(spec)
        self.blocks = []
        for stage, filters in enumerate(spec.filters[1:], 1):
            for index in range(1, spec.blocks + 1):
                stride = 2 if stage > 1 and index == 1 else 1
                project = index == 1 and (stride != 1 or spec.project_always)
                self.blocks.append(f"stage{stage}_res_block{index}")
                self.add_module(self.blocks[-1], Block(spec, inputs, filters, stride, project))
                inputs = filters
        self.final_bn = nn.BatchNorm2d(inputs, **BN)
        self.classifier = nn.Linear(2 * inputs, CLASSES)

    def forward(self, x):
        for name in self.stem:
            x = getattr(self, name)(x)
        x = self.stem_pool(x)
        for name in self.blocks:
            x = getattr(self, name)(x)
        x = self.act(self.final_bn(x))
        return self.classifier(torch.cat([x.mean((2, 3)), x.amax((2, 3))], 1))


def build(name, **changes):
    return ResNet(replace(SPECS[name], **changes))


def he_normal(model, generator):
    """Keras' he_normal for every kernel, zero for the biases."""
    kernels = [layer.weight for layer in model.modules() if isinstance(layer, (nn.Conv2d, nn.Linear))]
    for weight in kernels:
        std = (2 / weight[0].numel()) ** 0.5 / TRUNCATED_STD
        nn.init.trunc_normal_(weight, 0, std, -2 * std, 2 * std, generator=generator)
    nn.init.zeros_(model.classifier.bias)


KERAS_KINDS = {
    nn.BatchNorm2d: {"weight": "gamma", "bias": "beta", "running_mean": "moving_mean",
                     "running_var": "moving_variance"},
    nn.Conv2d: {"weight": "kernel"},
    SameConv2d: {"weight": "kernel"},
    nn.Linear: {"weight": "kernel", "bias": "bias"},
}


def keras_names(model):
    """Every parameter and statistic under its LAYER/kind name."""
    tensors = {}
    for path, layer in model.named_modules():
        for attribute, kind in KERAS_KINDS.get(type(layer), {}).items():
            tensor = getattr(layer, attribute)
            if tensor is not None:
                tensors[f"{path.replace('.', '_')}/{kind}"] = tensor
    return tensors


KERAS_AXES = {4: (2, 3, 1, 0), 2: (1, 0), 1: (0,)}  # OIHW to HWIO, (out, in) to (in, out)
TORCH_AXES = {4: (3, 2, 0, 1), 2: (1, 0), 1: (0,)}


def to_keras(model):
    """A copy of the model's weights as C-order float32 arrays in Keras' layouts."""
    return {name: np.array(tensor.detach().permute(KERAS_AXES[tensor.ndim]), np.float32, order="C")
            for name, tensor in keras_names(model).items()}


def from_keras(model, arrays):
    tensors = keras_names(model)
    if tensors.keys() != arrays.keys():
        raise SystemExit(f"names differ: {sorted(tensors.keys() ^ arrays.keys())}")
    with torch.no_grad():
        for name, tensor in tensors.items():
            value = torch.from_numpy(arrays[name])
            tensor.copy_(value.permute(TORCH_AXES[value.ndim]))
