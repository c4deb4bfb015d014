"""Settings and results of the preloaded library (tests/lib/fault/fault.c)."""
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


def recorded(log):
    """[(kind, path)] of the calls recorded in a file, in order."""
    with open(log, encoding="utf-8", errors="replace") as f:
        return [tuple(line.rstrip("\n").split(" ", 2)[::2]) for line in f]


def record(subject, command, under, folder):
    """The same for an undisturbed run."""
    log = os.path.join(folder, "calls")
    subject.run(command, fault=env(subject, f"record:{log}", under))
    return recorded(log)
