"""A reply of the plainest shape is read in a short way, and comes out as the one reader has it."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from safeglot.backends.models.json_bodies import decoded
from safeglot.backends.models.plain_replies import plain_reply
from safeglot.backends.models.replies import parse_reply
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
NUMBERS = st.one_of(
    st.floats(-20, 0), st.sampled_from([-9999.0, -9999, -1e30, 0, 0.5, None, "x", True])
)
TOKENS = st.fixed_dictionaries(
    {"token": st.sampled_from(["a", "b", " un", "\ud800", "ß", None, 3]), "logprob": NUMBERS},
    optional={"bytes": st.just([97]), "filtered": st.just(True)},
)  # fmt: skip
POSITIONS = st.builds(
    lambda own, top: own if top is None else own | {"top_logprobs": top},
    TOKENS,
    st.one_of(st.none(), st.lists(TOKENS, max_size=4)),
)
LOGPROBS = st.one_of(
    st.none(), st.fixed_dictionaries({"content": st.one_of(st.none(), st.lists(POSITIONS, max_size=40))}), ODD
)  # fmt: skip
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
    raw = json.dumps(body).encode()
    plain = plain_reply(raw)
    if plain is None:
        return
    try:
        whole = parse_reply(decoded(raw), chat=True)
    except ModelError as error:
        raise AssertionError(f"read as {error.kind}: {body}") from error
    assert plain.reply == whole
    assert plain.id == body.get("id")
