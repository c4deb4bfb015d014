"""Faults on purpose: kills, full disks, lack of memory, signals; make campaign runs it.

  campaign.py                          100 new cases of each class
  campaign.py --class kill --count 60  so many of one
  campaign.py --budget 1h              until then, in turns
  campaign.py --class kill --seed 3 --case 77   one case again, with its command lines
"""
import argparse
import concurrent.futures
import fcntl
import itertools
import os
import random
import shutil
import signal
import subprocess
import sys
import time

import kill
import ledger as ledgers
import memory
import order
import power
import signals
import storage
import subject as under_test

CLASSES = {c.NAME: c for c in (kill.Kill, kill.Calls, order.Order, power.Power,
                               storage.Storage, memory.Memory, signals.Signals)}
UNITS = {"s": 1, "m": 60, "h": 3600}
SHOWN, BATCH = 10, 100


def seconds(text):
    return float(text[:-1]) * UNITS[text[-1]] if text[-1] in UNITS else float(text)


def options():
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--build", default="build")
    p.add_argument("--class", dest="name", choices=sorted(CLASSES))
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--case")
    p.add_argument("--count", type=int)
    p.add_argument("--budget", type=seconds)
    p.add_argument("--jobs", type=int, default=min(2, os.cpu_count()))
    p.add_argument("--ledger", help="default BUILD/campaign.json; empty: none is kept")
    o = p.parse_args()
    if o.case and not o.name:
        p.error("a case belongs to a class: --class")
    return o


def commit():
    try:
        return subprocess.run(["git", "describe", "--always", "--dirty", "--abbrev=10"],
                              cwd=under_test.HERE, capture_output=True, text=True,
                              check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def alone(work):
    """The lock of the folder, for as long as the file is open: two campaigns would remove each
    other's runs."""
    os.makedirs(work, exist_ok=True)
    lock = open(os.path.join(work, "lock"), "w", encoding="utf-8")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(f"campaign: another one works in {work}: wait for its end, or give --build "
                 "another build")
    return lock


class Campaign:
    def __init__(self, o):
        self.o = o
        work = os.path.join(o.build, "campaign")
        self.alone = alone(work)
        self.subject = under_test.Subject(o.build, work)
        path = os.path.join(o.build, "campaign.json") if o.ledger is None else o.ledger
        self.ledger = ledgers.Ledger(path) if path else None
        self.classes = {name: make() for name, make in CLASSES.items()}
        self.commit = commit()
        self.ahead = {}  # of each class, the cases still to come
        self.failed = 0

    def one(self, name, case):
        """(failures, command lines); the folder of a good case is removed."""
        trace, folder = [], self.subject.folder(f"{name}-{case}")
        chance = random.Random(f"{name}/{self.o.seed}/{case}")
        bad = self.classes[name].run(self.subject, case, chance, folder, trace)
        if not bad:
            shutil.rmtree(folder, ignore_errors=True)
        return bad, trace

    def tell(self, name, case, bad):
        self.failed += 1
        if self.failed > SHOWN:
            return
        print(f"FAILED {name} {case}: make campaign CLASS={name} SEED={self.o.seed} CASE={case}")
        for words in bad:
            print(f"    {words}")

    def some(self, name, cases):
        """How many of the cases are good; each batch goes into the ledger when it is done."""
        self.subject.reference()
        well = 0
        with concurrent.futures.ThreadPoolExecutor(self.o.jobs) as pool:
            for at in range(0, len(cases), BATCH):
                batch = cases[at:at + BATCH]
                outcomes = list(pool.map(lambda case: self.one(name, case)[0], batch))
                well += sum(not bad for bad in outcomes)
                self.keep(name, batch, outcomes)
        return well

    def keep(self, name, cases, outcomes):
        for case, bad in zip(cases, outcomes):
            if bad:
                self.tell(name, case, bad)
            if self.ledger:
                self.ledger.note(name, self.o.seed, case, bad, self.commit)
        if self.ledger:
            self.ledger.finish(name, self.o.seed, len(cases))

    def next_cases(self, name, count):
        """After those that the ledger has for this seed."""
        if name not in self.ahead:
            begin = self.ledger.start(name, self.o.seed) if self.ledger else 0
            every = self.classes[name].cases(self.subject, self.o.seed)
            self.ahead[name] = itertools.islice(every, begin, None)
        return list(itertools.islice(self.ahead[name], count))

    def replay(self):
        bad, trace = self.one(self.o.name, self.o.case)
        print("\n".join(trace))
        for words in bad:
            print(words)
        print("FAILED" if bad else "well")
        if self.ledger and not bad:
            self.ledger.settle(self.o.name, self.o.seed, self.o.case)
            self.ledger.write()
        return 1 if bad else 0

    def names(self):
        names = [self.o.name] if self.o.name else list(CLASSES)
        if not self.subject.has_shim:
            names = [name for name in names if not CLASSES[name].NEEDS_SHIM]
        return names

    def run(self):
        deadline = time.monotonic() + self.o.budget if self.o.budget else None
        count = self.o.count or (25 if deadline else 100)
        names = self.names()
        while names:
            for name in list(names):
                cases = self.next_cases(name, count)
                if not cases:
                    names.remove(name)
                    continue
                begin = time.monotonic()
                well = self.some(name, cases)
                print(f"{name:8} {well} passed, {len(cases) - well} failed, seed {self.o.seed}, "
                      f"{time.monotonic() - begin:.1f} s", flush=True)
            if not deadline or time.monotonic() > deadline:
                break
        if self.ledger:
            print(self.ledger.table(), end="")
        return 1 if self.failed else 0


def hear_for_children():
    """A program inherits what is ignored here (nohup, a shell's background job), but not
    what is caught and comes to nothing."""
    for number in (signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, lambda *_: None)


def main():
    hear_for_children()
    campaign = Campaign(options())
    return campaign.replay() if campaign.o.case else campaign.run()


if __name__ == "__main__":
    sys.exit(main())
