"""What a token is made of: its letters, its consonants in one script, its concepts, its gloss.

A token's weights are the sum of the weights of these features. The sum is taken once, at export,
so the served model pays for one table row per token and still knows words it never saw.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Iterator

import numpy as np
from scipy import sparse

from concepts import Concepts
from glosses import Glosses

# Arabic letters as Moroccans write them in Latin ones.
LATIN = {
    "ا": "a", "ب": "b", "ت": "t", "ث": "t", "ج": "j", "ح": "7", "خ": "kh", "د": "d", "ذ": "d",
    "ر": "r", "ز": "z", "س": "s", "ش": "ch", "ص": "s", "ض": "d", "ط": "t", "ظ": "d", "ع": "3",
    "غ": "gh", "ف": "f", "ق": "9", "ك": "k", "ل": "l", "م": "m", "ن": "n", "ه": "h", "و": "w",
    "ي": "y", "ء": "2", "گ": "g", "ڭ": "g", "پ": "p", "ڤ": "v", "چ": "ch",
}
# Spellings that stand for one consonant, after vowels were told apart.
ONE_SOUND = (
    ("kh", "x"), ("5", "x"), ("gh", "G"), ("ch", "C"), ("sh", "C"), ("q", "9"), ("h", "7"),
    ("c", "k"), ("2", ""), ("v", "f"),
)
OWN, LETTERS, CONSONANTS, CONCEPT, GLOSS = range(5)
# Share of each kind. Cross-validation chose the first four; the last is the only one tried, and helped.
WEIGHTS = (1.0, 2.0, 1.0, 0.7, 1.5)


def consonants(word: str) -> str:
    """The consonants of a word in one script: `كيهددني` and `kayhedddni` give the same."""
    latin = "".join(LATIN.get(c, c) for c in word)
    latin = "".join(c for c in unicodedata.normalize("NFKD", latin) if not unicodedata.combining(c))
    for spelling, sound in ONE_SOUND:
        latin = latin.replace(spelling, sound)
    return re.sub(r"(.)\1+", r"\1", re.sub("[aeiouwy]", "", latin))


def _grams(text: str, sizes: range) -> Iterator[str]:
    for size in sizes:
        for start in range(len(text) - size + 1):
            yield text[start : start + size]


def features_of(word: str, concepts: Concepts, glosses: Glosses) -> Iterator[tuple[int, str]]:
    """The shared features of one token's text (`^` marks a word's beginning), with their kind."""
    if not word:
        return
    for gram in _grams(word, range(2, 6)):
        yield LETTERS, gram
    yield LETTERS, word + "$"
    letters = word.replace("^", "")
    start = "^" if word[0] == "^" else ""
    bare = consonants(letters)
    if len(bare) >= 2:
        for gram in _grams(f"{start}{bare}$", range(2, 6)):
            yield CONSONANTS, "/" + gram
    if start:
        for name in sorted(concepts.of(letters)):
            yield CONCEPT, "=" + name
        for name in sorted(glosses.of(letters)):
            yield GLOSS, "&" + name


def token_features(
    words: list[str], concepts: Concepts, glosses: Glosses
) -> tuple[sparse.csr_matrix, np.ndarray]:
    """Tokens × features as 0/1, and the kind of each feature."""
    numbers: dict[str, int] = {}
    kinds, rows, columns = [], [], []
    for row, word in enumerate(words):
        for kind, name in sorted({(OWN, f"#{row}"), *features_of(word, concepts, glosses)}):
            if name not in numbers:
                numbers[name] = len(numbers)
                kinds.append(kind)
            rows.append(row)
            columns.append(numbers[name])
    table = sparse.csr_matrix(
        (np.ones(len(rows)), (rows, columns)), shape=(len(words), len(numbers))
    )
    table.sort_indices()
    return table, np.array(kinds)
