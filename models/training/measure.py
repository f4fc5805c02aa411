"""Average precision, calibration and thresholds, with intervals."""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(x, -40, 40)))


def platt(scores: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """(a, b) of p = sigmoid(a·score + b), by lightly penalised maximum likelihood."""
    spread = float(scores.std()) or 1.0
    model = LogisticRegression(C=100.0).fit(scores[:, None] / spread, truth)
    slope = max(float(model.coef_[0, 0]) / spread, 1e-3)  # a calibration never reverses an order
    return slope, float(model.intercept_[0])


def average_precision(truth: np.ndarray, scores: np.ndarray) -> float:
    """nan where no report carries the label."""
    return float(average_precision_score(truth, scores)) if truth.any() else float("nan")


def mean_average_precision(truth: np.ndarray, scores: np.ndarray) -> float:
    """Mean over the columns that carry the label at least once."""
    found = [average_precision(truth[:, k], scores[:, k]) for k in range(truth.shape[1])]
    return float(np.nanmean(found))


def calibration_error(truth: np.ndarray, probabilities: np.ndarray, bins: int = 10) -> float:
    """Expected calibration error over bins of equal count."""
    order = np.argsort(probabilities, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    gaps = [len(p) * abs(truth[p].mean() - probabilities[p].mean()) for p in parts]
    return float(sum(gaps) / len(truth))


def interval(groups: np.ndarray, statistic, rounds: int = 300, seed: int = 0) -> tuple[float, float]:
    """95 % bootstrap interval of `statistic(rows)`, resampling whole groups of the split."""
    random = np.random.default_rng(seed)
    names = np.unique(groups)
    members = {name: np.flatnonzero(groups == name) for name in names}
    values = []
    for _ in range(rounds):
        drawn = random.choice(names, len(names))
        values.append(statistic(np.concatenate([members[name] for name in drawn])))
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return float(low), float(high)


def precision_recall(truth: np.ndarray, chosen: np.ndarray) -> tuple[float, float]:
    """Precision and recall of a set of flagged reports; nan where undefined."""
    hits = float((truth * chosen).sum())
    return (
        hits / chosen.sum() if chosen.any() else float("nan"),
        hits / truth.sum() if truth.any() else float("nan"),
    )


def threshold_for_recall(truth: np.ndarray, probabilities: np.ndarray, recall: float) -> float:
    """The highest threshold whose recall is at least `recall`."""
    positives = np.sort(probabilities[truth > 0])
    return float(positives[int(np.floor((1 - recall) * len(positives)))])


def threshold_for_score(truth: np.ndarray, probabilities: np.ndarray, beta: float) -> float:
    """The threshold of the best F-beta (beta > 1 leans to recall)."""
    best, at = -1.0, 0.5
    for threshold in np.unique(np.round(probabilities, 3)):
        chosen = probabilities >= threshold
        hits = float((truth * chosen).sum())
        score = (1 + beta**2) * hits / (chosen.sum() + beta**2 * truth.sum())
        if score > best:
            best, at = score, float(threshold)
    return at
