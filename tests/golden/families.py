"""families.safetensors: networks of other families, by PyTorch in float64.

Of each: the number of parameters, the logits of a drawn batch in inference, the losses of three
steps of plain SGD on it, and some elements of the first step's gradients, each tensor's largest
behind them. Weights and images are not stored: a formula that the test has too draws them.

families.py [--out DIR]
families.py --cifar CIFAR.tar.xz [--out DIR]
    families_steps.safetensors instead: the losses of twenty steps of SGD with momentum from the
    same weights, on the first images of CIFAR-10's first file, normalised but not augmented
"""

import argparse
from collections import OrderedDict
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.numpy import save_file
from torch import nn

import cifar
import ops
import torch_models

IMAGES, CLASSES, STEPS, ELEMENTS = 4, 10, 3, 16
MOBILENET = [  # expansion, filters, repeat, stride
    (1, 8, 1, 1), (6, 16, 2, 1), (6, 16, 3, 2), (6, 32, 4, 2), (6, 48, 3, 1), (6, 80, 3, 2),
    (6, 160, 1, 1),
]


# -- drawing --

def mix(z):
    """The finaliser of SplitMix64."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xbf58476d1ce4e5b9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94d049bb133111eb)
    return z ^ (z >> np.uint64(31))


def key_of(name):
    """FNV-1a."""
    key = 0xcbf29ce484222325
    for byte in name.encode():
        key = (key ^ byte) * 0x100000001b3 % 2**64
    return np.array([key], np.uint64)


def draw(name, shape):
    """Uniform in [-1, 1), 24 bits."""
    index = np.arange(1, np.prod(shape) + 1, dtype=np.uint64)
    key = mix(key_of(name) + np.uint64(0x9e3779b97f4a7c15))
    bits = mix(key + index * np.uint64(0xd1342543de82ef95)) >> np.uint64(40)
    return (bits.astype(np.float64) * 2.0**-23 - 1).reshape(shape)


def draw_weight(name, shape):
    kind = name.rsplit("/", 1)[1]
    if kind == "kernel":
        return draw(name, shape) * np.sqrt(6 / np.prod(shape[:-1]))
    center = 1 if kind in ("gamma", "moving_variance") else 0
    return center + 0.2 * draw(name, shape)


def draw_batch(height, width):
    images = draw("images", (IMAGES, height, width, 3)) * 1.7
    labels = np.floor((draw("labels", (IMAGES,)) + 1) * (CLASSES / 2))
    images = torch.from_numpy(images.astype(np.float32)).double()
    return images.permute(0, 3, 1, 2).contiguous(), torch.from_numpy(labels).long()


# -- twins: module paths, with "_" for ".", are the layer names of the confs --

class Conv(nn.Conv2d):
    """Keras' padding `same`, or PyTorch's symmetric one, which costs no copy; without bias."""
    keras_same, has_bias = True, False

    def __init__(self, inputs, outputs, size, stride=1, groups=1):
        super().__init__(inputs, outputs, size, stride, groups=groups, bias=self.has_bias,
                         padding=0 if self.keras_same else (size - 1) // 2)

    def forward(self, x):
        if self.keras_same:
            x = ops.same_pad(x, self.kernel_size, self.stride[0])
        return super().forward(x)


class BiasConv(Conv):
    has_bias = True


class LayerNorm(nn.LayerNorm):
    """Of the channels of NCHW, or of vectors."""

    def forward(self, x):
        return super().forward(x.movedim(1, -1)).movedim(-1, 1)


class LayerScale(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))

    def forward(self, x):
        return self.weight[:, None, None] * x


torch_models.KERAS_KINDS.update({
    Conv: {"weight": "kernel"},
    BiasConv: {"weight": "kernel", "bias": "bias"},
    LayerNorm: {"weight": "gamma", "bias": "beta"},
    LayerScale: {"weight": "gamma"},
    nn.GroupNorm: {"weight": "gamma", "bias": "beta"},
})


class Wide(nn.Module):
    act = staticmethod(F.relu)

    def __init__(self, inputs, filters, stride):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv1 = Conv(inputs, filters, 3, stride)
        self.bn2 = nn.BatchNorm2d(filters)
        self.conv2 = Conv(filters, filters, 3)
        changes = stride != 1 or inputs != filters
        self.red = Conv(inputs, filters, 1, stride) if changes else None

    def forward(self, x):
        a = self.act(self.bn1(x))
        y = self.conv2(self.act(self.bn2(self.conv1(a))))
        return y + (x if self.red is None else self.red(a))


class Dense(nn.Module):
    act = staticmethod(F.relu)

    def __init__(self, inputs, growth, bottleneck=False):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(inputs)
        if bottleneck:
            self.conv1 = Conv(inputs, 4 * growth, 1)
            self.bn2 = nn.BatchNorm2d(4 * growth)
            self.conv2 = Conv(4 * growth, growth, 3)
        else:
            self.conv1 = Conv(inputs, growth, 3)
            self.bn2 = None

    def forward(self, x):
        y = self.conv1(self.act(self.bn1(x)))
        if self.bn2 is not None:
            y = self.conv2(self.act(self.bn2(y)))
        return torch.cat([x, y], 1)


class Transition(nn.Module):
    act = staticmethod(F.relu)

    def __init__(self, inputs, outputs):
        super().__init__()
        self.bn = nn.BatchNorm2d(inputs)
        self.conv = Conv(inputs, outputs, 1)

    def forward(self, x):
        return F.avg_pool2d(self.conv(self.act(self.bn(x))), 2, ceil_mode=True)


class Inverted(nn.Module):
    act = staticmethod(F.relu6)

    def __init__(self, inputs, filters, stride, expansion):
        super().__init__()
        inner = inputs * expansion
        self.expand = Conv(inputs, inner, 1) if expansion > 1 else None
        self.bn1 = nn.BatchNorm2d(inner) if expansion > 1 else None
        self.depthwise = Conv(inner, inner, 3, stride, inner)
        self.bn2 = nn.BatchNorm2d(inner)
        self.project = Conv(inner, filters, 1)
        self.bn3 = nn.BatchNorm2d(filters)
        self.residual = stride == 1 and inputs == filters

    def forward(self, x):
        y = x if self.expand is None else self.act(self.bn1(self.expand(x)))
        y = self.bn3(self.project(self.act(self.bn2(self.depthwise(y)))))
        return x + y if self.residual else y


def zero_padded(x, channels):
    return F.pad(x, (0, 0, 0, 0, 0, channels - x.shape[1]))


class Pyramid(nn.Module):
    def __init__(self, inputs, filters, stride):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv1 = Conv(inputs, filters, 3, stride)
        self.bn2 = nn.BatchNorm2d(filters)
        self.conv2 = Conv(filters, filters, 3)
        self.bn3 = nn.BatchNorm2d(filters)
        self.side = nn.AvgPool2d(stride, ceil_mode=True)

    def forward(self, x):
        y = self.conv2(F.relu(self.bn2(self.conv1(self.bn1(x)))))
        y = self.bn3(y)
        return y + zero_padded(self.side(x), y.shape[1])


class GroupNormed(nn.Module):
    """The block of 2015, its shortcuts without parameters."""

    def __init__(self, inputs, filters, stride, groups):
        super().__init__()
        self.conv1 = Conv(inputs, filters, 3, stride)
        self.bn1 = nn.GroupNorm(groups, filters)
        self.conv2 = Conv(filters, filters, 3)
        self.bn2 = nn.GroupNorm(groups, filters)
        self.stride = stride

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + zero_padded(x[:, :, ::self.stride, ::self.stride], y.shape[1]))


class ConvNext(nn.Module):
    def __init__(self, inputs, filters, stride):
        super().__init__()
        reduces = stride != 1 or inputs != filters
        self.down_norm = LayerNorm(inputs, 1e-6) if reduces else None
        self.down = BiasConv(inputs, filters, stride, stride) if reduces else None
        self.dwconv = BiasConv(filters, filters, 7, groups=filters)
        self.norm = LayerNorm(filters, 1e-6)
        self.pwconv1 = BiasConv(filters, 4 * filters, 1)
        self.pwconv2 = BiasConv(4 * filters, filters, 1)
        self.scale = LayerScale(filters)

    def forward(self, x):
        if self.down is not None:
            x = self.down(self.down_norm(x))
        y = self.pwconv1(self.norm(self.dwconv(x)))
        return x + self.scale(self.pwconv2(F.gelu(y)))


def stage(parts, name, repeat, make):
    for index in range(1, repeat + 1):
        parts[f"{name}_res_block{index}"] = make(index == 1)


def ended(parts, channels, act, norm=True):
    if norm:
        parts["final_bn"] = nn.BatchNorm2d(channels)
    parts["final_act"] = act()
    parts["pool"] = nn.AdaptiveAvgPool2d(1)
    parts["flat"] = nn.Flatten()
    parts["classifier"] = nn.Linear(channels, CLASSES)
    return nn.Sequential(parts)


def wrn16_4():
    parts, inputs = OrderedDict(stem_conv=Conv(3, 16, 3)), 16
    for number, filters in enumerate((64, 128, 256), 1):
        stage(parts, f"stage{number}", 2, lambda first: Wide(
            inputs if first else filters, filters, 2 if first and number > 1 else 1))
        inputs = filters
    return ended(parts, inputs, nn.ReLU)


def densenet40_k12():
    parts, channels = OrderedDict(stem_conv=Conv(3, 16, 3)), 16
    for number in (1, 2, 3):
        for index in range(1, 13):
            parts[f"stage{number}_res_block{index}"] = Dense(channels, 12)
            channels += 12
        if number < 3:
            parts[f"transition{number}"] = Transition(channels, channels)
    return ended(parts, channels, nn.ReLU)


def mobilenetv2_small():
    parts, inputs = OrderedDict(stem_conv=Conv(3, 16, 3)), 16
    parts["stem_bn"], parts["stem_act"] = nn.BatchNorm2d(inputs), nn.ReLU6()
    for number, (expansion, filters, repeat, stride) in enumerate(MOBILENET, 1):
        stage(parts, f"stage{number}", repeat, lambda first: Inverted(
            inputs if first else filters, filters, stride if first else 1, expansion))
        inputs = filters
    parts["final_conv"] = Conv(inputs, 1280, 1)
    return ended(parts, 1280, nn.ReLU6)


def pyramidnet20():
    """Each block has 48 / 9 channels more than the one before."""
    parts, widths = OrderedDict(stem_conv=Conv(3, 16, 3), stem_bn=nn.BatchNorm2d(16)), [16]
    for block in range(9):
        widths.append(int(16 + 48 * (block + 1) / 9))
        parts[f"stage{block // 3 + 1}_res_block{block % 3 + 1}"] = Pyramid(
            *widths[-2:], 2 if block in (3, 6) else 1)
    return ended(parts, 64, nn.ReLU)


def resnet20_gn(groups=8):
    parts, inputs = OrderedDict(stem_conv=Conv(3, 16, 3)), 16
    parts["stem_bn"], parts["stem_act"] = nn.GroupNorm(groups, 16), nn.ReLU()
    for number, filters in enumerate((16, 32, 64), 1):
        stage(parts, f"stage{number}", 3, lambda first: GroupNormed(
            inputs if first else filters, filters, 2 if first and number > 1 else 1, groups))
        inputs = filters
    return ended(parts, inputs, nn.Identity, norm=False)


def convnext_pico_cifar():
    parts, inputs = OrderedDict(stem=BiasConv(3, 64, 2, 2), stem_norm=LayerNorm(64, 1e-6)), 64
    for number, (filters, repeat) in enumerate(((64, 2), (128, 2), (256, 6), (512, 2)), 1):
        stage(parts, f"stage{number}", repeat, lambda first: ConvNext(
            inputs if first else filters, filters, 2 if first and number > 1 else 1))
        inputs = filters
    parts["pool"], parts["flat"] = nn.AdaptiveAvgPool2d(1), nn.Flatten()
    parts["head_norm"], parts["classifier"] = LayerNorm(512, 1e-6), nn.Linear(512, CLASSES)
    return nn.Sequential(parts)


def variants():
    """What the confs leave out, on an image of odd size, with a smooth act."""
    model = ended(OrderedDict(
        a_conv=Conv(3, 5, 3), b=Dense(5, 3, bottleneck=True), c=Dense(8, 3, bottleneck=True),
        d=Transition(11, 5), e=Wide(5, 7, 2), f=Wide(7, 7, 1), g=Inverted(7, 12, 2, 3),
        h=Inverted(12, 12, 1, 1)), 12, nn.ELU, norm=False)
    for module in model.children():
        module.act = F.elu
    return model


NETWORKS = {  # the size of their images, and a rate at which float32 can follow float64
    wrn16_4: ((32, 32), 0.02),
    densenet40_k12: ((32, 32), 0.02),
    mobilenetv2_small: ((32, 32), 1e-4),
    variants: ((9, 5), 0.02),
    pyramidnet20: ((32, 32), 0.02),
    resnet20_gn: ((32, 32), 0.002),
    convnext_pico_cifar: ((32, 32), 0.005),
}


TWENTY = {  # the images of a batch, and a rate at which float32 can follow float64 for twenty steps
    wrn16_4: (8, 1e-4),
    densenet40_k12: (8, 1e-4),
    mobilenetv2_small: (32, 1e-7),
    pyramidnet20: (16, 1e-4),
    resnet20_gn: (16, 1e-4),
    convnext_pico_cifar: (16, 1e-3),
}


# -- numbers --

def fill(model):
    arrays = {name: draw_weight(name, array.shape).astype(np.float32)
              for name, array in torch_models.to_keras(model).items()}
    torch_models.from_keras(model, arrays)


def some(gradient):
    """Elements at equal distances, in Keras' layout, and the largest of all."""
    values = gradient.permute(torch_models.KERAS_AXES[gradient.ndim]).contiguous().flatten()
    places = torch.arange(ELEMENTS) * values.numel() // ELEMENTS
    return torch.cat([values[places], values.abs().max().reshape(1)])


