"""Finds out which tests run which lines: a build with gcov, each test once."""
import glob
import gzip
import json
import os
import subprocess
import time

LIMIT = 900  # seconds of one test


def run_test(tree, program, data, log):
    """Seconds that it takes, or None when it fails; where it counts lines goes to `data`."""
    environment = dict(os.environ, RNF_BUILD="build", GCOV_PREFIX=data)
    begin = time.monotonic()
    with open(log, "wb") as out:
        try:
            status = subprocess.run([f"build/{program}"], cwd=tree, env=environment, stdout=out,
                                    stderr=out, stdin=subprocess.DEVNULL, timeout=LIMIT).returncode
        except subprocess.TimeoutExpired:
            return None
    return None if status else time.monotonic() - begin


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
    return {file: sorted(found) for file, found in lines.items()}


def measure(tree, programs, workspace):
    """{"seconds": {program: s}, "lines": {program: {file: [line]}}} of the programs that pass;
    "unknown": those that do not, which a build that counts lines may have made too slow."""
    result = {"seconds": {}, "lines": {}, "unknown": []}
    for program in programs:
        data = os.path.join(workspace, "gcda")
        subprocess.run(["rm", "-rf", data], check=True)
        seconds = run_test(tree, program, data, os.path.join(workspace, "test.log"))
        if seconds is None:
            print(f"its lines are not known, since it fails where they are counted: {program}", flush=True)
            result["unknown"].append(program)
            continue
        result["seconds"][program] = seconds
        result["lines"][program] = lines_run(tree, data)
    return result


def load(path):
    with gzip.open(path, "rt") as f:
        return json.load(f)


def save(path, result):
    with gzip.open(path, "wt") as f:
        json.dump(result, f)


def stamp(tree, skip=("build",)):
    """Newest change of a source, so that an old measurement is known."""
    newest = 0
    for pattern in ("core/*/*.[ch]", "plugins/**/*.[ch]", "include/rnframe/*.h", "tests/**/*.[ch]"):
        for file in glob.glob(os.path.join(tree, pattern), recursive=True):
            if not file.startswith(tuple(os.path.join(tree, s) for s in skip)):
                newest = max(newest, os.stat(file).st_mtime)
    return newest
