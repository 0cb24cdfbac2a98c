from __future__ import annotations

import dataclasses

import pytest

from safeglot import types
from safeglot.types import (
    CandidateRow,
    Failure,
    ModelSettings,
    Prompt,
    Request,
    Translation,
    Verdict,
    without_system,
)

RECORDS = [
    kind
    for kind in vars(types).values()
    if isinstance(kind, type) and dataclasses.is_dataclass(kind)
]
CANDIDATE = CandidateRow(prompt="p0", language="sw", translator="t", text="habari")


@pytest.mark.parametrize("kind", RECORDS, ids=lambda kind: kind.__name__)
def test_records_are_frozen_slotted_and_named_by_keyword(kind):
    assert kind.__dataclass_params__.frozen
    assert "__slots__" in vars(kind)
    assert all(field.kw_only for field in dataclasses.fields(kind))


def test_no_field_is_called_score_or_value_except_that_of_an_estimate():
    named = {
        (kind.__name__, field.name)
        for kind in RECORDS
        for field in dataclasses.fields(kind)
        if field.name in ("score", "value")
    }
    assert named == {("Estimate", "value"), ("Estimated", "value")}


def test_a_candidate_may_be_chosen_if_there_is_a_text_and_no_check_refused_it():
    assert CANDIDATE.passed
    assert not dataclasses.replace(CANDIDATE, broken="timeout").passed
    assert not dataclasses.replace(CANDIDATE, faults={"copied": "all"}).passed


def test_defaults_are_those_of_a_text_that_was_given_and_kept():
    text = Translation(prompt="p0", language="en", text="Hello")
    assert (text.translator, text.kept, text.arm, text.variant) == ("given", True, "main", "")
    prompt = Prompt(id="p0", text="Hello", language="en", categories=(), source="t")
    assert prompt.kind == "harmful"


def test_what_has_no_verdict_is_neither_safe_nor_unsafe():
    verdict = Verdict(response="r", judge="j", mode="answer", unsafe=None, reason="unparsable")
    assert (verdict.unsafe_loose, verdict.p_unsafe, verdict.refusal) == (None, None, None)
    failure = Failure(stage="judge", key="r", kind="timeout", message="none in 60 s", attempts=4)
    assert not failure.transient


def test_a_record_is_not_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        CANDIDATE.text = "other"


REQUEST = Request(
    model="m",
    messages=(("system", "S"), ("user", "U")),
    max_tokens=4,
    top_logprobs=5,
    extra={"chat_template_kwargs": {"a": 1, "b": 2}, "top_k": 1},
)


def test_no_settings_change_nothing():
    assert ModelSettings().applied(REQUEST) == REQUEST
    assert not ModelSettings()
    assert ModelSettings(extra={"a": 1})
    assert ModelSettings(system_as_user=False)


def test_settings_go_before_the_step_s_own():
    settings = ModelSettings(
        max_tokens=9,
        temperature="none",
        top_p=0.5,
        logprobs="none",
        seed=3,
        system_as_user=True,
        extra={"chat_template_kwargs": {"b": 3}, "x": 1},
    )
    request = settings.applied(REQUEST)
    assert (request.max_tokens, request.temperature, request.top_p) == (9, None, 0.5)
    assert (request.top_logprobs, request.seed) == (0, 3)
    assert request.messages == (("user", "S\n\nU"),)
    assert request.extra == {"chat_template_kwargs": {"a": 1, "b": 3}, "top_k": 1, "x": 1}
    assert len({settings, settings}) == 1, "tables of models are compared and counted"


@pytest.mark.parametrize(
    ("messages", "joined"),
    [
        ((), ()),
        ((("user", "u"),), (("user", "u"),)),
        ((("system", "s"),), (("user", "s"),)),
        ((("system", "a"), ("system", "b"), ("user", "u")), (("user", "a\n\nb\n\nu"),)),
        (
            (("system", "s"), ("assistant", "a"), ("user", "u")),
            (("user", "s"), ("assistant", "a"), ("user", "u")),
        ),
    ],
)
def test_a_system_message_joins_the_user_s(messages, joined):
    assert without_system(messages) == joined
