"""What scikit-learn, SciPy and NumPy say of seeded random scores: the figures `src/evaluate` must give too.

    python expected.py     # writes ../../tests/eval/expected.json, the same bytes every time

`tests/eval/figures.rs` compares the program with the file; `test_expected.py` compares the file with the libraries.
"""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
from scipy.stats import binomtest
from sklearn.metrics import (
    average_precision_score,
    brier_score_loss,
    f1_score,
    precision_recall_curve,
    precision_score,
    recall_score,
)

FILE = Path(__file__).resolve().parents[2] / "tests" / "eval" / "expected.json"
BINS = 15
FLAG, REVIEW = 0.6, 0.35


def expected_calibration_error(truth: np.ndarray, scores: np.ndarray) -> float:
    """By its definition: bins of equal width, closed below, the last one closed above too."""
    places = np.minimum((scores * BINS).astype(int), BINS - 1)
    total = 0.0
    for place in range(BINS):
        inside = places == place
        if inside.any():
            total += inside.sum() * abs(truth[inside].mean() - scores[inside].mean())
    return total / len(truth)


def recall_at_precision(truth: np.ndarray, scores: np.ndarray, least: float) -> float:
    precision, recall, _ = precision_recall_curve(truth, scores)
    return float(recall[:-1][precision[:-1] >= least].max(initial=0.0))


def column(name: str, size: int, share: float, draw) -> dict:
    """Scores and truth that lean together, with what the libraries say of them."""
    source = random.Random(name)
    truth = [int(source.random() < share) for _ in range(size)]
    truth[0], truth[1] = 1, 0
    scores = [draw(source, label) for label in truth]
    weights = [source.choice((0, 1, 1, 2, 3)) for _ in range(size)]
    weights[0] = 1
    y, p = np.array(truth), np.array(scores)
    flagged, reached = p >= FLAG, p >= REVIEW
    precision, recall, thresholds = precision_recall_curve(y, p, drop_intermediate=False)
    decisions = {
        key: {
            "precision": float(precision_score(y, taken)) if taken.any() else None,
            "recall": float(recall_score(y, taken)),
            "f1": float(f1_score(y, taken)),
        }
        for key, taken in (("flag", flagged), ("flag_or_review", reached))
    }
    return {
        "name": name,
        "truth": truth,
        "scores": scores,
        "weights": weights,
        "average_precision": float(average_precision_score(y, p)),
        "weighted_average_precision": float(average_precision_score(y, p, sample_weight=weights)),
        "brier_score": float(brier_score_loss(y, p)),
        "calibration_error": expected_calibration_error(y, p),
        "recall_at_precision": recall_at_precision(y, p, 0.5),
        # From the highest threshold down; scikit-learn's last point (precision 1, recall 0) is no threshold.
        "curve": [list(map(float, point)) for point in zip(thresholds[::-1], recall[-2::-1], precision[-2::-1])],
    } | decisions


def lean(source: random.Random, label: int) -> float:
    return source.betavariate(4, 3) if label else source.betavariate(2, 5)


def document() -> dict:
    columns = [
        column("spread", 90, 0.3, lean),
        column("rare", 80, 0.05, lean),
        column("two_decimals", 95, 0.4, lambda source, label: round(lean(source, label), 2)),
        column("tied", 300, 0.3, lambda source, label: round(lean(source, label) * 4) / 4),
        column("all_equal", 50, 0.2, lambda source, label: 0.5),
        column("reversed", 60, 0.5, lambda source, label: 1.0 - lean(source, label)),
        column("ends", 70, 0.4, lambda source, label: float(source.random() < (0.8 if label else 0.3))),
        column("alone", 2, 0.0, lean),
        column("long", 1500, 0.1, lean),
    ]
    del columns[-1]["curve"]  # the program thins one that long
    pairs = [(0, 0), (0, 1), (3, 3), (1, 9), (12, 4), (40, 71), (700, 640)]
    source = random.Random("percentiles")
    values = [round(source.gauss(0, 1), 6) for _ in range(37)]
    low, high = np.percentile(values, [2.5, 97.5])
    return {
        "thresholds": {"flag": FLAG, "review": REVIEW},
        "columns": columns,
        "sign_tests": [
            {"left": a, "right": b, "p": float(binomtest(a, a + b).pvalue) if a + b else 1.0} for a, b in pairs
        ],
        "percentiles": {"values": values, "low": float(low), "high": float(high)},
    }


if __name__ == "__main__":
    FILE.write_text(json.dumps(document()) + "\n", encoding="utf-8")
