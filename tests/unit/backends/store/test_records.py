"""Replies and verdicts read back as they were written."""

from __future__ import annotations

import pytest

from safeglot.backends.store.records import reply_of, reply_row, verdict_of, verdict_row
from safeglot.types import Reply, Verdict

REPLY = Reply(
    text="ሰላም",
    finish_reason="length",
    n_tokens=3,
    n_prompt_tokens=9,
    logprobs=((("safe", -0.25), ("unsafe", -2.5)), ((" ", 0.0),)),
    thought="[t]",
    n_thought_tokens=1,
    served_by="m",
    refused=True,
)


@pytest.mark.parametrize("reply", [REPLY, Reply(text="")])
def test_a_reply(reply):
    number, key, text, finish, n, n_prompt, logprobs, thought, n_thought, served, refused = (
        reply_row(4, "k", reply)
    )
    assert (number, key) == (4, "k")
    row = (text, finish, n, n_prompt, logprobs, thought, n_thought, served, refused)
    assert reply_of(row) == reply


@pytest.mark.parametrize("flag", [True, False, None])
def test_a_verdict(flag):
    verdict = Verdict(
        response="r", judge="j", mode="answer", unsafe=flag, unsafe_loose=flag, label="l",
        p_unsafe=0.5, codes=("S1", "S2"), refusal=flag, response_class="R", rationale="why",
        reason="because",
    )  # fmt: skip
    response, step, *rest, reply = verdict_row(7, 3, verdict, 11)
    assert (response, step, reply) == (7, 3, 11)
    assert verdict_of(("r", "j", "answer", *rest)) == verdict
