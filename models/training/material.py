"""What the model is trained from, normalised and tokenised."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import numpy as np
from tokenizers import Tokenizer

from corpus import CORPUS, LABELS, OUTPUTS, read_groups, read_reports, read_split, targets
from linear import FOLDS
from tokens import Sequence, encode

FIELDS = ("description", "content")
Normalise = Callable[[list[str]], list[str]]


def load_reports(normalise: Normalise, folder: Path = CORPUS) -> list[dict]:
    """The corpus with normalised fields and evidence, each report's side and group, and `raw`."""
    reports = read_reports(folder)
    split, groups = read_split(folder), read_groups(folder)
    texts = [r[name] or "" for r in reports for name in FIELDS]
    texts += [e for r in reports for found in r["evidence"].values() for e in found]
    ready = iter(normalise(texts))
    for report in reports:
        report["raw"] = {name: report[name] or "" for name in FIELDS}
        report.update({name: next(ready) for name in FIELDS})
        report["side"], report["group"] = split[report["id"]], groups[report["id"]]
    for report in reports:
        report["evidence"] = {
            label: [next(ready) for _ in found] for label, found in report["evidence"].items()
        }
    return reports


def load_public(folder: Path | None, normalise: Normalise) -> list[dict]:
    """Public rows (`*.jsonl` of `folder`), their text normalised; none without a folder."""
    rows = []
    for path in sorted(folder.glob("*.jsonl")) if folder else []:
        with path.open(encoding="utf-8") as lines:
            rows += [json.loads(line) | {"source": path.stem} for line in lines]
    for row, text in zip(rows, normalise([row["text"] for row in rows])):
        row["text"] = text
    return rows


@dataclass(frozen=True)
class Texts:
    """Reports first, then their evidence; one row each in every field."""

    sequences: list[Sequence]
    targets: np.ndarray
    folds: np.ndarray
    reports: np.ndarray  # which rows are reports


def fold_of(report: dict) -> int:
    """The cross-validation fold; whole groups together."""
    return hashlib.sha256(report["group"].encode()).digest()[0] % FOLDS


def quoted(report: dict) -> list[tuple[dict[str, str], list[float]]]:
    """Each label's evidence as a text of its own, in the field it stands in, with its labels."""
    texts = []
    for label, found in report["evidence"].items():
        if label not in LABELS:
            continue
        fields = {name: " ".join(e for e in found if e in report[name]) for name in FIELDS}
        fields["content"] = " ".join(e for e in found if e not in report["description"])
        also = {
            other
            for other, theirs in report["evidence"].items()
            if any(mine in their or their in mine for mine in found for their in theirs)
        }
        texts.append((fields, [float(name in also) for name in OUTPUTS]))
    return texts


def assemble(reports: list[dict], tokenizer: Tokenizer) -> Texts:
    """Reports and their evidence as the fit takes them."""
    fields = [{name: r[name] for name in FIELDS} for r in reports]
    wanted, folds = [targets(r) for r in reports], [fold_of(r) for r in reports]
    for report in reports:
        for text, labels in quoted(report):
            fields.append(text)
            wanted.append(labels)
            folds.append(fold_of(report))
    sequences = encode(tokenizer, [(f["description"], f["content"]) for f in fields])
    is_report = np.arange(len(fields)) < len(reports)
    return Texts(sequences, np.array(wanted), np.array(folds), is_report)
