"""Checks the corpus and writes `models/corpus/report.md`.

What it holds, each as a failure with the ids concerned: known labels and marks, evidence that is an
exact substring and present for every label, unique ids and texts (six-word runs, near duplicates by
character shingles), the counts the corpus promises, frequent words that do not betray
the negatives, and a vocabulary that goes on growing. The report ends with what fails.

`python check_corpus.py` writes the report; `--check` compares the committed one instead. Both end with
code 1 where anything fails.
"""

from __future__ import annotations

import argparse
import re
import sys
import unicodedata
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from corpus import (
    CONTEXT,
    CORPUS,
    LABELS,
    LANGUAGES,
    ORGANISATIONS,
    SIDES,
    read_groups,
    read_reports,
    read_split,
)
from split import FAIL_AT, text_pairs

REPORT = "report.md"
SMALLEST = {"mul": 300, "zgh": 300}  # reports; every other language at least:
SMALLEST_LANGUAGE = 1_000
SMALLEST_LABEL = 500
SMALLEST_CORPUS = 10_000
NEGATIVE_SHARE = MULTIPLE_SHARE = 0.25
RUN = 6  # words that two reports of different sets may not share in a row
FREQUENT = 40  # words of a language whose balance is looked at
BALANCE = 3.0  # most often a frequent word may stand in one kind of report than in the other
WORTH_BALANCING = 0.08  # share of reports from which a word is worth looking at
WORD = re.compile(r"<\w+>|@user|\w+")
GROWTH = (0.25, 0.5, 0.75, 1.0)
GROWS = 0.12  # distinct words that the last quarter adds, as a share of all


@cache
def words(text: str) -> tuple[str, ...]:
    return tuple(WORD.findall(unicodedata.normalize("NFKC", text).lower()))


def text_of(report: dict) -> str:
    return f"{report['description'] or ''}\n{report['content'] or ''}"


def malformed(report: dict) -> list[str]:
    """What is wrong with one report by itself."""
    wrong, text = [], text_of(report)
    for field, names in (("labels", LABELS), ("organisations", ORGANISATIONS), ("context", CONTEXT)):
        wrong += [f"unknown {field} `{name}`" for name in report[field] if name not in names]
    if report["lang"] not in LANGUAGES:
        wrong.append(f"unknown language `{report['lang']}`")
    if report["urgency"] not in ("U0", "U1", "U2", "U3"):
        wrong.append(f"unknown urgency `{report['urgency']}`")
    wrong += [f"no evidence for `{name}`" for name in report["labels"] if not report["evidence"].get(name)]
    for name, spans in report["evidence"].items():
        if name not in report["labels"] + report["organisations"]:
            wrong.append(f"evidence for `{name}`, which it does not carry")
        wrong += [f"evidence for `{name}` is not in its texts" for span in spans if not span or span not in text]
    return [f"{report['id']}: {what}" for what in wrong]


def repeated_runs(reports: list[dict], group: dict[str, str]) -> list[str]:
    """Six words in a row that reports of two groups share; neighbours of one group may."""
    owners: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for report in reports:
        found = words(text_of(report))
        for start in range(len(found) - RUN + 1):
            owners[found[start : start + RUN]].add(report["id"])
    pairs = {
        tuple(sorted(ids)[:2])
        for ids in owners.values()
        if len({group[i] for i in ids}) > 1
    }
    return [f"{a} and {b} share a run of {RUN} words" for a, b in sorted(pairs)]


def near_duplicates(reports: list[dict], group: dict[str, str]) -> list[str]:
    return [
        f"{a} and {b} share {share:.0%} of their shingles"
        for a, b, share in text_pairs(reports, FAIL_AT)
        if group[a] != group[b]
    ]


def counts(reports: list[dict]) -> tuple[dict[str, float], list[str]]:
    """Shares of the kinds of reports, and what falls short of the promised counts."""
    language = Counter(r["lang"] for r in reports)
    label = Counter(x for r in reports for x in r["labels"])
    short = []
    for name in LANGUAGES:
        wanted = SMALLEST.get(name, SMALLEST_LANGUAGE)
        if language[name] < wanted:
            short.append(f"language {name}: {language[name]} reports of {wanted}")
    short += [f"label {n}: {label[n]} reports of {SMALLEST_LABEL}" for n in LABELS if label[n] < SMALLEST_LABEL]
    shares = {
        "without label": sum(not r["labels"] for r in reports) / len(reports),
        "with two labels or more": sum(len(r["labels"]) > 1 for r in reports) / len(reports),
    }
    for name, wanted in (("without label", NEGATIVE_SHARE), ("with two labels or more", MULTIPLE_SHARE)):
        if shares[name] < wanted:
            short.append(f"{name}: {shares[name]:.1%} of {wanted:.0%}")
    if len(reports) < SMALLEST_CORPUS:
        short.append(f"{len(reports)} reports of {SMALLEST_CORPUS}")
    return shares, short


def balance(reports: list[dict]) -> tuple[list[tuple], list[str]]:
    """Frequent words by language: share of reports with a label, and without, that hold them."""
    rows, wrong = [], []
    for language in LANGUAGES:
        mine = [r for r in reports if r["lang"] == language]
        holding = {True: Counter(), False: Counter()}
        total = Counter(bool(r["labels"]) for r in mine)
        for report in mine:
            holding[bool(report["labels"])].update(set(words(text_of(report))))
        both = holding[True] + holding[False]
        for word, _ in both.most_common(FREQUENT):
            shares = [holding[kind][word] / max(total[kind], 1) for kind in (True, False)]
            ratio = (max(shares) + 0.01) / (min(shares) + 0.01)
            rows.append((ratio, language, word, *shares))
            if max(shares) >= WORTH_BALANCING and ratio > BALANCE:
                wrong.append(f"{language}: “{word}” stands in {shares[0]:.0%} with a label, {shares[1]:.0%} without")
    return sorted(rows, reverse=True), wrong


