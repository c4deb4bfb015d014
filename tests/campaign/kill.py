"""kill: SIGKILL at a random moment, in every fifth case another one during the resume. calls:
SIGKILL at a call of the system, or in the middle of a write. Then the run is resumed."""
import os
import signal

import faults
import oracles
import subject as under_test


def resume(subject, run, trace, threads, signals=()):
    return subject.run(subject.resume(run, threads), trace, signals=signals)


def must_end_well(subject, run, trace, threads):
    """What must hold for every resumed run."""
    result = resume(subject, run, trace, threads)
    bad = oracles.no_crash(result)
    if result.status != 0:
        bad.append(f"resume: {result.words()}")
    return bad + oracles.whole(subject, run, trace)


class Kill:
    NAME, NEEDS_SHIM = "kill", False

    def cases(self, subject, seed):
        return under_test.endless()

    def run(self, subject, case, random, folder, trace):
        run = os.path.join(folder, "run")
        n, took = int(case), subject.reference()[1]
        threads = 1 + n % 2
        at = random.uniform(0, took)
        subject.run(subject.train(run, threads=threads), trace, signals=[(at, signal.SIGKILL)])
        bad = oracles.nothing_lost(run)
        if n % 5 == 4:
            at = random.uniform(0, took)
            resume(subject, run, trace, 3 - threads, [(at, signal.SIGKILL)])
            bad += oracles.nothing_lost(run)
        return bad + must_end_well(subject, run, trace, 3 - threads)


class Calls:
    NAME, NEEDS_SHIM = "calls", True

    def cases(self, subject, seed):
        return under_test.endless()

    def calls(self, subject):
        with subject.lock:
            if not hasattr(self, "total"):
                folder = subject.folder("calls-record")
                run = os.path.join(folder, "run")
                self.total = len(faults.record(subject, subject.train(run), run, folder))
        return self.total

    def run(self, subject, case, random, folder, trace):
        run = os.path.join(folder, "run")
        at, how = random.randint(1, self.calls(subject)), random.choice(["kill", "cut"])
        fault = faults.env(subject, f"any:{at}:{how}", run)
        subject.run(subject.train(run), trace, fault)
        bad = oracles.nothing_lost(run)
        if int(case) % 5 == 4:
            at = random.randint(1, self.calls(subject))
            subject.run(subject.resume(run), trace, faults.env(subject, f"any:{at}:kill", run))
            bad += oracles.nothing_lost(run)
        return bad + must_end_well(subject, run, trace, 2)
