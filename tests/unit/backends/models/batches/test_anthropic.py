"""Anthropic's batches: bodies and replies of its Messages API."""

from __future__ import annotations

import asyncio

import pytest

from safeglot.backends.engine.lists import Running
from safeglot.backends.models.adaptations import Adaptations
from safeglot.backends.models.adapting import AdaptingModel
from safeglot.backends.models.batches.anthropic import AnthropicBatches, completion, params
from safeglot.backends.models.bodies import Endpoint
from safeglot.backends.store.tries import OpenBatch
from safeglot.errors import ModelError
from safeglot.types import Request


@pytest.fixture
def service():
    at = Endpoint(
        model="claude", base_url="http://127.0.0.1:9/v1", seed_field="", top_logprobs=0,
        omit_ones=True,
    )  # fmt: skip
    return AnthropicBatches(AdaptingModel(at, "anthropic/claude", Adaptations()))


def test_a_line_is_a_message(service):
    request = Request(
        model="anthropic/claude", messages=(("system", "be kind"), ("user", "hi")), max_tokens=9,
        temperature=2.0, seed=7, stop=("END",), top_logprobs=5,
        extra={"thinking": {"type": "enabled", "budget_tokens": 1024}, "response_format": {}},
    )  # fmt: skip
    assert service.line(("k", request)) == {
        "custom_id": "k",
        "params": {
            "model": "claude",
            "max_tokens": 9,
            "system": "be kind",
            "messages": [{"role": "user", "content": "hi"}],
            "temperature": 1.0,
            "stop_sequences": ["END"],
            "thinking": {"type": "enabled", "budget_tokens": 1024},
        },
    }


def test_the_limit_under_its_other_name():
    body = {"model": "m", "max_completion_tokens": 5, "messages": []}
    assert params(body) == {"model": "m", "max_tokens": 5, "messages": []}


def message(*content, stop="end_turn"):
    usage = {"input_tokens": 3, "output_tokens": 2}
    return {"model": "claude-1", "content": list(content), "stop_reason": stop, "usage": usage}


def text(words):
    return {"type": "text", "text": words}


def test_a_reply_with_a_thought(service):
    thought = {"type": "thinking", "thinking": "hm", "signature": "s"}
    hidden = {"type": "redacted_thinking", "data": "x"}
    line = {"result": {"type": "succeeded", "message": message(thought, hidden, text("[safe"), text(" answer 1]"))}}  # fmt: skip
    reply = service.reply(line)
    assert (reply.text, reply.thought) == ("[safe answer 1]", "hm")
    assert (reply.n_prompt_tokens, reply.n_tokens, reply.served_by) == (3, 2, "claude-1")


def test_a_reply_that_the_limit_cut(service):
    line = {"result": {"type": "succeeded", "message": message(text("[safe"), stop="max_tokens")}}
    assert service.reply(line).finish_reason == "length"


@pytest.mark.parametrize(
    ("result", "kind", "transient"),
    [
        ({"type": "expired"}, "timeout", True),
        ({"type": "canceled"}, "timeout", True),
        ({"type": "succeeded", "message": message(text("[part"), stop="refusal")}, "blocked", False),
        ({"type": "succeeded", "message": message(stop="refusal")}, "blocked", False),
        ({"type": "succeeded", "message": message({"type": "thinking", "thinking": "hm"}, stop="max_tokens")}, "thought_only", False),
        ({"type": "succeeded", "message": message(text("[x"), stop="pause_turn")}, "broken", True),
        ({"type": "succeeded", "message": None}, "malformed", True),
        ({"type": "errored", "error": {"type": "error", "error": {"type": "overloaded_error", "message": "m"}}}, "rate_limited", True),
        ({"type": "errored", "error": {"type": "error", "error": {"type": "api_error", "message": "m"}}}, "server_error", True),
        ({"type": "errored", "error": {"type": "error", "error": {"type": "invalid_request_error", "message": "m"}}}, "bad_request", False),
        ({"type": "errored", "error": {"type": "invalid_request_error", "message": "m"}}, "bad_request", False),
        ({"type": "errored", "error": None}, "server_error", True),
        ({"type": "banana"}, "server_error", True),
        (None, "server_error", True),
    ],
)  # fmt: skip
def test_what_is_no_answer(service, result, kind, transient):
    with pytest.raises(ModelError) as raised:
        service.reply({"result": result})
    assert (raised.value.kind, raised.value.transient) == (kind, transient)


def test_a_refusal_keeps_what_had_come_and_what_it_cost(service):
    refused = {"type": "succeeded", "message": message(text("[part"), stop="refusal")}
    with pytest.raises(ModelError) as raised:
        service.reply({"result": refused})
    assert (raised.value.text, raised.value.tokens_in, raised.value.tokens_out) == ("[part", 3, 2)


@pytest.mark.parametrize("status", ["in_progress", "canceling", None])
def test_one_at_work(service, status):
    counts = {"processing": 5, "succeeded": 3, "errored": 1, "canceled": 0, "expired": 0}
    batch = {"processing_status": status, "request_counts": counts}
    assert asyncio.run(service.outcome(batch)) == Running(done=4)


def test_one_is_ours_where_it_is_as_large_and_was_made_then(service):
    counts = {"processing": 5, "succeeded": 3}
    sought = OpenBatch(id=1, model="m", address="a", ticket="", requests=8, began=1e9, left=8)

    def made(at, counts=counts):
        return service.is_ours({"created_at": at, "request_counts": counts}, "", sought)

    assert made("2001-09-09T01:46:42Z")
    assert not made("2001-09-09T02:46:42Z")
    assert not made("2001-09-09T01:46:42Z", {"processing": 9})
    assert not made("yesterday")
    assert not made(None)


def test_what_is_no_message_is_no_completion():
    assert completion([1]) == {}
