"""The program under test: runs of the small conf, undisturbed, killed or with faults."""
import itertools
import os
import shlex
import shutil
import signal
import subprocess
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
CONF = os.path.join(HERE, "subject.cfg")
STEPS, EVERY = 12, 2
LIMIT_S = 60


def endless():
    """Names of cases, as many as the time allows."""
    return map(str, itertools.count())


class Result:
    """How a run ended; status is negative for a signal. seen: (signal, what there
    was before it)."""

    def __init__(self, status, out, err, hung, seen):
        self.status, self.hung, self.seen = status, hung, seen
        self.out, self.err = out, err

    def lines(self):
        """stderr, without what every resume prints."""
        return [line for line in self.err.splitlines()
                if line.strip() and not line.startswith("resume ")
                and ": taken over from process" not in line]

    def words(self):
        return f"status {self.status}{' (hung)' if self.hung else ''}: {self.err.strip()[-600:]}"


class Subject:
    def __init__(self, build, work):
        self.build, self.work = os.path.abspath(build), os.path.abspath(work)
        self.program = os.path.join(self.build, "rnframe")
        self.shim = os.path.join(self.build, "tests", "fault.so")
        self.has_shim = os.path.exists(self.shim)
        self.lock = threading.Lock()
        self.undisturbed = None

    def folder(self, name):
        path = os.path.join(self.work, name.replace("/", "-"))
        shutil.rmtree(path, ignore_errors=True)
        os.makedirs(path)
        return path

    def train(self, out, *more, threads=1):
        return [self.program, "train", CONF, f"threads={threads}", "--out", out, *more]

    def resume(self, out, threads=1):
        return self.train(out, "--resume", "auto", threads=threads)

    def run(self, command, trace=None, fault=None, signals=(), look=None):
        """signals: (seconds, signal) in the order of time; what look() gives before each,
        while the process stands still, is kept in the result. fault: see faults.py."""
        env = dict(os.environ, TMPDIR=self.work, **(fault or {}))
        if trace is not None:
            trace.append(spell(command, fault, signals))
        child = subprocess.Popen(command, env=env, cwd=self.work, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        seen = []
        sender = threading.Thread(target=send, args=(child, signals, look, seen))
        sender.start()
        hung = False
        try:
            out, err = child.communicate(timeout=LIMIT_S)
        except subprocess.TimeoutExpired:
            hung = True
            child.kill()
            out, err = child.communicate()
        sender.join()
        return Result(child.returncode, out.decode(errors="replace"),
                      err.decode(errors="replace"), hung, seen)

    def reference(self):
        """An undisturbed run: its folder, and the seconds that it took."""
        with self.lock:
            if not self.undisturbed:
                self.undisturbed = self.measure()
        return self.undisturbed

    def measure(self):
        took = []
        for i in range(3):
            folder = self.folder(f"reference{i}")
            begin = time.monotonic()
            result = self.run(self.train(os.path.join(folder, "run")))
            took.append(time.monotonic() - begin)
            if result.status != 0:
                raise SystemExit(f"an undisturbed run fails: {result.words()}")
        return os.path.join(folder, "run"), sorted(took)[1]


def send(child, signals, look, seen):
    begin = time.monotonic()
    for at, number in signals:
        try:
            child.wait(max(0.0, begin + at - time.monotonic()))
            return
        except subprocess.TimeoutExpired:
            if look:
                stand_still(child)
                seen.append((number, look()))
            child.send_signal(number)
            child.send_signal(signal.SIGCONT)


def stand_still(child):
    """Returns when it does, or has exited."""
    child.send_signal(signal.SIGSTOP)
    try:
        os.waitid(os.P_PID, child.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
    except ChildProcessError:
        pass


def spell(command, fault, signals):
    """The command as one types it."""
    words = [f"{key}={shlex.quote(value)}" for key, value in (fault or {}).items()]
    line = " ".join(words + [shlex.quote(word) for word in command])
    for at, number in signals:
        line += f"   # after {at:.4f} s: {signal.Signals(number).name}"
    return line
