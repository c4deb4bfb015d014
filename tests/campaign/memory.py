"""memory: an allocation of our own code fails: one line, status 1, nothing written that was
not there before. Cases are SCENARIO/N. Whose allocations count stands in
tests/lib/fault/fault.c."""
import itertools
import math
import os

import faults
import kill
import oracles
import stopped
import subject as under_test

OUT_OF_MEMORY = 1


class Memory:
    NAME, NEEDS_SHIM = "memory", True
    SCENARIOS = ("plan", "eval", "save", "load")
    NEVER = 10 ** 9

    def __init__(self):
        self.folders = None

    def prepare(self, subject, scenario, folder):
        if not self.folders:
            self.folders = stopped.Folders(subject, self.NAME)
        run = os.path.join(folder, "run")
        if scenario == "plan":
            return run, [subject.program, "plan", under_test.CONF]
        if scenario == "eval":
            run = self.folders.finished(folder)
            return run, [subject.program, "eval", under_test.CONF, "--weights",
                         os.path.join(run, "model.safetensors")]
        if scenario == "load":
            run = self.folders.stopped(folder)
            return run, subject.resume(run)
        return run, subject.train(run)

    def count(self, subject, scenario):
        folder = subject.folder(f"memory-{scenario}-count")
        run, command = self.prepare(subject, scenario, folder)
        mark = os.path.join(folder, "mark")
        subject.run(command, fault=faults.env(subject, f"malloc:{self.NEVER}:ENOMEM", run, mark))
        return faults.marked(mark)[0]

    def cases(self, subject, seed):
        """All of them, in an order in which the first N are spread evenly over all."""
        every = [f"{scenario}/{n}" for scenario in self.SCENARIOS
                 for n in range(1, self.count(subject, scenario) + 1)]
        stride = next(s for s in itertools.count(int(len(every) * 0.618) + 1)
                      if math.gcd(s, len(every)) == 1)
        start = seed % len(every)
        return [every[(start + i * stride) % len(every)] for i in range(len(every))]

    def run(self, subject, case, random, folder, trace):
        scenario, n = case.split("/")
        run, command = self.prepare(subject, scenario, folder)
        mark, before = os.path.join(folder, "mark"), stopped.listing(folder)
        result = subject.run(command, trace,
                             faults.env(subject, f"malloc:{n}:ENOMEM", run, mark))
        bad = oracles.no_crash(result)
        if result.status == 0:  # it could do without, or the fault was not met
            return bad + (oracles.equal(subject, run) if scenario in ("save", "load") else [])
        bad += oracles.one_line(result, OUT_OF_MEMORY)
        if "memory" not in result.err.lower():
            bad.append(f"M: the line does not speak of memory: {result.err.strip()}")
        if scenario in ("plan", "eval") and stopped.listing(folder) != before:
            bad.append("N: files are new or have changed")
        if scenario in ("save", "load"):
            bad += oracles.checkpoints(run)[1]
            bad += kill.must_end_well(subject, run, trace, 1)
        return bad
