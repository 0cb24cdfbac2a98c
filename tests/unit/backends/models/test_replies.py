from __future__ import annotations

from typing import Any

import pytest

from safeglot.backends.models.replies import parse_reply
from safeglot.errors import ModelError
from safeglot.types import Reply


def choice(**fields: Any) -> dict[str, Any]:
    return {"choices": [fields]}


# ---- what is sent


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (choice(message={"content": "ok"}), "ok"),
        (choice(message={"content": ""}, finish_reason="stop"), ""),
        (choice(message={"content": None}, finish_reason="stop"), ""),
        (choice(message={"content": None, "refusal": "I cannot."}), "I cannot."),
        (choice(message={"content": [{"type": "text", "text": "a"}, {"text": "b"}]}), "ab"),
        (choice(message={"content": [{"type": "image"}, "odd"]}), "odd"),
        (choice(message={"content": "half \ud800"}), "half ?"),
        ({**choice(message={"content": "ok"}), "usage": "odd"}, "ok"),
    ],
)
def test_the_text_of_a_chat_reply(body: dict[str, Any], text: str) -> None:
    assert parse_reply(body, chat=True).text == text


@pytest.mark.parametrize(
    ("body", "kind", "transient"),
    [
        ({"choices": []}, "no_choices", True),
        ({}, "malformed", True),
        ({"choices": None}, "malformed", True),
        ({"choices": ["odd"]}, "malformed", True),
        ({"error": {"message": "bad luck"}}, "broken", True),
        (choice(message={"content": ""}), "broken", True),
        ([], "malformed", True),
        ("odd", "malformed", True),
        (choice(message="odd"), "malformed", True),
        (choice(message={"content": 7}), "malformed", True),
        (choice(message={"content": ""}, finish_reason="content_filter"), "blocked", False),
        (choice(message={"content": "half an"}, finish_reason="content_filter"), "blocked", False),
    ],
)
def test_what_is_no_answer_is_an_error_with_a_kind(
    body: Any, kind: str, *, transient: bool
) -> None:
    with pytest.raises(ModelError) as caught:
        parse_reply(body, chat=True)
    assert (caught.value.kind, caught.value.transient) == (kind, transient)


def test_finish_reason_and_tokens_are_kept() -> None:
    body = {
        **choice(text="ok", finish_reason="length"),
        "usage": {"completion_tokens": 3, "prompt_tokens": 9},
    }
    expected = Reply(text="ok", finish_reason="length", n_tokens=3, n_prompt_tokens=9)
    assert parse_reply(body, chat=False) == expected


def test_log_probabilities_of_chat_and_of_completions_read_alike() -> None:
    top = [{"token": "safe", "logprob": -0.1}, {"token": "unsafe", "logprob": -2.5}]
    of_chat = choice(message={"content": "safe"}, logprobs={"content": [{"top_logprobs": top}]})
    of_bare = choice(text="safe", logprobs={"top_logprobs": [{"unsafe": -2.5, "safe": -0.1}]})
    expected = ((("safe", -0.1), ("unsafe", -2.5)),)
    assert parse_reply(of_chat, chat=True).logprobs == expected
    assert parse_reply(of_bare, chat=False).logprobs == expected


@pytest.mark.parametrize(
    "logprobs",
    [
        None,
        [],
        {"content": None},
        {"content": [{}]},
        {"content": [{"top_logprobs": [{"token": "a", "logprob": None}]}]},
        {"content": [{"top_logprobs": [{"token": None, "logprob": -1}]}]},
        {"content": 3},
    ],
)
def test_odd_log_probabilities_are_none_and_the_text_stays(logprobs: Any) -> None:
    reply = parse_reply(choice(message={"content": "safe"}, logprobs=logprobs), chat=True)
    assert (reply.text, reply.logprobs) == ("safe", ())


# ---- faults
