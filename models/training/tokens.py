"""The tokenizer, and reports as the sequences the model reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable

import numpy as np
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

PLACEHOLDERS = ("<url>", "@user", "<phone>", "<email>", "<iban>", "<card>", "<wallet>")
PAD, SEP = "[PAD]", "[SEP]"
VOCABULARY = 64_000
MAX_LENGTH = 256


def train_tokenizer(texts: Iterable[str]) -> Tokenizer:
    """Byte-level BPE over words and punctuation; every placeholder is one token."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Whitespace(),
            pre_tokenizers.ByteLevel(add_prefix_space=True, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    special = [
        AddedToken(name, normalized=False, special=name in (PAD, SEP))
        for name in (PAD, SEP, *PLACEHOLDERS)
    ]
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        min_frequency=2,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    separator = tokenizer.token_to_id(SEP)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A", pair=f"$A {SEP} $B:1", special_tokens=[(SEP, separator)]
    )
    return tokenizer


@dataclass(frozen=True)
class Sequence:
    """Ids and segments (0 description, 1 content) of one report."""

    ids: list[int]
    segments: list[int]


def encode(
    tokenizer: Tokenizer, pairs: list[tuple[str, str]], cut: bool = True
) -> list[Sequence]:
    """One sequence per (description, content), cut at `MAX_LENGTH`; either text may be empty."""
    both = [(d, c) if d and c else (d or c) for d, c in pairs]
    sequences = []
    end = MAX_LENGTH if cut else None
    for (description, _), encoding in zip(pairs, tokenizer.encode_batch(both)):
        ids, segments = encoding.ids[:end], encoding.type_ids[:end]
        if not description:  # a content alone fills the template's first place
            segments = [1] * len(ids)
        if not ids:  # a text without tokens is one padding token to the service
            ids, segments = [tokenizer.token_to_id(PAD)], [0]
        sequences.append(Sequence(ids, segments))
    return sequences


def pad(sequences: list[Sequence], length: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ids, attention mask and segments as int64 [batch, length]."""
    ids, mask, segments = (np.zeros((len(sequences), length), np.int64) for _ in range(3))
    for row, sequence in enumerate(sequences):
        size = len(sequence.ids)
        ids[row, :size], mask[row, :size] = sequence.ids, 1
        segments[row, :size] = sequence.segments
    return ids, mask, segments


def words_of(tokenizer: Tokenizer) -> list[str]:
    """The text of each token, `^` for the beginning of a word; empty where it is no whole text."""
    printable = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    others = [byte for byte in range(256) if byte not in printable]
    byte_of = {chr(byte): byte for byte in printable}
    byte_of.update({chr(256 + n): byte for n, byte in enumerate(others)})
    special = {PAD, SEP, *PLACEHOLDERS}
    words = [""] * tokenizer.get_vocab_size()
    for token, number in tokenizer.get_vocab().items():
        if token in special:
            continue
        try:
            words[number] = bytes(byte_of[c] for c in token).decode().replace(" ", "^")
        except UnicodeDecodeError:
            continue
    return words
