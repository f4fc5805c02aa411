"""The linear part: one weight per token and per pair of neighbouring tokens, for each output.

Ridge regression in its dual form over the features of `features.py`, so a fit takes a second.
Its outputs are brought to logits by Platt scaling on out-of-fold predictions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.linalg import cho_factor, cho_solve

from features import WEIGHTS
from measure import platt
from tokens import Sequence

PAIRS = 1 << 16  # rows of the pair table
HASH = (7919, 104_729)
RIDGE = 0.3
PAIR_SHARE = 0.25
FOLDS = 5


@dataclass(frozen=True)
class Wide:
    """Weights by token [vocabulary, outputs] and by pair [PAIRS, outputs], and a bias."""

    tokens: np.ndarray
    pairs: np.ndarray
    bias: np.ndarray


def pair_rows(ids: np.ndarray) -> np.ndarray:
    """The row of the pair table for each token and the one before it (0 before the first)."""
    before = np.concatenate([np.zeros_like(ids[..., :1]), ids[..., :-1]], axis=-1)
    return (before * HASH[0] + ids * HASH[1]) % PAIRS


def counts(sequences: list[Sequence], vocabulary: int) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
    """Reports × tokens and reports × pairs, each divided by the root of the report's length."""
    rows = np.repeat(np.arange(len(sequences)), [len(s.ids) for s in sequences])
    tokens = np.concatenate([np.array(s.ids, np.int64) for s in sequences])
    pairs = np.concatenate([pair_rows(np.array(s.ids, np.int64)) for s in sequences])
    scale = np.concatenate([np.full(len(s.ids), len(s.ids) ** -0.5) for s in sequences])
    size = len(sequences)
    return (
        sparse.csr_matrix((scale, (rows, tokens)), shape=(size, vocabulary)),
        sparse.csr_matrix((scale, (rows, pairs)), shape=(size, PAIRS)),
    )


def _idf(table: sparse.csr_matrix) -> np.ndarray:
    """Inverse document frequency; nought for what fewer than two reports hold."""
    seen = np.asarray((table > 0).sum(axis=0)).ravel()
    return np.where(seen >= 2, np.log(table.shape[0] / np.maximum(seen, 1)) + 1, 0.0)


def _scaled(table: sparse.csr_matrix) -> float:
    """The root mean square of the row norms."""
    return float(np.sqrt(table.multiply(table).sum() / table.shape[0])) or 1.0


class Fit:
    """Feature weights and kernels of a set of reports, from which any subset is fitted."""

    def __init__(
        self, sequences: list[Sequence], features: sparse.csr_matrix, kinds: np.ndarray
    ) -> None:
        tokens, pairs = counts(sequences, features.shape[0])
        composed = (tokens @ features).tocsr()
        idf = _idf(composed)
        weight = np.zeros(features.shape[1])
        for kind, share in enumerate(WEIGHTS):
            of_kind = kinds == kind
            size = _scaled(composed[:, of_kind] @ sparse.diags(idf[of_kind]))
            weight[of_kind] = idf[of_kind] / size * np.sqrt(share / sum(WEIGHTS))
        weight *= np.sqrt(1 - PAIR_SHARE)
        pair_idf = _idf(pairs)
        pair_weight = pair_idf / _scaled(pairs @ sparse.diags(pair_idf)) * np.sqrt(PAIR_SHARE)
        self._features = features @ sparse.diags(weight**2)
        self._composed, self._pairs = composed, pairs
        self._pair_square = pair_weight**2
        scaled, scaled_pairs = composed @ sparse.diags(weight), pairs @ sparse.diags(pair_weight)
        self._kernel = (scaled @ scaled.T + scaled_pairs @ scaled_pairs.T).toarray()

    def _dual(self, rows: np.ndarray, targets: np.ndarray) -> np.ndarray:
        kernel = self._kernel[np.ix_(rows, rows)].copy()
        kernel[np.diag_indices_from(kernel)] += RIDGE
        return cho_solve(cho_factor(kernel), targets - targets.mean(axis=0))

    def solve(self, rows: np.ndarray, targets: np.ndarray) -> Wide:
        """The ridge fit on the reports `rows`, as tables."""
        dual = self._dual(rows, targets)
        tokens = self._features @ (self._composed[rows].T @ dual)
        pairs = self._pair_square[:, None] * (self._pairs[rows].T @ dual)
        return Wide(np.asarray(tokens), np.asarray(pairs), targets.mean(axis=0))

    def fold_predictions(self, folds: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """Each report as the fit on the other folds sees it."""
        predictions = np.zeros_like(targets)
        for fold in range(FOLDS):
            others, mine = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
            dual = self._dual(others, targets[others])
            kernel = self._kernel[np.ix_(mine, others)]
            predictions[mine] = kernel @ dual + targets[others].mean(axis=0)
        return predictions


def to_logits(wide: Wide, slope: np.ndarray, offset: np.ndarray) -> Wide:
    """The same tables on the scale of logits."""
    return Wide(wide.tokens * slope, wide.pairs * slope, wide.bias * slope + offset)


def fit(
    sequences: list[Sequence],
    targets: np.ndarray,
    folds: np.ndarray,
    features: sparse.csr_matrix,
    kinds: np.ndarray,
) -> tuple[Wide, list[Wide]]:
    """The fit on all reports, and one per fold on the others; all on the scale of logits."""
    base = Fit(sequences, features, kinds)
    predictions = base.fold_predictions(folds, targets)
    scales = [platt(predictions[:, k], targets[:, k]) for k in range(targets.shape[1])]
    slope, offset = (np.array(column) for column in zip(*scales))
    whole = to_logits(base.solve(np.arange(len(targets)), targets), slope, offset)
    parts = []
    for fold in range(FOLDS):
        others = np.flatnonzero(folds != fold)
        parts.append(to_logits(base.solve(others, targets[others]), slope, offset))
    return whole, parts
