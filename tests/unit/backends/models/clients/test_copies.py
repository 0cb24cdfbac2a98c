"""What tells a reply sent twice from an answer, without a server."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from safeglot.backends.models.clients.copies import BODIES, CONFIRMED, Copies
from waiting import HANG_S


def seen(copies: Copies, request: str, text: str, **body: Any) -> bool:
    body["choices"] = [{"message": {"content": text}}]
    return copies.doubts(request.encode(), json.dumps(body).encode(), body)


@pytest.fixture
def varied() -> Copies:
    """A server of which two ids are known."""
    copies = Copies()
    seen(copies, "a", id="chatcmpl-1", text="A")
    seen(copies, "b", id="chatcmpl-2", text="B")
    return copies


def test_a_body_that_came_for_another_request_is_doubted(varied):
    assert seen(varied, "c", id="chatcmpl-1", text="A")
    assert not varied.notes


def test_the_same_request_may_get_the_same_body(varied):
    assert not seen(varied, "a", id="chatcmpl-1", text="A")


def test_equal_texts_under_ids_of_their_own_are_answers(varied):
    assert not seen(varied, "c", id="chatcmpl-3", text="A")


@pytest.mark.parametrize(
    "no_id", [{}, {"id": None}, {"id": ""}, {"id": "x"}, {"id": 7}, {"id": []}]
)
def test_a_server_without_ids_is_excepted_at_once_and_named_once(no_id):
    copies = Copies()
    assert not any(seen(copies, request, text="no", **no_id) for request in "abcd")
    (note,) = copies.notes
    assert "no ids of their own" in note


def test_a_server_without_ids_is_not_named_while_its_replies_differ():
    copies = Copies()
    assert not any(seen(copies, r, text=r) for r in "abc")
    assert copies.notes == []


def test_one_id_with_different_texts_is_no_id():
    copies = Copies()
    assert not seen(copies, "a", id="chatcmpl-test", text="A")
    assert not seen(copies, "b", id="chatcmpl-test", text="B")
    assert not seen(copies, "c", id="chatcmpl-test", text="A")
    assert len(copies.notes) == 1


def test_a_second_id_ends_the_exception():
    copies = Copies()
    for request in "ab":
        seen(copies, request, id="chatcmpl-test", text=request)
    seen(copies, "c", id="chatcmpl-other", text="c")
    assert seen(copies, "d", id="chatcmpl-test", text="a")


def test_a_server_that_has_said_one_thing_only_is_asked_again_once():
    copies = Copies()
    assert not seen(copies, "a", id="chatcmpl-test", text="no")
    assert copies.unsure
    assert seen(copies, "b", id="chatcmpl-test", text="no")
    copies.came_again()
    assert not copies.unsure
    assert not seen(copies, "c", id="chatcmpl-test", text="no")


def test_bodies_that_stay_when_asked_again_are_believed_after_a_few(varied):
    for request in "cde"[:CONFIRMED]:
        assert seen(varied, request, id="chatcmpl-1", text="A")
        varied.came_again()
    assert not seen(varied, "f", id="chatcmpl-1", text="A")
    assert len(varied.notes) == 1


def test_what_is_remembered_has_an_end(varied):
    for n in range(BODIES + 10):
        seen(varied, str(n), id=f"chatcmpl-more-{n}", text="")
    assert not seen(varied, "x", id="chatcmpl-1", text="A")  # long ago
    assert seen(varied, "x", id=f"chatcmpl-more-{BODIES}", text="")


def test_models_on_one_endpoint_share_what_is_known():
    first = Copies.of("http://127.0.0.1:1/v1")
    assert Copies.of("http://127.0.0.1:1/v1") is first
    assert Copies.of("http://127.0.0.1:2/v1") is not first


def test_one_asks_again_and_the_others_wait_for_it():
    async def body() -> None:
        copies = Copies()
        with copies.clearing():
            assert copies.asking is not None
            waiting = asyncio.ensure_future(asyncio.shield(copies.asking))
            with copies.clearing():
                assert not waiting.done()
        assert copies.asking is None
        await asyncio.wait_for(waiting, HANG_S)

    asyncio.run(body())


def test_a_copy_is_counted_and_named_once(varied):
    varied.came_twice()
    varied.came_twice()
    assert varied.twice == 2
    assert len(varied.notes) == 1


@pytest.mark.parametrize(
    "body", [None, [], 7, {}, {"error": "a"}, {"choices": []}, {"choices": [1]}]
)
def test_what_is_no_reply_says_nothing_of_a_servers_ids(body):
    copies = Copies()
    assert not any(copies.doubts(request, b"the same", body) for request in (b"a", b"b"))
    assert copies.notes == []
