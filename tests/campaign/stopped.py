"""Run folders to start from, made once and copied: finished, and stopped under way."""
import os
import shutil

import faults


class Folders:
    """Of one class: `stopped` was killed in the middle of a checkpoint."""

    def __init__(self, subject, name):
        self.subject, self.name, self.made = subject, name, None

    def make(self):
        folder = self.subject.folder(f"{self.name}-stopped")
        run = os.path.join(folder, "run")
        calls = faults.record(self.subject, self.subject.train(run), run, folder)
        shutil.rmtree(run)
        # in the middle of the third checkpoint's draft
        drafts = [n for n, (kind, path) in enumerate(calls, 1)
                  if kind == "write" and "_step8." in path]
        if not drafts:
            raise SystemExit("an undisturbed run writes no checkpoint at step 8")
        at = drafts[len(drafts) // 2]
        self.subject.run(self.subject.train(run),
                         fault=faults.env(self.subject, f"any:{at}:kill", run))
        self.made = run

    def stopped(self, folder):
        with self.subject.lock:
            if not self.made:
                self.make()
        run = os.path.join(folder, "run")
        shutil.copytree(self.made, run)
        return run

    def finished(self, folder):
        run = os.path.join(folder, "run")
        shutil.copytree(self.subject.reference()[0], run)
        return run


def listing(folder):
    """{path: (size, time of change)} of all below it, but what tests put there."""
    found = {}
    for at, _, names in os.walk(folder):
        for name in names:
            if name not in ("mark", "calls"):
                stat = os.stat(os.path.join(at, name))
                found[os.path.join(at, name)] = (stat.st_size, stat.st_mtime_ns)
    return found
