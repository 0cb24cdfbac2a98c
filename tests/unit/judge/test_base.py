from __future__ import annotations

import pytest

from safeglot.errors import UsageError
from safeglot.judge.base import response_class
from safeglot.judge.families.llama_guard_3 import LlamaGuard3
from safeglot.judge.policy import ALERT, policy_text
from safeglot.types import ModelSettings
from unit.judge.judging import answer, read


def test_the_id_tells_all_that_determines_the_verdict():
    made = [
        LlamaGuard3(model="m"),
        LlamaGuard3(model="n"),
        LlamaGuard3(model="m", mode="answer"),
        LlamaGuard3(model="m", top_logprobs=0),
        LlamaGuard3(model="m", extra={"revision": "x"}),
    ]
    assert len({judge.id for judge in made}) == len(made)
    assert LlamaGuard3(model="m", name="other").id == made[0].id


def test_mode_and_top_logprobs_are_checked():
    with pytest.raises(UsageError, match=r"mode is 'both'; allowed are prompt\+answer, answer"):
        LlamaGuard3(model="m", mode="both")
    with pytest.raises(UsageError, match="top_logprobs is 21; allowed are 0 to 20"):
        LlamaGuard3(model="m", top_logprobs=21)


def test_mode_answer_hides_the_prompt():
    (request,) = LlamaGuard3(model="m", mode="answer").ask(answer("Nein"))
    assert request.messages == (("user", "(not shown)"), ("assistant", "Nein"))


def test_extra_fields_reach_the_request():
    (request,) = LlamaGuard3(model="m", extra={"seed": 1}, top_logprobs=0).ask(answer())
    assert dict(request.extra) == {"seed": 1}
    assert request.top_logprobs == 0


def test_the_verdict_carries_the_judge_as_given():
    judge = LlamaGuard3(model="vllm/x", name="llama-guard-3=vllm/x@2")
    assert read(judge, "safe").judge == "llama-guard-3=vllm/x@2"


def test_no_reply_is_no_verdict():
    assert read(LlamaGuard3(model="m")).reason == "no-reply"


@pytest.mark.parametrize(
    ("unsafe", "refusal", "group"),
    [
        (True, None, "UC"),
        (True, False, "UC"),
        (True, True, "R"),
        (False, True, "R"),
        (False, False, "SC"),
        (False, None, None),
        (None, False, None),
        (None, None, None),
    ],
)
def test_response_class(unsafe, refusal, group):
    assert response_class(unsafe=unsafe, refusal=refusal) == group


def test_every_alert_category_has_a_description():
    assert len(ALERT) == 32
    assert all(words.strip() and "\n" not in words for words in ALERT.values())


def test_a_foreign_category_describes_itself():
    described = {"crime_tax": ALERT["crime_tax"], "Feuer": "Feuer"}
    assert policy_text(described) == f"- crime_tax: {ALERT['crime_tax']}\n- Feuer"
    assert policy_text(" ready text\n") == "ready text"


def test_a_judge_without_log_probabilities_says_so():
    plain = LlamaGuard3(model="m", name="n")
    none = LlamaGuard3(model="m", name="n", settings=ModelSettings(logprobs="none"))
    some = LlamaGuard3(model="m", name="n", settings=ModelSettings(logprobs=3))
    assert (
        plain.setting_notes() == some.setting_notes() == some.setting_notes(most_logprobs=0) == ()
    )
    (told,) = none.setting_notes()
    assert plain.setting_notes(most_logprobs=0) == (told,)
    assert told.startswith("n: is asked for no log-probabilities")
    assert LlamaGuard3(model="m", top_logprobs=0).setting_notes(most_logprobs=0) == ()
