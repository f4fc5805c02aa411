"""Trains the default model and writes its package.

Needs the split (`split.py`) and `ibaleg normalise`; the tokenizer can also learn from public text.
"""

from __future__ import annotations

import argparse
import time
from functools import partial
from pathlib import Path

import numpy as np

from baseline import baseline
from card import Test, write_card
from concepts import LIST, Concepts
from corpus import LABELS, OUTPUTS, targets
from decide import apply, calibrate, choose_thresholds, review_load
from encoder import ARTEFACT, Encoder
from features import token_features
from glosses import Glosses
from linear import FOLDS, Fit, Tables
from material import FIELDS, Texts, assemble, load_public, load_reports
from meaning import meanings_of
from measure import mean_average_precision, platt
from normaliser import normalise
from package import VERSION, Package, write_decisions, write_goldens, write_model
from tokens import train_tokenizer, words_of

ROOT = Path(__file__).resolve().parents[2]
CORPUS_TIMES = 10  # how often the tokenizer reads the corpus for one reading of public text
DICTIONARY_TIMES = 3  # and the dictionary, so that its words are tokens though no report has them
LABEL_COLUMNS = np.arange(len(OUTPUTS)) < len(LABELS)


def say(text: str, start: float = time.monotonic()) -> None:
    print(f"{time.monotonic() - start:6.1f} s  {text}", flush=True)


def texts_of(reports: list[dict]) -> list[tuple[str, str]]:
    return [tuple(report[name] for name in FIELDS) for report in reports]


def out_of_fold(fit: Fit, texts: Texts) -> np.ndarray:
    """Each report as the fit on the other folds sees it. Evidence decides labels only."""
    found = np.zeros((int(texts.reports.sum()), len(OUTPUTS)))
    for fold in range(FOLDS):
        wanted = np.flatnonzero(texts.reports & (texts.folds == fold))
        for columns, allowed in column_sets(texts):
            rows = np.flatnonzero(allowed & (texts.folds != fold))
            found[np.ix_(wanted, columns)] = fit.predict(rows, texts.targets[rows][:, columns], wanted)
    return found


def whole_fit(fit: Fit, texts: Texts) -> Tables:
    """The tables from all rows."""
    parts = [
        fit.tables(np.flatnonzero(allowed), texts.targets[allowed][:, columns])
        for columns, allowed in column_sets(texts)
    ]
    return Tables(
        np.concatenate([p.tokens for p in parts], axis=1),
        np.concatenate([p.pairs for p in parts], axis=1),
        np.concatenate([p.bias for p in parts]),
        parts[0].near.beside([p.near for p in parts[1:]]),
    )


def column_sets(texts: Texts) -> list[tuple[np.ndarray, np.ndarray]]:
    """Output columns with the rows they learn from: evidence says nothing of organisations."""
    everything = np.ones(len(texts.reports), bool)
    return [
        (np.flatnonzero(LABEL_COLUMNS), everything),
        (np.flatnonzero(~LABEL_COLUMNS), texts.reports),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ibaleg", type=Path, default=ROOT / "target/release/ibaleg")
    parser.add_argument("--encoder", type=Path, required=True, help=f"the Maven artefact {ARTEFACT}")
    parser.add_argument("--public", type=Path, help="folder of public text (JSONL) for the tokenizer")
    parser.add_argument("--out", type=Path, default=ROOT / "models/default")
    parser.add_argument("--no-test", action="store_true", help="measure on dev, write no card")
    options = parser.parse_args()
    to_normal = partial(normalise, ibaleg=options.ibaleg)

    reports = load_reports(to_normal)
    public = load_public(options.public, to_normal)
    side = {name: [r for r in reports if r["side"] == name] for name in ("train", "dev", "test")}
    truth = {name: np.array([targets(r) for r in rows]) for name, rows in side.items()}
    say(f"{len(reports)} reports and {len(public)} public texts read")

    own = [report[name] for report in side["train"] for name in FIELDS] * CORPUS_TIMES
    glosses = Glosses(to_normal)
    dictionary = [" ".join(glosses.words())] * DICTIONARY_TIMES
    tokenizer = train_tokenizer(own + dictionary + [row["text"] for row in public])
    words = words_of(tokenizer)
    features, kinds = token_features(words, Concepts(to_normal), glosses)
    meanings = meanings_of(words, glosses, Encoder(options.encoder))
    say(f"{features.shape[0]} tokens made of {features.shape[1]} features, {len(meanings.vectors) - 1} phrases")

    texts = assemble(side["train"], tokenizer)
    fit = Fit(texts.sequences, texts.reports, features, kinds, meanings)
    held_out = out_of_fold(fit, texts)
    scales = [platt(held_out[:, k], truth["train"][:, k]) for k in range(len(OUTPUTS))]
    slope, offset = (np.array(column) for column in zip(*scales))
    write_model(options.out, tokenizer, whole_fit(fit, texts).scaled(slope, offset))
    say(f"cross-validated mAP {mean_average_precision(truth['train'][:, :12], held_out[:, :12]):.4f}")

    # Calibration and thresholds see scores of fits that did not see the report.
    write_decisions(options.out, np.tile([1.0, 0.0], (len(OUTPUTS), 1)), {})
    dev = Package(options.out).logits(texts_of(side["dev"]))
    unseen = np.concatenate([held_out * slope + offset, dev])
    known = np.concatenate([truth["train"], truth["dev"]])
    calibration = calibrate(unseen, known)
    thresholds = choose_thresholds(apply(calibration, unseen), known)
    write_decisions(options.out, calibration, thresholds)
    goldens = write_goldens(options.out, side["train"] + side["dev"])
    say(f"dev mAP {mean_average_precision(truth['dev'][:, :12], dev[:, :12]):.4f}; {goldens} goldens")
    say(f"load on train and dev: {review_load(apply(calibration, unseen), thresholds)}")
    if options.no_test:
        return

    plain = baseline(
        [" \n ".join(pair) for pair in texts_of(side["train"])],
        truth["train"],
        [" \n ".join(pair) for pair in texts_of(side["test"])],
    )
    scored = Package(options.out).probabilities(texts_of(side["test"]))
    test = Test(side["test"], truth["test"], scored, plain, thresholds)
    sizes = {
        "version": VERSION,
        "vocabulary": str(features.shape[0]),
        "megabytes": f"{(options.out / 'model.onnx').stat().st_size / 1e6:.1f}",
        "glosses": str(len(glosses)),
        "concepts": str(len(LIST.read_text(encoding="utf-8").splitlines())),
    }
    write_card(options.out / "card.md", test, reports, public, sizes)
    say(f"test: {test.headline()}")


if __name__ == "__main__":
    main()
