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


# ---- thoughts, refusals, blocks and broken replies


def chat(text: Any, finish: Any = "stop", **message: Any) -> dict[str, Any]:
    return choice(message={"content": text, **message}, finish_reason=finish)


def failing(body: Any) -> ModelError:
    with pytest.raises(ModelError) as caught:
        parse_reply(body, chat=True)
    return caught.value


PART = {"type": "text", "text": "[answer]"}


@pytest.mark.parametrize(
    "body",
    [
        chat("<think>[thought]</think>[answer]"),
        chat("[answer]", reasoning_content="[thought]"),
        chat("[answer]", reasoning="[thought]", reasoning_content="[thought]"),
        chat("[answer]", reasoning_details=[{"type": "reasoning.text", "text": "[thought]"}]),
        chat("[answer]", thinking_blocks=[{"type": "thinking", "thinking": "[thought]"}]),
        chat([{"type": "reasoning_content", "reasoning_content": "[thought]"}, PART]),
        chat([{"type": "reasoning", "summary": [{"text": "[thought]"}]}, PART]),
        choice(delta={"content": "[answer]", "reasoning": "[thought]"}, finish_reason="stop"),
        choice(text="<think>[thought]</think>[answer]", finish_reason="stop"),
    ],
)
def test_a_thought_stands_beside_the_answer(body: dict[str, Any]) -> None:
    reply = parse_reply(body, chat=True)
    assert (reply.text, reply.thought) == ("[answer]", "[thought]")


@pytest.mark.parametrize(
    "usage",
    [
        {"completion_tokens_details": {"reasoning_tokens": 7}},
        {"output_tokens_details": {"reasoning_tokens": 7}},
        {"reasoning_tokens": 7},
    ],
)
def test_the_tokens_of_a_thought_are_kept_and_a_hidden_one_is_noticed(
    usage: dict[str, Any],
) -> None:
    assert parse_reply({**chat("[answer]"), "usage": usage}, chat=True).n_thought_tokens == 7
    assert failing({**chat(""), "usage": usage}).kind == "thought_only"


def test_what_a_failed_reply_cost_is_kept() -> None:
    usage = {"prompt_tokens": 9, "completion_tokens": 200}
    error = failing({**chat("<think>[thought]", "length"), "usage": usage})
    assert (error.kind, error.thought, error.text) == ("thought_only", "[thought]", "")
    assert (error.tokens_in, error.tokens_out, error.transient) == (9, 200, False)


def test_an_answer_cut_by_a_limit_in_other_words_is_cut() -> None:
    assert parse_reply(chat("[half", "MAX_TOKENS"), chat=True).finish_reason == "length"


@pytest.mark.parametrize("finish", [None, "", False])
def test_a_text_without_a_finish_reason_is_whole_and_nothing_is_broken(finish: Any) -> None:
    assert parse_reply(chat("[answer]", finish), chat=True).finish_reason == "stop"
    assert failing(chat("", finish)).kind == "broken"


def test_text_before_a_block_and_a_thought_are_kept() -> None:
    error = failing(chat("<think>[thought]</think>[half", "SAFETY"))
    assert (error.kind, error.text, error.thought) == ("blocked", "[half", "[thought]")
    assert "SAFETY" in error.message


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 0}}, "blocked"),
        ({"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 3}}, "no_choices"),
        ({"choices": [], "model": "google/gemini-x"}, "blocked"),
        ({"choices": None, "promptFeedback": {"blockReason": "SAFETY"}}, "blocked"),
        ({**choice(message=None), "model": "gemini-x"}, "blocked"),
        (choice(message=None), "malformed"),
        ({"code": "DataInspectionFailed", "message": "no"}, "blocked"),
        ({"success": False, "message": "Content blocked by moderation"}, "blocked"),
        ({"object": "list", "data": []}, "malformed"),
        ({**chat("[half"), "error": {"code": 502, "message": "broke off"}}, "server_error"),
        ({**choice(message={"content": "[half"}, error={"message": "bad luck"})}, "broken"),
        (chat("[half", "a_new_word"), "broken"),
        (choice(message={"content": ""}, finish_reason="stop", native_finish_reason="SAFETY"), "blocked"),
    ],
)  # fmt: skip
def test_what_holds_no_answer_has_its_kind(body: dict[str, Any], kind: str) -> None:
    assert failing(body).kind == kind


def test_a_refusal_counts_only_where_nothing_else_was_said() -> None:
    refused = parse_reply(chat(" ", refusal="[refusal]"), chat=True)
    assert (refused.text, refused.refused) == ("[refusal]", True)
    both = parse_reply(chat("[answer]", refusal="[refusal]"), chat=True)
    assert (both.text, both.refused) == ("[answer]", False)


def test_a_reply_names_who_served_it() -> None:
    body = {**chat("[answer]"), "model": "m-1", "provider": "p", "system_fingerprint": "fp"}
    assert parse_reply(body, chat=True).served_by == "m-1 p fp"
    assert parse_reply({**chat("[answer]"), "model": 7}, chat=True).served_by == ""


def test_log_probabilities_of_a_thought_are_not_those_of_the_answer() -> None:
    tokens = ["<think>", "safe", "</think>", "\n\n", "unsafe"]
    top = [{"top_logprobs": [{"token": t, "logprob": -0.1}]} for t in tokens]
    body = chat("<think>safe</think>\n\nunsafe")
    body["choices"][0]["logprobs"] = {"content": top}
    assert parse_reply(body, chat=True).logprobs[-1] == (("unsafe", -0.1),)
    assert len(parse_reply(body, chat=True).logprobs) <= 2
    long = chat("unsafe", reasoning_content="so " * 40)
    long["choices"][0]["logprobs"] = {"content": [top[1]] * 40}
    assert parse_reply(long, chat=True).logprobs == ()


@pytest.mark.parametrize("count", [10**30, -1, True, 1.5, "7"])
def test_odd_counts_are_none(count: Any) -> None:
    body = {**chat("[answer]"), "usage": {"completion_tokens": count}}
    assert parse_reply(body, chat=True).n_tokens is None
