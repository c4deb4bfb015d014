"""storage: a call of the system fails, or is cut short, in a whole run with its saves, in a
resume, in an eval. Cases are SCENARIO/KIND/EFFECT/once or forever/N."""
import itertools
import os
import re

import faults
import kill
import oracles
import stopped
import subject as under_test

HARD = ("ENOSPC", "EIO", "EDQUOT", "EROFS", "EACCES", "EMFILE")
EFFECTS = {"read": ("EIO", "ESTALE", "short", "EINTR"), "write": HARD[:4] + ("short", "EINTR"),
           "open": HARD, "fsync": ("EIO", "ENOSPC", "EDQUOT"), "close": ("EIO",),
           "rename": HARD[:5], "unlink": ("EIO", "EACCES", "EROFS"), "mkdir": HARD[:5],
           "allocate": ("ENOSPC", "EIO", "EDQUOT", "EINTR"), "lock": ("ENOLCK", "EIO", "EINTR"),
           "statvfs": ("EIO",), "mmap": ("ENOMEM",)}
# What a short campaign tries: of the runs that only read, or write as the first one does,
# the reading.
FIRST = {"save": ("ENOSPC", "EIO", "short"), "load": ("EIO", "short"), "eval": ("EIO", "short")}
READING = ("open", "read", "close", "lock", "unlink", "mmap")
HARMLESS = ("short", "EINTR")
# Calls that may fail unsaid, since nothing is lost: what is tried three times, what only
# reads, wishes, and the lock of a file system that has none.
UNSAID = {"close": "", "statvfs": "", "lock": "", "read": r"^(lock|run\.json)$",
          "unlink": r"^(lock|confusion)", "open": r"^run$"}
THRICE = re.compile(r"^(last|model)\.safetensors|^(checkpoints|run)$")


def site(kind, path):
    """Calls that the same place makes, for one file or another."""
    name = os.path.basename(path.rstrip("/"))
    return kind, re.sub(r"^.*(\.safetensors)", r"\1", name)


def picks(numbers):
    """First, middle and last."""
    return {numbers[0], numbers[len(numbers) // 2], numbers[-1]}


class Storage:
    NAME, NEEDS_SHIM = "storage", True
    SCENARIOS = ("save", "load", "eval")

    def __init__(self):
        self.folders, self.found = None, {}

    # -- the three runs --

    def prepare(self, subject, scenario, folder):
        """(run folder, command)"""
        if not self.folders:
            self.folders = stopped.Folders(subject, self.NAME)
        if scenario == "save":
            run = os.path.join(folder, "run")
            return run, subject.train(run)
        if scenario == "load":
            run = self.folders.stopped(folder)
            return run, subject.resume(run)
        run = self.folders.finished(folder)
        return run, [subject.program, "eval", under_test.CONF, "--weights",
                     os.path.join(run, "model.safetensors")]

    # -- cases --

    def calls(self, subject, scenario):
        """{kind: [path of its call 1, 2, ...]}"""
        if scenario in self.found:
            return self.found[scenario]
        folder = subject.folder(f"{self.NAME}-{scenario}-record")
        run, command = self.prepare(subject, scenario, folder)
        by_kind = {}
        for kind, path in faults.record(subject, command, run, folder):
            by_kind.setdefault(kind, []).append(path)
        self.found[scenario] = by_kind
        return by_kind

    def cases(self, subject, seed):
        """A few calls of each place with the most likely effects first, then all calls with
        these, then all else."""
        few_calls, likely, rest = [], [], []
        for scenario in self.SCENARIOS:
            for kind, paths in self.calls(subject, scenario).items():
                places = {}
                for n, path in enumerate(paths, 1):
                    places.setdefault(site(kind, path), []).append(n)
                few = {n for numbers in places.values() for n in picks(numbers)}
                for effect, mode, n in itertools.product(EFFECTS[kind], ("once", "forever"),
                                                         range(1, len(paths) + 1)):
                    first = (mode == "once" and n in few and effect in FIRST[scenario]
                             and (scenario == "save" or kind in READING))
                    second = mode == "once" and effect in FIRST["save"]
                    stage = few_calls if first else likely if second else rest
                    stage.append(f"{scenario}/{kind}/{effect}/{mode}/{n}")
        return few_calls + likely + rest

    # -- one --

    def run(self, subject, case, random, folder, trace):
        scenario, kind, effect, mode, n = case.split("/")
        run, command = self.prepare(subject, scenario, folder)
        mark, before = os.path.join(folder, "mark"), stopped.listing(folder)
        log = os.path.join(folder, "calls")
        rule = f"{kind}:{n}:{effect}" + (":forever" if mode == "forever" else "")
        result = subject.run(command, trace, faults.env(subject, f"{rule},record:{log}", run, mark))
        marked = faults.marked(mark)
        bad = oracles.no_crash(result)
        if marked is None:
            bad.append("M: it did not end by exit()")
        fired = marked is not None and marked[1] > 0
        bad += self.said(result, scenario, effect, fired, mode)
        if fired and result.status == 0 and effect not in HARMLESS and not result.lines():
            bad += self.unsaid(kind, [path for k, path in faults.recorded(log) if k == kind][int(n) - 1])
        if scenario == "eval":
            return bad + ([] if stopped.listing(folder) == before else ["N: files have changed"])
        bad += oracles.checkpoints(run)[1]
        return bad + self.mended(subject, run, result, trace)

    def said(self, result, scenario, effect, fired, mode):
        """M: a fault that no program can heal is told, and what ends a run has status 3; 2 is
        for input, and a checkpoint that cannot be read is input to a resume."""
        if effect in HARMLESS or not fired:
            return [] if result.status == 0 and not result.lines() else \
                [f"M: {effect} is nothing to fail of: {result.words()}"]
        statuses = (0, 3) if scenario == "save" else (0, 2, 3)
        bad = []
        if result.status not in statuses:
            bad.append(f"M: status {result.status}, must be one of {statuses}: {result.words()}")
        most = 3 if mode == "once" else 50  # each save that fails is told
        if result.status != 0 and not 1 <= len(result.lines()) <= most:
            bad.append(f"M: {len(result.lines())} lines: {result.words()}")
        return bad

    def unsaid(self, kind, path):
        name = os.path.basename(path.rstrip("/"))
        if kind in UNSAID and re.search(UNSAID[kind], name) or THRICE.search(name):
            return []
        return [f"M: {kind} of {name} has failed, and nobody says so"]

    def mended(self, subject, run, result, trace):
        """Once the disk is well again the run comes to its end with the same bits. A line of a
        log that could not be written stays away, which verify tells."""
        if result.status == 0:
            bad = oracles.equal(subject, run) + oracles.log(subject, run)
        else:
            bad = kill.must_end_well(subject, run, trace, 1)
        lost = "lines of it" in result.err
        return [words for words in bad if not (lost and re.match(r"log:|V: verify", words))]
