from __future__ import annotations

import asyncio
import json
import socket
from typing import Any

import pytest

from loopback import Fault, Loopback, Script
from safeglot.backends.models.http import (
    Endpoint,
    HttpModel,
    parse_reply,
    request_body,
    retry_after_s,
)
from safeglot.backends.models.providers import providers
from safeglot.errors import ModelError
from safeglot.types import Reply, Request
from waiting import HANG_S

KEY = "sk-secret-0123456789"
NOW_S = 1_760_000_000.0  # Thu, 09 Oct 2025 08:53:20 GMT


def chat(text: str = "How do I bake bread?", **more: Any) -> Request:
    return Request(model="m", messages=(("user", text),), max_tokens=8, **more)


def answer(base_url: str, request: Request, **more: Any) -> Reply:
    async def ask() -> Reply:
        model = HttpModel(Endpoint(model="target", base_url=base_url, **more))
        try:
            return await model.answer(request)
        finally:
            await model.close()

    return asyncio.run(ask())


def refused(base_url: str, request: Request | None = None, **more: Any) -> ModelError:
    with pytest.raises(ModelError) as caught:
        answer(base_url, request or chat(), **more)
    return caught.value


def faulty(**fault: Any) -> Loopback:
    return Loopback(Script(answer=lambda _seen: "ok", fault=lambda _seen: Fault(**fault)))


def choice(**fields: Any) -> dict[str, Any]:
    return {"choices": [fields]}


# ---- what is sent


def test_a_chat_request_arrives_as_it_was_meant() -> None:
    with Loopback() as server:
        reply = answer(server.base_url, chat(seed=7), key=KEY)
        seen = server.requests[0]
    assert reply.text.endswith("]")
    assert reply.n_tokens is not None
    assert seen.path == "/v1/chat/completions"
    assert seen.headers["Authorization"] == f"Bearer {KEY}"
    assert seen.body == {
        "model": "target",
        "max_tokens": 8,
        "temperature": 0.0,
        "top_p": 1.0,
        "seed": 7,
        "messages": [{"role": "user", "content": "How do I bake bread?"}],
    }


def test_a_bare_prompt_goes_to_completions_without_an_authorization() -> None:
    with Loopback() as server:
        answer(server.base_url + "/", Request(model="m", prompt="Bread is", max_tokens=8))
        seen = server.requests[0]
    assert seen.path == "/v1/completions"
    assert seen.body["prompt"] == "Bread is"
    assert "Authorization" not in seen.headers


@pytest.mark.parametrize("text", ["ጤና ይስጥልኝ", "שלום\u200f", "👩‍👩‍👧", "a\x00b", "\ud800 half"])
def test_texts_of_all_scripts_arrive_whole_and_half_pairs_do_not_break(text: str) -> None:
    with Loopback() as server:
        answer(server.base_url, chat(text))
        assert server.requests[0].texts == [text.replace("\ud800", "?")]


@pytest.mark.parametrize(
    ("provider", "tokens_field", "seed_field"),
    [
        ("vllm", "max_tokens", "seed"),
        ("openai", "max_completion_tokens", "seed"),
        ("mistral", "max_tokens", "random_seed"),
        ("anthropic", "max_tokens", None),
        ("google", "max_tokens", None),
    ],
)
def test_each_provider_gets_its_own_names(
    provider: str, tokens_field: str, seed_field: str | None
) -> None:
    endpoint = providers()[provider].endpoint("m", base_url=None, key_env=None, timeout_s=1)
    body = request_body(chat(seed=3), endpoint)
    assert body[tokens_field] == 8
    seeds = {k: v for k, v in body.items() if "seed" in k}
    assert seeds == ({seed_field: 3} if seed_field else {})


def test_sampling_of_one_is_left_out_where_the_server_may_refuse_it() -> None:
    for provider, kept in (("openai", False), ("anthropic", False), ("vllm", True)):
        endpoint = providers()[provider].endpoint("m", base_url=None, key_env=None, timeout_s=1)
        body = request_body(chat(temperature=1.0, top_p=1.0), endpoint)
        assert ("temperature" in body, "top_p" in body) == (kept, kept)
        assert request_body(chat(temperature=0.0), endpoint)["temperature"] == 0.0


def test_log_probabilities_are_asked_for_as_the_server_allows() -> None:
    wide = Endpoint(model="m", base_url="http://x", top_logprobs=20)
    none = Endpoint(model="m", base_url="http://x", top_logprobs=0)
    asked = chat(top_logprobs=5)
    bare = Request(model="m", prompt="p", max_tokens=1, top_logprobs=5)
    assert request_body(asked, wide)["logprobs"] is True
    assert request_body(asked, wide)["top_logprobs"] == 5
    assert request_body(bare, wide)["logprobs"] == 5
    assert "top_logprobs" not in request_body(bare, wide)
    assert not {"logprobs", "top_logprobs"} & request_body(asked, none).keys()


def test_stop_and_extra_fields_are_part_of_the_body() -> None:
    request = chat(stop=("\n",), extra={"chat_template_kwargs": {"policy": "S1"}})
    body = request_body(request, Endpoint(model="m", base_url="http://x"))
    assert body["stop"] == ["\n"]
    assert body["chat_template_kwargs"] == {"policy": "S1"}


