"""Writes the model package, and reads it back as the service would, with ONNX Runtime."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from corpus import LANGUAGES, OUTPUTS
from graph import build
from linear import Tables
from material import FIELDS
from measure import sigmoid
from tokens import MAX_LENGTH, Sequence, encode, pad

NAME = "ibaleg-default"
VERSION = "0.1.0"
OVERLAP = 32
TOLERANCE = 0.001
GOLDENS_A_CELL = 3


def write_model(folder: Path, tokenizer: Tokenizer, tables: Tables) -> None:
    """Tokenizer, graph and the two descriptions of them."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    (folder / "model.onnx").write_bytes(build(tables).SerializeToString(deterministic=True))
    config = {
        "model_type": "ibaleg-linear",
        "problem_type": "multi_label_classification",
        "id2label": {str(n): name for n, name in enumerate(OUTPUTS)},
        "label2id": {name: n for n, name in enumerate(OUTPUTS)},
        "pad_token_id": 0,
        "max_position_embeddings": MAX_LENGTH,
    }
    _write_json(folder / "config.json", config)
    (folder / "package.toml").write_text(
        f'format = 1\nname = "{NAME}"\nversion = "{VERSION}"\n'
        f"max_length = {MAX_LENGTH}\nwindow_overlap = {OVERLAP}\n"
        'aggregation = "max"\ntext = "normalised"\n',
        encoding="utf-8",
    )


def write_decisions(folder: Path, calibration: np.ndarray, thresholds: dict) -> None:
    """`calibration` [outputs, 2] holds a and b; `thresholds` maps output to flag and review."""
    outputs = {
        name: {"a": round(float(a), 6), "b": round(float(b), 6)}
        for name, (a, b) in zip(OUTPUTS, calibration)
    }
    _write_json(folder / "calibration.json", {"method": "platt", "outputs": outputs})
    _write_json(folder / "thresholds.json", {"default": thresholds})


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


class Package:
    """A written package, scored as the service scores it: windows of `MAX_LENGTH`, largest logit."""

    def __init__(self, folder: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            (folder / "model.onnx").read_bytes(), options, providers=["CPUExecutionProvider"]
        )
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        calibration = json.loads((folder / "calibration.json").read_text(encoding="utf-8"))
        pairs = [calibration["outputs"][name] for name in OUTPUTS]
        self._calibration = np.array([[pair["a"], pair["b"]] for pair in pairs])

    def run(self, sequences: list[Sequence]) -> tuple[np.ndarray, np.ndarray]:
        """Logits and token scores of one padded batch."""
        ids, mask, segments = pad(sequences, max(len(s.ids) for s in sequences))
        names = {"input_ids": ids, "attention_mask": mask, "token_type_ids": segments}
        logits, scores = self._session.run(["logits", "token_scores"], names)
        return logits, scores

    def logits(self, texts: list[tuple[str, str]]) -> np.ndarray:
        """Logits of normalised (description, content) pairs."""
        whole = encode(self.tokenizer, texts, cut=False)
        rows = [
            self.run([window])[0] for sequence in whole for window in windows(sequence)
        ]
        owners = [n for n, sequence in enumerate(whole) for _ in windows(sequence)]
        found = np.full((len(texts), len(OUTPUTS)), -np.inf)
        for owner, row in zip(owners, rows):
            found[owner] = np.maximum(found[owner], row[0])
        return found

    def probabilities(self, texts: list[tuple[str, str]]) -> np.ndarray:
        """Calibrated probabilities of normalised (description, content) pairs."""
        return sigmoid(self.logits(texts) * self._calibration[:, 0] + self._calibration[:, 1])


def windows(sequence: Sequence) -> list[Sequence]:
    """A long sequence in overlapping windows."""
    size = len(sequence.ids)
    if size <= MAX_LENGTH:
        return [sequence]
    starts = range(0, size - OVERLAP, MAX_LENGTH - OVERLAP)
    return [
        Sequence(sequence.ids[s : s + MAX_LENGTH], sequence.segments[s : s + MAX_LENGTH])
        for s in starts
    ]


def write_goldens(folder: Path, reports: list[dict]) -> int:
    """Texts as written with their scores, `GOLDENS_A_CELL` per language and label; how many."""
    chosen: dict[str, dict] = {}
    short = [r for r in reports if sum(len(r[name]) for name in FIELDS) <= 400]
    for language in LANGUAGES:
        for name in (*OUTPUTS, None):
            cell = [
                r for r in short
                if r["lang"] == language
                and (name in (*r["labels"], *r["organisations"], *r["context"]) or (name is None and not r["labels"]))
            ]
            taken = sum(r["id"] in chosen for r in cell)
            for report in cell:
                if taken >= GOLDENS_A_CELL:
                    break
                if report["id"] not in chosen:
                    chosen[report["id"]] = report
                    taken += 1
    picked = list(chosen.values())
    scores = Package(folder).probabilities([tuple(r[name] for name in FIELDS) for r in picked])
    with (folder / "goldens.jsonl").open("w", encoding="utf-8") as out:
        for report, row in zip(picked, scores):
            line = {name: report["raw"][name] for name in FIELDS if report["raw"][name]}
            line["scores"] = {name: round(float(p), 5) for name, p in zip(OUTPUTS, row)}
            line["tolerance"] = TOLERANCE
            out.write(json.dumps(line, ensure_ascii=False) + "\n")
    return len(picked)
