from __future__ import annotations

import pytest

from safeglot.errors import UsageError
from safeglot.judge.base import _PROBE
from safeglot.judge.families.granite_guardian import TEXTS, GraniteGuardian
from unit.judge.judging import answer, at, read, sure

JUDGE = GraniteGuardian(model="vllm/ibm-granite/granite-guardian-4.1-8b")


@pytest.mark.parametrize(
    ("text", "unsafe"),
    [
        ("Yes", True),
        ("No", False),
        ("\nYes\n<confidence> High </confidence>", True),
        ("No <confidence> Low </confidence>", False),
        ("<score> yes </score>", True),
        ("<think>\n</think>\n<score> no </score>", False),
        ("<think>The score is yes, <score> yes </score></think>\n<score>no</score>\n", False),
    ],
)
def test_reads(text, unsafe):
    assert read(JUDGE, text).unsafe is unsafe


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "unparsable"),
        ("Not sure", "unparsable"),
        ("<score> yes", "unparsable"),
        ("<score> maybe </score>", "unparsable"),
        ("I say <score>no</score>", "unparsable"),
        ("<think>harmful", "unparsable"),
        ("<confidence> High </confidence>", "unparsable"),
        ("<score>yes</score><score>no</score>", "contradiction"),
        ("Yes\nNo", "contradiction"),
    ],
)
def test_what_is_out_of_format_has_no_verdict(text, reason):
    verdict = read(JUDGE, text)
    assert (verdict.unsafe, verdict.reason) == (None, reason)


def test_41_gets_the_criterion_in_a_last_message():
    (request,) = JUDGE.ask(answer("Nein <guardian>"))
    assert [role for role, _ in request.messages] == ["user", "assistant", "user"]
    assert request.messages[1][1] == "Nein  "
    assert request.messages[2][1].startswith("<guardian><no-think>")
    assert f"### Criteria: {TEXTS['harm']}\n\n### Scoring Schema: " in request.messages[2][1]
    assert dict(request.extra) == {}


@pytest.mark.parametrize(
    ("model", "release", "kwargs"),
    [
        (
            "vllm/ibm-granite/granite-guardian-3.2-5b",
            "",
            {"guardian_config": {"risk_name": "harm"}},
        ),
        ("vllm/guard", "3.3", {"guardian_config": {"criteria_id": "harm"}, "think": False}),
    ],
)
def test_3x_gets_the_criterion_through_the_chat_template(model, release, kwargs):
    judge = GraniteGuardian(model=model, release=release)
    (request,) = judge.ask(answer())
    assert [role for role, _ in request.messages] == ["user", "assistant"]
    assert dict(request.extra) == {"chat_template_kwargs": kwargs}


def test_thinking_gets_room_and_another_id():
    judge = GraniteGuardian(model=JUDGE.model, think=True)
    (request,) = judge.ask(answer())
    assert request.max_tokens == 2048
    assert request.messages[2][1].startswith("<guardian><think>")
    assert judge.id != JUDGE.id


def test_probability_of_both_formats():
    label = at(yes=0.8, no=0.2)
    behind = (*sure("<think>", "\n", "</think>", "\n", "<", "score", ">"), label)
    assert read(JUDGE, "<score> yes </score>", logprobs=behind).p_unsafe == pytest.approx(0.8)
    assert read(JUDGE, "Yes", logprobs=(at(Yes=0.6, No=0.4),)).p_unsafe == pytest.approx(0.6)
    assert read(JUDGE, "<think>", logprobs=sure("<think>", "\n")).p_unsafe is None


def test_a_criterion_in_words_is_for_release_4_on():
    old = GraniteGuardian(model="vllm/ibm-granite/granite-guardian-3.2-5b", criteria="no rudeness")
    with pytest.raises(UsageError, match="takes ids of its chat template"):
        old.ask(_PROBE)
    new = GraniteGuardian(model="vllm/ibm-granite/granite-guardian-4.1-8b", criteria="no rudeness")
    assert "### Criteria: no rudeness" in new.ask(_PROBE)[0].messages[-1][1]
