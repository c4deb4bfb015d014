"""Speed and memory of rnframe on this machine, and beside PyTorch's where that is importable.

bench.py             a table of models, precisions and threads    (make bench)
bench.py --scale     how a step grows: four tables, one picture   (make bench SCALE=1)
bench.py --list      the rows alone
"""

import argparse
import contextlib
import json
import os
import shutil
import signal
import sys
import tempfile
from dataclasses import replace

import peer
import program
import report
import rows
import scale

COLUMNS = (
    ("model, precision, mode, batch, threads", 58, ""), ("images/s\n", 9, ".1f"),
    ("share of\nthe peak", 9, ".1%"), ("MB moved\na step", 9, ".0f"), ("peak\nMB", 7, ".0f"),
    ("first\nstep, s", 8, ".2f"),
)
# Winograd does fewer multiply-adds than are counted: no use of the units is claimed.
SHARE = """share of the peak: multiply-adds of direct convolutions, whichever kernel ran, by the probe of
all threads in the row's precision (bf16: also where a conv computes in fp32); a step with winograd
kernels does fewer, so its share is no use of the units and may pass 100 %.
"""


def cells(row, figures):
    return [row.name, figures["images_per_second"], figures["share_of_peak"],
            report.megabytes(figures["bytes_per_step"]), report.megabytes(figures["peak_memory_bytes"]),
            figures["first_step_s"]]


def machine(options):
    """A short first run in each precision, for the processor and the program."""
    first, short = rows.bench_rows()[0], argparse.Namespace(**vars(options) | {"steps": 1})
    about = program.measure(first, short)
    about["peaks_gflops"] = {rows.FP32: about["peak_gflops"]}
    with contextlib.suppress(program.Refused):
        other = program.measure(replace(first, precision=rows.BF16, key="precision"), short)
        about["peaks_gflops"][rows.BF16] = other["peak_gflops"]
    return about


def show_machine(figures, options):
    data = f"CIFAR-10 in {options.data}" if rows.has_cifar(options.data) else "drawn images"
    peaks = (f"{precision} {peak:.1f} GFLOP/s a thread" if peak else f"{precision} unknown"
             for precision, peak in figures["peaks_gflops"].items())
    report.say(f"{figures['cpu']}, {rows.cores()} threads; backend {figures['backend']}: {figures['isa']}")
    report.say(f"multiply-add probe: {', '.join(peaks)}")
    report.say(f"data: {data}; images/s: median of whole steps")
    report.say(SHARE)


def measure_rows(chosen, options):
    """The table; returns the figures of each row, the rows that run, how many failed."""
    table, kept, good, failures = report.Table(COLUMNS), [], [], 0
    table.head()
    for number, row in enumerate(chosen, 1):
        report.progress(f"{number} of {len(chosen)}: {row.name}")
        try:
            figures = program.measure(row, options)
            table.row(cells(row, figures))
            good.append(row)
        except program.Refused as words:
            figures = {"refused": str(words)}
            table.line([row.name, f"refused: {words}"])
        except program.Failed as words:
            figures = {"failed": str(words)}
            failures += 1
            table.line([row.name, f"FAILED: {words}"])
        kept.append({"row": row.name, **figures})
    return kept, good, failures


def bench(options):
    kept, good, failures = measure_rows(rows.bench_rows(options.only), options)
    beside = [row for row in good if row.threads == rows.cores()]
    compared, bad = peer.compare(beside, options)
    return {"rows": kept, "peer": compared}, failures + bad


def write_json(path, figures):
    """Whole or not at all."""
    draft = f"{path}.tmp"
    try:
        with open(draft, "w") as file:
            json.dump(figures, file, indent=1)
        os.replace(draft, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(draft)


def show_list(options):
    scaled = (row for _, _, make_rows in scale.SERIES for _, row in make_rows())
    for row in scaled if options.scale else rows.bench_rows(options.only):
        print(row.name)


def run(options):
    try:
        about = machine(options)
    except program.Failed as error:
        raise SystemExit(f"bench: {error}") from None
    show_machine(about, options)
    figures, failures = (scale.scale if options.scale else bench)(options)
    if options.json:
        about = {key: about[key] for key in ("cpu", "isa", "backend", "peaks_gflops")}
        write_json(options.json, {**about, "cores": rows.cores(), **figures})
    if failures:
        raise SystemExit(f"bench: {failures} failed")


def positive(word):
    number = int(word)
    if number < 1:
        raise ValueError
    return number


def check(parser, options):
    """Before an hour of work: inputs exist, and results can be written."""
    if options.data and not rows.has_cifar(options.data):
        parser.error(f"--data {options.data}: there is no {rows.CIFAR} in it")
    if options.peer_python and not shutil.which(options.peer_python):
        parser.error(f"--peer-python {options.peer_python}: there is no such program")
    if options.json and not os.access(os.path.dirname(options.json) or ".", os.W_OK):
        parser.error(f"--json {options.json}: its folder is not there or not to be written")
    if not rows.bench_rows(options.only):
        parser.error(f"--only {options.only}: no row's name has it; --list prints them")
    options.data = options.data or "build/data"
    options.named_peer = bool(options.peer_python)
    options.peer_python = options.peer_python or "python3"
    return options


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="build/rnframe", help="build/rnframe")
    parser.add_argument("--peer-python", default=os.environ.get("PEER_PYTHON"),
                        help="a Python that has PyTorch; default: PEER_PYTHON, else python3")
    parser.add_argument("--data", help=f"folder of {rows.CIFAR}; default: build/data, if it is there")
    parser.add_argument("--pictures", default="build/bench", help="folder of scale.svg; build/bench")
    parser.add_argument("--json", metavar="FILE", help="keep all figures")
    parser.add_argument("--only", metavar="TEXT", default="",
                        help="rows of the first table whose name has it")
    parser.add_argument("--steps", type=positive, help="of every row, in place of the table's")
    parser.add_argument("--rounds", type=positive, default=5, help="beside PyTorch; 5")
    parser.add_argument("--scale", action="store_true")
    parser.add_argument("--list", action="store_true")
    return check(parser, parser.parse_args())


def stop(number, frame):
    raise KeyboardInterrupt


def main():
    options = parse_arguments()
    if options.list:
        return show_list(options)
    for number in signal.SIGTERM, signal.SIGHUP:
        signal.signal(number, stop)
    try:
        with tempfile.TemporaryDirectory(prefix="rnframe_bench.") as options.scratch:
            run(options)
    except KeyboardInterrupt:
        report.clear()
        sys.exit(130)


if __name__ == "__main__":
    main()
