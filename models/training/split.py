"""Makes `models/corpus/split.tsv`: report id, side, group.

Reports that tell one scenario stay on one side. A group joins
* a boundary set (`set`);
* the mirrored first hundred English and Spanish reports, which are one group and always train;
* five neighbours of one file: a writer's neighbours share a style, and often a theme;
* near-duplicates by character shingles.
Groups are then dealt so that every language × label cell comes near its share of each side. A report
that has a side keeps it for good, and takes its group with it: only new groups are dealt.

`python split.py` adds new reports to the file; `python split.py --check` verifies the committed one.
Both fail if a text of one side nearly duplicates a text of another.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import unicodedata
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
from scipy import sparse

from corpus import CORPUS, SIDES, read_reports, read_split

SHARES = {"train": 0.76, "dev": 0.10, "test": 0.14}
SEED = 20240603
BLOCK = 5
MIRRORED = 100
MIRRORED_GROUP = "en-es-mirrored"
SHINGLE = 6
SHORTEST = 24  # letters; shorter texts ("chouf hadchi") carry no scenario
JOIN_AT = 0.40  # share of the shorter text's shingles found in the other
FAIL_AT = 0.50


def squeeze(text: str) -> str:
    """Letters and digits only, case and marks folded."""
    folded = unicodedata.normalize("NFKD", text).lower()
    return re.sub(r"[\W_]+", "", "".join(c for c in folded if not unicodedata.combining(c)))


def texts_of(report: dict) -> list[str]:
    """The texts of a report worth comparing: each field, and both together."""
    fields = [squeeze(report[name] or "") for name in ("description", "content")]
    found = [field for field in fields if len(field) >= SHORTEST]
    return found or ([both] if len(both := "".join(fields)) >= SHORTEST else [])


def near_duplicates(texts: list[str], at: float) -> list[tuple[int, int, float]]:
    """Pairs of texts of which the shorter has at least `at` of its shingles in the longer."""
    vocabulary: dict[str, int] = {}
    rows, columns = [], []
    for row, text in enumerate(texts):
        for shingle in {text[i : i + SHINGLE] for i in range(len(text) - SHINGLE + 1)}:
            rows.append(row)
            columns.append(vocabulary.setdefault(shingle, len(vocabulary)))
    table = sparse.csr_matrix(
        (np.ones(len(rows), np.float32), (rows, columns)), shape=(len(texts), len(vocabulary))
    )
    sizes = np.asarray(table.sum(axis=1)).ravel()
    pairs = []
    for start in range(0, len(texts), 500):
        shared = (table[start : start + 500] @ table.T).tocoo()
        left, right = shared.row + start, shared.col
        share = shared.data / np.maximum(np.minimum(sizes[left], sizes[right]), 1)
        keep = (left < right) & (share >= at)
        pairs.extend(zip(left[keep].tolist(), right[keep].tolist(), share[keep].tolist()))
    return pairs


def text_pairs(reports: list[dict], at: float) -> list[tuple[str, str, float]]:
    """Near-duplicate texts as pairs of report ids."""
    owners, texts = [], []
    for report in reports:
        for text in texts_of(report):
            owners.append(report["id"])
            texts.append(text)
    return [(owners[a], owners[b], share) for a, b, share in near_duplicates(texts, at)]


def block_of(report: dict) -> str:
    """The group a report is born in, before near-duplicates join groups."""
    if "set" in report:
        return f"set-{report['set'].zfill(3)}"
    prefix, number = report["id"].rsplit("-", 1)
    if prefix in ("en", "es") and int(number) <= MIRRORED:
        return MIRRORED_GROUP
    return f"{prefix}-{(int(number) - 1) // BLOCK:04d}"


def groups_of(reports: list[dict]) -> dict[str, str]:
    """Report id to group name."""
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        while parent.setdefault(name, name) != name:
            name = parent[name]
        return name

    block = {report["id"]: block_of(report) for report in reports}
    for a, b, _ in text_pairs(reports, JOIN_AT):
        first, second = sorted((root(block[a]), root(block[b])))
        parent[second] = first
    return {report: root(name) for report, name in block.items()}


def cells_of(report: dict) -> list[tuple[str, str]]:
    """The strata a report counts in."""
    names = report["labels"] or ["none"]
    names = names + report["organisations"] + report["context"]
    return [(report["lang"], name) for name in names] + [("any", name) for name in names]


def deal(reports: list[dict], groups: dict[str, str], settled: dict[str, str]) -> dict[str, str]:
    """Group to side: the rarest cells first, each group where its cells lack most.

    `settled` has the sides that reports already have.
    """
    members = defaultdict(list)
    for report in reports:
        members[groups[report["id"]]].append(report)
    counts = {name: Counter(c for r in rows for c in cells_of(r)) for name, rows in members.items()}
    total = sum(counts.values(), Counter())
    lacking = {side: {c: n * share for c, n in total.items()} for side, share in SHARES.items()}
    training_only = {groups[r["id"]] for r in reports if block_of(r) == MIRRORED_GROUP}
    kept = {groups[r["id"]]: settled[r["id"]] for r in reports if r["id"] in settled}
    order = sorted(members)
    random.Random(SEED).shuffle(order)
    order.sort(key=lambda n: (n not in kept, n not in training_only, min(total[c] for c in counts[n])))
    sides = {}
    for name in order:
        def need(side: str) -> float:
            return sum(
                n * lacking[side][c] / (total[c] * SHARES[side]) for c, n in counts[name].items()
            )

        side = kept.get(name) or ("train" if name in training_only else max(SIDES, key=need))
        sides[name] = side
        for cell, n in counts[name].items():
            lacking[side][cell] -= n
    return sides


def leaks(reports: list[dict], split: dict[str, str]) -> list[str]:
    """What is wrong with a split, in words; empty when nothing is."""
    wrong = [f"{r['id']} has no side" for r in reports if split.get(r["id"]) not in SIDES]
    if wrong:
        return wrong
    born = defaultdict(set)
    for report in reports:
        born[block_of(report)].add(split[report["id"]])
    wrong += [f"group {name} is on sides {sorted(s)}" for name, s in born.items() if len(s) > 1]
    wrong += [
        f"{a} ({split[a]}) and {b} ({split[b]}) share {share:.0%} of their shingles"
        for a, b, share in text_pairs(reports, FAIL_AT)
        if split[a] != split[b]
    ]
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", type=Path, default=CORPUS)
    parser.add_argument("--check", action="store_true", help="verify the committed split only")
    options = parser.parse_args()
    reports = read_reports(options.corpus)
    if options.check:
        split = read_split(options.corpus)
    else:
        groups = groups_of(reports)
        settled = read_split(options.corpus) if (options.corpus / "split.tsv").exists() else {}
        sides = deal(reports, groups, settled)
        split = {r["id"]: settled.get(r["id"], sides[groups[r["id"]]]) for r in reports}
    wrong = leaks(reports, split)
    print("\n".join(wrong[:20]), file=sys.stderr)
    if wrong:
        return 1
    if not options.check:
        with (options.corpus / "split.tsv").open("w", encoding="utf-8") as out:
            out.write("id\tside\tgroup\n")
            out.writelines(f"{i}\t{split[i]}\t{groups[i]}\n" for i in sorted(split))
    sizes = Counter(split.values())
    print(" ".join(f"{side} {sizes[side]} ({sizes[side] / len(split):.1%})" for side in SIDES))
    return 0


if __name__ == "__main__":
    sys.exit(main())
