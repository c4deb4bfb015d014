"""Runs a test apart, so that nothing of it is left behind, and knows files by their content."""
import functools
import hashlib
import os
import resource
import signal
import subprocess
import time


@functools.cache
def text_of(path):
    """As it was when it was first asked for: the tree may be worked on during a run."""
    with open(path, encoding="utf-8") as f:
        return f.read()


def digest_of(text):
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@functools.cache
def digest(path):
    return digest_of(text_of(path))


def of_session(session):
    """Ids of the processes of a session."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.getsid(int(pid)) == session:
                yield int(pid)
        except ProcessLookupError:
            pass


def end_session(session):
    """Check gives each test a process group; those of a killed program would stay."""
    for pid in of_session(session):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def limited(seconds):
    """A mutant may compute without end; time is that of the processor, which a machine at work for
    others does not change."""
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))


def failure(log):
    """What a Check program says of the first test that fails; it writes a line as each ends."""
    with open(log, errors="replace") as f:
        for line in f:
            if line.startswith("not ok"):
                return line.strip().split(" - ", maxsplit=1)[1][:200]
    return None


def ended(pid, options=0):
    """(status, seconds of the processor) of a process and what it waited for; None while it runs."""
    done, status, used = os.wait4(pid, options)
    return (os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime) if done else None


def run(program, tree, environment, seconds, log):
    """(why it fails, or None; seconds of the processor that it took). It is stopped at the first test
    that fails. `seconds` are the most that one of its processes may take."""
    begin, wait = time.monotonic(), 30 + 20 * seconds
    environment = dict(environment, CK_TAP_LOG_FILE_NAME="-", CK_TIMEOUT_MULTIPLIER="4")
    with open(log, "wb") as out:
        process = subprocess.Popen(
            ["stdbuf", "-oL", program], cwd=tree, env=environment, stdout=out, stderr=out,
            stdin=subprocess.DEVNULL, start_new_session=True, preexec_fn=lambda: limited(int(seconds)))
        said = end = None
        while not said and time.monotonic() - begin < wait:
            end = ended(process.pid, os.WNOHANG)
            if end:
                break
            time.sleep(0.1)
            said = failure(log)
        end_session(process.pid)
        status, used = end or ended(process.pid)
        process.returncode = status
    said = said or failure(log)
    if not said and status != 0:
        said = f"status {status}" if end else "no end"
    return said, used
