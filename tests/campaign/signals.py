"""signals: TERM, INT and XCPU end a run with a checkpoint, USR1 and HUP save and continue; at
random moments, every fourth case with a second one after it."""
import os
import signal

import kill
import oracles
import subject as under_test

STOP = (signal.SIGTERM, signal.SIGINT, signal.SIGXCPU)
GO_ON = (signal.SIGUSR1, signal.SIGHUP)
STOPPED = 75


def ended_rightly(result, run, numbers):
    """The status, and that what is said to be saved is there. A signal that comes before
    main() has set its handlers acts as in any program."""
    if result.status == 0:
        return []
    if -result.status in numbers and not os.path.exists(run):
        return []
    if result.status != STOPPED or not set(numbers) & set(STOP):
        return [f"M: {result.words()}"]
    saves = sum(number in GO_ON for number in numbers)
    if not 1 <= len(result.lines()) <= 1 + saves:
        return [f"M: {len(result.lines())} lines: {result.err.strip()[-300:]}"]
    done = max((line["step"] for line in oracles.steps(run)), default=0)
    found, bad = oracles.checkpoints(run)
    if done > 0 and max(found, default=0) < done:
        bad.append(f"V: stopped after step {done}, the newest checkpoint is of {max(found, default=0)}")
    return bad


def not_heard(result, run):
    """A signal that comes between the first step and the last but one is obeyed, before
    another step is begun."""
    bad, done = [], len(oracles.steps(run))
    for number, made in result.seen:
        came = f"M: {signal.Signals(number).name} came after step {made}"
        if not 1 <= made <= under_test.STEPS - 2:
            continue
        if number in STOP and (result.status == 0 or done > made + 1):
            bad.append(f"{came}, and the run went on to step {done}")
        if number in GO_ON and result.status == 0 and "as a signal asked" not in result.err:
            bad.append(f"{came}, and nothing was saved")
    return bad


class Signals:
    NAME, NEEDS_SHIM = "signals", False

    def cases(self, subject, seed):
        return under_test.endless()

    def run(self, subject, case, random, folder, trace):
        run = os.path.join(folder, "run")
        took = subject.reference()[1]
        n = int(case)
        sent = [(random.uniform(0, took), (STOP + GO_ON)[n % 5])]
        if n % 4 == 3:
            sent.append((random.uniform(sent[0][0], took), random.choice(GO_ON)))
        result = subject.run(subject.train(run, threads=1 + n % 2), trace, signals=sent,
                             look=lambda: len(oracles.steps(run)))
        bad = oracles.no_crash(result) if os.path.exists(run) else []
        bad += not_heard(result, run)
        bad += ended_rightly(result, run, [number for _, number in sent])
        if result.status == 0:
            return bad + oracles.whole(subject, run, trace)
        return bad + kill.must_end_well(subject, run, trace, 2)
