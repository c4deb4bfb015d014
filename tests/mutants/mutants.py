"""Changes core and plugins by one token at random places, and checks whether a test notices.

For each mutant, in a copy of the tree: change, build, run the tests that run the changed line
(known from gcov), first those of the file, then those of its folder, then those above it, the
quick ones first, until one fails. A mutant whose object has the same code as before is no
mutant; one that no test notices is a survivor. survivors.txt has a word for each that was
looked at: what it says is why the program is the same, or why no test can tell."""
import argparse
import collections
import concurrent.futures
import glob
import os
import random
import subprocess
import sys
import time

import covered
import sites

HERE = os.path.dirname(os.path.abspath(__file__))
# About the build itself: they compile the tree again or run in an emulator.
LEFT_OUT = ("tests/cli/compilers", "tests/cli/makefile", "tests/cli/cpus")
FLAGS = "-O1"
Result = collections.namedtuple("Result", "site verdict by")


def sh(tree, command, **more):
    return subprocess.run(command, cwd=tree, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          stdin=subprocess.DEVNULL, check=False, **more).returncode


def copy_tree(top, tree):
    os.makedirs(tree, exist_ok=True)
    subprocess.run(f"find {tree} -mindepth 1 -maxdepth 1 ! -name build -exec rm -rf {{}} + && "
                   f"git ls-files -z | xargs -0 tar c | tar x -C {tree}",
                   shell=True, cwd=top, check=True)
    data, link = os.path.join(top, "build/data"), os.path.join(tree, "build/data")
    if os.path.isdir(data) and not os.path.lexists(link):
        os.makedirs(os.path.dirname(link), exist_ok=True)
        os.symlink(data, link)


def environment(flags):
    of_make = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "CI", "DEV")
    return dict({k: v for k, v in os.environ.items() if k not in of_make}, CFLAGS=flags, RNF_BUILD="build")


def build(tree, flags, goals):
    return sh(tree, ["make", "-s"] + goals, env=environment(flags)) == 0


def programs(top):
    folders = ("core/*", "plugins/*", "contract", "conf", "cli", "fuzz")
    found = [f[:-2] for folder in folders
             for f in sorted(glob.glob(f"tests/{folder}/*.c", root_dir=top))]
    return [p for p in found if p not in LEFT_OUT]


def distance(program, file):
    """0: the file's own test; 1: its folder's; 2: another's."""
    mirror = "tests/" + os.path.dirname(file)
    own = os.path.join(mirror, os.path.splitext(os.path.basename(file))[0])
    if program == own or program == mirror:
        return 0
    return 1 if os.path.dirname(program) == mirror else 2


def object_of(file):
    """The object that is compiled from one source only, or None: headers, plugins of one file."""
    if file.endswith(".h"):
        return None
    if file.startswith("plugins/") and file.count("/") == 2:
        return "build/" + file[:-2] + ".so"
    return "build/" + file[:-2] + ".o"


def code(tree, file):
    target = object_of(file)
    if not target or not os.path.exists(os.path.join(tree, target)):
        return None
    return subprocess.run(["objdump", "-d", "-s", "-j", ".text", "-j", ".rodata", "-j", ".data",
                           "-j", ".data.rel.ro", "-j", ".data.rel.ro.local", target], cwd=tree,
                          capture_output=True, check=False).stdout


class Worker:
    """One tree in which mutants are tried, one after the other."""

    def __init__(self, top, tree, coverage):
        self.tree, self.coverage = tree, coverage
        copy_tree(top, tree)
        goals = ["all", "build/tests/fault.so"] + [f"build/{p}" for p in programs(top)]
        if not build(tree, FLAGS, goals):
            sys.exit(f"mutants: {tree} does not build")
        self.seconds = dict(coverage["seconds"])
        for program in coverage["unknown"]:
            begin = time.monotonic()
            self.seconds[program] = 60
            if self.fails(program):
                sys.exit(f"mutants: {program} fails without a change")
            self.seconds[program] = time.monotonic() - begin

    def runs(self, program, site):
        """Where lines are not known, a test runs those of its own file or folder."""
        if program in self.coverage["unknown"]:
            return distance(program, site.file) == 0
        return site.line in self.coverage["lines"][program].get(site.file, ())

    def tests(self, site):
        found = [p for p in self.seconds if self.runs(p, site)]
        return sorted(found, key=lambda p: (distance(p, site.file), self.seconds[p]))

    def fails(self, program):
        limit = 20 + 10 * self.seconds[program]
        command = ["setsid", "timeout", "-s", "KILL", str(int(limit)), f"build/{program}"]
        return sh(self.tree, command, env=environment(FLAGS)) != 0

    def try_tests(self, site, before):
        if not build(self.tree, FLAGS, ["all"]):
            return Result(site, "does not compile", "")
        if before and before == code(self.tree, site.file):
            return Result(site, "same code", "")
        tests = self.tests(site)
        if not tests:
            return Result(site, "survived", "no test runs the line")
        for program in tests:
            if not build(self.tree, FLAGS, [f"build/{program}"]):
                return Result(site, "does not compile", "")
            if self.fails(program):
                return Result(site, "caught", program)
        return Result(site, "survived", f"{len(tests)} tests run the line")

    def try_site(self, site):
        path = os.path.join(self.tree, site.file)
        with open(path) as f:
            source = f.read()
        before = code(self.tree, site.file)
        try:
            with open(path, "w") as f:
                f.write(sites.changed(source, site))
            return self.try_tests(site, before)
        finally:
            with open(path, "w") as f:
                f.write(source)
            build(self.tree, FLAGS, ["all"])


