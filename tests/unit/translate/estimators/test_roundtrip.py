from __future__ import annotations

import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from example.parallel import LANGUAGES, SETS, read
from safeglot.text.chrf import chrf
from safeglot.translate.base import Estimator
from safeglot.translate.estimators.roundtrip import RoundTripChrf, untranslated_share
from unit.translate.estimating import Asking, apertium, candidate, reply

ROUND: Estimator = RoundTripChrf(back=Asking())
NEEDS_APERTIUM = pytest.mark.skipif(
    shutil.which("apertium") is None, reason="apertium is not installed"
)


def test_asks_the_back_translator_for_the_way_back():
    (request,) = ROUND.ask(candidate("¿Dónde está la estación?"))
    assert (request.model, request.prompt) == ("es-en", "¿Dónde está la estación?")


def test_reads_chrf_against_the_source():
    found = ROUND.read(candidate("¿Dónde está la estación?"), [reply("Where is the season?")])
    assert found.value == pytest.approx(chrf("Where is the season?", "Where is the station?"))
    assert 0.5 < found.value < 1
    whole = ROUND.read(candidate("¿Dónde está la estación?"), [reply("Where is the station?")])
    assert whole.value == pytest.approx(1.0)


def test_a_copy_comes_back_whole_and_is_worth_nothing():
    copied = candidate("Where is the station?")
    assert ROUND.read(copied, [reply("Where is the station?")]).value == 0.0
    half = candidate("¿Dónde está la station?")
    assert ROUND.read(half, [reply("Where is the station?")]).value == pytest.approx(2 / 3)


@pytest.mark.parametrize("back", ["", " \n\t"])
def test_without_a_back_translation_there_is_no_number(back):
    found = ROUND.read(candidate("Hola"), [reply(back)])
    assert (found.value, found.reason) == (None, "no back-translation: it is empty")
    failed = ROUND.read(candidate("Hola"), [])
    assert (failed.value, failed.reason) == (None, "no back-translation: no reply")


def test_an_empty_candidate_is_not_sent_back():
    assert ROUND.ask(candidate("  ")) == ()
    assert ROUND.read(candidate("  "), []).reason == "the candidate is empty"


def test_covers_what_the_back_translator_has_a_way_back_from():
    assert ROUND.uncovered("en", "es") == ""
    assert ROUND.uncovered("en", "sw") == "not covered: no pair sw to en"
    assert "source's own language" in ROUND.uncovered("en", "en")


def test_is_a_proxy_that_the_default_threshold_applies_to():
    assert ROUND.scale.proxy
    assert ROUND.scale.machine_only
    assert ROUND.scale.gates
    assert ROUND.name == "roundtrip-chrf"
    assert ROUND.id != RoundTripChrf(back=Asking(id="asking:2")).id
    assert "chrF2|nc:6" in ROUND.id


@pytest.mark.parametrize(
    ("source", "text", "share"),
    [
        ("Where is the station?", "¿Dónde está la estación?", 0.0),
        ("Where is the station?", "where IS the Station", 1.0),
        ("Where is the station?", "¿Dónde está la station?", 1 / 3),  # `is` is too short to count
        ("Call 555-1234 now", "Llama al 555-1234", 0.0),  # numbers are not translated
        ("no, me, se", "no, me, se", 0.0),
        ("", "Hola", 0.0),
        ("Where is the station?", "محطة القطار أين", 0.0),
        ("Where is the station?", "أين the station?", 2 / 3),
        ("我想知道车站在哪里", "我想知道车站在哪里", 1.0),
        ("我想知道车站在哪里", "駅はどこですか", 0.0),
        ("สถานีอยู่ที่ไหน", "Where is the station?", 0.0),
        ("สถานีอยู่ที่ไหน", "สถานีอยู่ที่ไหน", 1.0),
        ("İstanbul nerede", "Where is İstanbul", 1 / 2),
        ("cafe\u0301 bar", "caf\u00e9 barra", 1 / 2),
    ],
)
def test_share_of_untranslated_words(source, text, share):
    assert untranslated_share(source, text) == pytest.approx(share)


@given(st.text(max_size=60), st.text(max_size=60))
def test_the_share_is_a_share(source, text):
    assert 0.0 <= untranslated_share(source, text) <= 1.0
    assert untranslated_share(source, source) in (0.0, 1.0)


@pytest.mark.parametrize("path", SETS)
def test_human_translations_have_few_words_of_their_source(path):
    rows = read(path)
    for language in LANGUAGES[1:]:
        shares = [untranslated_share(row["en"], row[language]) for row in rows]
        assert sum(shares) / len(shares) < 0.06, language
        assert sum(share > 0.5 for share in shares) <= 3, language
    assert min(untranslated_share(row["en"], row["en"]) for row in rows) == 1.0


@NEEDS_APERTIUM
def test_with_a_real_translator_a_good_text_beats_a_wrong_one():
    source = "The house is big and the garden is small."
    good = candidate("La casa es grande y el jardín es pequeño.", source)
    wrong = candidate("El tren sale mañana a las ocho.", source)
    values = [
        ROUND.read(one, [reply(apertium("spa-eng", one.text))]).value for one in (good, wrong)
    ]
    assert values[0] > 0.6
    assert values[1] < 0.4
