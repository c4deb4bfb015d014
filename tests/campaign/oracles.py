"""What must be true afterwards. Each returns a list of failures."""
import json
import os

import subject as under_test
import weights


def tensors(path):
    try:
        return weights.read(path)[1]
    except (OSError, weights.Broken) as error:
        return str(error)


def equal(subject, run):
    """E: the final weights are those of the undisturbed run, bit for bit."""
    want = tensors(os.path.join(subject.reference()[0], "model.safetensors"))
    have = tensors(os.path.join(run, "model.safetensors"))
    if isinstance(have, str):
        return [f"E: {have}"]
    if have.keys() != want.keys():
        return [f"E: other tensors: {sorted(have.keys() ^ want.keys())}"]
    other = [name for name in want if want[name] != have[name]]
    return [f"E: {len(other)} of {len(want)} tensors differ: {other[:3]}"] if other else []


def steps(run):
    """The lines of steps.jsonl without an incomplete last one."""
    try:
        with open(os.path.join(run, "steps.jsonl"), encoding="utf-8") as f:
            return [json.loads(line) for line in f if line.endswith("\n")]
    except (OSError, ValueError):
        return []


def epochs(run):
    """The columns of epochs.csv that do not depend on a clock."""
    try:
        with open(os.path.join(run, "epochs.csv"), encoding="utf-8") as f:
            rows = [line.rstrip("\n").split(",") for line in f]
    except OSError:
        return []
    clocks = [i for i, key in enumerate(rows[0]) if key in ("time_s", "images_per_s",
                                                            "peak_rss_bytes")] if rows else []
    return [[cell for i, cell in enumerate(row) if i not in clocks] for row in rows]


def log(subject, run):
    """The logs have each step and epoch once, with the figures of the undisturbed run."""
    def figures(folder):
        return [[line.get(key) for key in ("step", "epoch", "lr", "loss", "accuracy")]
                for line in steps(folder)]
    if epochs(run) != epochs(subject.reference()[0]):
        return [f"log: epochs.csv has {epochs(run)}"]
    want, have = figures(subject.reference()[0]), figures(run)
    if want == have:
        return []
    return [f"log: steps {[line[0] for line in have]}"
            + (" with other figures" if [x[0] for x in have] == [x[0] for x in want] else "")]


def checkpoints(run):
    """{step: path} of the intact ones, and failures about the others."""
    found, bad = {}, []
    folder = os.path.join(run, "checkpoints")
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
        path = os.path.join(folder, name)
        if not name.endswith(".safetensors"):
            continue
        try:
            texts = weights.read(path)[0]
            state = json.loads(texts.get("rnframe.state", "{}"))
            found[int(state.get("step", texts.get("rnframe.step", -1)))] = path
        except (OSError, ValueError, weights.Broken) as error:
            bad.append(f"V: {error}")
    return found, bad


def nothing_lost(run):
    """V: what was saved is whole, and the last save that was over is there: the line of a
    step is written before that step's checkpoint, and after all of the step before."""
    found, bad = checkpoints(run)
    done = max((line["step"] for line in steps(run)), default=0) - 1
    want = max(0, done) // under_test.EVERY * under_test.EVERY
    if want > 0 and max(found, default=0) < want:
        bad.append(f"V: step {want} was saved, the newest that is there is {max(found, default=0)}")
    return bad


def verified(subject, run, trace):
    """V: the program's own verification of the folder."""
    result = subject.run([subject.program, "verify", run], trace)
    return [] if result.status == 0 else [f"V: verify: {result.words()}"]


def no_drafts(run):
    left = [os.path.join(folder, name) for folder, _, names in os.walk(run)
            for name in names if name.endswith(".tmp")]
    return [f"left behind: {left}"] if left else []


def no_crash(result):
    if result.hung:
        return ["M: it hangs"]
    return [f"M: ended by signal {-result.status}"] if result.status < 0 else []


def one_line(result, status):
    """M: this status and one message."""
    bad = no_crash(result)
    if result.status != status:
        bad.append(f"M: status {result.status}, must be {status}: {result.err.strip()[-300:]}")
    if len(result.lines()) != 1:
        bad.append(f"M: {len(result.lines())} lines on stderr, must be 1: {result.err.strip()[-300:]}")
    return bad


def complete(subject, run):
    """Every file of the undisturbed run is there; which checkpoints, the way there decides."""
    missing = set(os.listdir(subject.reference()[0])) - set(os.listdir(run))
    return [f"missing: {sorted(missing)}"] if missing else []


def whole(subject, run, trace):
    """Everything that must hold for the folder of a finished run."""
    return (complete(subject, run) + equal(subject, run) + log(subject, run)
            + checkpoints(run)[1] + no_drafts(run) + verified(subject, run, trace))
