"""Trains the language model: python train.py --train DIR --corpus DIR (about one minute of CPU).

Writes language.bin (hashed n-gram weights, one signed byte each) and goldens.jsonl.
"""

import argparse
import json
import random
import struct
import unicodedata
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

import features
import sources

HERE = Path(__file__).parent
WINDOWS = (1, 1, 2, 3, 5, 9)
STRENGTH = {"latin": 3.0, "arabic": 3.0}


def windows(words, random_):
    """Runs of one to nine words, about one for every four words of the text."""
    for _ in range(1 + len(words) // 4):
        size = random_.choice(WINDOWS)
        start = random_.randrange(max(1, len(words) - size + 1))
        yield words[start : start + size]


def bare(word):
    kept = (c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c))
    return "".join(kept)


class Matrix:
    """Features of windows, built word by word."""

    def __init__(self):
        self.cache, self.data, self.columns, self.ends = {}, [], [], [0]

    def add(self, words):
        size = 0
        for word in words:
            if word not in self.cache:
                found = np.array(features.rows(word), dtype=np.int32)
                self.cache[word] = found, np.full(len(found), len(found) ** -0.5, dtype=np.float32) \
                    if len(found) else np.zeros(0, dtype=np.float32)
            found, values = self.cache[word]
            self.columns.append(found)
            self.data.append(values)
            size += len(found)
        self.ends.append(self.ends[-1] + size)

    def build(self):
        shape = len(self.ends) - 1, 1 << features.ROW_BITS
        matrix = csr_matrix(
            (np.concatenate(self.data), np.concatenate(self.columns), np.array(self.ends)), shape
        )
        matrix.sum_duplicates()
        return matrix


def letters(texts, script):
    return [[w for s, w, _, _ in features.words(t.text) if s == script and w] for t in texts]


def sample_weights(labels, names, shares):
    """Every class counts the same, every source of a class by its share."""
    weights = np.zeros(len(labels))
    for label in np.unique(labels):
        mine = labels == label
        total = sum(shares[name] for name in np.unique(names[mine]))
        for name in np.unique(names[mine]):
            chosen = mine & (names == name)
            weights[chosen] = shares[name] / total / chosen.sum()
    return weights * len(labels) / weights.sum()


def fit(texts, words, script, random_, iterations):
    matrix, labels, names = Matrix(), [], []
    for text, of_text in zip(texts, words):
        for window in windows(of_text, random_) if of_text else ():
            if script == "latin" and random_.random() < 0.25:
                window = [bare(word) for word in window]
            matrix.add(window)
            labels.append(text.label)
            names.append(text.source)
    labels, names = np.array(labels), np.array(names)
    shares = {name: share for name, (share, _) in sources.SHARES.items()}
    model = LogisticRegression(C=STRENGTH[script], fit_intercept=False, max_iter=iterations)
    built = matrix.build()
    print(f"{script}: {built.shape[0]} windows, {built.nnz} features", flush=True)
    model.fit(built, labels, sample_weight=sample_weights(labels, names, shares))
    return model.coef_.T.astype(np.float32)


def scores(weights, words):
    total = np.zeros(weights.shape[1])
    for word in words:
        found = features.rows(word)
        if found:
            total += weights[found].sum(axis=0) / len(found) ** 0.5
    return total


def without_mislabelled(texts, words, weights):
    """Drops texts that a first model finds almost impossible in their stated language, and contents
    of reports that it finds likelier in another: only descriptions are known to be in it."""
    kept = []
    trusted = ("own", "words", "derived")
    for at, text in enumerate(texts):
        total = scores(weights, words[at][:40])
        lead = total.max() - total[text.label]
        allowed = 0.0 if text.source == "contents" else 6.0
        if text.source in trusted or lead <= allowed:
            kept.append(at)
    print(f"dropped {len(texts) - len(kept)} of {len(texts)} texts as mislabelled", flush=True)
    return [texts[at] for at in kept], [words[at] for at in kept]


def quantise(weights):
    scale = float(np.abs(weights).max()) / 127.0
    clipped = float(np.quantile(np.abs(weights[weights != 0]), 0.9999)) / 127.0
    scale = min(scale, clipped)
    return np.clip(np.round(weights / scale), -127, 127).astype(np.int8), np.float32(scale)


def write_goldens(tables):
    with open(HERE / "goldens.jsonl", "w", encoding="utf-8") as file:
        for text in sources.own("goldens.txt"):
            found = []
            for script, word, start, end in features.words(text):
                row = {"word": word, "script": script}
                row["start"] = len(text[:start].encode())
                row["end"] = len(text[:end].encode())
                if script in tables:
                    weights, scale = tables[script]
                    total = scores(weights.astype(np.float64) * float(scale), [word])
                    row["scores"] = [round(float(x), 4) for x in total]
                found.append(row)
            line = json.dumps({"text": text, "words": found}, ensure_ascii=False)
            file.write(line + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train", required=True, help="folder of the training data")
    parser.add_argument("--corpus", required=True, help="folder of the written reports")
    parser.add_argument("--seed", type=int, default=20)
    options = parser.parse_args()
    random_ = random.Random(options.seed)
    texts = sources.read(options.train, options.corpus, options.seed)
    tables = {}
    for script in ("latin", "arabic"):
        chosen = [text for text in texts if text.script == script]
        words = letters(chosen, script)
        sure = [at for at, text in enumerate(chosen) if text.source != "contents"]
        first = [chosen[at] for at in sure], [words[at] for at in sure]
        first = fit(*first, script, random_, 20)
        chosen, words = without_mislabelled(chosen, words, first)
        tables[script] = quantise(fit(chosen, words, script, random_, 80))
    with open(HERE / "language.bin", "wb") as file:
        file.write(b"IBLGLANG")
        file.write(struct.pack("<ff", tables["latin"][1], tables["arabic"][1]))
        for script in ("latin", "arabic"):
            file.write(tables[script][0].tobytes())
    write_goldens(tables)


if __name__ == "__main__":
    main()
