"""order: what a power cut needs. A draft is on the disk before it gets its name, its folder is
before an older checkpoint goes, and at the end. Cases are the two runs that write."""
import os

import faults
import oracles
import stopped

SAFE = (".safetensors", "run.json")  # the rest can be made again out of these


def counts(path):
    return path.endswith(SAFE)


def breaches(calls):
    """Complaints about [(kind, path)], in the order of the calls."""
    bad, dirty, unnamed = [], set(), {}
    for kind, path in calls:
        path = path.rstrip("/")
        if kind == "write":
            dirty.add(path)
        elif kind == "fsync":
            dirty.discard(path)
            unnamed.pop(path, None)
        elif kind == "rename" and counts(path):
            if path + ".tmp" in dirty:
                bad.append(f"order: {path} gets its name before its bytes are on the disk")
            unnamed[os.path.dirname(path)] = path
        elif kind == "unlink" and counts(path) and os.path.dirname(path) in unnamed:
            bad.append(f"order: {path} goes before {unnamed[os.path.dirname(path)]} is on the disk")
    return bad + [f"order: the name {path} is not on the disk at the end"
                  for path in unnamed.values()]


class Order:
    NAME, NEEDS_SHIM = "order", True

    def cases(self, subject, seed):
        return ["train", "resume"]

    def run(self, subject, case, random, folder, trace):
        if case == "resume":
            run = stopped.Folders(subject, self.NAME).stopped(folder)
            command = subject.resume(run)
        else:
            run = os.path.join(folder, "run")
            command = subject.train(run)
        calls = faults.record(subject, command, run, folder)
        saved = sum(kind == "rename" and counts(path) for kind, path in calls)
        bad = [] if saved > 3 else [f"order: {saved} files were saved"]
        return bad + breaches(calls) + oracles.equal(subject, run)
