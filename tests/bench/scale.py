"""How time and memory of a step grow: with depth, batch, image size and threads."""

import os
import shutil
from pathlib import Path

import program
import report
import rows
from report import MB

SCRIPT = Path(__file__).parent / "scale.gp"
SERIES = (  # name (also of the data file), title of the first column, rows
    ("depth", "depth", rows.depth_rows),
    ("batch", "batch", rows.batch_rows),
    ("size", "image side, pixels", rows.size_rows),
    ("threads", "threads", rows.thread_rows),
)
COLUMNS = (
    ("", 18, ""), ("ms\na step", 9, ".2f"), ("images/s\n", 9, ".1f"),
    ("share of\nthe peak", 9, ".1%"), ("ns\na pixel", 8, ".2f"), ("ps a\nmultiply-add", 12, ".2f"),
    ("MB moved\na step", 9, ".0f"), ("peak\nMB", 7, ".0f"), ("arena\nMB", 7, ".0f"),
    ("threads'\nuse", 8, ".0%"),
)
LEGEND = """Training, {precision}. ns a pixel: time of a step by the pixels of its images; ps a multiply-add:
by all multiply-adds of the step. Where these stay level, time grows in proportion: a jump is a cliff.
Threads' use: speed by threads times the speed of the fewest."""


def pixels(name, x):
    return (x if name == "size" else 32) ** 2


def derived(name, x, figures, first):
    """What the table and the picture show; `first` is the series' first x and figures."""
    step_ns = figures["step_ms"] * 1e6
    multiply_adds = figures["gflop_per_step"] * 1e9 / 2
    use = figures["images_per_second"] / first[1]["images_per_second"] * first[0] / x
    return [figures["step_ms"], figures["images_per_second"], figures["share_of_peak"],
            step_ns / (figures["batch"] * pixels(name, x)), step_ns * 1e3 / multiply_adds,
            report.megabytes(figures["bytes_per_step"]), report.megabytes(figures["peak_memory_bytes"]),
            report.megabytes(figures["arena_bytes"]), use]


def measure_series(name, title, make_rows, options):
    """One table; returns [(x, figures)] and how many rows failed."""
    table, points, failures = report.Table(columns(name, title)), [], 0
    report.say(f"\n{rows.SCALED.conf} by {name}")
    table.head()
    for x, row in make_rows():
        report.progress(row.name)
        try:
            figures = program.measure(row, options)
        except program.Failed as error:
            failures += 1
            table.row([str(x), f"FAILED: {error}"])
            continue
        points.append((x, figures))
        table.row([str(x), *derived(name, x, figures, points[0])])
    return points, failures


def columns(name, title):
    """Those of the series: the last one is that of threads."""
    return ((title, *COLUMNS[0][1:]), *(COLUMNS[1:] if name == "threads" else COLUMNS[1:-1]))


def write_data(folder, name, points):
    """x, ms a step, peak MB, images/s for gnuplot."""
    lines = [f"{x} {figures['step_ms']:.9g} {figures['peak_memory_bytes'] / MB:.9g} "
             f"{figures['images_per_second']:.9g}\n" for x, figures in points]
    Path(folder, f"{name}.dat").write_text("".join(lines))


def draw(series, options):
    """scale.svg and scale.png: written to temporary files, then renamed."""
    if not all(series.values()):
        raise program.Failed("no picture: a series has no point")
    for name, points in series.items():
        write_data(options.scratch, name, points)
    cpu = next(iter(series.values()))[0][1]["cpu"].replace("'", "")
    words = ["gnuplot", "-d", "-e", f"folder='{options.scratch}'; cpu='{cpu}'", str(SCRIPT)]
    status, _, err = program.run(words, options.scratch)
    if status != 0:
        raise program.Failed(f"gnuplot: {program.last_line(err, status)}")
    os.makedirs(options.pictures, exist_ok=True)
    for name in "scale.svg", "scale.png":
        shutil.move(os.path.join(options.scratch, name), os.path.join(options.pictures, name))


def scale(options):
    """All tables and the picture; returns the figures and how many rows failed."""
    report.say(LEGEND.format(precision=rows.SCALED.precision))
    series, failures = {}, 0
    for name, title, make_rows in SERIES:
        series[name], bad = measure_series(name, title, make_rows, options)
        failures += bad
    try:
        draw(series, options)
        report.say(f"\n{options.pictures}/scale.svg and scale.png show them.")
    except program.Failed as error:
        failures += 1
        report.say(f"FAILED: {error}")
    return {name: [{"x": x, **figures} for x, figures in points] for name, points in series.items()}, failures
