"""Predictions of small made-up evaluations and what scikit-learn says of them:
report_NAME.json (names, labels, logits, probabilities and the figures) and
report_NAME.txt (the text of classification_report, digits=4).

    python3 tests/golden/report.py

Made with Python 3.11, scikit-learn 1.9.1, numpy 2.4.6. Logits are multiples of 1/8,
so that there are ties, which go to the first class."""
import json
import os
import warnings

import numpy as np
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import classification_report, confusion_matrix, log_loss

HERE = os.path.dirname(os.path.abspath(__file__))
warnings.simplefilter("ignore", UndefinedMetricWarning)  # 0 is what we want, too

CIFAR = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse",
         "ship", "truck"]


def draw(seed, n, k, right):
    """Labels and logits; `right` is how much a true class stands out."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, k, n)
    logits = random.normal(0, 2, (n, k))
    logits[np.arange(n), labels] += right
    return labels, np.round(logits * 8) / 8


def ten():
    labels, logits = draw(1, 200, 10, 4)
    return CIFAR, labels, logits


def gaps():
    """One class is never predicted, one never true, one neither."""
    labels, logits = draw(2, 60, 6, 2)
    labels[labels == 4] = 0
    labels[labels == 5] = 1
    logits[:, 2] = -9
    logits[:, 5] = -9.5
    return ["a class with a long name", "b", "c", "d", "e", "größer"], labels, logits


def ties():
    """Three classes, a few levels: many ties, also between all."""
    labels, logits = draw(3, 40, 3, 0)
    return ["0", "1", "2"], labels, np.clip(np.round(logits), -1, 1)


def wilson(wrong, n):
    """The two solutions of |p - share| = z sqrt(p (1 - p) / n)."""
    z, share = 1.959963984540054, wrong / n
    roots = np.roots([1 + z * z / n, -(2 * share + z * z / n), share * share])
    return sorted(float(r) for r in roots.real)


def calibration(right, confidence):
    bins = []
    for b in range(15):
        inside = (confidence > b / 15) & (confidence <= (b + 1) / 15)
        n = int(inside.sum())
        bins.append({"count": n,
                     "confidence": float(confidence[inside].mean()) if n else None,
                     "accuracy": float(right[inside].mean()) if n else None})
    error = sum(b["count"] * abs(b["accuracy"] - b["confidence"])
                for b in bins if b["count"]) / len(right)
    return float(error), bins


def own(labels, logits, probs):
    n, k = logits.shape
    order = np.argsort(-logits, axis=1, kind="stable")
    low, high = wilson(int((order[:, 0] != labels).sum()), n)
    right = (order[:, 0] == labels).astype(float)
    error, bins = calibration(right, probs.max(axis=1).astype(float))
    top = {str(i): float((order[:, :i] == labels[:, None]).any(axis=1).mean())
           for i in range(1, min(k, 5) + 1)}
    exact = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return {"n": n, "undecided": 0, "error": 100 * (1 - right.mean()),
            "error_low": 100 * low, "error_high": 100 * high, "top_k": top,
            "cross_entropy": float(log_loss(labels, exact, labels=range(k))),
            "expected_calibration_error": error, "calibration_bins": bins}


def write(name, names, labels, logits):
    k = len(names)
    probs = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    probs = np.round(probs, 5).astype(np.float32)  # for short files
    predicted = logits.argmax(axis=1)
    same = {"labels": list(range(k)), "target_names": names, "digits": 4}
    report = classification_report(labels, predicted, output_dict=True, **same)
    report["rnframe"] = own(labels, logits, probs)
    case = {"names": names, "labels": labels.tolist(), "logits": logits.tolist(),
            "probs": [[float(f"{p:.5f}") for p in row] for row in probs],
            "report": report,
            "confusion": confusion_matrix(labels, predicted, labels=range(k)).tolist()}
    with open(f"{HERE}/report_{name}.json", "w", encoding="utf-8") as file:
        json.dump(case, file, ensure_ascii=False, separators=(",", ":"))
        file.write("\n")
    with open(f"{HERE}/report_{name}.txt", "w", encoding="utf-8") as file:
        file.write(classification_report(labels, predicted, **same))


for make in (ten, gaps, ties):
    write(make.__name__, *make())
