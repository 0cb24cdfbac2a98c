"""A reply of the plainest shape is read in a short way, and comes out as the one reader has it."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from safeglot.backends.models import replies
from safeglot.errors import ModelError

TEXTS = st.one_of(
    st.sampled_from(["a", " a\n", "", "  ", "<think>b</think>c", "analysis b assistantfinal c", "½ \ud800", "I </think>"]),
    st.text(max_size=30),
)  # fmt: skip
ODD = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), st.just([]), st.just({}), TEXTS,
    st.just({"filtered": True}), st.just([{"block_reason": "x"}]), st.just({"code": "c", "message": "m"}),
)  # fmt: skip
COUNTS = st.one_of(st.integers(-1, 50), st.none(), st.just(10**12), st.booleans(), st.just({"reasoning_tokens": 3}))  # fmt: skip
LOGPROBS = st.one_of(st.none(), st.just({"content": [{"token": "a", "logprob": -0.1, "top_logprobs": []}]}), ODD)  # fmt: skip
MESSAGE_NAMES = ("content", "role", "refusal", "tool_calls", "reasoning", "thinking", "annotations", "flagged_input")  # fmt: skip
CHOICE_NAMES = ("index", "finish_reason", "native_finish_reason", "logprobs", "stop_reason", "text", "error", "content_filter_results", "filtered")  # fmt: skip
BODY_NAMES = ("id", "object", "created", "model", "provider", "system_fingerprint", "service_tier", "error", "errors", "base_resp", "promptFeedback", "prompt_logprobs", "filtered", "usage", "input_sensitive")  # fmt: skip
ENDINGS = st.sampled_from(["stop", "length", "content_filter", "eos", "SAFETY", "error", "", None])


def fields(names: tuple[str, ...], **own: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries({}, optional={name: own.get(name, ODD) for name in names})


@st.composite
def bodies(draw: st.DrawFn) -> Any:
    message = {"role": "assistant", "content": draw(TEXTS)} | draw(fields(MESSAGE_NAMES, content=TEXTS))  # fmt: skip
    choice: Any = {"index": 0, "message": message, "finish_reason": "stop"}
    choice |= draw(fields(CHOICE_NAMES, finish_reason=ENDINGS, logprobs=LOGPROBS))
    usage = draw(fields(("completion_tokens", "prompt_tokens", "completion_tokens_details", "reasoning_tokens", "total_tokens"), **dict.fromkeys(("completion_tokens", "prompt_tokens"), COUNTS)))  # fmt: skip
    body = {"id": "chatcmpl-1", "object": "o", "created": 1, "model": "m", "choices": [choice], "usage": usage}  # fmt: skip
    kept = draw(st.sets(st.sampled_from(sorted(body)), min_size=4))
    return {k: v for k, v in body.items() if k in kept} | (
        draw(fields(BODY_NAMES)) if draw(st.booleans()) else {}
    )


@given(body=bodies())
@settings(max_examples=400, deadline=None)
def test_the_short_way_gives_what_the_reader_gives(body: Any) -> None:
    plain = replies.plain_reply(body)
    if plain is None:
        return
    try:
        whole = replies._read(body, chat=True)
    except ModelError as error:
        raise AssertionError(f"read as {error.kind}: {body}") from error
    assert plain == whole


def test_a_plain_body_goes_the_short_way() -> None:
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": "[safe answer 1]", "refusal": None, "tool_calls": []},
        "finish_reason": "stop",
        "logprobs": None,
        "stop_reason": None,
    }  # fmt: skip
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [choice],
        "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7},
        "system_fingerprint": "f",
    }
    plain = replies.plain_reply(body)
    assert plain is not None
    assert plain == replies._read(body, chat=True)
    assert (plain.text, plain.n_tokens, plain.served_by) == ("[safe answer 1]", 4, "m f")
