"""The short way is for replies of the plainest shape, and leaves every other one to the reader."""

from __future__ import annotations

import json
from typing import Any

import pytest

from safeglot.backends.models.json_bodies import decoded
from safeglot.backends.models.plain_replies import plain_reply
from safeglot.backends.models.replies import parse_reply
from safeglot.text.makers import makers


def body(*, message: Any = (), choice: Any = (), usage: Any = (), **fields: Any) -> dict[str, Any]:
    said = {"role": "assistant", "content": "[safe answer 1]"} | dict(message)
    one = {"index": 0, "message": said, "finish_reason": "stop"} | dict(choice)
    counts = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7} | dict(usage)
    return {"id": "chatcmpl-1", "model": "m", "choices": [one], "usage": counts} | fields


def raw(**parts: Any) -> bytes:
    return json.dumps(body(**parts)).encode()


VLLM = {
    "message": {"refusal": None, "tool_calls": [], "reasoning_content": None, "annotations": None},
    "choice": {"logprobs": None, "stop_reason": None, "token_ids": None},
    "usage": {"prompt_tokens_details": None},
    "object": "chat.completion",
    "created": 1760000000,
    "service_tier": None,
    "system_fingerprint": "f",
    "prompt_logprobs": None,
    "kv_transfer_params": None,
}
TOP = [{"token": "un", "logprob": -2.5, "bytes": [117]}, {"token": "safe", "logprob": -0.1}]


def test_a_plain_body_goes_the_short_way():
    plain = plain_reply(raw(**VLLM))
    assert plain is not None
    assert plain.id == "chatcmpl-1"
    assert plain.reply == parse_reply(body(**VLLM), chat=True)
    assert plain.reply.served_by == "m f"


def test_log_probabilities_are_sorted_and_counted_as_the_reader_does():
    position = {"token": "safe", "logprob": -0.1, "bytes": None, "top_logprobs": TOP}
    bare = {"token": "\n", "logprob": -9999, "top_logprobs": []}
    choice = {"logprobs": {"content": [position, bare] * 20, "refusal": None}}
    plain = plain_reply(raw(choice=choice))
    assert plain is not None
    assert plain.reply == parse_reply(body(choice=choice), chat=True)
    assert plain.reply.logprobs[0] == (("safe", -0.1), ("un", -2.5))


@pytest.mark.parametrize(
    "parts",
    [
        {"choice": {"finish_reason": "length"}},
        {"choice": {"native_finish_reason": "stop"}},
        {"choice": {"content_filter_results": {"hate": {"filtered": True}}}},
        {"choice": {"logprobs": {"content": [{"token": "a", "logprob": None}]}}},
        {"message": {"content": None}},
        {"message": {"content": [{"type": "text", "text": "a"}]}},
        {"message": {"content": "<think>b</think>c"}},
        {"message": {"content": " \n"}},
        {"message": {"refusal": "no"}},
        {"message": {"reasoning": "b"}},
        {"message": {"tool_calls": [{"id": "1"}]}},
        {"usage": {"completion_tokens": True}},
        {"usage": {"completion_tokens": 2**31}},
        {"usage": {"completion_tokens_details": {"reasoning_tokens": 3}}},
        {"error": {"code": "content_filter"}},
        {"base_resp": {"status_code": 1}},
        {"input_sensitive": True},
        {"created": {"filtered": True}},
        {"choices": []},
    ],
    ids=str,
)
def test_any_other_shape_is_left_to_the_reader(parts):
    assert plain_reply(raw(**parts)) is None


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"[]",
        b"<html>",
        b"[" * 100_000,
        b"\xef\xbb\xbf" + raw(),
        raw().replace(b"[safe answer 1]", b"half \\ud800 a pair"),
        raw().replace(b"[safe answer 1]", b"\xff"),
        raw() + b"x",
    ],
    ids=lambda sent: str(sent[:20]),
)
def test_odd_bytes_are_left_to_the_reader(sent):
    assert plain_reply(sent) is None


def test_a_whole_pair_of_surrogates_is_a_character():
    sent = raw(message={"content": "\U0001f600"})
    plain = plain_reply(sent)
    assert plain is not None
    assert plain.reply == parse_reply(decoded(sent), chat=True)


@pytest.mark.parametrize("flag", makers().reply.blocked_flags)
def test_no_flag_of_a_block_goes_the_short_way(flag):
    assert plain_reply(raw(**{flag: True})) is None
    assert plain_reply(raw(choice={flag: True})) is None
    assert plain_reply(raw(message={flag: True})) is None
