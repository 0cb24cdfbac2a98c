from __future__ import annotations

import pytest

from safeglot.translate.base import EMPTY, NO_REPLY, Scale
from safeglot.translate.estimators.llm_quality import LlmDirectAssessment, LlmErrorSpans
from safeglot.translate.estimators.neural import CometKiwi, MetricX
from safeglot.translate.estimators.roundtrip import RoundTripChrf
from safeglot.translate.translators.machine import MachineTranslator
from safeglot.types import Candidate, Source

SOURCE = Source(prompt="p", text="The house.", language="en", target="de")
BACK = MachineTranslator(
    name="m", model="m", faults=lambda *_: "", revisions=lambda source, target: f"{source}{target}"
)
ESTIMATORS = (
    CometKiwi(model="Unbabel/wmt22-cometkiwi-da@1"),
    MetricX(model="google/metricx-24-hybrid-large-v2p6@1"),
    LlmDirectAssessment(model="openai/gpt-5-nano"),
    LlmErrorSpans(model="openai/gpt-5-nano"),
    RoundTripChrf(back=BACK),
)


@pytest.mark.parametrize(
    ("scale", "higher", "gates"),
    [
        (Scale(worst=0.0, best=1.0), True, True),
        (Scale(worst=25.0, best=0.0), False, False),
        (Scale(worst=0.0, best=100.0), True, False),
        (Scale(worst=1.0, best=0.0), False, False),
    ],
)
def test_a_scale_says_which_way_is_better_and_whether_one_half_means_anything(scale, higher, gates):
    assert (scale.higher_is_better, scale.gates) == (higher, gates)


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: e.name)
def test_no_estimator_asks_about_an_empty_candidate_or_gives_it_a_number(estimator):
    empty = Candidate(source=SOURCE, translator="t", text=" \n")
    assert list(estimator.ask(empty)) == []
    assert estimator.read(empty, ()) == EMPTY
    assert EMPTY.value is None


@pytest.mark.parametrize("estimator", ESTIMATORS[:4], ids=lambda e: e.name)
def test_without_a_reply_there_is_no_number(estimator):
    assert (
        estimator.read(Candidate(source=SOURCE, translator="t", text="Das Haus."), ()) == NO_REPLY
    )
    assert NO_REPLY.value is None


def test_ids_and_names_tell_estimators_apart():
    assert len({estimator.id for estimator in ESTIMATORS}) == len(ESTIMATORS)
    assert len({estimator.name for estimator in ESTIMATORS}) == len(ESTIMATORS)
    assert all(estimator.uncovered("en", "de") == "" for estimator in ESTIMATORS)
