"""Reads the corpus and its split.

A report is the dict of one JSONL line; `split.tsv` beside the files gives each
id its side (train, dev or test) and is never recomputed by the training.
"""

from __future__ import annotations

import json
from pathlib import Path

LABELS = (
    "fraud", "sextortion", "extortion", "defamation", "threat", "incitement",
    "trafficking", "exploitation", "minors", "hate", "terrorism", "self_harm",
)
ORGANISATIONS = ("isis", "al_qaeda", "other_listed")
CONTEXT = ("reporting",)
OUTPUTS = LABELS + ORGANISATIONS + CONTEXT
LANGUAGES = ("ar", "ary", "ary-Latn", "fr", "en", "es", "zgh", "mul")
SIDES = ("train", "dev", "test")

CORPUS = Path(__file__).resolve().parent.parent / "corpus"


def read_reports(folder: Path = CORPUS) -> list[dict]:
    """Every report of the corpus, by file name and line."""
    reports = []
    for path in sorted(folder.glob("*.jsonl")):
        with path.open(encoding="utf-8") as lines:
            reports.extend(json.loads(line) for line in lines)
    return reports


def read_split(folder: Path = CORPUS) -> dict[str, str]:
    """Report id to side, as committed in `split.tsv`."""
    return {name: side for name, side, _ in _split_rows(folder)}


def read_groups(folder: Path = CORPUS) -> dict[str, str]:
    """Report id to the group whose members are never parted."""
    return {name: group for name, _, group in _split_rows(folder)}


def _split_rows(folder: Path) -> list[list[str]]:
    """Id, side and group of each report."""
    lines = (folder / "split.tsv").read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines[1:]]


def targets(report: dict) -> list[float]:
    """One 0 or 1 per name of `OUTPUTS`."""
    marked = {*report["labels"], *report["organisations"], *report["context"]}
    return [float(name in marked) for name in OUTPUTS]
