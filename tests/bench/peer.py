"""Rows beside PyTorch at its best setting: ours, theirs, ours, theirs, medians."""

import json
import statistics
from pathlib import Path

import program
import report
import rows
from report import MB

SCRIPT = Path(__file__).parent / "peers" / "pytorch.py"
MODES = {"train": "train", "inference": "eval"}
COLUMNS = (
    ("model, precision, mode, batch", 50, ""),
    ("rnframe\nimages/s", 9, ".1f"), ("PyTorch\nimages/s", 9, ".1f"), ("ratio\n", 6, ".2f"),
    ("rnframe\npeak MB", 8, ".0f"), ("PyTorch\npeak MB", 8, ".0f"), ("ratio\n", 6, ".2f"),
    ("rnframe\nfirst s", 8, ".2f"), ("PyTorch\nfirst s", 8, ".2f"), ("again\ns", 7, ".2f"),
    ("PyTorch's\nbest setting", 24, ""),
)
HEADING = """
Beside PyTorch {version}, {threads} threads: inputs ready on both sides, {rounds} rounds in turn, medians.
Ratios: images/s of rnframe by PyTorch's, peak memory of PyTorch by rnframe's. first: from the start of
the process to the end of its first step; again: the same with what torch.compile left in its cache."""


def find(options):
    """PyTorch's version as that Python has it, or None."""
    words = [options.peer_python, "-c", "import torch; print(torch.__version__)"]
    try:
        status, out, _ = program.run(words, options.scratch)
    except program.Failed:
        return None
    return out.strip() if status == 0 else None


def measure_theirs(row, options, flags):
    data = rows.data_changes(row, options.data) != rows.DRAWN and row.cifar
    words = [options.peer_python, str(SCRIPT), row.conf, "--mode", MODES[row.mode],
             "--batch", str(row.batch), "--steps", str(options.steps or row.steps),
             "--threads", str(row.threads), "--precision", row.precision,
             *(["--data", options.data] if data else []), *flags]
    status, out, err = program.run(words, options.scratch)
    if status != 0:
        raise program.Failed(f"PyTorch: {program.last_line(err, status)}")
    try:
        figures = json.loads(out.splitlines()[-1])
    except (IndexError, ValueError):
        raise program.Failed("PyTorch: no figures in what it printed") from None
    if "error" in figures:
        raise program.Failed(f"PyTorch: {figures['error']}")
    return figures


def alternate(row, options):
    """The rounds of both; PyTorch's first also finds its best setting."""
    ours, theirs = [], []
    for turn in range(1, options.rounds + 1):
        report.progress(f"beside PyTorch, round {turn} of {options.rounds}: {row.name}")
        ours.append(program.measure(row, options))
        flags = theirs[0]["flags"] if theirs else ["--best"]
        theirs.append(measure_theirs(row, options, flags))
    return ours, theirs


def median(runs, key):
    known = [run[key] for run in runs if run[key] is not None]
    return statistics.median(known) if known else None


def ready(figures):
    """Inference may have no other figure than the one of the whole step."""
    return figures.get("images_per_second_ready") or figures["images_per_second"]


def summary(ours, theirs):
    return {
        "images_per_second": (statistics.median(map(ready, ours)), median(theirs, "images_per_s")),
        "peak_memory_bytes": (median(ours, "peak_memory_bytes"), median(theirs, "peak_memory_bytes")),
        "first_step_s": (median(ours, "first_step_s"), theirs[0]["tried"][theirs[0]["best"]]["first_step_s"]),
        "first_step_again_s": median(theirs, "first_step_s"),
        "best": theirs[0]["best"],
    }


def cells(row, figures):
    speed, memory = figures["images_per_second"], figures["peak_memory_bytes"]
    return [row.name.rpartition(",")[0].replace(": ", ", "), *speed, speed[0] / speed[1],
            *(bytes_ / MB for bytes_ in memory), memory[1] / memory[0],
            *figures["first_step_s"], figures["first_step_again_s"], figures["best"]]


def compare(chosen, options):
    """A table of the rows; returns the figures of each and how many failed."""
    version = find(options)
    if not version:
        report.say(f"\nNo comparison: {options.peer_python} cannot import torch; PEER_PYTHON says another")
        return [], int(options.named_peer)
    report.say(HEADING.format(version=version, threads=rows.cores(), rounds=options.rounds))
    table, kept, failures = report.Table(COLUMNS), [], 0
    table.head()
    for row in chosen:
        try:
            ours, theirs = alternate(row, options)
        except (program.Failed, program.Refused) as error:
            failures += 1
            table.row([row.name, f"FAILED: {error}"])
            continue
        figures = summary(ours, theirs)
        table.row(cells(row, figures))
        kept.append({"row": row.name, **figures, "ours": ours, "theirs": theirs})
    return kept, failures
