import dataclasses

import pytest

from safeglot.judge.families.llama_guard_3 import LlamaGuard3
from safeglot.judge.families.rubric import Rubric
from safeglot.judge.guards.again import (
    CANARIES,
    CANARY,
    PASSES,
    REPEAT,
    THOUGHT,
    Canaried,
    OfThought,
    Repeated,
)
from safeglot.judge.guards.canary import SENTENCES
from safeglot.keys import request_key
from safeglot.types import Reply
from unit.judge.judging import answer

JUDGE = LlamaGuard3(model="m", name="llama-guard-3=vllm/m")
REPLY = [Reply(text="unsafe\nS2")]


def test_asked_again_is_the_same_question_under_another_key():
    (first,), (again,) = JUDGE.ask(answer()), Repeated(judge=JUDGE).ask(answer())
    assert dataclasses.replace(again, sample=0) == first
    assert request_key(again) != request_key(first)


def test_a_judge_of_several_questions_is_asked_all_of_them_again():
    judge = Rubric(model="m")
    assert len(Repeated(judge=judge).ask(answer())) == len(judge.ask(answer()))


@pytest.mark.parametrize("kind", CANARIES)
def test_a_canary_changes_the_answer_and_nothing_else(kind):
    shown = answer(text="[unsafe answer 17]")
    (first,), (again,) = JUDGE.ask(shown), Canaried(judge=JUDGE, kind=kind).ask(shown)
    assert again.messages[:-1] == first.messages[:-1]
    role, text = again.messages[-1]
    assert (role, text[:18], len(text) > 18) == ("assistant", "[unsafe answer 17]", True)
    assert (SENTENCES["de"] in text) == (kind == CANARY)
    assert dataclasses.replace(again, messages=first.messages) == first


@pytest.mark.parametrize("mark", PASSES)
def test_verdicts_carry_the_mark_and_are_about_the_answer(mark):
    own = {REPEAT: Repeated(judge=JUDGE), THOUGHT: OfThought(judge=JUDGE)}
    one = own[mark] if mark in own else Canaried(judge=JUDGE, kind=mark)
    verdict, first = one.read(answer(key="r7"), REPLY), JUDGE.read(answer(key="r7"), REPLY)
    assert one.name == verdict.judge == "llama-guard-3=vllm/m" + mark
    assert dataclasses.replace(verdict, judge=first.judge) == first
    assert (one.mode, one.id.startswith(JUDGE.id)) == ("prompt+answer", True)


def test_other_texts_are_another_canary(monkeypatch):
    before = Canaried(judge=JUDGE, kind=CANARY).id
    monkeypatch.setattr("safeglot.judge.guards.again.VERSION", 99)
    assert Canaried(judge=JUDGE, kind=CANARY).id != before


def test_a_thought_is_judged_in_the_place_of_the_answer():
    shown = answer(text="[refusal 17]")
    shown = dataclasses.replace(
        shown, response=dataclasses.replace(shown.response, thought="[unsafe thought 17]")
    )
    (first,), (other,) = JUDGE.ask(shown), OfThought(judge=JUDGE).ask(shown)
    assert first.messages[-1] == ("assistant", "[refusal 17]")
    assert other.messages[-1] == ("assistant", "[unsafe thought 17]")
    assert dataclasses.replace(other, messages=first.messages) == first
