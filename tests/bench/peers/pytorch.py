"""PyTorch as a benchmark peer: the median step of a model on inputs that are ready.

pytorch.py se_mxresnet20 --batch 128 --steps 50 --threads 2 [--channels-last] [--compile]
pytorch.py se_mxresnet20 --mode eval --batch 1 --best    # tries the settings, measures the best
"""

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

sys.path.append(str(Path(__file__).resolve().parents[2] / "golden"))
import cifar
import torch_models

SGD = {"lr": 0.01, "momentum": 0.9, "weight_decay": 2e-4, "fused": True}
SMOOTHING = 0.1
SETTINGS = {  # what --best tries
    "eager": [],
    "eager, channels-last": ["--channels-last"],
    "compiled": ["--compile"],
    "compiled, channels-last": ["--compile", "--channels-last"],
}
FAMILIES = [  # of tests/golden/families.py, without dropout and stochastic depth
    "wrn16_4", "densenet40_k12", "mobilenetv2_small", "pyramidnet20", "resnet20_gn",
    "convnext_pico_cifar",
]
MODELS = sorted([*torch_models.SPECS, *FAMILIES])
TRIAL_STEPS = 5, 4  # of a trial: at least, and this part of the whole's


def train_step(model, images, labels, numbers):
    optimizer = torch.optim.SGD(model.parameters(), **SGD)

    def step():
        with numbers():
            loss = F.cross_entropy(model(images), labels, label_smoothing=SMOOTHING)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()
    return step


def eval_step(model, images, labels, numbers):
    @torch.inference_mode()
    def step():
        with numbers():
            logits = model(images)
        return (logits.argmax(1) == labels).sum().item()
    return step


STEPS = {"train": train_step, "eval": eval_step}
PRECISIONS = {
    "fp32": contextlib.nullcontext,
    "bf16": lambda: torch.autocast("cpu", dtype=torch.bfloat16),
}


def build(name):
    """Symmetric padding, as usual in PyTorch: Keras' padding costs a copy."""
    if name in torch_models.SPECS:
        return torch_models.build(name, keras_same=False)
    import families  # needs safetensors
    families.Conv.keras_same = False
    return getattr(families, name)()


def prepare_model(arguments):
    model = build(arguments.model)
    model = model.to(memory_format=arguments.layout).train(arguments.mode == "train")
    if not arguments.compile:
        return model
    if arguments.mode == "eval":  # weights as constants: norms go into the convolutions
        import torch._inductor.config
        torch._inductor.config.freezing = True
    return torch.compile(model)


def read_training_set(folder):
    """CIFAR-10's 50,000 training images (N,3,32,32) as bytes, and their labels."""
    name = "data_batch_[1-5].bin"
    files = sorted([*Path(folder).glob(name), *Path(folder).glob(f"*/{name}")])
    if len(files) != 5:
        raise SystemExit(f"{folder}: no data_batch_1.bin to data_batch_5.bin in it")
    sizes = [file.stat().st_size // cifar.RECORD for file in files]
    images = torch.empty(sum(sizes), 3, 32, 32, dtype=torch.uint8)
    labels = torch.empty(sum(sizes), dtype=torch.int64)
    for file, end in zip(files, np.cumsum(sizes)):
        records = torch.from_numpy(np.fromfile(file, np.uint8)).view(-1, cifar.RECORD)
        images[end - len(records):end] = records[:, 1:].reshape(-1, 3, 32, 32)
        labels[end - len(records):end] = records[:, 0]
    return images, labels


def draw_batch(arguments):
    spec = torch_models.SPECS.get(arguments.model)
    size = spec.size if spec else 32
    images = torch.randint(256, (arguments.batch, 3, size, size), dtype=torch.uint8)
    return images, torch.randint(torch_models.CLASSES, (arguments.batch,))


def to_inputs(images, layout):
    mean, std = (torch.from_numpy(a).view(3, 1, 1) for a in (cifar.MEAN, cifar.STD))
    return ((images / 255 - mean) / std).contiguous(memory_format=layout)


def prepare_step(arguments):
    """The step to measure, and the images that stay in memory beside it."""
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(42)
    images, labels = read_training_set(arguments.data) if arguments.data else draw_batch(arguments)
    batch = slice(arguments.batch)
    step = STEPS[arguments.mode](prepare_model(arguments), to_inputs(images[batch], arguments.layout),
                                 labels[batch], PRECISIONS[arguments.precision])
    return step, images


def seconds_since_start():
    """Since this process began, so that loading PyTorch counts."""
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    started = int(fields[19]) / os.sysconf("SC_CLK_TCK")
    return time.clock_gettime(time.CLOCK_BOOTTIME) - started


def peak_memory_bytes():
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024


def timed(step):
    start = time.perf_counter()
    step()
    return time.perf_counter() - start


def measure(arguments):
    step, resident = prepare_step(arguments)
    step()
    first = seconds_since_start()
    for _ in range(arguments.warm_up - 1):
        step()
    seconds = statistics.median(timed(step) for _ in range(arguments.steps))
    return {
        "model": arguments.model,
        "images_per_s": arguments.batch / seconds,
        "seconds_per_step": seconds,
        "first_step_s": first,
        "peak_memory_bytes": peak_memory_bytes(),
        "resident_images": len(resident),
        "threads": arguments.threads,
        "torch": torch.__version__,
        "channels_last": arguments.channels_last,
        "compile": arguments.compile,
        "batch": arguments.batch,
        "mode": arguments.mode,
        "precision": arguments.precision,
    }


def in_own_process(flags):
    """The same command with these flags; one that fails says why as `error`."""
    words = [word for word in sys.argv if word != "--best"]
    done = subprocess.run([sys.executable, *words, *flags], capture_output=True, text=True)
    if done.returncode == 0:
        return json.loads(done.stdout.splitlines()[-1])
    return {"error": (done.stderr.strip() or f"status {done.returncode}").splitlines()[-1]}


def measure_best(steps):
    """Each setting in a process of its own: caches and peak memory are not shared."""
    least, part = TRIAL_STEPS
    trial = ["--steps", str(max(least, steps // part))]
    tried = {name: in_own_process([*flags, *trial]) for name, flags in SETTINGS.items()}
    good = [name for name in tried if "error" not in tried[name]]
    if not good:
        raise SystemExit(f"no setting works: {tried['eager']['error']}")
    best = max(good, key=lambda name: tried[name]["images_per_s"])
    return {**in_own_process(SETTINGS[best]), "best": best, "flags": SETTINGS[best], "tried": tried}


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", choices=MODELS, metavar="MODEL",
                        help=", ".join(MODELS))
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--warm-up", type=int, default=5)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--channels-last", action="store_true")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--best", action="store_true", help="the fastest of: " + "; ".join(SETTINGS))
    parser.add_argument("--mode", choices=STEPS, default="train")
    parser.add_argument("--precision", choices=PRECISIONS, default="fp32", help="bf16: by autocast")
    parser.add_argument("--data", metavar="DIR", help="keep CIFAR-10's training set in memory")
    arguments = parser.parse_args()
    arguments.layout = torch.channels_last if arguments.channels_last else torch.contiguous_format
    return arguments


def main():
    arguments = parse_arguments()
    print(json.dumps(measure_best(arguments.steps) if arguments.best else measure(arguments)))


if __name__ == "__main__":
    main()
