"""What a report is about, and which known reports it stands near.

The words of a report have glosses, the glosses vectors; their mean is the report's place among others.
A Gaussian kernel over such places tells what a sum over words can't: which words mean what together.
The kernel is held by landmarks (Nyström: Williams and Seeger, 2000), so that the served model pays for
a thousand distances per report and not for one to every report it learnt from.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Callable

import numpy as np
from scipy import sparse

from glosses import Glosses

DIMENSIONS = 128  # kept of the vectors' principal components over reports
LANDMARKS = 1024
WIDTH = 1.0  # of the Gaussian, in units of the mean squared distance from the centre
JITTER = 1e-3


@dataclass(frozen=True)
class Meanings:
    """The phrase of each token [vocabulary], and the vector of each phrase; phrase 0, of null, is none."""

    phrase_of: np.ndarray
    vectors: np.ndarray


def meanings_of(
    words: list[str], glosses: Glosses, encode: Callable[[list[str]], np.ndarray]
) -> Meanings:
    """Glosses of whole words as centred vectors of unit length."""
    phrases = [glosses.phrase(word[1:]) if word[:1] == "^" else None for word in words]
    known = sorted({phrase for phrase in phrases if phrase})
    number = {phrase: n for n, phrase in enumerate(known, 1)}
    vectors = encode(known)
    vectors = vectors - vectors.mean(axis=0)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
    none = np.zeros((1, vectors.shape[1]), vectors.dtype)
    phrase_of = np.array([number.get(phrase, 0) for phrase in phrases])
    return Meanings(phrase_of, np.concatenate([none, vectors]).astype(np.float32))


@dataclass(frozen=True)
class Nearness:
    """A report's place is the sum of its tokens' `phrases[phrase_of] · share` over the root of its length,
    less `centre`; an output is the sum over landmarks of exp(−width · squared distance) · weight."""

    phrase_of: np.ndarray  # [vocabulary]
    phrases: np.ndarray  # [phrases, dimensions]
    share: np.ndarray  # [vocabulary]
    centre: np.ndarray  # [dimensions]
    landmarks: np.ndarray  # [landmarks, dimensions]
    weights: np.ndarray  # [landmarks, outputs]
    width: float = WIDTH

    def scaled(self, slope: np.ndarray) -> "Nearness":
        """The same with outputs times `slope`."""
        return replace(self, weights=self.weights * slope)

    def beside(self, others: list["Nearness"]) -> "Nearness":
        """The outputs of all, one after another; they differ in nothing else."""
        return replace(self, weights=np.concatenate([self.weights, *(o.weights for o in others)], axis=1))

    def score(self, ids: np.ndarray) -> np.ndarray:
        """The outputs for one sequence of tokens."""
        vectors = self.phrases[self.phrase_of[ids]] * self.share[ids, None]
        place = vectors.sum(axis=0) / np.sqrt(len(ids)) - self.centre
        return gaussian(place[None], self.landmarks, self.width)[0] @ self.weights


def gaussian(places: np.ndarray, landmarks: np.ndarray, width: float) -> np.ndarray:
    """exp(−width · squared distance), [places, landmarks]."""
    squares = (places**2).sum(axis=1)[:, None] + (landmarks**2).sum(axis=1) - 2 * places @ landmarks.T
    return np.exp(-width * squares)


class Places:
    """Where texts stand, and the view of the kernel in which a linear fit is a fit of the kernel."""

    def __init__(self, meanings: Meanings, counts: sparse.csr_matrix, reports: np.ndarray) -> None:
        """`counts` is texts × tokens, each divided by the root of its length; `reports` tells which
        texts are reports: only they decide the axes and the landmarks."""
        self._meanings = meanings
        seen = np.asarray((counts[reports] > 0).sum(axis=0)).ravel()
        # A word that no report has still counts: the dictionary knows more words than the corpus.
        self._share = (np.log(reports.sum() / np.maximum(seen, 1)) + 1).astype(np.float32)
        weighted = counts @ sparse.diags(self._share)
        whole = weighted @ meanings.vectors[meanings.phrase_of]
        centre = whole[reports].mean(axis=0)
        axes = np.linalg.eigh(np.cov((whole[reports] - centre).T))[1][:, ::-1][:, :DIMENSIONS]
        size = np.sqrt((((whole[reports] - centre) @ axes) ** 2).sum(axis=1).mean())
        self._phrases = (meanings.vectors @ axes / size).astype(np.float32)
        self._centre = (centre @ axes / size).astype(np.float32)
        places = ((whole - centre) @ axes / size).astype(np.float32)
        chosen = np.random.default_rng(0).permutation(np.flatnonzero(reports))[:LANDMARKS]
        self._landmarks = places[np.sort(chosen)]
        between = gaussian(*[self._landmarks.astype(np.float64)] * 2, WIDTH)
        values, vectors = np.linalg.eigh(between + JITTER * np.eye(len(between)))
        self._root = (vectors / np.sqrt(values)).astype(np.float32)
        self.view = gaussian(places, self._landmarks, WIDTH) @ self._root

    def nearness(self, found: np.ndarray) -> Nearness:
        """What serves the fit whose weights over the columns of `view` are `found`."""
        return Nearness(
            self._meanings.phrase_of, self._phrases, self._share, self._centre, self._landmarks,
            self._root @ found,
        )
