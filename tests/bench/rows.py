"""What is measured: tables of data, and the rows that they make on this machine."""

import os
from dataclasses import dataclass, replace

ALL = 0  # threads: as many as there are cores for this process
FP32, BF16 = "fp32", "bf16"
CIFAR = "cifar-10-batches-bin"  # in --data
DRAWN = ("data.type=synthetic", "data.images=50000", "data.test_images=10000")


@dataclass(frozen=True)
class Row:
    conf: str
    mode: str
    batch: int
    steps: int
    precision: str = FP32
    threads: int = ALL
    cifar: bool = True  # else the conf's own data
    changes: tuple = ()  # key.path=value
    key: str = ""  # that a program may not know yet: refusing it is no failure
    note: str = ""

    @property
    def name(self):
        mode = "training" if self.mode == "train" else "inference"
        note = f", {self.note}" if self.note else ""
        return f"{self.conf}{note}: {self.precision}, {mode}, batch {self.batch}, threads {self.threads}"


CASES = (
    Row("se_mxresnet20", "train", 128, 20),
    Row("xresnet20", "train", 128, 20),
    Row("se_mxresnext29_16x2d", "train", 128, 10),
    Row("se_mxresnet20_224", "train", 16, 20, cifar=False),
    Row("se_mxresnet20", "inference", 128, 40),
    Row("se_mxresnet20", "inference", 1, 400),
    Row("se_mxresnet20", "train", 128, 20, changes=("model.algorithm=direct",),
        note="direct"),
)
VARIANTS = (  # each case with each of them
    {"precision": FP32, "threads": 1},
    {"precision": FP32, "threads": ALL},
    {"precision": BF16, "threads": ALL, "key": "precision"},
)

DEPTHS = (20, 32, 44, 56)
BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
SIZES = (32, 64, 128, 224)
FEW_CORES = 8  # up to here every number of threads is measured, above the powers of 2
SIZE_BATCH = 16
SCALED = Row("se_mxresnet20", "train", 128, 10)


def cores():
    return len(os.sched_getaffinity(0))


def data_changes(row, data):
    """CIFAR-10 from the folder `data` if it is there, else synthetic images."""
    if not row.cifar:
        return ()
    return (f"data.path={data}",) if has_cifar(data) else DRAWN


def has_cifar(data):
    return os.path.isdir(os.path.join(data, CIFAR))


def bench_rows(only=""):
    """Those whose name has the text."""
    rows = []
    for case in CASES:
        for variant in VARIANTS:
            if case.changes and variant["precision"] != FP32:
                continue
            row = replace(case, **variant)
            rows.append(replace(row, threads=row.threads or cores()))
    rows = [row for row in rows if only in row.name]
    return list(dict.fromkeys(rows))  # one core: both numbers of threads are the same


def depth_rows():
    """Depth is 6 blocks a stage and 2."""
    for depth in DEPTHS:
        blocks = tuple(f"model.layers.stage{s}.repeat={(depth - 2) // 6}" for s in (1, 2, 3))
        yield depth, replace(SCALED, threads=cores(), changes=blocks, note=f"depth {depth}")


def batch_rows():
    """About the same number of images in each, but at least a few steps."""
    for batch in BATCHES:
        steps = max(4, min(200, 2048 // batch))
        yield batch, replace(SCALED, threads=cores(), batch=batch, steps=steps)


def size_rows():
    for size in SIZES:
        drawn = (*DRAWN, f"data.height={size}", f"data.width={size}")
        steps = max(4, 20 * 32 // size)
        yield size, replace(SCALED, threads=cores(), batch=SIZE_BATCH, steps=steps, cifar=False,
                            changes=drawn, note=f"{size}x{size}")


def thread_rows():
    every = range(1, cores() + 1)
    chosen = [n for n in every if cores() <= FEW_CORES or n & (n - 1) == 0 or n == cores()]
    for threads in chosen:
        yield threads, replace(SCALED, threads=threads)
