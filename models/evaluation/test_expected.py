"""The committed figures are still those of the libraries."""

from __future__ import annotations

import json

import pytest

from expected import FILE, document


def same(found, committed, where=""):
    if isinstance(committed, dict):
        assert found.keys() == committed.keys(), where
        for key in committed:
            same(found[key], committed[key], f"{where}/{key}")
    elif isinstance(committed, list):
        assert len(found) == len(committed), where
        for place, pair in enumerate(zip(found, committed)):
            same(*pair, f"{where}/{place}")
    elif isinstance(committed, float):
        assert found == pytest.approx(committed, rel=1e-12, abs=1e-15), where
    else:
        assert found == committed, where


def test_the_expected_figures_are_those_of_the_libraries():
    same(document(), json.loads(FILE.read_text(encoding="utf-8")))
