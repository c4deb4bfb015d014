"""Which tests run which lines: a build with gcov, each test once.

What was measured is kept, a line of JSON for each test, and measured again where the test's
source is another. A source that changed since has no known lines: a test that ran any line of
it is taken to run all."""
import concurrent.futures
import json
import os
import subprocess

import process

LIMIT = 120  # seconds of the processor for one test


def lines_run(tree, data):
    """{file: [line, ...]} of what was counted below `data`."""
    counts = []
    for folder, _, names in os.walk(data):
        for name in names:
            if not name.endswith(".gcda"):
                continue
            notes = "/" + os.path.relpath(os.path.join(folder, name[:-5] + ".gcno"), data)
            beside = os.path.join(folder, name[:-5] + ".gcno")
            if os.path.exists(notes):
                if not os.path.exists(beside):
                    os.symlink(notes, beside)
                counts.append(os.path.join(folder, name))
    lines = {}
    for i in range(0, len(counts), 50):
        out = subprocess.run(["gcov", "--json-format", "--stdout"] + counts[i:i + 50], cwd=tree,
                             capture_output=True, check=False).stdout
        for text in out.splitlines():
            for file in json.loads(text)["files"]:
                name = os.path.relpath(os.path.join(tree, file["file"]), tree)
                if name.startswith(("core/", "plugins/")):
                    lines.setdefault(name, set()).update(
                        line["line_number"] for line in file["lines"] if line["count"])
    return {file: sorted(found) for file, found in lines.items() if found}


def measure_one(tree, program, workspace):
    """What is kept of a program. To count lines is slow and leaves files and words, so that a good
    test may fail there; it has run them all the same."""
    data = os.path.join(workspace, "gcda", program)
    subprocess.run(["rm", "-rf", data], check=True)
    os.makedirs(data)
    environment = dict(os.environ, RNF_BUILD="build", GCOV_PREFIX=data)
    said, seconds = process.run(f"build/{program}", tree, environment, LIMIT, data + ".log")
    result = {"program": program, "test": process.digest(os.path.join(tree, program + ".c")),
              "seconds": seconds, "failed": said, "lines": lines_run(tree, data)}
    result["files"] = {f: process.digest(os.path.join(tree, f)) for f in result["lines"]}
    subprocess.run(["rm", "-rf", data], check=True)
    return result


def load(path):
    if not os.path.exists(path):
        return {}
    with open(path) as f:
        return {r["program"]: r for r in map(json.loads, f)}


def measure(top, tree, programs, workspace, prepare, jobs):
    """{program: what is kept of it}; prepare() builds `tree` when one has to be measured."""
    path = os.path.join(workspace, "coverage.jsonl")
    known = load(path)
    missing = [p for p in programs
               if known.get(p, {}).get("test") != process.digest(os.path.join(top, p + ".c"))]
    if missing:
        prepare(tree)
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool, open(path, "a") as out:
        for result in pool.map(lambda p: measure_one(tree, p, workspace), missing):
            known[result["program"]] = result
            print(json.dumps(result), file=out, flush=True)
            print(f"{result['seconds']:6.1f} s  {result['program']}"
                  f"{': fails where lines are counted' if result['failed'] else ''}", flush=True)
    return {p: known[p] for p in programs}


def runs(top, kept, site):
    """Whether a test runs a site's line."""
    if site.file not in kept["lines"]:
        return False
    if process.digest(os.path.join(top, site.file)) != kept["files"][site.file]:
        return True
    return site.line in kept["lines"][site.file]
