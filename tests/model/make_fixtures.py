"""Writes the test packages (`bag`, `bert`, `roberta`, …) beside this file, or larger ones elsewhere for timing.

    pip install -r requirements.txt
    python make_fixtures.py              # the committed fixtures, the same bytes every time
    python make_fixtures.py --large DIR  # a 64-wide bag and a 2 x 128 transformer, 8,192 tokens, not committed

Weights are random and seeded. Each package gets `expected.jsonl`: ids, types and logits of texts as the
reference tokenizer and ONNX Runtime see them.
"""

import argparse
import json
from collections import Counter
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

import families
import graphs

PLACEHOLDERS = ["<url>", "@user", "<phone>", "<email>", "<iban>", "<card>", "<wallet>"]
TEXTS = [
    ("he asks for money and says the parcel waits", "pay now at <url> or lose it"),
    ("wa7ed sayed kayhdedni b tsawri w baghi lflouss", ""),
    ("", "هذا الرجل يهددني بنشر صوري إذا لم أدفع له المال"),
    ("Il me menace de mort et connaît mon adresse, j'ai très peur", "je vais te trouver 😡 ce soir"),
    ("me pidió una transferencia al <iban> y luego desapareció", "@user oferta única, escribe a <email>"),
    ("شي واحد دار ليا حساب مزور و كيسبني فيه", "شوفو هاد الكذابة"),
    ("a", ""),
    ("the same words twice the same words twice", "the same words twice"),
]


def train(tokenizer, trainer, texts):
    lines = [part for pair in texts for part in pair if part]
    tokenizer.train_from_iterator(lines * 3, trainer)
    return tokenizer


def byte_level(texts, size, specials):
    tokenizer = Tokenizer(models.BPE(unk_token=None))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=specials,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    return train(tokenizer, trainer, texts)


def bag_tokenizer(texts, size):
    tokenizer = byte_level(texts, size, ["<pad>", *PLACEHOLDERS])
    tokenizer.enable_padding(pad_id=0, pad_token="<pad>", length=32)
    return tokenizer


def word_pieces(texts, size):
    """Letters and the most frequent words: a fixed order, which the library's own trainer does not promise."""
    split = pre_tokenizers.BertPreTokenizer()
    fold = normalizers.BertNormalizer(lowercase=True)
    words = Counter(w for pair in texts for part in pair for w, _ in split.pre_tokenize_str(fold.normalize_str(part)))
    letters = sorted({letter for word in words for letter in word})
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *("##" + letter for letter in letters)]
    frequent = sorted(words, key=lambda word: (-words[word], word))
    pieces += [word for word in frequent if len(word) > 1][: max(0, size - len(pieces))]
    return {piece: index for index, piece in enumerate(pieces)}


def bert_tokenizer(texts, size):
    tokenizer = Tokenizer(models.WordPiece(word_pieces(texts, size), unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    tokenizer.add_tokens([AddedToken(token, normalized=False) for token in PLACEHOLDERS])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(token, tokenizer.token_to_id(token)) for token in ("[CLS]", "[SEP]")],
    )
    tokenizer.enable_truncation(max_length=16)
    tokenizer.enable_padding(pad_id=0, pad_token="[PAD]")
    return tokenizer


def roberta_tokenizer(texts, size):
    tokenizer = byte_level(texts, size, ["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), trim_offsets=True)
    return tokenizer


def unigram_tokenizer(texts, size, specials, first, last):
    """Pieces of a fixed score, which the library's own trainer does not promise; spaces are written as ▁."""
    normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")])
    split = pre_tokenizers.Metaspace()
    parts = [part for pair in texts for part in pair]
    words = Counter(word for part in parts for word, _ in split.pre_tokenize_str(normalizer.normalize_str(part)))
    letters = sorted({letter for word in words for letter in word})
    frequent = sorted((word for word in words if len(word) > 1), key=lambda word: (-words[word], word))
    pieces = [(token, 0.0) for token in specials] + [(letter, -8.0) for letter in letters]
    pieces += [(word, -9.0 - index / 100) for index, word in enumerate(frequent[: max(0, size - len(pieces))])]
    names = [piece for piece, _ in pieces]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=names.index(next(name for name in names if "unk" in name.lower()))))
    tokenizer.normalizer, tokenizer.pre_tokenizer, tokenizer.decoder = normalizer, split, decoders.Metaspace()
    tokenizer.add_special_tokens(specials)
    double = f"{first} $A {last} {last} $B {last}" if first == "<s>" else f"{first} $A {last} $B:1 {last}:1"
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{first} $A {last}", pair=double, special_tokens=[(name, names.index(name)) for name in (first, last)]
    )
    return tokenizer


