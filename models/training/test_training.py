"""Fast checks of the training's parts; no network, no normaliser."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest

import check_corpus
import split as splitting
from concepts import Concepts
from corpus import CORPUS, OUTPUTS, read_groups, read_reports, read_split
from features import GLOSS, consonants, token_features
from glosses import Glosses
from graph import build
from linear import PAIRS, Fit, Tables
from material import assemble, quoted
from meaning import Nearness, meanings_of
from tokens import PLACEHOLDERS, SEP, Sequence, encode, pad, train_tokenizer, words_of
from train import column_sets

TEXTS = [
    "wa7ed sayed kayhedded b tsawri <url> wa7ed",
    "on me menace de publier mes photos sur @user <phone> on me menace",
    "كيهددني بتصاوري كيهددني بتصاوري",
    "I will publish your photos I will publish",
] * 3


@pytest.fixture(scope="module")
def tokenizer():
    return train_tokenizer(TEXTS)


def test_the_committed_split_leaks_nothing():
    assert splitting.leaks(read_reports(), read_split()) == []


def test_a_report_keeps_its_side_and_a_new_one_joins_its_group():
    reports = read_reports()
    groups, split = splitting.groups_of(reports), read_split()
    assert set(groups) == set(split)
    half = {name: side for n, (name, side) in enumerate(sorted(split.items())) if n % 2}
    sides = splitting.deal(reports, groups, half)
    assert all(sides[groups[name]] == side for name, side in half.items())
    assert set(sides) == set(groups.values())


def test_the_committed_report_is_what_the_corpus_gives_and_nothing_is_malformed_or_repeated():
    reports = read_reports()
    findings = check_corpus.examine(reports, read_groups())
    committed = (CORPUS / check_corpus.REPORT).read_text(encoding="utf-8")
    assert committed == check_corpus.write(reports, read_split(), findings)
    assert findings.wrong == []


def test_the_checker_finds_what_is_wrong():
    good = {
        "id": "fr-1", "lang": "fr", "description": "il dit qu'il va me frapper ce soir devant chez moi", "content": None,
        "labels": ["threat"], "organisations": [], "context": [], "urgency": "U1",
        "evidence": {"threat": ["va me frapper"]},
    }
    assert check_corpus.malformed(good) == []
    wrong = [
        {"evidence": {}}, {"evidence": {"threat": ["va le frapper"]}}, {"labels": ["menace"]}, {"lang": "de"},
        {"urgency": "U4"}, {"evidence": {"threat": ["va me frapper"], "hate": ["ce soir"]}},
    ]
    for change in wrong:
        assert check_corpus.malformed(good | change), change
    other = good | {"id": "fr-2", "description": "mon voisin écrit: il va me frapper ce soir devant chez moi"}
    assert check_corpus.repeated_runs([good, other], {"fr-1": "a", "fr-2": "b"})
    assert not check_corpus.repeated_runs([good, other], {"fr-1": "a", "fr-2": "a"})
    assert check_corpus.near_duplicates([good, other], {"fr-1": "a", "fr-2": "b"})


def test_words_of_two_languages_share_a_gloss():
    glosses = Glosses(lambda texts: texts)
    assert {"threaten"} <= glosses.of("menace") & glosses.of("amenaza")
    assert glosses.of("nosuchword") == set()
    features, kinds = token_features(["^menace", "^amenaza"], Concepts(lambda texts: texts), glosses)
    shared = (features[0].multiply(features[1])).toarray()[0]
    assert (shared[kinds == GLOSS] > 0).any()


def test_a_near_duplicate_across_sides_is_found():
    text = "un homme qui se dit de la banque me demande le code recu par message"
    reports = [
        {"id": f"fr-{n}", "lang": "fr", "labels": [], "description": t, "content": None}
        for n, t in ((1, text), (900, text.upper() + " !"), (1800, "tout autre chose, sans rapport avec cela"))
    ]
    split = {"fr-1": "train", "fr-900": "test", "fr-1800": "test"}
    assert len(splitting.leaks(reports, split)) == 1
    assert splitting.leaks(reports, split | {"fr-900": "train"}) == []


def test_sets_and_mirrored_reports_stay_together():
    assert splitting.block_of({"id": "bnd-0001", "set": "1"}) == splitting.block_of({"id": "bnd-0099", "set": "1"})
    assert splitting.block_of({"id": "en-0003"}) == splitting.block_of({"id": "es-0088"})
    assert splitting.block_of({"id": "en-0101"}) != splitting.block_of({"id": "es-0101"})


def test_evidence_becomes_texts_of_their_own_in_their_field():
    report = {
        "description": "il menace, dit-elle", "content": "paie ou je frappe",
        "evidence": {"threat": ["je frappe"], "extortion": ["paie ou je frappe"]},
    }
    (fields, labels), _ = quoted(report)
    assert fields == {"description": "", "content": "je frappe"}
    assert {name for name, y in zip(OUTPUTS, labels) if y} == {"threat", "extortion"}


def test_tokenising_is_deterministic_and_keeps_placeholders(tokenizer):
    again = train_tokenizer(TEXTS)
    assert again.get_vocab() == tokenizer.get_vocab()
    for name in PLACEHOLDERS:
        assert tokenizer.encode(f"x{name}y").tokens.count(name) == 1
    assert tokenizer.decode(tokenizer.encode("كيهددني wa7ed").ids).strip() == "كيهددني wa7ed"


def test_segments_tell_description_from_content(tokenizer):
    both, alone, neither = encode(tokenizer, [("wa7ed", "photos"), ("", "photos"), ("", "")])
    at = both.ids.index(tokenizer.token_to_id(SEP))
    assert set(both.segments[: at + 1]) == {0} and set(both.segments[at + 1 :]) == {1}
    assert set(alone.segments) == {1}
    assert both.ids[at + 1 :] == alone.ids
    assert neither.ids == [0]


def test_scripts_share_consonants():
    assert consonants("كيهددني") == consonants("kayhedddni")
    assert consonants("terrorisme") == consonants("terrorismo")


def test_concepts_join_languages():
    concepts = Concepts(lambda texts: texts)
    shared = concepts.of("menacer") & concepts.of("kayhedded") & concepts.of("threatened")
    assert "threat_word" in shared


def test_evidence_stays_in_its_reports_fold_and_decides_no_organisation(tokenizer):
    report = {
        "description": "on me menace", "content": "", "labels": ["threat"], "organisations": ["isis"],
        "context": [], "evidence": {"threat": ["menace"], "isis": ["on me"]}, "group": "g",
    }
    texts = assemble([report], tokenizer)
    assert texts.reports.tolist() == [True, False]
    assert texts.folds[0] == texts.folds[1]
    columns = column_sets(texts)
    assert [rows.tolist() for _, rows in columns] == [[True, True], [True, False]]
    assert OUTPUTS.index("isis") in columns[1][0] and OUTPUTS.index("threat") in columns[0][0]


@pytest.fixture(scope="module")
def tables(tokenizer):
    random = np.random.default_rng(0)
    rows = 2 * tokenizer.get_vocab_size()
    draw = random.standard_normal
    near = Nearness(
        phrase_of=random.integers(0, 9, rows // 2), phrases=np.concatenate([np.zeros((1, 8)), draw((8, 8))]),
        share=draw(rows // 2) ** 2, centre=draw(8), landmarks=draw((20, 8)), weights=draw((20, 16)), width=0.1,
    )
    return Tables(draw((rows, 16)), draw((PAIRS, 16)), draw(16), near)


def letters(phrases: list[str]) -> np.ndarray:
    """A stand-in for the encoder: how often each letter occurs."""
    return np.array([[phrase.count(c) for c in "abcdefghijklmnopqrstuvwxyz"] for phrase in phrases], np.float32)


def test_a_gloss_has_a_vector_and_a_word_without_gloss_has_none():
    found = meanings_of(["^menace", "^amenaza", "^nosuchword", "menace"], Glosses(lambda t: t), letters)
    assert found.phrase_of[0] == found.phrase_of[1] > 0
    assert found.phrase_of[2] == found.phrase_of[3] == 0
    assert not found.vectors[0].any()


def test_the_graph_is_additive_masked_and_equals_the_tables(tokenizer, tables):
    session = onnxruntime.InferenceSession(
        build(tables).SerializeToString(), providers=["CPUExecutionProvider"]
    )
    sequences = encode(tokenizer, [("wa7ed sayed", "on me menace"), ("", "photos"), (TEXTS[1], "")])
    for length in (max(len(s.ids) for s in sequences), 40):
        ids, mask, segments = pad(sequences, length)
        logits, scores = session.run(
            None, {"input_ids": ids, "attention_mask": mask, "token_type_ids": segments}
        )
        np.testing.assert_allclose(scores.sum(axis=1) + tables.bias, logits, atol=1e-4)
        np.testing.assert_allclose(logits, [tables.score(s) for s in sequences], atol=1e-4)
        assert (scores[mask == 0] == 0).all()


def test_the_tables_say_what_the_kernel_says(tokenizer):
    concepts = Concepts(lambda texts: texts)
    features, kinds = token_features(words_of(tokenizer), concepts, Glosses(lambda texts: texts))
    sequences = encode(tokenizer, [(t, "") if n % 2 else ("", t) for n, t in enumerate(TEXTS)])
    targets = np.eye(4)[np.arange(len(TEXTS)) % 4]
    meanings = meanings_of(words_of(tokenizer), Glosses(lambda texts: texts), letters)
    fit = Fit(sequences, np.ones(len(TEXTS), bool), features, kinds, meanings)
    rows = np.arange(len(TEXTS))
    tables = fit.tables(rows, targets)
    found = [tables.score(Sequence(s.ids, s.segments)) for s in sequences]
    np.testing.assert_allclose(found, fit.predict(rows, targets, rows), atol=1e-3)
    assert (np.argmax(found, axis=1) == np.argmax(targets, axis=1)).all()


def test_the_corpus_is_read_whole():
    split = read_split(CORPUS)
    assert {r["id"] for r in read_reports()} == set(split)
