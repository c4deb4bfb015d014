"""A family's conf and its PyTorch twin, trained for some epochs from the same weights.

Both get the same batches of CIFAR-10 in the same order, without augmentation, and plain SGD with
momentum, all in float32. Prints the losses side by side, the errors on the test set and images/s:
each trains alone, rnframe first.

epochs.py resnet20_gn --data build/data [--images 50000] [--epochs 3] [--threads 2]
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.numpy import save_file

import pytorch

sys.path.append(str(Path(__file__).resolve().parents[2] / "golden"))
import cifar
import families
import torch_models

MOMENTUM = 0.9
WITHOUT_CHANCE = {  # sets that take out what is random
    "mobilenetv2_small": ["model.layers.dropout.rate=0"],
    "convnext_pico_cifar": [f"model.layers.stage{n}.block.drop=0" for n in (1, 2, 3, 4)],
}
SETS = [
    "data.type=npy", "data.validation=0", "train.shuffle=false", "train.augment=false",
    "train.scheduler=constant", "train.loss.label_smoothing=0", "model.l2=0",
]


def write_arrays(arguments, folder):
    """CIFAR-10's images as bytes (N,32,32,3), the training set cut after so many images."""
    images, labels = pytorch.read_training_set(arguments.data)
    test = np.fromfile(next(arguments.data.rglob("test_batch.bin")), np.uint8)
    test = test.reshape(-1, cifar.RECORD)
    arrays = {
        "X": images[:arguments.images].permute(0, 2, 3, 1).numpy(),
        "y": labels[:arguments.images].numpy(),
        "X_test": test[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1),
        "y_test": test[:, 0].astype(np.int64),
    }
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", np.ascontiguousarray(array))
    return arrays


def train_rnframe(arguments, folder):
    """The loss of each step, the error on the test set, images/s."""
    run = folder / "run"
    subprocess.run(
        [arguments.rnframe, "train", f"conf/{arguments.name}.cfg", *SETS,
         *WITHOUT_CHANCE.get(arguments.name, []), f"data.path={folder}", f"threads={arguments.threads}",
         f"train.epochs={arguments.epochs}", f"train.batch_size={arguments.batch}",
         f"train.optimizer.lr={arguments.lr}", f"train.optimizer.momentum={MOMENTUM}",
         "--weights", str(folder / "first.safetensors"), "--out", str(run)], check=True)
    steps = [json.loads(line) for line in (run / "steps.jsonl").read_text().splitlines()]
    accuracy = json.loads((run / "report.json").read_text())["accuracy"]
    return ([step["loss"] for step in steps], 1 - accuracy,
            statistics.median(step["images_per_s"] for step in steps))


def train_step(model, sgd, images, labels):
    loss = F.cross_entropy(model(images), labels)
    sgd.zero_grad()
    loss.backward()
    sgd.step()
    return loss.item()


@torch.inference_mode()
def error(model, images, labels):
    model.eval()
    parts = zip(images.split(500), labels.split(500))
    return 1 - sum((model(x).argmax(1) == y).sum().item() for x, y in parts) / len(labels)


def train_pytorch(arguments, model, arrays):
    """As train_rnframe; channels-last, which is faster than NCHW for most of them."""
    layout = torch.channels_last
    x, x_test = (pytorch.to_inputs(torch.from_numpy(arrays[name]).permute(0, 3, 1, 2), layout)
                 for name in ("X", "X_test"))
    y, y_test = (torch.from_numpy(arrays[name]) for name in ("y", "y_test"))
    model = model.to(memory_format=layout).train()
    sgd = torch.optim.SGD(model.parameters(), lr=arguments.lr, momentum=MOMENTUM, fused=True)
    losses, speeds = [], []
    for _ in range(arguments.epochs):
        for images, labels in zip(x.split(arguments.batch), y.split(arguments.batch)):
            start = time.perf_counter()
            losses.append(train_step(model, sgd, images, labels))
            speeds.append(len(labels) / (time.perf_counter() - start))
    return losses, error(model, x_test, y_test), statistics.median(speeds)


def show(arguments, ours, theirs):
    """Losses: the first steps one by one, then means of a tenth of all."""
    pairs = list(zip(ours[0], theirs[0], strict=True))
    print(f"{arguments.name}, {arguments.images} images, {arguments.epochs} epochs of "
          f"{len(pairs) // arguments.epochs} steps, batch {arguments.batch}, lr {arguments.lr}")
    far = [abs(a / b - 1) for a, b in pairs[:20]]
    print("losses of the first 20 steps differ by at most", f"{max(far):.1e}")
    for part in np.array_split(np.arange(len(pairs)), 10):
        a, b = (np.mean([pairs[i][k] for i in part]) for k in (0, 1))
        print(f"steps {part[0] + 1:5d} .. {part[-1] + 1:5d}  loss {a:.4f}  PyTorch {b:.4f}")
    print(f"error on the test set {ours[1]:.2%}, PyTorch {theirs[1]:.2%}")
    print(f"images/s {ours[2]:.0f}, PyTorch {theirs[2]:.0f}, ratio {ours[2] / theirs[2]:.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=pytorch.FAMILIES)
    parser.add_argument("--data", type=Path, required=True, help="folder of CIFAR-10's .bin files")
    parser.add_argument("--images", type=int, default=50000)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--lr", type=float, default=0.01)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rnframe", default="build/rnframe")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(42)
    model = getattr(families, arguments.name)()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        arrays = write_arrays(arguments, folder)
        save_file(torch_models.to_keras(model), folder / "first.safetensors")
        ours = train_rnframe(arguments, folder)
        theirs = train_pytorch(arguments, model, arrays)
    show(arguments, ours, theirs)


if __name__ == "__main__":
    main()
