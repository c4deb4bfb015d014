"""Changes core and plugins by one token at random places, and checks whether a test notices.

For each mutant, in a copy of the tree: change, build, run the tests that run the changed line
(known from gcov), first those of the file, then those of its folder, then those above it, the
quick ones first, until one fails or CAP seconds are over. A mutant whose object has the same
code as before is no mutant; one that no test notices is a survivor. survivors.txt has a word
for each that was looked at: what it says is why the program is the same, or why no test can
tell.

Each verdict is kept in build/mutants/verdicts.jsonl as soon as it is known, so that a run which
was stopped goes on, and a file that changed has its mutants tried again. The sample is drawn by
digests of the changed lines: a change elsewhere leaves it as it is."""
import argparse
import collections
import concurrent.futures
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

import covered
import process
import sites

HERE = os.path.dirname(os.path.abspath(__file__))
# About the build itself, or minutes long: they compile the tree again, run in an emulator, or
# are themselves many runs.
LEFT_OUT = ("tests/cli/compilers", "tests/cli/makefile", "tests/cli/cpus", "tests/cli/campaign")
FLAGS = "-O2"
# Most of a test's time is spent here, and counters would multiply it: taken to be run by the tests
# that run RUNS_IT.
UNCOUNTED, RUNS_IT = "plugins/backend/", "core/exec/phase.c"
# gcc may derive a loop's variable from its counter: if that is not atomic, threads disturb each
# other, and results are wrong.
COUNTING = f"-O1 --coverage -fprofile-update=atomic -fprofile-exclude-files={UNCOUNTED}"
# What the backend's headers become for other instruction sets than the best that this machine has:
# no test here runs them, and each takes a minute to compile.
SETS = {"avx512_bf16": "avx512bf16.o", "avx512f": "avx512.o", "avx2": "avx2.o"}
STATEMENT = 8  # lines that a statement may take
SLOW = 30  # seconds of a test that waits until the others have run
CAP = 75  # seconds of the processor that tests of a mutant may take
Result = collections.namedtuple("Result", "site verdict by")


def kept_objects():
    """Objects that a changed header leaves as they are."""
    with open("/proc/cpuinfo") as f:
        flags = next((line.split() for line in f if line.startswith("flags")), [])
    best = next((o for flag, o in SETS.items() if flag in flags), None)
    return [o for o in SETS.values() if o != best]


def sh(tree, command, **more):
    return subprocess.run(command, cwd=tree, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          stdin=subprocess.DEVNULL, check=False, **more).returncode


