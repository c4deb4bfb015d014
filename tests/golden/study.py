"""Fifty drawn tables of a study, and what scipy and statsmodels say of them: study.json.

    python3 tests/golden/study.py

Made with Python 3.11, scipy 1.17.1, statsmodels 0.15.0, numpy 2.4.6. A run is a text of one
digit an image, 1 where it is right; null: it failed. What the libraries leave open (equal
predictions, no scatter) stands here as rnframe defines it."""
import json
import os
import warnings

import numpy as np
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

HERE = os.path.dirname(os.path.abspath(__file__))
Z = stats.norm.ppf(0.975)
warnings.simplefilter("ignore", RuntimeWarning)  # of tests without scatter


# -- tables --

def run(random, n, skill):
    return "".join("01"[int(x)] for x in random.random(n) < skill)


def with_wrong(random, n, wrong):
    """A run with so many wrong images: ties of errors without equal predictions."""
    digits = np.array(["1"] * n)
    digits[random.permutation(n)[:wrong]] = "0"
    return "".join(digits)


def arm(random, n, seeds, kind):
    skill = random.uniform(0.5, 0.98)
    wrong = int(random.integers(1, n // 2))
    if kind == "flat":  # no scatter between seeds
        runs = [with_wrong(random, n, wrong) for _ in seeds]
    elif kind == "close":  # few levels: ties between arms
        runs = [with_wrong(random, n, n // 4 + int(random.integers(0, 2))) for _ in seeds]
    else:
        runs = [run(random, n, skill) for _ in seeds]
    if kind == "failed":
        runs[int(random.integers(0, len(runs)))] = None
    return {"runs": [[int(s), r] for s, r in zip(seeds, runs)]}


def draw(i):
    random = np.random.default_rng(i)
    n = int(random.integers(40, 160))
    kinds = ["plain", "plain", "flat", "close", "failed"]
    arms = []
    for _ in range(int(random.integers(1, 6))):
        count = 1 if i % 3 == 0 else int(random.integers(1, 5))
        first = 1 + int(random.integers(0, 2)) * (i % 7 == 0)  # seeds that differ at times
        arms.append(arm(random, n, range(first, first + count), random.choice(kinds)))
    if i % 5 == 0:  # a twin: the same predictions
        arms.append(json.loads(json.dumps(arms[0])))
    return {"images": n, "baseline": -1 if i % 2 else 0, "arms": arms}


# -- what is said of them --

def error(r):
    return 100 * r.count("0") / len(r)


def counting(a):
    return [(s, r) for s, r in a["runs"] if r is not None]


def describe(a, n):
    errors = [error(r) for _, r in counting(a)]
    a["n"], a["failed"] = len(errors), len(a["runs"]) - len(errors)
    a["error"] = float(np.mean(errors)) if errors else None
    a["sd"] = float(np.std(errors, ddof=1)) if len(errors) > 1 else None
    if len(errors) == 1:
        ends = proportion_confint(round(errors[0] * n / 100), n, method="wilson")
        a["low"], a["high"] = (100 * float(x) for x in ends)


def paired(x, y):
    """Agresti and Min: half an image more in each cell."""
    b = sum(p == "0" and q == "1" for p, q in zip(x, y))
    c = sum(p == "1" and q == "0" for p, q in zip(x, y))
    n = len(x) + 2
    difference = (b - c) / n
    half = Z * np.sqrt((b + c + 1) - (b - c) ** 2 / n) / n
    both = x.count("1")
    table = [[both - c, c], [b, len(x) - both - b]]
    return {"method": "mcnemar", "difference": 100 * (b - c) / len(x),
            "low": 100 * float(difference - half), "high": 100 * float(difference + half),
            "p": 1.0 if b == c else float(mcnemar(table, exact=True).pvalue)}


def welch(x, y):
    if len(set(x)) == 1 and len(set(y)) == 1:
        p = 1.0 if x[0] == y[0] else None
    else:
        p = float(stats.ttest_ind(x, y, equal_var=False).pvalue)
    return {"method": "welch", "difference": float(np.mean(x) - np.mean(y)), "p": p}


def compare(a, b):
    x, y = counting(a), counting(b)
    if not x or not y:
        return None
    if len(x) > 1 and len(y) > 1:
        return welch([error(r) for _, r in x], [error(r) for _, r in y])
    pairs = [(r, q) for s, r in x for t, q in y if s == t]
    if pairs:
        return paired(*pairs[0])
    return {"method": None, "p": None,
            "difference": float(np.mean([error(r) for _, r in x]) -
                                np.mean([error(r) for _, r in y]))}


def judge(table):
    arms = table["arms"]
    for a in arms:
        describe(a, table["images"])
    for i, a in enumerate(arms):
        other = 0 if table["baseline"] == 0 else max(i - 1, 0)
        a["against"] = compare(a, arms[other]) if other != i else None
    tested = [a["against"] for a in arms if a["against"] and a["against"]["p"] is not None]
    table["comparisons"] = len(tested)
    if tested:
        holm = multipletests([t["p"] for t in tested], method="holm")[1]
        for t, p in zip(tested, holm):
            t["holm"] = float(p)
    return table


# -- single figures --

def figures():
    random = np.random.default_rng(1000)
    betas = [[a, b, float(x), float(stats.beta.cdf(x, a, b))]
             for a in (0.5, 1, 2.5, 40, 3000) for b in (0.5, 1, 7, 500)
             for x in random.random(3)]
    counts = [[0, 0], [1, 0], [5, 5], [3, 11], [240, 300], [4000, 3900], [0, 60]]
    tests = [[b, c, 1.0 if b == c else float(stats.binomtest(b, b + c).pvalue)]
             for b, c in counts]
    return {"beta": betas, "mcnemar": tests}


if __name__ == "__main__":
    with open(os.path.join(HERE, "study.json"), "w", encoding="utf-8") as f:
        tables = ",\n".join(json.dumps(judge(draw(i))) for i in range(50))
        f.write(f'{{"figures": {json.dumps(figures())},\n"tables": [\n{tables}\n]}}\n')
