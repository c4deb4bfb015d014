"""power: the calls of a run and of a resume are recorded; the power is cut after one of them,
and of what was not synced a part is lost, cut or zero. Then the run goes on. Cases are
SCENARIO/N."""
import itertools
import json
import os
import re
import shutil

import disk
import faults
import oracles
import stopped
import subject as under_test

SAVED = re.compile(r"_step(\d+)\.safetensors$")
# What becomes of names and of data that were not synced: how likely each is.
MOODS = (("all of it is lost", {"lost": 1}, {"lost": 1}),
         ("names are there, data are not", {"kept": 1}, {"lost": 1}),
         ("names are there, data are zeros", {"kept": 1}, {"zeros": 1}),
         ("data are there, names are not", {"lost": 1}, {"kept": 1}),
         ("any part of it", {"kept": 1, "lost": 1},
          {"kept": 2, "lost": 1, "zeros": 1, "cut": 1}),
         ("most of it is there", {"kept": 7, "lost": 1},
          {"kept": 7, "lost": 1, "zeros": 1, "cut": 1}))


def draw(random, weights):
    return lambda: random.choices(list(weights), list(weights.values()))[0]


class Scenario:
    """One recorded run: what there was before, and all calls."""

    def __init__(self, subject, name):
        folder = subject.folder(f"power-{name}-record")
        self.base = os.path.join(folder, "base")
        run = os.path.join(self.base, "runs", "run")
        if name == "resume":
            os.makedirs(os.path.dirname(run))
            stopped.Folders(subject, "power").stopped(os.path.dirname(run))
        else:
            os.mkdir(self.base)
        self.before, journal = os.path.join(folder, "before"), os.path.join(folder, "journal")
        shutil.copytree(self.base, self.before)
        result = subject.run(subject.resume(run) if name == "resume" else subject.train(run),
                             fault=faults.env(subject, f"journal:{journal}", self.base))
        if result.status != 0:
            raise SystemExit(f"an undisturbed {name} fails: {result.words()}")
        self.calls = disk.read_journal(journal)

    def cut(self, calls):
        """The disk after that many calls, and the newest step that was safe then."""
        state = disk.Disk(self.before)
        state.prefix, safe = self.base + "/", saved_by(state)
        for call in self.calls[:calls]:
            state.play(*call)
            if call[0] == "fsync" and call[2].endswith("/checkpoints"):
                safe = max(safe, saved_by(state))
        return state, safe


def saved_by(state):
    _, _, folder = state.find(state.prefix + "runs/run/checkpoints")
    steps = [SAVED.search(name) for name in folder.now] if folder else []
    return max((int(m[1]) for m in steps if m), default=0)


def state_of(run):
    """What run.json says; None: there is none."""
    if not os.path.exists(os.path.join(run, "run.json")):
        return None
    with open(os.path.join(run, "run.json"), encoding="utf-8") as f:
        return json.load(f)["state"]


def has_begun(run):
    return state_of(run) not in (None, "starting")


def usable(run):
    """A run that claims to have begun has everything that a resume needs."""
    try:
        if not has_begun(run):
            return []
    except (ValueError, KeyError) as error:
        return [f"V: run.json: {error}"]
    conf = os.path.join(run, "conf.cfg")
    return [] if os.path.exists(conf) and os.path.getsize(conf) else ["V: no conf.cfg"]


class Power:
    NAME, NEEDS_SHIM = "power", True
    SCENARIOS = ("train", "resume")

    def __init__(self):
        self.recorded = {}

    def scenario(self, subject, name):
        with subject.lock:
            known = self.recorded.get(name)
        if not known:  # stopped.Folders takes the lock itself
            known = self.recorded.setdefault(name, Scenario(subject, name))
        return known

    def cases(self, subject, seed):
        for name in self.SCENARIOS:  # before there are threads
            self.scenario(subject, name)
        return (f"{self.SCENARIOS[n % 2]}/{n}" for n in itertools.count())

    def run(self, subject, case, random, folder, trace):
        scenario = self.scenario(subject, case.split("/")[0])
        words, names, data = random.choice(MOODS)
        calls = random.randint(1, len(scenario.calls))
        state, safe = scenario.cut(calls)
        what, _, path, _ = scenario.calls[calls - 1]
        trace.append(f"# cut after call {calls} of {len(scenario.calls)}, {what} of "
                     f"{os.path.relpath(path, scenario.base)}; not synced: {words}")
        base = os.path.join(folder, "base")
        state.leave(base, draw(random, names), draw(random, data))
        return self.judge(subject, os.path.join(base, "runs", "run"), safe, folder, trace)

    def judge(self, subject, run, safe, folder, trace):
        trace.append(f"# step {safe} was saved; as the disk was left: {folder}/state")
        shutil.copytree(os.path.join(folder, "base"), os.path.join(folder, "state"))
        found, bad = oracles.checkpoints(run)
        if max(found, default=0) < safe:
            bad.append(f"V: step {safe} was saved, the newest that is there is "
                       f"{max(found, default=0)}")
        bad += usable(run)
        if os.path.isdir(run):
            result = subject.run([subject.program, "verify", run], trace)
            bad += oracles.no_crash(result)
            if result.status not in (0, 2):
                bad.append(f"M: verify: {result.words()}")
        return bad + self.goes_on(subject, run, trace)

    def goes_on(self, subject, run, trace):
        """By its own conf if it has begun, else by the user's."""
        command = subject.resume(run)
        if has_begun(run):
            command[command.index(under_test.CONF)] = os.path.join(run, "conf.cfg")
        result = subject.run(command, trace)
        bad = oracles.no_crash(result)
        if result.status != 0:
            bad.append(f"resume: {result.words()}")
        return bad + oracles.whole(subject, run, trace)