def content(top):
    """What tells one state of the tree from another."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=top, capture_output=True, check=True).stdout
    names = [n for n in names.decode().split("\0") if n and os.path.exists(os.path.join(top, n))]
    return process.digest_of(repr([(n, os.lstat(os.path.join(top, n)).st_mtime_ns) for n in names]))


def copy_tree(top, tree):
    """A file that was changed when the last run was stopped is newer than what was made of it."""
    made, mark = os.path.join(tree, "build"), os.path.join(tree, "build/changed")
    state, now = os.path.join(made, "state"), content(top)
    os.makedirs(made, exist_ok=True)
    if os.path.exists(state) and not os.path.exists(mark):
        with open(state) as f:
            if f.read() == now:
                return
    subprocess.run(f"find {tree} -mindepth 1 -maxdepth 1 ! -name build -exec rm -rf {{}} + && "
                   f"git ls-files -z | xargs -0 tar c | tar x -C {tree}",
                   shell=True, cwd=top, check=True)
    for data in ("build/data", "../shared"):
        link = os.path.join(tree, data)
        if os.path.isdir(os.path.join(top, data)) and not os.path.lexists(link):
            os.symlink(os.path.realpath(os.path.join(top, data)), link)
    if os.path.exists(mark):
        with open(mark) as f:
            os.utime(os.path.join(tree, f.read()))
        os.remove(mark)
    with open(state, "w") as f:
        f.write(now)


def environment(flags):
    of_make = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "CI", "DEV")
    return dict({k: v for k, v in os.environ.items() if k not in of_make}, CFLAGS=flags, RNF_BUILD="build")


def build(tree, flags, goals):
    with open(os.path.join(tree, "build/make.log"), "wb") as log:
        return subprocess.run(["make", "-s"] + goals, cwd=tree, env=environment(flags), stdout=log,
                              stderr=log, stdin=subprocess.DEVNULL, check=False).returncode == 0


def make_tree(top, tree, flags, tests=()):
    copy_tree(top, tree)
    if not build(tree, flags, ["all", "build/tests/fault.so"] + [f"build/{p}" for p in tests]):
        sys.exit(f"mutants: {tree} does not build")


def programs(top):
    folders = ("core/*", "plugins/*", "contract", "conf", "cli", "fuzz")
    found = [f[:-2] for folder in folders
             for f in sorted(glob.glob(f"tests/{folder}/*.c", root_dir=top))]
    return [p for p in found if p not in LEFT_OUT]


def distance(program, file):
    """0: the file's own test; 1: its folder's or its kind's contract; 2: another's.
    Tests of a folder plugin stand beside the others of its kind: tests/plugins/KIND/STEM."""
    mirror = "tests/" + os.path.dirname(file)
    stem = os.path.splitext(os.path.basename(file))[0]
    own = [mirror, os.path.join(mirror, stem)]
    if file.startswith("plugins/") and file.count("/") > 2:
        own.append(os.path.join(os.path.dirname(mirror), stem))
    contract = f"tests/contract/{file.split('/')[1]}s"
    if program in own:
        return 0
    return 1 if os.path.dirname(program) == mirror or program == contract else 2


def objects_of(built, file):
    """What is compiled from a source: one object or plugin, or for a header of a folder plugin
    those of its folder, for another header all."""
    if file.endswith(".h"):
        folder = os.path.dirname(file)
        below = [folder] if folder.count("/") > 1 else ["core", "plugins"]
        return sorted(o for f in below for end in ("o", "so")
                      for o in glob.glob(f"build/{f}/**/*.{end}", root_dir=built, recursive=True))
    alone = file.startswith("plugins/") and file.count("/") == 2
    return [f"build/{file[:-2]}.{'so' if alone else 'o'}"]


def without_debug(path):
    with tempfile.NamedTemporaryFile() as out:
        subprocess.run(["objcopy", "-g", "-R", ".note.gnu.build-id", path, out.name], check=True)
        return out.read()


def code(built, file):
    """What is made of a source, without its debug information. None: it cannot be told."""
    objects = [os.path.join(built, o) for o in objects_of(built, file)]
    return [without_debug(o) for o in objects] if all(map(os.path.exists, objects)) else None


class Worker:
    """One tree in which mutants are tried, one after the other."""
    caught_by = collections.Counter()  # (folder, program): mutants of the folder
    good, bad = set(), set()  # programs that passed, and that fail without a change

    def __init__(self, top, tree, coverage):
        self.top, self.tree, self.coverage = top, tree, coverage
        make_tree(top, tree, FLAGS)
        self.unchanged = os.path.join(tree, "build/unchanged")
        sh(tree, ["rm", "-rf", self.unchanged])
        os.makedirs(os.path.join(self.unchanged, "build"))
        sh(tree, ["cp", "-r", "build/core", "build/plugins", os.path.join(self.unchanged, "build")])

    def tests(self, site):
        folder = os.path.dirname(site.file)
        found = [p for p, kept in self.coverage.items()
                 if "lines" not in kept and distance(p, site.file) < 2]
        if site.file.startswith(UNCOUNTED):
            found = [p for p, kept in self.coverage.items()
                     if RUNS_IT in kept.get("lines", ()) or distance(p, site.file) < 2]
        # gcov counts a statement at its first line
        for line in range(site.line, max(0, site.line - STATEMENT), -1):
            if not found:
                found = [p for p, kept in self.coverage.items() if "lines" in kept and
                         covered.runs(self.top, kept, site._replace(line=line))]
        if not found:  # a table, or the initial value of a constant
            found = [p for p, kept in self.coverage.items() if site.file in kept.get("lines", ())]
        # its own test whatever is counted: counts of a confined child are lost
        found = set(found) | {p for p in self.coverage if distance(p, site.file) == 0}
        found -= self.bad
        def order(p):
            far, seconds = distance(p, site.file), self.coverage[p]["seconds"]
            return far > 0 and seconds > SLOW, far, -self.caught_by[folder, p], seconds
        return sorted(found, key=order)

    def run(self, program):
        seconds = 10 + 4 * self.coverage[program]["seconds"]
        return process.run(f"build/{program}", self.tree, environment(FLAGS), seconds,
                           os.path.join(self.tree, "build/mutant.log"))

    def goals(self, site, *wanted):
        folder = os.path.join("build", os.path.dirname(site.file))
        kept = [os.path.join(folder, o) for o in kept_objects()] if site.file.endswith(".h") else []
        return list(wanted) + [word for o in kept if os.path.exists(os.path.join(self.tree, o))
                               for word in ("-o", o)]

    def complaint(self):
        with open(os.path.join(self.tree, "build/make.log"), errors="replace") as f:
            found = [line.strip() for line in f if "rror" in line or "***" in line]
        return found[0][:200] if found else ""

    def try_tests(self, site):
        if not build(self.tree, FLAGS, self.goals(site, "all")):
            return Result(site, "does not compile", self.complaint())
        before = code(self.unchanged, site.file)
        if before and before == code(self.tree, site.file):
            return Result(site, "same code", "")
        tests, spent = self.tests(site), 0
        for n, program in enumerate(tests):
            if spent > CAP:
                return Result(site, "survived", f"{n} of {len(tests)} tests in {spent:.0f} s")
            if not build(self.tree, FLAGS, self.goals(site, f"build/{program}")):
                return Result(site, "does not compile", self.complaint())
            said, seconds = self.run(program)
            spent += seconds
            if said:
                return Result(site, "caught", f"{program}: {said}")
            self.good.add(program)
        return Result(site, "survived", f"{len(tests)} tests" if tests else "no test runs the line")

    def is_good(self, program):
        """A test that fails without a change would catch everything."""
        if program in self.good:
            return True
        build(self.tree, FLAGS, ["all", f"build/{program}"])
        said, _ = self.run(program)
        (self.bad if said else self.good).add(program)
        if said:
            print(f"left out: {program} fails without a change: {said}", flush=True)
        return not said

    def try_site(self, site):
        while True:
            result = self.try_change(site)
            program = result.by.split(": ")[0]
            if result.verdict != "caught":
                return result
            if self.is_good(program):
                self.caught_by[os.path.dirname(site.file), program] += 1
                return result

    def try_change(self, site):
        path, mark = os.path.join(self.tree, site.file), os.path.join(self.tree, "build/changed")
        before = os.stat(path)
        with open(mark, "w") as f:
            f.write(site.file)
        source = process.text_of(os.path.join(self.top, site.file))
        try:
            with open(path, "w") as f:
                f.write(sites.changed(source, site))
            return self.try_tests(site)
        finally:
            with open(path, "w") as f:
                f.write(source)
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
            self.put_back(os.stat(mark).st_mtime_ns)
            self.drop_tests(os.stat(mark).st_mtime_ns)
            os.remove(mark)

    def put_back(self, since):
        """Objects that were made since, as they were before: quicker than to make them again."""
        for folder, _, names in os.walk(self.unchanged):
            for name in names:
                kept = os.path.join(folder, name)
                made = os.path.join(self.tree, os.path.relpath(kept, self.unchanged))
                if name.endswith((".o", ".so")) and \
                        (not os.path.exists(made) or os.stat(made).st_mtime_ns >= since):
                    shutil.copyfile(kept, made)

    def drop_tests(self, since):
        """Tests that were compiled since: they may include the changed source. Their programs go,
        too, or make would not miss the objects."""
        for path in glob.glob(f"{self.tree}/build/tests/**/*.o", recursive=True):
            if os.lstat(path).st_mtime_ns >= since:
                for made in filter(os.path.exists, (path, path[:-2])):
                    os.remove(made)


def line_of(top, site):
    return " ".join(process.text_of(os.path.join(top, site.file)).split("\n")[site.line - 1].split())


def known_reasons():
    """{(file, line's text, old, new): why} of survivors.txt: FILE | OLD -> NEW | LINE | WHY"""
    reasons = {}
    path = os.path.join(HERE, "survivors.txt")
    with open(path) as f:
        for text in f:
            parts = text.rstrip("\n").split(" | ", 2)
            if len(parts) == 3 and not text.startswith("#"):
                line, why = parts[2].rsplit(" | ", 1)
                reasons[parts[0], parts[1], line] = why
    return reasons


def key(top, site):
    return site.file, f"{' '.join(site.old.split())} -> {site.new.strip()}", line_of(top, site)


def measure(top, workspace, jobs):
    def prepare(tree):
        make_tree(top, tree, COUNTING, programs(top))
    return covered.measure(top, os.path.join(workspace, "coverage"), programs(top), workspace,
                           prepare, jobs)


def leave_out_failing(worker, coverage):
    """Its time was not measured where it failed early."""
    for program in [p for p in coverage if coverage[p]["failed"]]:
        build(worker.tree, FLAGS, [f"build/{program}"])
        said, coverage[program]["seconds"] = worker.run(program)
        if said:
            print(f"left out: {program} fails without a change: {said}", flush=True)
            del coverage[program]


def sample(top, seed, only):
    """All sites, in the order in which they are tried."""
    found, seen = [], collections.Counter()
    for pattern in ("core/*/*.[ch]", "plugins/**/*.[ch]"):
        for file in sorted(glob.glob(pattern, root_dir=top, recursive=True)):
            for site in sites.sites(os.path.join(top, file)):
                site = site._replace(file=file)
                name = " | ".join(key(top, site))
                seen[name] += 1
                order = process.digest_of(f"{seed} {name} {seen[name]}")
                found.append((order, site))
            process.digest(os.path.join(top, file))
    return [s for _, s in sorted(found) if not only or any(s.file.startswith(o) for o in only)]


class Verdicts:
    """What was found, kept as it comes. A survivor without a word in survivors.txt may be tried again."""

    def __init__(self, top, path, again):
        self.top, self.path, self.lock, self.known = top, path, threading.Lock(), {}
        reasons = known_reasons()
        if os.path.exists(path):
            with open(path) as f:
                for kept in map(json.loads, f):
                    self.known[self.name(kept)] = kept["verdict"], kept["by"]
        if again:
            self.known = {k: v for k, v in self.known.items()
                          if v[0] != "survived" or (k[0], k[6], k[7]) in reasons}

    @staticmethod
    def name(kept):
        return tuple(kept[k] for k in ("file", "digest", "line", "kind", "column", "new", "change", "text"))

    def of(self, site):
        file, change, text = key(self.top, site)
        return dict(site._asdict(), digest=process.digest(os.path.join(self.top, file)),
                    change=change, text=text)

    def get(self, site):
        found = self.known.get(self.name(self.of(site)))
        return Result(site, *found) if found else None

    def add(self, result):
        kept = dict(self.of(result.site), verdict=result.verdict, by=result.by)
        with self.lock, open(self.path, "a") as f:
            print(json.dumps(kept), file=f, flush=True)


def show(begin, result):
    site = result.site
    print(f"{time.monotonic() - begin:6.0f} s  {result.verdict:16} {site.file}:{site.line}: "
          f"{site.kind}: {site.old} -> {site.new}  {result.by}", flush=True)


class Run:
    """Workers take the sample's sites in turn until enough were tried."""

    def __init__(self, top, args):
        self.top, self.args, self.results, self.lock = top, args, [], threading.Lock()
        self.workspace = os.path.join(top, "build/mutants")
        os.makedirs(self.workspace, exist_ok=True)
        self.verdicts = Verdicts(top, os.path.join(self.workspace, "verdicts.jsonl"), args.again)
        self.drawn = sample(top, args.seed, args.file)
        self.under_way, self.begin = 0, time.monotonic()

    def take(self):
        """The next site that has no verdict, or None where there are enough."""
        with self.lock:
            while self.drawn and self.tried() + self.under_way < self.args.count:
                site = self.drawn.pop(0)
                known = self.verdicts.get(site)
                if not known:
                    self.under_way += 1
                    return site
                self.results.append(known)
        return None

    def tried(self):
        return sum(r.verdict in ("caught", "survived") for r in self.results)

    def work(self, worker):
        while site := self.take():
            result = worker.try_site(site)
            if result.verdict != "survived" or not self.args.near:
                self.verdicts.add(result)
            show(self.begin, result)
            with self.lock:
                self.results.append(result)
                self.under_way -= 1

    def all(self):
        coverage = {p: {"seconds": 3} for p in programs(self.top)} if self.args.near else \
            measure(self.top, self.workspace, self.args.jobs)
        trees = [os.path.join(self.workspace, f"tree{n}") for n in range(self.args.jobs)]
        workers = [Worker(self.top, tree, coverage) for tree in trees]
        if not self.args.near:
            leave_out_failing(workers[0], coverage)
        with concurrent.futures.ThreadPoolExecutor(len(workers)) as pool:
            list(pool.map(self.work, workers))

    def known(self):
        """The verdicts that there are, and no new ones."""
        while self.tried() < self.args.count and self.drawn:
            known = self.verdicts.get(self.drawn.pop(0))
            if known:
                self.results.append(known)


def rows(results, of):
    counts = collections.defaultdict(collections.Counter)
    for r in results:
        counts[of(r.site)][r.verdict] += 1
    for name in sorted(counts):
        c = counts[name]
        print(f"{name:32} {c['caught']:6} {c['survived']:8} {c['same code']:9}")


def table(top, results):
    reasons = known_reasons()
    print(f"\n{'folder, kind':32} caught survived same code")
    rows(results, lambda site: os.path.dirname(site.file))
    print()
    rows(results, lambda site: site.kind)
    tried = [r for r in results if r.verdict in ("caught", "survived")]
    survivors = [r for r in tried if r.verdict == "survived"]
    print("\nsurvivors:")
    for r in sorted(survivors):
        why = reasons.get(key(top, r.site), "NOT EXPLAINED")
        print(f"{' | '.join(key(top, r.site))} | {why}  ({r.site.line}: {r.by})")
    unexplained = sum(key(top, r.site) not in reasons for r in survivors)
    caught = len(tried) - len(survivors)
    print(f"\n{len(tried)} mutants, {caught} caught ({100 * caught / max(1, len(tried)):.1f} %), "
          f"{len(survivors)} survive, {unexplained} of these not explained in survivors.txt")
    return unexplained == 0 and caught >= 0.9 * len(tried)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count()))
    parser.add_argument("--file", action="append", help="only below this path, may stand several times")
    parser.add_argument("--again", action="store_true", help="try survivors that nothing explains again")
    parser.add_argument("--near", action="store_true",
                        help="only tests of the file's folder, of which nothing has to be measured")
    parser.add_argument("--table", action="store_true", help="only what is known")
    args = parser.parse_args()
    top = os.path.dirname(os.path.dirname(HERE))
    os.nice(5)
    run = Run(top, args)
    if args.table:
        run.known()
    else:
        run.all()
    sys.exit(0 if table(top, run.results) else 1)


main()
