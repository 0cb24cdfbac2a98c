from __future__ import annotations

import json

import pytest

from safeglot.translate.base import Estimator
from safeglot.translate.choice.choice import Gate
from safeglot.translate.estimators.encoder import (
    MEASURED,
    UNTESTED,
    EncoderCosine,
    RoundTripEncoder,
)
from safeglot.translate.estimators.roundtrip import RoundTripChrf
from unit.translate.estimating import Asking, candidate, reply

LANGUAGES = frozenset(("ar", "de", "en", "es", "it", "zh"))
COSINE: Estimator = EncoderCosine(model="encoder@1", languages=LANGUAGES)
BOTH: Estimator = RoundTripEncoder(trip=RoundTripChrf(back=Asking()), cosine=COSINE)
SOURCE = "Where is the station?"
TEXT = candidate("¿Dónde está la estación?", SOURCE)


def test_the_cosine_asks_with_both_texts_and_reads_a_number():
    (request,) = COSINE.ask(TEXT)
    assert json.loads(request.prompt) == {"src": SOURCE, "mt": TEXT.text}
    assert COSINE.read(TEXT, [reply("0.8125")]).value == 0.8125
    assert COSINE.name == "encoder-cosine"
    assert COSINE.ask(candidate(" ")) == ()


def test_it_covers_the_encoders_languages_only():
    assert COSINE.uncovered("en", "zh-Hant") == ""
    assert COSINE.uncovered("en", "sw") == "not covered: the encoder does not know sw"
    assert COSINE.uncovered("yo", "en") == "not covered: the encoder does not know yo"
    assert BOTH.uncovered("en", "sw") == "not covered: the encoder does not know sw"
    assert BOTH.uncovered("en", "de") == "not covered: no pair de to en"
    assert BOTH.uncovered("en", "es") == ""


@pytest.mark.parametrize(("tag", "bound"), [("it", 0.61), ("zh-Hant", 0.57), ("de", UNTESTED), ("sw", None)])  # fmt: skip
def test_its_thresholds_stand_in_place_of_the_gates_one(tag, bound):
    assert Gate(threshold=0.9).bound(tag, COSINE.name, COSINE.scale) == bound
    assert Gate(threshold=None).bound(tag, COSINE.name, COSINE.scale) is None
    own = Gate(by_language={tag: {COSINE.name: 0.7}})
    assert own.bound(tag, COSINE.name, COSINE.scale) == 0.7


def test_what_was_not_measured_is_untested():
    assert COSINE.scale.untested == {"de", "en", "es"}
    assert min(MEASURED.values()) == UNTESTED
    from_german = EncoderCosine(model="encoder@1", languages=LANGUAGES, reference="de-AT")
    assert from_german.scale.untested == LANGUAGES
    assert set(from_german.scale.thresholds.values()) == {UNTESTED}


def test_it_ranks_nothing_and_screens_people_too_and_the_mean_does_not():
    assert (COSINE.scale.proxy, COSINE.scale.machine_only) == (True, False)
    assert (BOTH.scale.proxy, BOTH.scale.machine_only) == (True, True)
    assert Gate(threshold=0.5).bound("es", BOTH.name, BOTH.scale) is None


def test_the_mean_is_of_the_round_trip_and_the_cosine():
    back, cosine = BOTH.ask(TEXT)
    assert (back.prompt, cosine.model) == (TEXT.text, "encoder@1")
    assert BOTH.read(TEXT, [reply(SOURCE), reply("0.6")]).value == pytest.approx(0.8)
    assert BOTH.read(TEXT, [reply(SOURCE), reply("-0.2")]).value == pytest.approx(0.5)


def test_without_one_of_the_two_there_is_no_number():
    assert BOTH.read(TEXT, [reply(""), reply("0.6")]).reason == "no back-translation: it is empty"
    assert BOTH.read(TEXT, [reply(SOURCE), reply("x")]).reason.startswith("unparsable")
    assert BOTH.read(TEXT, []).value is None
    assert BOTH.read(candidate(""), []).reason == "the candidate is empty"
