"""The real encoder, which the development environment has."""

import pytest

from safeglot.backends.encoders import cosines
from safeglot.backends.encoders.cosines import Cosines
from safeglot.backends.encoders.use import open_encoder

PAIR = "How do I bake bread?", "Come si fa il pane?"
OTHER = "The train to Rome leaves at nine."


@pytest.fixture(scope="module")
def encoder():
    return open_encoder()


def test_a_translation_is_near_and_another_text_is_not(encoder):
    near, far, same = Cosines(encoder).of([PAIR, (PAIR[0], OTHER), (OTHER, OTHER)])
    assert near > 0.6
    assert far < 0.3
    assert same == 1.0
    assert near == round(near, cosines.DECIMALS)


def test_what_was_embedded_before_changes_nothing(encoder, monkeypatch):
    monkeypatch.setattr(cosines, "KEPT", 2)
    kept = Cosines(encoder)
    first = list(kept.of([PAIR, (PAIR[0], OTHER), (OTHER, PAIR[1])]))
    assert list(kept.of([PAIR, (PAIR[0], OTHER), (OTHER, PAIR[1])])) == first
    assert len(kept._vectors) == 2


def test_a_text_is_embedded_once_while_it_is_kept(encoder):
    class Counting:
        id, languages = encoder.id, encoder.languages

        def __init__(self):
            self.texts = []

        def embed(self, texts):
            self.texts += texts
            return encoder.embed(texts)

    counting = Counting()
    list(Cosines(counting).of([PAIR, (PAIR[0], OTHER), PAIR]))
    assert counting.texts == [*PAIR, OTHER]


def test_texts_of_any_kind_have_a_number(encoder):
    odd = ["", "\x00", "\ud800", "\ufdfa" * 50, "a" * 100_000]
    assert all(-1 <= value <= 1 for value in Cosines(encoder).of((text, "Hello") for text in odd))
