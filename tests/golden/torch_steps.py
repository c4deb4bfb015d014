"""Twenty training steps in PyTorch, with Keras' semantics.

torch_steps.py resnext CIFAR.tar.xz [--out DIR]
    SE-MXResNeXt29_16x2d from seeded random weights: the initial weights and the steps
torch_steps.py check CIFAR.tar.xz --weights WEIGHTS.h5
    the published SE-MXResNet20 against the golden files which keras.py made
"""

import argparse
import json
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.numpy import load_file, save_file

import cifar
import torch_models

RESNEXT = "se_mxresnext29_16x2d"
PUBLISHED = "se_mxresnet20_published"
SEED = 2  # with some others a maximum of the head's pool is a tie but for rounding
L2 = 1e-4
TRAINING = {"momentum": 0.9, "smoothing": 0.1, "batch": 128, "steps": 20}
PUBLISHED_LR = 0.01
RESNEXT_RUNS = {  # golden file and its learning rate; the small one is not chaotic
    "steps": 0.01,
    "steps_lr0.001": 0.001,
}


def l2_penalty(model):
    """Keras' penalty: conv and classifier kernels, without squeeze-excite."""
    kernels = [tensor for name, tensor in torch_models.keras_names(model).items()
               if name.endswith("/kernel") and "_se_block_" not in name]
    return L2 * sum(kernel.square().sum() for kernel in kernels)


def keras_sgd(parameters, velocities, lr):
    """v = momentum v - lr g; w = w + v."""
    with torch.no_grad():
        for parameter, velocity in zip(parameters, velocities):
            velocity.mul_(TRAINING["momentum"]).sub_(lr * parameter.grad)
            parameter.add_(velocity)
            parameter.grad = None


def train_step(model, velocities, lr, images, labels):
    """One update; the numbers are those before it."""
    logits = model(images)
    data_loss = F.cross_entropy(logits, labels, label_smoothing=TRAINING["smoothing"])
    loss = data_loss + l2_penalty(model)
    loss.backward()
    keras_sgd(list(model.parameters()), velocities, lr)
    accuracy = (logits.argmax(1) == labels).double().mean()
    return {"loss": loss.item(), "data_loss": data_loss.item(), "accuracy": accuracy.item()}


def run_steps(model, archive, lr, dtype):
    batch, count = TRAINING["batch"], TRAINING["steps"]
    images, labels = cifar.read_images(archive, "data_batch_1.bin", batch * count)
    images = torch.from_numpy(images).permute(0, 3, 1, 2).contiguous().to(dtype)
    labels = torch.from_numpy(labels).long()
    model.to(dtype).train()
    velocities = [torch.zeros_like(parameter) for parameter in model.parameters()]
    history = []
    for step in range(count):
        part = slice(step * batch, (step + 1) * batch)
        numbers = train_step(model, velocities, lr, images[part], labels[part])
        history.append({"step": step + 1, **numbers})
        print(history[-1], flush=True)
    return history


def worst_loss(history, other):
    """The largest relative distance of two histories' losses."""
    return max(abs(a["loss"] - b["loss"]) / b["loss"] for a, b in zip(history, other))


def resnext_from(initial, archive, lr, dtype):
    model = torch_models.build(RESNEXT)
    torch_models.from_keras(model, initial)
    return run_steps(model, archive, lr, dtype)


def resnext(arguments):
    """The golden steps are in float64, so that rounding is all on the tested side."""
    model = torch_models.build(RESNEXT)
    torch_models.he_normal(model, torch.Generator().manual_seed(SEED))
    initial = torch_models.to_keras(model)
    save_file(initial, arguments.out / f"{RESNEXT}_init.safetensors")
    for name, lr in RESNEXT_RUNS.items():
        history = resnext_from(initial, arguments.archive, lr, torch.float64)
        text = json.dumps(history, indent=1)
        (arguments.out / f"{RESNEXT}_{name}.json").write_text(text + "\n")
        single = resnext_from(initial, arguments.archive, lr, torch.float32)
        print(f"{name}: float32 follows float64 to {worst_loss(single, history):.1e} relative")


def check(arguments):
    import published  # only this needs h5py

    golden = json.loads((arguments.out / f"{PUBLISHED}_steps.json").read_text())
    after = load_file(arguments.out / f"{PUBLISHED}_after{TRAINING['steps']}.safetensors")
    for dtype in torch.float32, torch.float64:
        model = torch_models.build(PUBLISHED)
        torch_models.from_keras(model, published.read_weights(arguments.weights))
        distance = worst_loss(run_steps(model, arguments.archive, PUBLISHED_LR, dtype), golden)
        weights = torch_models.to_keras(model)
        worst = max((abs(weights[name] - value).max() / abs(value).max(), name)
                    for name, value in after.items())
        print(f"{dtype}: losses {distance:.1e} relative, "
              f"weights {worst[0]:.1e} of the tensor's largest ({worst[1]})")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["resnext", "check"])
    parser.add_argument("archive", help="CIFAR-10, binary version, as a tar archive")
    parser.add_argument("--weights", help="the published HDF5 file (check)")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    {"resnext": resnext, "check": check}[arguments.command](arguments)


if __name__ == "__main__":
    main()
