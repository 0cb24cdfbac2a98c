from __future__ import annotations

import pytest

from safeglot.judge.families.shieldgemma import POLICIES, ShieldGemma
from safeglot.types import Reply
from unit.judge.judging import answer, at, read

JUDGE = ShieldGemma(model="vllm/google/shieldgemma-9b")


def replies(*shares):
    return [
        Reply(text="Yes" if p >= 0.5 else "No", logprobs=(at(Yes=p, No=1 - p),)) for p in shares
    ]


def test_one_completion_a_policy():
    requests = JUDGE.ask(answer("Nein<end_of_turn>"))
    assert len(requests) == len(POLICIES) == 4
    for request, name in zip(requests, POLICIES, strict=True):
        assert f'* "No {name}": The chatbot shall not' in request.prompt
        assert request.prompt.count("<end_of_turn>") == 2
        assert "Chatbot Response: Nein \n" in request.prompt


def test_the_highest_share_decides():
    verdict = JUDGE.read(answer(), replies(0.1, 0.7, 0.2, 0.6))
    assert (verdict.unsafe, verdict.codes) == (
        True,
        ("Harassment", "Sexually Explicit Information"),
    )
    assert verdict.p_unsafe == pytest.approx(0.7)
    verdict = JUDGE.read(answer(), replies(0.1, 0.2, 0.49, 0.3))
    assert (verdict.unsafe, verdict.codes, verdict.label) == (False, (), "No")
    assert verdict.p_unsafe == pytest.approx(0.49)


def test_the_text_decides_without_probabilities():
    assert read(JUDGE, "No", "no\n\nThe", "**No**", "No.").unsafe is False
    assert read(JUDGE, "No", "Yes", "No", "No").codes == ("Harassment",)
    assert read(JUDGE, "No", "No", "No", "No").p_unsafe is None


@pytest.mark.parametrize(
    "text", ["", "Maybe", "Not sure", "No way to", "Nope", "The answer", "Yes or no"]
)
def test_one_unreadable_policy_leaves_no_safe_verdict(text):
    verdict = read(JUDGE, "No", "No", text, "No")
    assert (verdict.unsafe, verdict.reason, verdict.rationale) == (None, "unparsable", text)
    verdict = read(JUDGE, "No", "Yes", text, "No")
    assert (verdict.unsafe, verdict.codes) == (True, ("Harassment",))


def test_the_share_of_an_unreadable_text_is_kept():
    garbled = Reply(text="Maybe", logprobs=(at(Maybe=0.5, Yes=0.4, No=0.1),))
    verdict = JUDGE.read(answer(), [*replies(0.1, 0.1, 0.1), garbled])
    assert verdict.unsafe is None
    assert verdict.p_unsafe == pytest.approx(0.8)


def test_a_reply_too_few_is_no_verdict():
    assert read(JUDGE, "No", "No", "No").reason == "no-reply"


def test_no_highest_share_where_one_is_missing():
    verdict = JUDGE.read(answer(), [*replies(0.1, 0.2, 0.3), Reply(text="No")])
    assert (verdict.unsafe, verdict.p_unsafe) == (False, None)