def step(model, images, labels, lr):
    """The loss and its gradients, by name; the weights descend."""
    weights = {name: tensor for name, tensor in torch_models.keras_names(model).items()
               if tensor.requires_grad}
    loss = F.cross_entropy(model(images), labels)
    gradients = torch.autograd.grad(loss, list(weights.values()))
    with torch.no_grad():
        for weight, gradient in zip(weights.values(), gradients):
            weight -= lr * gradient
    return loss.item(), dict(zip(weights, gradients))


def numbers(make, size, lr):
    model = make().double()
    images, labels = draw_batch(*size)
    fill(model)
    found = {"parameters": np.array([sum(p.numel() for p in model.parameters())]),
             "logits": model.eval()(images).detach().numpy()}
    steps = [step(model.train(), images, labels, lr) for _ in range(STEPS)]
    found["losses"] = np.array([loss for loss, _ in steps])
    for name, gradient in steps[0][1].items():
        found[f"gradient/{name}"] = some(gradient).numpy()
    print(make.__name__, found["parameters"], found["losses"])
    return {f"{make.__name__}/{name}": np.ascontiguousarray(value, np.float32)
            for name, value in found.items()}


def read_images(archive):
    images, labels = cifar.read_images(archive, "data_batch_1.bin", 20 * 32)
    images = torch.from_numpy(images).double().permute(0, 3, 1, 2).contiguous()
    return images, torch.from_numpy(labels).long()


def twenty(make, images, labels):
    """The losses before each step."""
    batch, lr = TWENTY[make]
    model = make().double()
    fill(model)
    sgd = torch.optim.SGD(model.train().parameters(), lr=lr, momentum=0.9)
    losses = []
    for first in range(0, 20 * batch, batch):
        part = slice(first, first + batch)
        loss = F.cross_entropy(model(images[part]), labels[part])
        sgd.zero_grad()
        loss.backward()
        sgd.step()
        losses.append(loss.item())
        print(make.__name__, losses[-1], flush=True)
    return np.array(losses, np.float32)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    parser.add_argument("--cifar", type=Path, help="the archive of CIFAR-10's binary version")
    arguments = parser.parse_args()
    tensors = {}
    if arguments.cifar:
        data = read_images(arguments.cifar)
        tensors = {f"{make.__name__}/losses": twenty(make, *data) for make in TWENTY}
        save_file(tensors, arguments.out / "families_steps.safetensors")
        return
    for make, (size, lr) in NETWORKS.items():
        tensors.update(numbers(make, size, lr))
    save_file(tensors, arguments.out / "families.safetensors")


if __name__ == "__main__":
    main()
