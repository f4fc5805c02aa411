"""Writes `card.md`: every figure in it is computed here or handed in, none is typed."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from corpus import LABELS, LANGUAGES, OUTPUTS, SIDES
from decide import SHOULD_REACH, review_load
from measure import (
    average_precision,
    calibration_error,
    interval,
    mean_average_precision,
    precision_recall,
)

TWELVE = len(LABELS)
WORDS = Path(__file__).with_name("card.txt")
# Public text that helped to form the tokenizer, with the licence its repository states.
SOURCES = {
    "about_isis_tweets": "JEMN2001/Terrorism-Classifier; none stated there (released CC0)",
    "cfpb_loan_complaints": "SeunnnA/Predatory_Lending; US government publication",
    "davidson": "t-davidson/hate-speech-and-offensive-language; MIT",
    "gab_hate_corpus": "liawesome/contextualizing-hate-speech-models-with-explanations; MIT",
    "hatecheck_en": "paul-rottger/hatecheck-data; CC BY 4.0",
    "headlines_en": "bhargaviparanjape/clickbait; MIT",
    "isis_fanboy_tweets": "JEMN2001/Terrorism-Classifier; none stated there (released CC0)",
    "mhc_es": "rewire-online/multilingual-hatecheck; CC BY 4.0",
    "mlma": "HKUST-KnowComp/MLMA_hate_speech; MIT",
    "ransomchats": "Casualtek/Ransomchats; MIT",
    "seed_ary_zgh": "openlanguagedata/seed; CC BY-SA 4.0",
    "sms_smishing_fr_mt": "lizfrey/comp-neuro-final-project; MIT",
    "stormfront": "Vicomtech/hate-speech-dataset; CC BY-SA 3.0 ES",
    "umsab_tweets": "cardiffnlp/xlm-t; Apache-2.0",
}


def percent(share: float) -> str:
    return "–" if np.isnan(share) else f"{100 * share:.1f} %"


class Test:
    """Truth, probabilities and thresholds on the test side, and tables of what they amount to."""

    def __init__(self, reports, truth, probabilities, baseline, thresholds) -> None:
        self.reports, self.truth, self.baseline = reports, truth, baseline
        self.probabilities, self.thresholds = probabilities, thresholds
        self.groups = np.array([r["group"] for r in reports])
        self.languages = np.array([r["lang"] for r in reports])

    def at(self, k: int, level: str) -> np.ndarray:
        return self.probabilities[:, k] >= self.thresholds[OUTPUTS[k]][level]

    def mean_ap(self, rows=slice(None), scores=None) -> float:
        scores = self.probabilities if scores is None else scores
        return mean_average_precision(self.truth[rows][:, :TWELVE], scores[rows][:, :TWELVE])

    def by_label(self) -> str:
        lines = [
            "| output | positives | AP (95 % interval) | baseline AP | flag: precision / recall "
            "| with review: recall, share of all reports | ECE |",
            "|---|---|---|---|---|---|---|",
        ]
        for k, name in enumerate(OUTPUTS):
            truth, p = self.truth[:, k], self.probabilities[:, k]
            low, high = interval(self.groups, lambda rows: average_precision(truth[rows], p[rows]))
            precision, recall = precision_recall(truth, self.at(k, "flag"))
            reached = self.at(k, "review")
            lines.append(
                f"| {name} | {int(truth.sum())} | {average_precision(truth, p):.3f} ({low:.2f}–{high:.2f}) "
                f"| {average_precision(truth, self.baseline[:, k]):.3f} | {percent(precision)} / {percent(recall)} "
                f"| {percent(precision_recall(truth, reached)[1])}, {percent(reached.mean())} "
                f"| {percent(calibration_error(truth, p))} |"
            )
        return "\n".join(lines)

    def by_language(self) -> str:
        lines = [
            "| language | reports | mAP, 12 labels (95 % interval) | baseline mAP "
            "| flags of the 12 labels: precision / recall |",
            "|---|---|---|---|---|",
        ]
        for language in LANGUAGES:
            rows = np.flatnonzero(self.languages == language)
            low, high = interval(self.groups[rows], lambda drawn: self.mean_ap(rows[drawn]))
            flags = np.array([self.at(k, "flag") for k in range(TWELVE)]).T[rows]
            precision, recall = precision_recall(self.truth[rows][:, :TWELVE], flags)
            lines.append(
                f"| {language} | {len(rows)} | {self.mean_ap(rows):.3f} ({low:.2f}–{high:.2f}) "
                f"| {self.mean_ap(rows, self.baseline):.3f} | {percent(precision)} / {percent(recall)} |"
            )
        return "\n".join(lines)

    def grid(self) -> str:
        lines = ["| AP | " + " | ".join(LANGUAGES) + " |", "|---" * (len(LANGUAGES) + 1) + "|"]
        for k, name in enumerate(OUTPUTS):
            cells = []
            for language in LANGUAGES:
                rows = self.languages == language
                found = average_precision(self.truth[rows, k], self.probabilities[rows, k])
                cells.append("–" if np.isnan(found) else f"{found:.2f} ({int(self.truth[rows, k].sum())})")
            lines.append(f"| {name} | " + " | ".join(cells) + " |")
        return "\n".join(lines)

    def headline(self) -> dict[str, str]:
        by_language = {
            x: self.mean_ap(np.flatnonzero(self.languages == x)) for x in LANGUAGES if x != "mul"
        }
        by_label = {
            name: average_precision(self.truth[:, k], self.probabilities[:, k])
            for k, name in enumerate(LABELS)
        }
        worst_language, worst_label = min(by_language, key=by_language.get), min(by_label, key=by_label.get)
        gain = self.mean_ap() - self.mean_ap(scores=self.baseline)
        low, high = interval(self.groups, self.mean_ap)
        gain_low, gain_high = interval(
            self.groups, lambda rows: self.mean_ap(rows) - self.mean_ap(rows, self.baseline)
        )
        errors = [calibration_error(self.truth[:, k], self.probabilities[:, k]) for k in range(TWELVE)]
        return {
            "map": f"{self.mean_ap():.3f} ({low:.2f}–{high:.2f})",
            "map_baseline": f"{self.mean_ap(scores=self.baseline):.3f}",
            "gain": f"{100 * gain:+.1f} points ({100 * gain_low:+.1f} to {100 * gain_high:+.1f})",
            "worst_language": f"{worst_language}, {by_language[worst_language]:.3f}",
            "worst_label": f"{worst_label}, {by_label[worst_label]:.3f}",
            "ece": f"{percent(float(np.mean(errors)))} on average, {percent(max(errors))} at most "
            f"({LABELS[int(np.argmax(errors))]})",
        }

    def terrorism(self) -> dict[str, str]:
        at, isis = OUTPUTS.index("terrorism"), OUTPUTS.index("isis")
        near = np.array([
            not r["labels"] and bool(r["organisations"] or r["context"]) for r in self.reports
        ])
        benign = np.array([not r["labels"] for r in self.reports])
        truth, p = self.truth[:, isis], self.probabilities[:, isis]
        order = np.argsort(-p, kind="stable")
        hits = np.cumsum(truth[order])
        fine = hits / np.arange(1, len(order) + 1) >= 0.5
        precision, recall = precision_recall(truth, self.at(isis, "flag"))
        return {
            "hard": f"{percent(self.at(at, 'flag')[near].mean())} flagged, "
            f"{percent(self.at(at, 'review')[near].mean())} flagged or in review, of {int(near.sum())}",
            "benign": f"{percent(self.at(at, 'flag')[benign].mean())} flagged, "
            f"{percent(self.at(at, 'review')[benign].mean())} flagged or in review, of {int(benign.sum())}",
            "isis_half": percent(float(hits[fine].max() / truth.sum())) if fine.any() else "–",
            "isis_flag": f"{percent(precision)} precision, {percent(recall)} recall",
        }

    def urgent(self) -> dict[str, str]:
        names = tuple(SHOULD_REACH)
        parts, quarter = [], []
        for name in names:
            k = OUTPUTS.index(name)
            parts.append(f"{name} {percent(precision_recall(self.truth[:, k], self.at(k, 'review'))[1])}")
        columns = [OUTPUTS.index(name) for name in names]
        top = np.argsort(-self.probabilities[:, columns].max(axis=1), kind="stable")
        chosen = np.zeros(len(top))
        chosen[top[: len(top) // 4]] = 1
        for k, name in zip(columns, names):
            quarter.append(f"{name} {percent(precision_recall(self.truth[:, k], chosen)[1])}")
        load, all_load = review_load(self.probabilities, self.thresholds, names), review_load(
            self.probabilities, self.thresholds
        )
        return {
            "reach": ", ".join(parts),
            "quarter": ", ".join(quarter),
            "load_urgent": percent(load["reached"]),
            "load": percent(all_load["reached"]),
            "flagged": percent(all_load["flagged"]),
        }

    def failures(self, count: int = 12) -> str:
        """Worst cases by id: high scores without the label, low scores with it; three per label at most."""
        found = []
        for k, name in enumerate(LABELS):
            p, truth = self.probabilities[:, k], self.truth[:, k]
            false, missed = np.argmax(np.where(truth > 0, -1, p)), np.argmin(np.where(truth > 0, p, 2))
            found.append((1 - p[false], f"| {name} | false alarm | {self.reports[false]['id']} | {p[false]:.2f} |"))
            found.append((p[missed], f"| {name} | missed | {self.reports[missed]['id']} | {p[missed]:.2f} |"))
        return "\n".join(["| label | error | report | probability |", "|---|---|---|---|"] + [x for _, x in sorted(found)[:count]])


def write_card(path: Path, test: Test, reports: list[dict], public: list[dict], sizes: dict[str, str]) -> None:
    """Fills the words of `card.txt` with figures."""
    rows = {name: sum(r["source"] == name for r in public) for name in SOURCES}
    unnamed = {r["source"] for r in public} - set(SOURCES)
    if unnamed:
        raise SystemExit(f"name the licence of {sorted(unnamed)} in card.py")
    used = [f"| {name} | {n} | {SOURCES[name]} |" for name, n in rows.items() if n]
    table = ["The tokenizer also read these public texts, of which no label enters the weights:", "", "| source | texts | repository; licence stated |"]
    table += ["|---|---|---|", *used]
    splits = ["| side | " + " | ".join(LANGUAGES) + " | all |", "|---" * (len(LANGUAGES) + 2) + "|"]
    for side in SIDES:
        counts = [sum(r["side"] == side and r["lang"] == x for r in reports) for x in LANGUAGES]
        splits.append(f"| {side} | " + " | ".join(map(str, counts)) + f" | {sum(counts)} |")
    words = {
        **test.headline(), **test.terrorism(), **test.urgent(), **sizes,
        "by_label": test.by_label(), "by_language": test.by_language(), "grid": test.grid(),
        "failures": test.failures(), "splits": "\n".join(splits),
        "sources": "\n".join(table) if used else "Nothing else: no public data feeds the weights or the tokenizer.",
    }
    path.write_text(WORDS.read_text(encoding="utf-8").format(**words), encoding="utf-8")