# ---- what comes back


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (choice(message={"content": "ok"}), "ok"),
        (choice(message={"content": ""}), ""),
        (choice(message={"content": None}), ""),
        (choice(message={"content": None, "refusal": "I cannot."}), "I cannot."),
        (choice(message={"content": [{"type": "text", "text": "a"}, {"text": "b"}]}), "ab"),
        (choice(message={"content": [{"type": "image"}, "odd"]}), ""),
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
        ({"error": {"message": "overloaded"}}, "malformed", True),
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


@pytest.mark.parametrize(
    ("status", "kind", "transient"),
    [
        (400, "bad_request", False),
        (401, "auth", False),
        (403, "auth", False),
        (404, "not_found", False),
        (408, "timeout", True),
        (422, "bad_request", False),
        (429, "rate_limited", True),
        (500, "server_error", True),
        (503, "rate_limited", True),
        (504, "timeout", True),
        (529, "rate_limited", True),
    ],
)
def test_statuses_have_kinds(status: int, kind: str, *, transient: bool) -> None:
    with faulty(status=status, message="not today") as server:
        error = refused(server.base_url)
    assert (error.kind, error.transient) == (kind, transient)
    assert "not today" in error.message
    assert str(status) in error.message


def test_a_content_filter_refusal_is_blocked() -> None:
    with faulty(status=400, code="content_filter") as server:
        error = refused(server.base_url)
    assert (error.kind, error.transient) == ("blocked", False)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"html": True}, "malformed"),
        ({"html": True, "status": 502}, "server_error"),
        ({"truncate": True}, "malformed"),
        ({"no_choices": True}, "no_choices"),
        ({"drop": True}, "unreachable"),
        ({"hang": True}, "timeout"),
    ],
)
def test_broken_answers_are_transient(fault: dict[str, Any], kind: str) -> None:
    with faulty(**fault) as server:
        error = refused(server.base_url, timeout_s=0.5 if "hang" in fault else HANG_S)
    assert (error.kind, error.transient) == (kind, True)


def test_html_at_a_good_status_asks_whether_the_address_is_right() -> None:
    with faulty(html=True) as server:
        assert "base URL" in refused(server.base_url).message


def test_a_closed_port_is_unreachable() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    error = refused(f"http://127.0.0.1:{port}/v1")
    assert (error.kind, error.transient) == ("unreachable", True)


def test_a_bad_address_is_final() -> None:
    error = refused("http://127.0.0.1:99999/v1")
    assert (error.kind, error.transient) == ("bad_request", False)


@pytest.mark.parametrize("status", [200, 400, 401, 429, 500])
@pytest.mark.parametrize("padding", [0, 270, 420, 440, 2000])
def test_a_key_that_the_server_echoes_is_in_no_message(status: int, padding: int) -> None:
    said = "." * padding + f"Incorrect API key {KEY}"

    def echo(_seen: object) -> Fault:
        return Fault(status=status, message=said, no_choices=status == 200)

    with Loopback(Script(answer=lambda _seen: "ok", fault=echo)) as server:
        error = refused(server.base_url, key=KEY)
    assert KEY[:6] not in error.message
    assert KEY[:6] not in str(error)


def test_a_key_in_an_error_at_status_200_is_in_no_message() -> None:
    """Some gateways answer 200 with {"error": ...}."""
    body = json.dumps({"error": {"message": f"bad key {KEY}"}}).encode()

    async def ask() -> None:
        server = await asyncio.start_server(answering(body), "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        model = HttpModel(Endpoint(model="m", base_url=f"http://127.0.0.1:{port}", key=KEY))
        try:
            await model.answer(chat())
        finally:
            await model.close()
            server.close()

    with pytest.raises(ModelError, match=r"bad key \*\*\*") as caught:
        asyncio.run(ask())
    assert KEY[:6] not in str(caught.value)


def answering(body: bytes) -> Any:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 200 OK\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()

    return handle


def test_the_key_is_not_shown_with_the_endpoint() -> None:
    assert KEY not in repr(Endpoint(model="m", base_url="http://x", key=KEY))


# ---- Retry-After


@pytest.mark.parametrize(
    ("header", "wait_s"),
    [
        (None, None),
        ("", None),
        ("2", 2.0),
        ("0.5", 0.5),
        ("-3", 0.0),
        ("86400", 600.0),
        ("inf", 600.0),
        ("nan", None),
        ("soon", None),
        ("Thu, 09 Oct 2025 08:53:50 GMT", 30.0),
        ("Thu, 09 Oct 2025 08:53:50 -0000", 30.0),
        ("Thu, 09 Oct 2025 10:53:50 +0200", 30.0),
        ("Thu, 09 Oct 2025 08:53:10 GMT", 0.0),
        ("Thu, 99 Oct 2025 08:53:10 GMT", None),
        ("Thu, 09 Oct 2025 08:53:10 +99999999999999", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, wait_s: float | None) -> None:
    assert retry_after_s(header, NOW_S) == wait_s


def test_retry_after_comes_with_the_error() -> None:
    with faulty(status=429, headers={"Retry-After": "7"}) as server:
        assert refused(server.base_url).retry_after_s == 7.0
