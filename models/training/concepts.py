"""Which concepts a word carries, by the hand-written list `concepts.tsv`.

One concept a line: its name, then stems in Arabic, Darija (both scripts), French, English and
Spanish. It joins words of six languages that mean one thing, which no corpus of this size can teach.
"""

from __future__ import annotations

from pathlib import Path
from typing import Callable

LIST = Path(__file__).with_name("concepts.tsv")
# What Arabic and Darija write before a stem: conjunctions, prepositions, article, verbal marks.
PREFIXES = (
    "", "و", "ف", "ب", "ل", "ك", "ال", "وال", "بال", "فال", "لل", "كي", "كا", "ت", "ي", "ن", "غ",
    "غا", "كت", "كن", "س", "سي", "ا", "l", "d", "f", "b", "w", "ka", "kay", "kat", "kan", "ki",
    "kt", "t", "n", "y", "gha", "ghan", "ghay", "l'", "d'",
)
PREFIX_MATCH = 4  # letters from which a stem also matches the beginning of a word


class Concepts:
    """Looks words up; the list itself passes through the normaliser first."""

    def __init__(self, normalise: Callable[[list[str]], list[str]], path: Path = LIST) -> None:
        rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
        self._stems: dict[str, set[str]] = {}
        for (name, _), words in zip(rows, normalise([row[1] for row in rows])):
            for word in words.split():
                self._stems.setdefault(word, set()).add(name)
        self._longest = max(map(len, self._stems))

    def of(self, word: str) -> set[str]:
        """The concepts of one normalised word."""
        found: set[str] = set()
        for prefix in PREFIXES:
            stem = word[len(prefix):]
            if len(stem) < 2 or not word.startswith(prefix):
                continue
            if not prefix or len(stem) > 2:
                found |= self._stems.get(stem, set())
            for length in range(PREFIX_MATCH, min(len(stem), self._longest + 1)):
                found |= self._stems.get(stem[:length], set())
        return found
