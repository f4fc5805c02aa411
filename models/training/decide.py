"""Calibration and thresholds from scores of reports that the scoring fit did not see."""

from __future__ import annotations

import numpy as np

from corpus import LABELS, OUTPUTS
from measure import platt, sigmoid, threshold_for_recall, threshold_for_score

# F-beta that `flag` maximises. Ordinary religious speech and news must not be called terrorism, and
# `review` takes what the stricter flag leaves.
BETA, BETA_OF = 1.0, {"terrorism": 0.5}
# Share of the positives that should reach a person, by `flag` or by `review`.
SHOULD_REACH = {name: 0.96 for name in ("terrorism", "threat", "minors", "self_harm")}
REACH = 0.8
# Share of all reports that one label may flag or send to a person: beyond it an order of urgency says
# nothing any more. Where the two conflict, capacity wins and the card shows the recall that is left.
CAPACITY_URGENT, CAPACITY = 0.25, 0.15


def calibrate(logits: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """a and b per output."""
    return np.array([platt(logits[:, k], truth[:, k]) for k in range(truth.shape[1])])


def apply(calibration: np.ndarray, logits: np.ndarray) -> np.ndarray:
    """Calibrated probabilities."""
    return sigmoid(logits * calibration[:, 0] + calibration[:, 1])


def choose_thresholds(probabilities: np.ndarray, truth: np.ndarray) -> dict[str, dict[str, float]]:
    """`flag`: best F-beta; `review`: where enough of the positives reach a person, but no more
    reports than there is capacity for."""
    chosen = {}
    for k, name in enumerate(OUTPUTS):
        flag = threshold_for_score(truth[:, k], probabilities[:, k], BETA_OF.get(name, BETA))
        reach = SHOULD_REACH.get(name, REACH)
        capacity = CAPACITY_URGENT if name in SHOULD_REACH else CAPACITY
        review = max(
            threshold_for_recall(truth[:, k], probabilities[:, k], reach),
            float(np.quantile(probabilities[:, k], 1 - capacity)),
        )
        flag = float(np.round(flag, 4))
        chosen[name] = {"flag": flag, "review": min(float(np.floor(review * 1e4) / 1e4), flag)}
    return chosen


def review_load(probabilities: np.ndarray, thresholds: dict, names: tuple[str, ...] = LABELS) -> dict:
    """Share of reports that some label of `names` flags, and that some label flags or sends to review."""
    columns = [OUTPUTS.index(name) for name in names]
    flag = np.array([thresholds[name]["flag"] for name in names])
    review = np.array([thresholds[name]["review"] for name in names])
    of_names = probabilities[:, columns]
    return {
        "flagged": float((of_names >= flag).any(axis=1).mean()),
        "reached": float((of_names >= review).any(axis=1).mean()),
    }
