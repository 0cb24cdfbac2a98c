from __future__ import annotations

import json

import pytest

from safeglot.errors import UsageError
from safeglot.translate.base import Estimator
from safeglot.translate.estimators.neural import AfriComet, CometKiwi, MetricX, SsaComet
from unit.translate.estimating import candidate, reply

KIWI: Estimator = CometKiwi(model="Unbabel/wmt22-cometkiwi-da@abc123")
METRICX: Estimator = MetricX(model="google/metricx-24-hybrid-large-v2p6@def456")
BOTH = pytest.mark.parametrize("estimator", [KIWI, METRICX], ids=["cometkiwi", "metricx"])
TEXT = candidate("¿Dónde está la {estación}?")


@BOTH
def test_asks_with_both_texts(estimator):
    (request,) = estimator.ask(TEXT)
    assert request.max_tokens == 1
    assert request.model == estimator.model
    assert json.loads(request.prompt) == {
        "src": "Where is the station?",
        "mt": "¿Dónde está la {estación}?",
    }


@BOTH
@pytest.mark.parametrize(("text", "value"), [("0.8125", 0.8125), ("-0.02", -0.02), ("1e-3", 0.001)])
def test_reads_a_number(estimator, text, value):
    assert estimator.read(TEXT, [reply(text)]).value == value


@BOTH
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("too long: 600 tokens, it takes 512", "too long: 600 tokens, it takes 512"),
        ("", "unparsable: '' is no number"),
        ("good", "unparsable: 'good' is no number"),
        ("nan", "unparsable: nan is not finite"),
        ("inf", "unparsable: inf is not finite"),
    ],
)
def test_what_is_no_number_has_a_reason(estimator, text, reason):
    found = estimator.read(TEXT, [reply(text)])
    assert (found.value, found.reason) == (None, reason)


@BOTH
def test_no_reply_and_no_text(estimator):
    assert estimator.read(TEXT, []).reason == "no reply"
    assert estimator.ask(candidate(" \n")) == ()
    assert estimator.read(candidate(" \n"), []).reason == "the candidate is empty"


def test_says_which_language_is_not_covered():
    assert KIWI.uncovered("en", "it") == ""
    assert KIWI.uncovered("en", "sw") == ""
    assert KIWI.uncovered("en", "yo").startswith("not covered: XLM-R")
    assert "yo" in KIWI.uncovered("yo", "en")
    assert METRICX.uncovered("en", "yo") == ""
    assert METRICX.uncovered("en", "as").startswith("not covered: mT5")
    assert "unknown language" in KIWI.uncovered("en", "no-such-tag")


def test_scales():
    assert KIWI.scale.gates
    assert KIWI.scale.higher_is_better
    assert (METRICX.scale.worst, METRICX.scale.best) == (25.0, 0.0)
    assert not METRICX.scale.gates
    assert not METRICX.scale.higher_is_better


def test_the_revision_is_in_the_id_and_not_in_the_name():
    assert KIWI.name == "cometkiwi=Unbabel/wmt22-cometkiwi-da"
    assert KIWI.id == "cometkiwi:1:Unbabel/wmt22-cometkiwi-da@abc123"
    assert METRICX.name == "metricx=google/metricx-24-hybrid-large-v2p6"
    assert CometKiwi(model="a@1", name="mine").name == "mine"


def test_a_model_has_to_be_named():
    with pytest.raises(UsageError, match="no model was given"):
        CometKiwi(model=" ")


@pytest.mark.parametrize("make", [AfriComet, SsaComet])
def test_estimators_for_african_languages_cover_what_their_encoder_was_trained_on(make):
    made = make(model="owner/name@1")
    assert made.name == f"{made.family}=owner/name"
    assert made.uncovered("en", "yo") == ""
    assert made.uncovered("en", "de") == ""
    assert made.uncovered("en", "ff").startswith("not covered: AfroXLMR does not cover Fula")
    assert (made.scale.worst, made.scale.best) == (0.0, 1.0)
    assert "not covered" in KIWI.uncovered("en", "yo")
