"""The classifier: a weight per token and segment, and per pair of neighbours, for each output; and
what stands near in meaning (`meaning.py`).

Ridge regression over the features of `features.py`, in its dual form, where a fit takes seconds.
Beside the reports it learns from their evidence: each quoted span is a short text with its label,
which tells the fit *where* in a report the label stands.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.linalg import cho_factor, cho_solve

from features import WEIGHTS
from meaning import Meanings, Nearness, Places
from tokens import Sequence

PAIRS = 1 << 16  # rows of the pair table
HASH = (7919, 104_729)
FOLDS = 5
RIDGE = 0.3
RIDGE_EVIDENCE = 1.0  # evidence counts for less than a report
# Weight of each view, chosen by cross-validation.
SHARED, SEGMENT, PAIR, MEANING = 0.6, 0.3, 0.25, 0.5


@dataclass(frozen=True)
class Tables:
    """Weights by segment and token [2 × vocabulary, outputs], by pair [PAIRS, outputs], by nearness, and a
    bias."""

    tokens: np.ndarray
    pairs: np.ndarray
    bias: np.ndarray
    near: Nearness

    def scaled(self, slope: np.ndarray, offset: np.ndarray) -> "Tables":
        """The tables whose output is slope · output + offset."""
        return Tables(
            self.tokens * slope, self.pairs * slope, self.bias * slope + offset, self.near.scaled(slope)
        )

    def score(self, sequence: Sequence) -> np.ndarray:
        """The outputs for one sequence."""
        ids, segments = np.array(sequence.ids), np.array(sequence.segments)
        rows = ids + segments * (len(self.tokens) // 2)
        total = self.tokens[rows].sum(axis=0) + self.pairs[pair_rows(ids)].sum(axis=0)
        return total / np.sqrt(len(ids)) + self.near.score(ids) + self.bias


def pair_rows(ids: np.ndarray) -> np.ndarray:
    """The row of the pair table for each token and the one before it (0 before the first)."""
    before = np.concatenate([np.zeros_like(ids[..., :1]), ids[..., :-1]], axis=-1)
    return (before * HASH[0] + ids * HASH[1]) % PAIRS


def _counts(sequences: list[Sequence], columns: list[np.ndarray], width: int) -> sparse.csr_matrix:
    """Texts × columns, each text divided by the root of its length."""
    sizes = np.array([len(s.ids) for s in sequences])
    rows = np.repeat(np.arange(len(sequences)), sizes)
    values = np.repeat(sizes**-0.5, sizes)
    return sparse.csr_matrix(
        (values, (rows, np.concatenate(columns))), shape=(len(sequences), width)
    )


def _idf(table: sparse.csr_matrix) -> np.ndarray:
    """Inverse document frequency; nought for what fewer than two texts hold."""
    seen = np.asarray((table > 0).sum(axis=0)).ravel()
    return np.where(seen >= 2, np.log(table.shape[0] / np.maximum(seen, 1)) + 1, 0.0)


def _size(table: sparse.csr_matrix) -> float:
    """Root mean square of the row norms."""
    return float(np.sqrt(table.multiply(table).sum() / table.shape[0])) or 1.0


class Fit:
    """Kernels over a set of texts, from which any subset is fitted.

    `reports` tells reports from evidence; only reports shape the feature weights.
    """

    def __init__(
        self,
        sequences: list[Sequence],
        reports: np.ndarray,
        features: sparse.csr_matrix,
        kinds: np.ndarray,
        meanings: Meanings,
    ) -> None:
        vocabulary = features.shape[0]
        ids = [np.array(s.ids) for s in sequences]
        placed = [i + np.array(s.segments) * vocabulary for i, s in zip(ids, sequences)]
        counts = _counts(sequences, placed, 2 * vocabulary)
        self._segments = [counts[:, :vocabulary], counts[:, vocabulary:]]
        composed = ((self._segments[0] + self._segments[1]) @ features).tocsr()
        weight = np.zeros(features.shape[1])
        idf = _idf(composed[reports])
        for kind, share in enumerate(WEIGHTS):
            of_kind = kinds == kind
            size = _size(composed[reports][:, of_kind] @ sparse.diags(idf[of_kind]))
            weight[of_kind] = idf[of_kind] / size * np.sqrt(share / sum(WEIGHTS))
        self._pairs = _counts(sequences, [pair_rows(i) for i in ids], PAIRS)
        pair_idf = _idf(self._pairs[reports])
        self._pair_weight = pair_idf / _size(self._pairs[reports] @ sparse.diags(pair_idf))
        self._places = Places(meanings, self._segments[0] + self._segments[1], reports)
        self._features = features @ sparse.diags(weight)
        self._reports = reports
        self._kernel = self._sum_of_kernels()

    def _sum_of_kernels(self) -> np.ndarray:
        parts = [segment @ self._features for segment in self._segments]
        views = [(parts[0] + parts[1], SHARED), (parts[0], SEGMENT), (parts[1], SEGMENT)]
        views.append((self._pairs @ sparse.diags(self._pair_weight), PAIR))
        kernel = np.zeros((len(self._reports),) * 2, np.float32)
        for view, share in views:
            kernel += share * (view @ view.T).toarray().astype(np.float32)
        kernel += MEANING * (self._places.view @ self._places.view.T)
        return kernel

    def _dual(self, rows: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        kernel = self._kernel[np.ix_(rows, rows)]
        ridge = np.where(self._reports[rows], RIDGE, RIDGE_EVIDENCE).astype(np.float32)
        kernel[np.diag_indices_from(kernel)] += ridge
        mean = targets[self._reports[rows]].mean(axis=0)
        centred = (targets - mean).astype(np.float32)
        return cho_solve(cho_factor(kernel, overwrite_a=True), centred), mean

    def predict(self, rows: np.ndarray, targets: np.ndarray, wanted: np.ndarray) -> np.ndarray:
        """What the fit on `rows` says of the texts `wanted`."""
        dual, mean = self._dual(rows, targets)
        return self._kernel[np.ix_(wanted, rows)] @ dual + mean

    def tables(self, rows: np.ndarray, targets: np.ndarray) -> Tables:
        """The fit on `rows`, as tables."""
        dual, mean = self._dual(rows, targets)
        shown = [self._features.T @ (segment[rows].T @ dual) for segment in self._segments]
        tokens = [
            np.asarray(self._features @ ((SHARED + SEGMENT) * mine + SHARED * other))
            for mine, other in (shown, shown[::-1])
        ]
        pairs = (PAIR * self._pair_weight**2)[:, None] * (self._pairs[rows].T @ dual)
        near = self._places.nearness(MEANING * (self._places.view[rows].T @ dual))
        return Tables(np.concatenate(tokens), pairs, mean, near)
