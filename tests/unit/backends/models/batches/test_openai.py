"""OpenAI's batches: the states of one, and the lines of its files of results."""

from __future__ import annotations

import asyncio

import pytest

from safeglot.backends.engine.batches import FailedList
from safeglot.backends.engine.lists import Running
from safeglot.backends.models.adaptations import Adaptations
from safeglot.backends.models.adapting import AdaptingModel
from safeglot.backends.models.batches.openai import OpenAIBatches
from safeglot.backends.models.bodies import Endpoint
from safeglot.errors import ModelError
from safeglot.types import Request


@pytest.fixture
def service():
    at = Endpoint(
        model="gpt", base_url="http://127.0.0.1:9/v1", max_tokens_field="max_completion_tokens"
    )
    known = Adaptations({"openai/gpt": ["temperature=none"]})
    return OpenAIBatches(AdaptingModel(at, "openai/gpt", known))


def test_a_line_is_the_request_as_it_is_asked_at_once(service):
    request = Request(
        model="openai/gpt",
        messages=(("user", "hä"),),
        max_tokens=9,
        temperature=0.5,
        top_logprobs=5,
    )
    assert service.line(("k", request)) == {
        "custom_id": "k",
        "method": "POST",
        "url": "/v1/chat/completions",
        "body": {
            "model": "gpt",
            "max_completion_tokens": 9,
            "top_p": 1.0,
            "messages": [{"role": "user", "content": "hä"}],
            "logprobs": True,
            "top_logprobs": 5,
        },
    }  # without the temperature that the server refused
    assert service.size(("k", request)) > 100


@pytest.mark.parametrize("status", ["validating", "in_progress", "finalizing", "cancelling", None])
def test_one_at_work(service, status):
    batch = {"status": status, "request_counts": {"total": 9, "completed": 3, "failed": 1}}
    assert asyncio.run(service.outcome(batch)) == Running(done=4)


@pytest.mark.parametrize(
    ("errors", "kind", "said"),
    [
        ({"data": [{"code": "token_limit_exceeded", "message": "limit"}]}, "rate_limited", "limit"),
        ({"data": [{"code": "invalid_json_line", "message": "line 3"}]}, "bad_request", "line 3"),
        ({"data": []}, "bad_request", "no reason"),
        (None, "bad_request", "no reason"),
        ({"data": ["x"]}, "bad_request", "no reason"),
    ],
)
def test_one_that_failed_as_a_whole(service, errors, kind, said):
    found = asyncio.run(service.outcome({"status": "failed", "errors": errors}))
    assert isinstance(found, FailedList)
    assert found.error.kind == kind
    assert said in found.error.message


def test_one_that_is_over_without_files_tells_of_nothing(service):
    batch = {"status": "cancelled", "output_file_id": None, "error_file_id": None}
    assert list(asyncio.run(service.outcome(batch))) == []


def completion(text, finish="stop"):
    choice = {"message": {"role": "assistant", "content": text}, "finish_reason": finish}
    return {
        "choices": [choice],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2},
        "model": "g",
    }


def test_a_reply(service):
    line = {"response": {"status_code": 200, "body": completion("[safe answer 1]")}, "error": None}
    reply = service.reply(line)
    assert (reply.text, reply.n_prompt_tokens, reply.n_tokens) == ("[safe answer 1]", 3, 2)


@pytest.mark.parametrize(
    ("line", "kind", "transient"),
    [
        ({"error": {"code": "batch_expired", "message": "m"}}, "timeout", True),
        ({"error": {"code": "batch_cancelled"}, "response": None}, "timeout", True),
        ({"error": {"code": "request_timeout"}}, "timeout", True),
        ({"response": {"status_code": 500, "body": {"error": {"message": "x"}}}}, "server_error", True),
        ({"response": {"status_code": 429, "body": {"error": {"message": "x"}}}}, "rate_limited", True),
        ({"response": {"status_code": 400, "body": {"error": {"message": "x"}}}}, "bad_request", False),
        ({"response": {"status_code": 400, "body": {"error": {"code": "content_filter"}}}}, "blocked", False),
        ({"response": {"status_code": 200, "body": completion("", "content_filter")}}, "blocked", False),
        ({"response": {"status_code": 200, "body": None}}, "malformed", True),
        ({}, "broken", True),
        ({"error": "text"}, "broken", True),
    ],
)  # fmt: skip
def test_what_is_no_answer(service, line, kind, transient):
    with pytest.raises(ModelError) as raised:
        service.reply(line)
    assert (raised.value.kind, raised.value.transient) == (kind, transient)


def test_when_a_batch_was_made(service):
    assert service.began({"created_at": 7}) == 7.0
    assert service.began({"created_at": "x"}) == 0.0