def modernbert_tokenizer(texts, size):
    tokenizer = byte_level(texts, size, ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B [SEP]",
        special_tokens=[(token, tokenizer.token_to_id(token)) for token in ("[CLS]", "[SEP]")],
    )
    return tokenizer


def expected(tokenizer, model):
    """What the reference implementations say; a text alone takes the single template, two the pair template."""
    tokenizer.no_padding()
    tokenizer.no_truncation()
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    names = [value.name for value in session.get_inputs()]
    for description, content in TEXTS:
        pair = (description, content) if description and content else (description or content,)
        encoding = tokenizer.encode(*pair)
        # A content alone is still the second segment to a package of ours (`token_types = "segment"`).
        types = encoding.type_ids
        if "<s>" not in tokenizer.get_vocab() and "[CLS]" not in tokenizer.get_vocab() and not description:
            types = [1] * len(types)
        columns = {
            "input_ids": encoding.ids,
            "attention_mask": [1] * len(encoding.ids),
            "token_type_ids": types,
        }
        feed = {name: np.array([columns[name]], dtype=np.int64) for name in names}
        logits = session.run(["logits"], feed)[0][0]
        yield {
            "description": description,
            "content": content,
            "ids": encoding.ids,
            "types": types,
            "offsets": byte_offsets(encoding, description, content),
            "logits": [float(value) for value in logits],
        }


def byte_offsets(encoding, description, content):
    """Python counts characters; special tokens have no place in either text."""
    parts = [part for part in (description, content) if part]
    offsets = []
    for (start, end), part in zip(encoding.offsets, encoding.sequence_ids):
        text = "" if part is None else parts[part]
        offsets.append(None if part is None else [len(text[:start].encode()), len(text[:end].encode())])
    return offsets


def write_json(path, value):
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def write_lines(path, values):
    path.write_text("".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values), encoding="utf-8")


def write(directory, tokenizer, model, config, onnx_path="model.onnx"):
    path = directory / onnx_path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model.SerializeToString(deterministic=True))
    tokenizer.save(str(directory / "tokenizer.json"), pretty=False)
    write_json(directory / "config.json", config)
    rows = list(expected(tokenizer, model))
    write_lines(directory / "expected.jsonl", rows)
    return rows


def config(labels, **more):
    return {
        "problem_type": "multi_label_classification",
        "id2label": {str(index): label for index, label in enumerate(labels)},
        "label2id": {label: index for index, label in enumerate(labels)},
        **more,
    }


