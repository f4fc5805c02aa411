"""What a word means, by the hand-written dictionary `glosses.tsv`.

One word a line, as the normaliser leaves it, and one to three simple English words for it. Words of six
languages that mean one thing share a gloss, and with it what the reports of any language teach.
"""

from __future__ import annotations

from pathlib import Path
from typing import Callable

DICTIONARY = Path(__file__).with_name("glosses.tsv")


class Glosses:
    """Looks words up; the dictionary itself passes through the normaliser first."""

    def __init__(self, normalise: Callable[[list[str]], list[str]], path: Path = DICTIONARY) -> None:
        rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
        words = normalise([row[0] for row in rows])
        self._glosses = {word: gloss for word, (_, gloss) in zip(words, rows)}

    def __len__(self) -> int:
        return len(self._glosses)

    def phrase(self, word: str) -> str | None:
        """The gloss as it is written."""
        return self._glosses.get(word)

    def words(self) -> list[str]:
        """The words that have a gloss."""
        return list(self._glosses)

    def of(self, word: str) -> set[str]:
        """The words of the gloss, and the gloss as a whole; none for a word without one."""
        gloss = self.phrase(word)
        return {*gloss.split(), gloss} if gloss else set()
