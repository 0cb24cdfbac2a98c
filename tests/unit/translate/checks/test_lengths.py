from __future__ import annotations

import math
import random

import pytest

from safeglot.text.languages import UnknownLanguage
from safeglot.translate.checks.lengths import (
    FARTHEST,
    FEWEST,
    UNLEARNED,
    Habits,
    folded,
    learn,
    prior,
    relative_length,
    shown,
    usual_ratio,
)
from safeglot.types import Candidate, Source

WORDS = ("river", "bakery", "violin", "harvest", "lantern", "museum", "garden", "ladder")


def candidate(source: str, text: str, target: str = "it", language: str = "en") -> Candidate:
    return Candidate(
        source=Source(prompt=source, text=source, language=language, target=target),
        translator="t",
        text=text,
    )


def many(n: int, ratio: float, target: str = "it") -> list[Candidate]:
    """Candidates of different sources of 100 letters, `ratio` times as long."""
    return [
        candidate(f"{i:03}" + "a" * 97, f"{i:03}" + "b" * round(100 * ratio - 3), target)
        for i in range(n)
    ]


def test_the_usual_ratio_of_a_pair_is_that_of_its_scripts():
    assert prior("en", "zh") == pytest.approx(0.3)
    assert prior("zh", "en") == pytest.approx(1 / 0.3)
    assert prior("de", "fr") == 1.0
    assert usual_ratio("en", "th") == pytest.approx(0.95)
    assert usual_ratio("en", "th", Habits(ratios={("en", "th"): 1.1})) == 1.1
    with pytest.raises(UnknownLanguage):
        prior("en", "x!")


def test_a_ratio_is_learned_from_enough_candidates():
    assert learn(many(FEWEST - 1, 1.2)) == UNLEARNED
    assert learn(many(FEWEST, 1.2)).ratios[("en", "it")] == pytest.approx(1.2)


def test_a_set_of_bad_translations_does_not_teach_that_they_are_normal():
    expected = prior("en", "it") * math.exp(FARTHEST)
    assert learn(many(FEWEST, 3.0)).ratios[("en", "it")] == pytest.approx(expected)


def test_pairs_of_languages_are_learned_apart_and_order_does_not_count():
    candidates = many(FEWEST, 1.2) + many(FEWEST, 0.9, "de")
    learned = learn(candidates)
    assert learned.ratios[("en", "it")] == pytest.approx(1.2)
    assert learned.ratios[("en", "de")] == pytest.approx(0.9)
    random.Random(1).shuffle(candidates)
    assert learn(candidates) == learned


def test_one_text_for_several_different_sources_is_a_stock_answer():
    sources = [f"Tell me about the {word} please, and why it matters" for word in WORDS[:2]]
    sources += ["Where is the nearest pharmacy?", "My dog eats only rice. What now?"]
    same = [candidate(source, "Non lo so!") for source in sources]
    assert learn(same).stock == {("it", "nonloso")}
    assert learn(same[:2]).stock == frozenset()


def test_sources_in_nearly_the_same_words_may_share_a_translation():
    sources = [f"How do I get to the station{mark}" for mark in ("", "?", " ?", "!", ", please")]
    assert learn([candidate(source, "Come arrivo?") for source in sources]).stock == frozenset()


def test_several_translators_of_one_source_count_once():
    texts = ["Where is the bank?", "My cat sleeps all day long"]
    candidates = [candidate(text, "Non lo so") for text in texts for _ in range(4)]
    assert learn(candidates).stock == frozenset()


def test_formatting_characters_and_runs_of_spaces_have_no_length():
    assert shown("a  b\n\nc") == 5
    assert shown("می\u200cروم") == shown("میروم")
    assert shown("") == 0
    assert folded("Non, lo SO! 1") == "nonloso1"


def test_short_texts_vary_more():
    half = relative_length("a" * 200, "a" * 100, 1.0)
    assert relative_length("a" * 100, "b" * 100, 1.0) == 1.0
    assert 0.5 < half < relative_length("a" * 20, "a" * 10, 1.0) < 1.0
