from __future__ import annotations

import pytest

from safeglot.backends.translators.families import MARIAN, NLLB, Tongues, family_of
from safeglot.translate.codes import candidates


def opus(name, *tokens):
    return Tongues(name=f"ct2/{name}", family=MARIAN, vocabulary=tokens, codes=candidates)


@pytest.mark.parametrize(
    ("name", "source", "target"),
    [
        ("opus-mt-en-de", "en", "de-AT"),
        ("opus-mt-en-de", "en-GB", "de"),
        ("opus-mt-tc-big-en-pt", "en", "pt-BR"),
        ("Helsinki-NLP/opus-mt-mul-en", "sw", "en"),
    ],
)
def test_a_name_tells_the_pair(name, source, target):
    assert opus(name).fault(source, target) == ""


@pytest.mark.parametrize(
    ("name", "source", "target", "why"),
    [
        ("opus-mt-en-de", "en", "fr", "translates from en to de"),
        ("opus-mt-en-de", "fr", "de", "translates from en to de"),
        ("opus-mt-en-sr", "en", "sr-Latn", "translates from en to sr"),
        ("mine", "en", "de", "name its folder opus-mt-SOURCE-TARGET"),
        ("opus-mt-en-de", "en", "en", "one language"),
    ],
)
def test_what_a_name_does_not_tell_is_refused(name, source, target, why):
    assert why in opus(name).fault(source, target)


def test_the_vocabulary_of_a_model_of_several_targets_tells_them():
    south = opus("opus-mt-en-zls", ">>srp_Latn<<", ">>srp_Cyrl<<", ">>hrv<<")
    assert south.target_token("sr-Latn") == ">>srp_Latn<<"
    assert south.fault("en", "hr") == ""
    assert "does not know sl" in south.fault("en", "sl")
    assert south.source_token("en") == ""


def test_nllb_is_told_both_languages():
    vocabulary = ("eng_Latn", "swh_Latn")
    assert family_of(vocabulary) == NLLB
    nllb = Tongues(name="n", family=NLLB, vocabulary=vocabulary, codes=candidates)
    assert (nllb.source_token("en"), nllb.target_token("sw")) == vocabulary
    assert "does not know de" in nllb.fault("en", "de")