def line_of(top, site):
    with open(os.path.join(top, site.file)) as f:
        return " ".join(f.read().split("\n")[site.line - 1].split())


def known_reasons():
    """{(file, line's text, old, new): why} of survivors.txt: FILE | OLD -> NEW | LINE | WHY"""
    reasons = {}
    path = os.path.join(HERE, "survivors.txt")
    with open(path) as f:
        for text in f:
            parts = [p.strip() for p in text.rstrip("\n").split(" | ")]
            if len(parts) == 4 and not text.startswith("#"):
                reasons[tuple(parts[:3])] = parts[3]
    return reasons


def key(top, site):
    return site.file, f"{' '.join(site.old.split())} -> {site.new.strip()}", line_of(top, site)


def measure(top, workspace):
    tree, kept = os.path.join(workspace, "coverage"), os.path.join(workspace, "coverage.json.gz")
    if os.path.exists(kept) and os.stat(kept).st_mtime > covered.stamp(top):
        return covered.load(kept)
    copy_tree(top, tree)
    names = programs(top)
    goals = ["all", "build/tests/fault.so"] + [f"build/{p}" for p in names]
    if not build(tree, "-O1 --coverage -fprofile-update=atomic", goals):
        sys.exit("mutants: the tree does not build with --coverage")
    result = covered.measure(tree, names, workspace)
    covered.save(kept, result)
    return result


def sample(top, count, seed, only):
    found = [s for pattern in ("core/*/*.[ch]", "plugins/**/*.[ch]")
             for f in sorted(glob.glob(pattern, root_dir=top, recursive=True))
             for s in sites.sites(os.path.join(top, f))]
    found = [s._replace(file=os.path.relpath(s.file, top)) for s in found]
    found = [s for s in found if not only or any(s.file.startswith(o) for o in only)]
    random.Random(seed).shuffle(found)
    return found[:4 * count]  # some do not compile, some change nothing


def run(top, args):
    workspace = os.path.join(top, "build/mutants")
    os.makedirs(workspace, exist_ok=True)
    coverage = measure(top, workspace)
    drawn = sample(top, args.count, args.seed, args.file)
    results, begin = [], time.monotonic()
    counts = collections.Counter()

    def work(n):
        worker = Worker(top, os.path.join(workspace, f"tree{n}"), coverage)
        while drawn and counts["caught"] + counts["survived"] < args.count:
            result = worker.try_site(drawn.pop(0))
            counts[result.verdict] += 1
            results.append(result)
            site = result.site
            print(f"{time.monotonic() - begin:6.0f} s  {result.verdict:16} {site.file}:{site.line}: "
                  f"{site.kind}: {site.old} -> {site.new}  {result.by}", flush=True)

    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for future in [pool.submit(work, n) for n in range(args.jobs)]:
            future.result()
    return results


def table(top, results):
    reasons = known_reasons()
    tried = [r for r in results if r.verdict in ("caught", "survived")]
    rows = collections.defaultdict(collections.Counter)
    for r in tried:
        rows[os.path.dirname(r.site.file)][r.verdict] += 1
    print(f"\n{'folder':32} caught survived")
    for folder in sorted(rows):
        print(f"{folder:32} {rows[folder]['caught']:6} {rows[folder]['survived']:8}")
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
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--file", action="append", help="only below this path, may stand several times")
    args = parser.parse_args()
    top = os.path.dirname(os.path.dirname(HERE))
    sys.exit(0 if table(top, run(top, args)) else 1)


main()
