from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from safeglot.backends.translators.apertium import tagger as module
from safeglot.backends.translators.apertium.tagger import Tagger, _reporting
from safeglot.errors import ModelError
from unit.backends.translators.apertium.programs import COMMAND, analysed, fresh

TEXTS = (
    "the house",
    "unknown words",
    "newA house",
    "newA1 unknown",
    "unknown newA",
    "newB house",
    "newB unknown newB",
    "newA newB unknown",
    "unwell newB unknown",
    "newC unknown",
)


@pytest.fixture
def tagger(monkeypatch: pytest.MonkeyPatch) -> Iterator[Tagger]:
    monkeypatch.setattr(module, "_reporting", list)  # this one always reports
    made = Tagger("test", COMMAND, timeout_s=20.0)
    yield made
    made.stop(for_good=True)


def test_each_text_reads_as_a_fresh_tagger_reads_it(tagger):
    rng = random.Random(5)
    for size in (1, 4, 30, 7):
        texts = rng.choices(TEXTS, k=size)
        assert tagger.tag([analysed(text) for text in texts]) == [fresh(text) for text in texts]


def test_a_tagger_that_met_one_new_class_is_kept_for_its_like(tagger):
    tagger.tag([analysed("newA house"), analysed("the house")])
    before = tagger.pids
    assert len(before) == 2
    assert tagger.tag([analysed("newA unknown"), analysed("the tree")]) == [
        fresh("newA unknown"),
        fresh("the tree"),
    ]
    assert tagger.pids == before


def test_a_text_with_an_unknown_word_before_its_new_one_goes_alone(tagger):
    tagger.tag([analysed("newA house")])
    clean, kept = tagger.pids
    assert tagger.tag([analysed("unknown newA")]) == [fresh("unknown newA")]
    assert clean not in tagger.pids  # spent: it has met a class
    assert kept in tagger.pids


def test_no_more_than_a_few_taggers_are_kept(tagger):
    for letter in "ABCDEFGH":
        assert tagger.tag([analysed(f"new{letter} un")]) == [fresh(f"new{letter} un")]
    assert len(tagger.pids) <= 2 + module._MOST_KEPT


def test_nothing_runs_after_the_end(tagger):
    tagger.tag([analysed("newA house")])
    tagger.stop(for_good=True)
    assert tagger.pids == ()
    with pytest.raises(ModelError, match="has been closed"):
        tagger.tag([analysed("the house")])


def test_only_the_hidden_markov_model_is_made_to_report():
    assert _reporting(["apertium-tagger", "-z", "-g", "a.prob"])[:2] == ["apertium-tagger", "-d"]
    perceptron = ["apertium-tagger", "-z", "-xg", "a.model"]
    assert _reporting(perceptron) == perceptron
