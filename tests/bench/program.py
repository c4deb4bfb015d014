"""Runs each measurement in its own process and reads its figures."""

import contextlib
import json
import os
import signal
import subprocess

import rows

REFUSED = 2  # exit status of bad input


class Refused(Exception):
    """A key or precision that the program does not have: its message."""


class Failed(Exception):
    """Anything else that is wrong with a row."""


def end(child):
    """The whole session of the child: nothing that it started survives."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def run(words, scratch):
    """What it printed, as (status, stdout, stderr); its temporary files go to `scratch`."""
    environment = {**os.environ, "TMPDIR": scratch, "PYTHONDONTWRITEBYTECODE": "1",
                   "TORCHINDUCTOR_CACHE_DIR": os.path.join(scratch, "inductor")}
    try:
        child = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True, env=environment,
                                 start_new_session=True)
    except OSError as error:
        raise Failed(f"{words[0]}: {error.strerror}") from None
    try:
        out, err = child.communicate()
    finally:
        end(child)
    return child.returncode, out, err


def last_line(text, status):
    lines = text.strip().splitlines()
    return lines[-1] if lines else f"ended with status {status} without a word"


def profile_words(row, options, file):
    steps = options.steps or row.steps
    return [options.program, "profile", "--conf", f"{row.conf}.cfg", "--mode", row.mode,
            "--steps", str(steps), "--json", file, f"precision={row.precision}",
            f"threads={row.threads}", f"train.batch_size={row.batch}",
            *rows.data_changes(row, options.data), *row.changes]


def check(row, figures):
    """Check that the figures belong to this row, and that no key was ignored."""
    for name in "mode", "precision", "threads", "batch":
        if figures.get(name) != getattr(row, name):
            raise Failed(f"{name} is {figures.get(name)!r}, asked for was {getattr(row, name)!r}")


def measure(row, options):
    """The figures of one run of the program."""
    file = os.path.join(options.scratch, "profile.json")
    with contextlib.suppress(FileNotFoundError):
        os.unlink(file)
    status, _, err = run(profile_words(row, options, file), options.scratch)
    if status == REFUSED and row.key and row.key in err:
        raise Refused(last_line(err, status))
    if status != 0:
        raise Failed(last_line(err, status))
    try:
        with open(file) as text:
            figures = json.load(text)
    except (OSError, ValueError) as error:
        raise Failed(f"no figures: {error}") from None
    check(row, figures)
    return figures
