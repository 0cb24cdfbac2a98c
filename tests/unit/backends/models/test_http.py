from __future__ import annotations

import asyncio
import json
import socket
from typing import Any

import pytest

from loopback import Fault, Loopback, Script
from safeglot.backends.models.bodies import Endpoint
from safeglot.backends.models.http import HttpModel, retry_after_s
from safeglot.errors import ModelError
from safeglot.types import Reply, Request
from waiting import HANG_S

KEY = "sk-secret-0123456789"
pytestmark = pytest.mark.usefixtures("each_client")
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
def test_retry_after_is_seconds_or_a_date(header: str, wait_s: float | None) -> None:
    assert retry_after_s(header, NOW_S) == wait_s


def test_retry_after_comes_with_the_error() -> None:
    with faulty(status=429, headers={"Retry-After": "7"}) as server:
        assert refused(server.base_url).retry_after_s == 7.0
