"""PyTorch as a benchmark peer: the median step of a model on data in memory.

pytorch.py se_mxresnet20 --batch 128 --steps 50 --threads 2 [--channels-last] [--compile]
"""

import argparse
import json
import statistics
import sys
import time
from pathlib import Path

import torch
import torch.nn.functional as F

sys.path.append(str(Path(__file__).resolve().parents[2] / "golden"))
import torch_models

WARM_UP = 5
SGD = {"lr": 0.01, "momentum": 0.9, "weight_decay": 2e-4, "fused": True}
SMOOTHING = 0.1


def train_step(model, images, labels):
    optimizer = torch.optim.SGD(model.parameters(), **SGD)

    def step():
        loss = F.cross_entropy(model(images), labels, label_smoothing=SMOOTHING)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()
    return step


def eval_step(model, images, labels):
    @torch.inference_mode()
    def step():
        return (model(images).argmax(1) == labels).sum().item()
    return step


STEPS = {"train": train_step, "eval": eval_step}


def prepare(arguments):
    """The step to measure. Symmetric padding, as is PyTorch's way: Keras' costs a copy."""
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(42)
    layout = torch.channels_last if arguments.channels_last else torch.contiguous_format
    model = torch_models.build(arguments.model, keras_same=False)
    model = model.to(memory_format=layout).train(arguments.mode == "train")
    if arguments.compile:
        model = torch.compile(model)
    images = torch.randn(arguments.batch, 3, 32, 32).contiguous(memory_format=layout)
    labels = torch.randint(torch_models.CLASSES, (arguments.batch,))
    return STEPS[arguments.mode](model, images, labels)


def median_seconds(step, count):
    seconds = []
    for _ in range(WARM_UP + count):
        start = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds[WARM_UP:])


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", choices=sorted(torch_models.SPECS), metavar="MODEL",
                        help=", ".join(sorted(torch_models.SPECS)))
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--channels-last", action="store_true")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--mode", choices=STEPS, default="train")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    seconds = median_seconds(prepare(arguments), arguments.steps)
    print(json.dumps({
        "model": arguments.model,
        "images_per_s": arguments.batch / seconds,
        "seconds_per_step": seconds,
        "threads": arguments.threads,
        "torch": torch.__version__,
        "channels_last": arguments.channels_last,
        "compile": arguments.compile,
        "batch": arguments.batch,
        "mode": arguments.mode,
    }))


if __name__ == "__main__":
    main()
