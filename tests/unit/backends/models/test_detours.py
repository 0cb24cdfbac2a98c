from __future__ import annotations

import pytest

from safeglot.backends.models.detours import (
    detour,
    is_unknown_model,
    place_of,
    wants_stream,
)
from safeglot.errors import ModelError
from safeglot.types import Request

URL = "http://127.0.0.1:1/v1/chat/completions"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    ("location", "base"),
    [
        ("https://10.0.0.7/v1/chat/completions", "https://10.0.0.7/v1"),
        ("https://user:secret@10.0.0.7:8443/api/chat/completions/?token=secret#x", "https://10.0.0.7:8443/api"),
        ("/login", "http://127.0.0.1:1/login"),
        ("//10.0.0.8/v1/completions", "http://10.0.0.8/v1"),
    ],
)  # fmt: skip
def test_a_redirect_says_where_it_leads_and_what_to_give(status, location, base):
    error = detour(URL, status, {"Location": location}, b"")
    assert error.kind == "not_found"
    assert f"--base-url {base} " in error.message
    assert "secret" not in error.message
    assert "not followed" in error.message


def test_a_redirect_that_leads_nowhere_is_an_error_like_others():
    assert detour(URL, 302, {}, b"") is None
    assert place_of("http://[::1") == "an address that cannot be read"
    assert place_of("http://[::1]:8/v1") == "http://[::1]:8/v1"


@pytest.mark.parametrize(
    ("status", "headers", "raw"),
    [
        (200, {"Content-Type": "text/event-stream; charset=utf-8"}, b""),
        (200, {"Content-Type": "application/json"}, b'\ndata: {"choices": []}\n\ndata: [DONE]'),
        (200, {"Content-Type": "text/plain"}, b"event: message\ndata: {}"),
    ],
)  # fmt: skip
def test_a_server_that_only_streams_says_so(status, headers, raw):
    error = detour(URL, status, headers, raw)
    assert error.kind == "setting"
    assert "only streams its answers" in error.message


@pytest.mark.parametrize(
    ("status", "headers", "raw"),
    [
        (200, {"Content-Type": "application/json"}, b'{"choices": []}'),
        (200, {"Content-Type": "text/event-stream"}, b'{"choices": []}'),
        (400, {}, b'{"error": {"message": "bad temperature"}}'),
        (500, {"Content-Type": "text/event-stream"}, b"data: {}"),
    ],
)
def test_other_replies_are_no_detour(status, headers, raw):
    assert detour(URL, status, headers, raw) is None


ONE = Request(model="m", messages=(("user", "[request]"),), max_tokens=7)


@pytest.mark.parametrize(
    "message",
    [
        "This model only support stream mode, please enable the stream parameter.",
        "stream must be true",
        "[{'loc': ('body', 'stream'), 'msg': 'stream should be set to true'}]",
        "non-streaming requests are not supported",
        "该模型仅支持流式输出",
        "参数stream必须为true",
    ],
)
def test_a_refusal_of_whole_answers_says_so(message):
    error = wants_stream(ModelError("bad_request", message, transient=False), ONE)
    assert error.kind == "setting"
    assert error.message.startswith(message)
    assert "the server only streams its answers" in error.message


def test_a_prompt_that_is_quoted_is_no_refusal_of_whole_answers():
    quoted = ModelError("bad_request", "refused: must I stream it", transient=False)
    asked = Request(model="m", messages=(("user", "must I stream it"),), max_tokens=7)
    assert wants_stream(quoted, asked) is None
    assert wants_stream(quoted, ONE) is not None
    assert wants_stream(ModelError("blocked", "stream must be true", transient=False), ONE) is None
    assert wants_stream(ModelError("bad_request", "upstream failed", transient=False), ONE) is None


@pytest.mark.parametrize(
    "message",
    [
        "The model `x` does not exist or you do not have access to it.",
        "Model Not Exist",
        "Invalid model: x",
        "x is not a valid model ID",
        "code model_not_found",
        "模型 x 不存在",
        "Das Modell x wurde nicht gefunden",
        "Le modèle x est introuvable",
        "Модель x не найдена",
    ],
)
def test_a_bad_request_about_the_model_s_name(message):
    assert is_unknown_model("bad_request", message)
    assert not is_unknown_model("blocked", message)


def test_other_bad_requests_are_not_about_the_name():
    assert is_unknown_model("not_found", "")
    for message in ("the model's context is full", "too long for this model", "temperature"):
        assert not is_unknown_model("bad_request", message)
