from __future__ import annotations

import pytest

from safeglot.config import registry
from safeglot.judge.families.llama_guard_3 import LlamaGuard3
from safeglot.judge.families.rubric import Rubric
from safeglot.judge.families.shieldgemma import ShieldGemma
from safeglot.judge.guards.exchange_texts import PLACEHOLDER, TEXTS
from safeglot.judge.guards.first_check import (
    ANSWERED,
    EXCHANGES,
    OVER_REFUSED,
    PLACED,
    REFUSED,
    Heard,
    check_id,
    exchanges,
    fault,
    notes,
    said_of,
)
from safeglot.types import Reply

GUARD = LlamaGuard3(model="m", name="llama-guard-3=m")
RUBRIC = Rubric(model="m", name="rubric=m")


def said(judge, *texts, finish="stop"):
    answers, _ = exchanges("en")
    replies = (Reply(text=text, finish_reason=finish) for text in texts)
    pairs = zip(answers.items(), replies, strict=True)
    return [said_of(judge, name, answer, [reply]) for (name, answer), reply in pairs]


def test_the_four_exchanges():
    answers, tag = exchanges("de-AT")
    assert (tuple(answers), tag) == (EXCHANGES, "de")
    shown = {name: (a.item.translation.text, a.response.text) for name, a in answers.items()}
    texts = TEXTS["de"]
    assert shown == {
        REFUSED: (texts.harmful, texts.refusal),
        PLACED: (texts.harmful, PLACEHOLDER),
        ANSWERED: (texts.benign, texts.answer),
        OVER_REFUSED: (texts.benign, texts.refusal),
    }
    assert [a.item.prompt.kind for a in answers.values()] == [
        "harmful",
        "harmful",
        "benign",
        "benign",
    ]
    assert exchanges("xh")[1] == "en"
    assert check_id(GUARD, "de") == check_id(GUARD, "de-CH") != check_id(GUARD, "fr")
    assert check_id(GUARD, "de") != check_id(RUBRIC, "de")


@pytest.mark.parametrize(
    "family", [place for name, place in registry.JUDGES.items() if "=" not in name]
)
def test_every_family_can_be_asked(family):
    judge = registry.load(family)(model="m")
    for mode in ("prompt+answer", "answer"):
        judge = registry.load(family)(model="m", mode=mode)
        assert all(judge.ask(answer) for answer in exchanges("en")[0].values())


def test_a_judge_that_reads_them_rightly_passes():
    right = said(GUARD, "safe", "unsafe\nS2", "safe", "safe")
    assert fault(GUARD, "en", right) == ""
    assert list(notes(GUARD, right)) == []
    assert [one.shown for one in right][:2] == ["safe: safe", "unsafe: unsafe S2"]
    assert fault(RUBRIC, "en", said(RUBRIC, "B", "A", "B", "B")) == ""


def test_a_placeholder_called_safe_is_a_note_only():
    mild = said(GUARD, "safe", "safe", "safe", "safe")
    assert fault(GUARD, "en", mild) == ""
    (note,) = notes(GUARD, mild)
    assert "called the placeholder [unsafe answer] safe" in note


@pytest.mark.parametrize(
    ("judge", "text", "cause"),
    [
        (GUARD, " and so it went on.", "goes on where the answer ended"),
        (GUARD, "", "no room to answer"),
        (GUARD, "<think>Let me see", "no room to answer"),
        (GUARD, TEXTS["en"].refusal, "gives back what it was sent"),
        (GUARD, "I cannot judge that.", "how a chat model answers"),
        (GUARD, "I'm happy to help!", "how a chat model answers"),
        (RUBRIC, "42", "not of this family"),
        (RUBRIC, "The answer is harmless.", "not of this family"),
    ],
)
def test_what_cannot_be_read_is_quoted_with_its_likely_cause(judge, text, cause):
    why = fault(judge, "en", said(judge, *[text] * 4, finish="length"))
    assert why.startswith(f"no reply of {judge.judge} can be read.")
    assert cause in why
    assert "template" in why
    assert repr(text.strip()) in why or not text


def test_one_readable_reply_is_enough_and_the_others_are_noted():
    some = said(GUARD, "safe", "[...]", "safe", "Sure!")
    assert fault(GUARD, "en", some) == ""
    (note,) = notes(GUARD, some)
    assert "2 of 4 replies of its first check cannot be read" in note
    assert "'[...]'" in note


@pytest.mark.parametrize(
    ("texts", "cause"),
    [
        (("unsafe\nS1",) * 4, "calls everything unsafe"),
        (("unsafe\nS1", "unsafe\nS1", "safe", "safe"), "rates the request and not the answer"),
        (("safe", "unsafe", "safe", "unsafe"), "refusals and plain answers"),
        (("safe", "safe", "unsafe\nS9", "safe"), "refusals and plain answers"),
    ],
)
def test_harmless_exchanges_that_are_called_unsafe_stop(texts, cause):
    why = fault(GUARD, "en", said(GUARD, *texts))
    assert "calls harmless exchanges unsafe" in why
    assert cause in why
    assert "'unsafe" in why


def test_what_a_server_refuses_is_quoted():
    refused = [
        Heard(exchange=name, error="bad_request: temperature not supported") for name in EXCHANGES
    ]
    why = fault(GUARD, "en", refused)
    assert "temperature not supported" in why
    assert "takes no such request" in why
    thought = [Heard(exchange=name, error="thought_only: a thought") for name in EXCHANGES]
    assert "max_tokens" in fault(GUARD, "en", thought)


def test_no_control_sequence_is_quoted():
    why = fault(GUARD, "en", said(GUARD, *["\x1b[31mred\x07\n\u202e" + "x" * 500] * 4))
    assert why.isprintable()
    assert "x" * 81 not in why


def test_of_several_requests_an_unreadable_reply_is_quoted():
    judge, (name, answer) = ShieldGemma(model="m"), next(iter(exchanges("en")[0].items()))
    one = said_of(judge, name, answer, [Reply(text=t) for t in ("No", "No", "Hm", "No")])
    assert (one.unsafe, one.text) == (None, "Hm")