def bag_package(directory, texts, vocabulary, width, max_length):
    labels = ["FRAUD", "sextortion", "threat", "terrorism", "isis", "unused"]
    tokenizer = bag_tokenizer(texts, vocabulary)
    model = graphs.bag(1, tokenizer.get_vocab_size(), width, len(labels))
    rows = write(directory, tokenizer, model, config(labels, max_position_embeddings=4096))
    (directory / "package.toml").write_text(
        f'format = 1\nname = "bag"\nversion = "1"\nmax_length = {max_length}\nwindow_overlap = 8\naggregation = "max"\n'
        'text = "normalised"\ntoken_types = "segment"\n\n[outputs]\nFRAUD = "fraud"\nunused = "-"\n'
    )
    platt = {"fraud": (1.5, -0.25), "threat": (0.8, 0.1)}
    write_json(
        directory / "calibration.json",
        {"method": "platt", "outputs": {name: {"a": a, "b": b} for name, (a, b) in platt.items()}},
    )
    write_json(
        directory / "thresholds.json",
        {
            "default": {"fraud": {"flag": 0.5, "review": 0.2}, "threat": {"flag": 0.4, "review": 0.1}},
            "languages": {"ary": {"threat": {"flag": 0.3, "review": 0.05}}},
        },
    )

    def golden(row):
        scores = {}
        for label, logit in zip(labels, row["logits"]):
            name = {"FRAUD": "fraud"}.get(label, label)
            a, b = platt.get(name, (1.0, 0.0))
            if name != "unused":
                scores[name] = round(1 / (1 + float(np.exp(-(a * logit + b)))), 6)
        return {"description": row["description"], "content": row["content"], "scores": scores, "tolerance": 0.001}

    write_lines(directory / "goldens.jsonl", [golden(row) for row in rows if len(row["ids"]) <= max_length])
    (directory / "card.md").write_text("# bag\n\nRandom weights for tests.\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--large", type=Path, metavar="DIR", help="write the timing packages to DIR instead")
    parser.add_argument("--corpus", type=Path, nargs="*", default=[], help="JSONL reports that train the large tokenizers")
    arguments = parser.parse_args()
    labels = ["fraud", "threat", "hate"]
    if arguments.large:
        texts = list(TEXTS)
        for path in arguments.corpus:
            reports = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
            texts += [(report.get("description") or "", report.get("content") or "") for report in reports]
        bag_package(arguments.large / "bag", texts, 8192, 64, 512)
        tokenizer = bert_tokenizer(texts, 8192)
        model = graphs.transformer(2, tokenizer.get_vocab_size(), 128, 2, 2, 512, 3, "bert")
        write(arguments.large / "bert", tokenizer, model, config(labels, max_position_embeddings=512))
        return
    here = Path(__file__).parent
    bag_package(here / "bag", TEXTS, 420, 16, 48)
    tokenizer = bert_tokenizer(TEXTS, 240)
    model = graphs.transformer(2, tokenizer.get_vocab_size(), 16, 2, 2, 64, 3, "bert")
    write(here / "bert", tokenizer, model, config(labels, model_type="bert", max_position_embeddings=64))
    tokenizer = roberta_tokenizer(TEXTS, 320)
    model = graphs.transformer(3, tokenizer.get_vocab_size(), 16, 2, 2, 130, 3, "roberta")
    more = {"model_type": "roberta", "max_position_embeddings": 130, "pad_token_id": 1}
    write(here / "roberta", tokenizer, model, config(labels, **more), "onnx/model.onnx")
    other_families(here, labels)


def other_families(here, labels):
    """Each with the keys of `config.json` that matter here, as its own exporter writes them."""
    tokenizer = bert_tokenizer(TEXTS, 240)
    more = {"model_type": "distilbert", "max_position_embeddings": 64, "pad_token_id": 0}
    for name, traced in (("distilbert", False), ("distilbert_traced", True)):
        model = families.distilbert(4, tokenizer.get_vocab_size(), 64, traced)
        write(here / name, tokenizer, model, config(labels, **more))
    tokenizer = unigram_tokenizer(TEXTS, 240, ["<s>", "<pad>", "</s>", "<unk>", "<mask>"], "<s>", "</s>")
    model = families.xlm_roberta(5, tokenizer.get_vocab_size(), 66)
    write(here / "xlm_roberta", tokenizer, model, config(labels, model_type="xlm-roberta", max_position_embeddings=66, pad_token_id=1, type_vocab_size=1))
    tokenizer = modernbert_tokenizer(TEXTS, 320)
    model = families.modernbert(6, tokenizer.get_vocab_size(), 8)
    write(here / "modernbert", tokenizer, model, config(labels, model_type="modernbert", max_position_embeddings=128, pad_token_id=0, local_attention=16))
    tokenizer = unigram_tokenizer(TEXTS, 240, ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"], "[CLS]", "[SEP]")
    more = {"model_type": "deberta-v2", "max_position_embeddings": 64, "pad_token_id": 0, "relative_attention": True, "position_buckets": 8}
    for name, branches in (("deberta", True), ("deberta_dynamo", False)):
        model = families.deberta(7, tokenizer.get_vocab_size(), 64, branches)
        write(here / name, tokenizer, model, config(labels, **more))


if __name__ == "__main__":
    main()
