"""What the preloaded library takes and tells (tests/lib/fault/fault.c)."""
import os

KINDS = ("open", "write", "read", "close", "fsync", "rename", "unlink", "mkdir", "allocate",
         "lock", "statvfs", "mmap")


def env(subject, rule, under, mark=None):
    fault = {"LD_PRELOAD": subject.shim, "RNF_FAULT": rule, "RNF_FAULT_UNDER": under}
    if mark:
        fault["RNF_FAULT_MARK"] = mark
    return fault


def marked(path):
    """(calls, fired) of the one rule; None when the process left no mark."""
    if not os.path.exists(path):
        return None
    with open(path, encoding="ascii") as f:
        words = f.read().split()
    return (int(words[1]), int(words[2])) if len(words) >= 3 else None


def record(subject, command, under, folder):
    """[(kind, path)] of the calls of a run that nothing disturbs, in their order."""
    log = os.path.join(folder, "calls")
    result = subject.run(command, fault=env(subject, f"record:{log}", under))
    with open(log, encoding="utf-8", errors="replace") as f:
        calls = [line.rstrip("\n").split(" ", 2) for line in f]
    return result, [(kind, path) for kind, size, path in calls if kind != "malloc"]