def growth(reports: list[dict]) -> tuple[list[tuple[str, list[int]]], list[str]]:
    """Distinct words after each quarter of a language's reports, by file and line."""
    rows, wrong = [], []
    for language in LANGUAGES:
        texts = [words(text_of(r)) for r in reports if r["lang"] == language]
        sizes = [len({w for t in texts[: int(len(texts) * part)] for w in t}) for part in GROWTH]
        rows.append((language, sizes))
        if texts and (sizes[-1] - sizes[-2]) / sizes[-1] < GROWS:
            wrong.append(f"{language}: the last quarter adds {sizes[-1] - sizes[-2]} of {sizes[-1]} words")
    return rows, wrong


def spread(reports: list[dict]) -> str:
    """How the reports are built: fields, lengths, urgency."""
    lengths = sorted(len(words(text_of(r))) for r in reports)
    empty = [sum(not (r[f] or "").strip() for r in reports) / len(reports) for f in ("description", "content")]
    urgency = Counter(r["urgency"] for r in reports)
    quantiles = ", ".join(str(lengths[int(len(lengths) * q)]) for q in (0.05, 0.25, 0.5, 0.75, 0.95))
    return (
        f"Words a report at the 5th, 25th, 50th, 75th and 95th percentile: {quantiles}. "
        f"No content: {empty[1]:.0%}; no description: {empty[0]:.0%}. "
        f"Urgency: {', '.join(f'{name} {urgency[name]}' for name in sorted(urgency))}."
    )


def table(head: list[str], rows: list[list]) -> str:
    lines = [f"| {' | '.join(map(str, row))} |" for row in [head, ["---"] * len(head), *rows]]
    return "\n".join(lines)


@dataclass(frozen=True)
class Findings:
    """What the corpus holds: `wrong` names reports that must be mended, `short` what the whole still lacks."""

    shares: dict[str, float]
    balance: list[tuple]
    growth: list[tuple[str, list[int]]]
    wrong: list[str]
    short: list[str]


def examine(reports: list[dict], group: dict[str, str]) -> Findings:
    """Every check, once."""
    ids = Counter(r["id"] for r in reports)
    wrong = [f"id {name} is used {n} times" for name, n in ids.items() if n > 1]
    wrong += [what for report in reports for what in malformed(report)]
    wrong += repeated_runs(reports, group) + near_duplicates(reports, group)
    shares, too_few = counts(reports)
    balanced, unbalanced = balance(reports)
    grown, slow = growth(reports)
    return Findings(shares, balanced, grown, wrong, too_few + unbalanced + slow)


def write(reports: list[dict], sides: dict[str, str], findings: Findings) -> str:
    """The report as Markdown."""
    cell = Counter((r["lang"], x) for r in reports for x in (r["labels"] or ["none"]) + r["organisations"] + r["context"])
    names = [*LABELS, "none", *ORGANISATIONS, *CONTEXT]
    by_label = [
        [name, sum(cell[language, name] for language in LANGUAGES), *(cell[language, name] for language in LANGUAGES)]
        for name in names
    ]
    side = Counter((sides[r["id"]], r["lang"]) for r in reports)
    by_side = [
        [name, sum(side[name, language] for language in LANGUAGES), *(side[name, language] for language in LANGUAGES)]
        for name in SIDES
    ]
    balanced = [[lang, f"`{word}`", f"{a:.0%}", f"{b:.0%}", f"{ratio:.1f}"] for ratio, lang, word, a, b in findings.balance[:15]]
    grown = [[language, *sizes] for language, sizes in findings.growth]
    shares = "; ".join(f"{name} {share:.1%}" for name, share in findings.shares.items())
    return "\n\n".join(
        [
            "# What the corpus holds",
            "Written by `models/training/check_corpus.py`; a test compares it with the corpus.",
            f"{len(reports)} reports; {shares}. {spread(reports)}",
            table(["side", "all", *LANGUAGES], by_side),
            table(["label or mark", "all", *LANGUAGES], by_label),
            "## Frequent words\nOf the forty most frequent words of each language, the fifteen least balanced: share of "
            f"reports that hold them, with a label and without. A ratio over {BALANCE:g} fails where the larger share is "
            f"{WORTH_BALANCING:.0%} or more.",
            table(["language", "word", "with a label", "without", "ratio"], balanced),
            "## Vocabulary\nDistinct words after each quarter of a language's reports, by file name and line, so the first round's files come last.",
            table(["language", "25 %", "50 %", "75 %", "all"], grown),
            "## What fails\n" + ("\n".join(f"* {what}" for what in findings.wrong + findings.short) or "Nothing."),
        ]
    ) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", type=Path, default=CORPUS)
    parser.add_argument("--check", action="store_true", help="compare the committed report only")
    options = parser.parse_args()
    reports = read_reports(options.corpus)
    findings = examine(reports, read_groups(options.corpus))
    text = write(reports, read_split(options.corpus), findings)
    failures = findings.wrong + findings.short
    path = options.corpus / REPORT
    if not options.check:
        path.write_text(text, encoding="utf-8")
    elif path.read_text(encoding="utf-8") != text:
        failures.append(f"{path.name} is not what the corpus gives; run check_corpus.py")
    print("\n".join(failures[:60]), file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
