"""Refusals of settings in the shapes and words of many makers; the bodies are written after their documents."""

from __future__ import annotations

import json

import pytest

from safeglot.text.setting_words import settings_named

NAMES = ("temperature", "top_p", "logprobs", "seed", "max_tokens")


def openai_param(name):
    return {"error": {"message": "no", "param": name, "code": "unsupported_value"}}


def openai_message(name):
    text = f"Unsupported parameter: '{name}' is not supported with this model."
    return {"error": {"message": text, "type": "invalid_request_error", "param": None}}


def pydantic_list(name):
    return {"detail": [{"type": "extra_forbidden", "loc": ["body", name], "msg": "no", "input": 0}]}


def pydantic_text(name):
    text = (
        f"[{{'type': 'extra_forbidden', 'loc': ('body', '{name}'), 'msg': 'Extra inputs', "
        "'input': {'temperature': 0, 'top_p': 1, 'seed': 3, 'max_tokens': 4, 'logprobs': True}}]"
    )
    return {"object": "error", "message": text, "type": "BadRequestError", "code": 400}


def nested_detail(name):
    return {"object": "error", "message": pydantic_list(name), "type": "invalid_request_error"}


def anthropic(name):
    return {"type": "error", "error": {"message": f"{name}: Extra inputs are not permitted"}}


def google(name):
    text = f'Invalid JSON payload received. Unknown name "{name}": Cannot find field.'
    return [{"error": {"code": 400, "message": text, "status": "INVALID_ARGUMENT"}}]


def google_field(name):
    violations = [{"field": f"generation_config.{name}", "description": "no"}]
    return {"error": {"code": 400, "message": "no", "details": [{"fieldViolations": violations}]}}


def pointer(name):
    return {"errors": [{"title": "no", "source": {"pointer": f"/{name}"}}]}


def plain_text(name):
    return f"Input validation error: `{name}` must be strictly positive"


def bare_error(name):
    return {"error": f"property '{name}' is unsupported", "error_type": "validation"}


def chinese(name):
    return {"error": {"message": f"参数{name}不支持，请去掉后重试", "code": "1210"}}


def german(name):
    return {"error": {"message": f"Der Wert von {name} ist bei diesem Modell nicht erlaubt."}}


SHAPES = (
    openai_param, openai_message, pydantic_list, pydantic_text, nested_detail, anthropic, google,
    google_field, pointer, plain_text, bare_error, chinese, german,
)  # fmt: skip


def named(body, status=400):
    raw = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    return settings_named(status, raw.encode())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
@pytest.mark.parametrize("status", [400, 422])
def test_a_refused_setting_is_named_in_every_shape(shape, name, status):
    assert named(shape(name), status) == (name,)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("top_logprobs", "logprobs"),
        ("topLogprobs", "logprobs"),
        ("topP", "top_p"),
        ("max_completion_tokens", "max_tokens"),
        ("maxOutputTokens", "max_tokens"),
        ("random_seed", "seed"),
    ],
)
def test_other_makers_names_are_ours(theirs, ours):
    assert named(openai_param(theirs)) == (ours,)
    assert named(openai_message(theirs)) == (ours,)


def test_what_a_field_names_goes_before_what_the_message_says():
    body = {"error": {"message": "temperature is fine, but not seed", "param": "top_p"}}
    assert named(body) == ("top_p",)


def test_several_settings_come_in_the_order_of_the_message():
    text = "`temperature` and `top_p` cannot both be specified for this model."
    assert named({"error": {"message": text}}) == ("temperature", "top_p")


@pytest.mark.parametrize(
    "text",
    [
        "'max_tokens' is too large: 200. This model's maximum context length is 4096 tokens.",
        "Please reduce the length of the messages or max_tokens.",
        "输入超出上下文长度, max_tokens",
        "Unknown model.",
        "attempted_seedling, temperatures and stop_pointers are words of their own",
        "",
    ],
)
def test_what_is_of_other_things_names_no_setting(text):
    assert named({"error": {"message": text}}) == ()


def test_only_a_refusal_names_settings():
    body = openai_message("temperature")
    assert [named(body, status) for status in (200, 401, 404, 429, 500)] == [()] * 5
    assert named(openai_message("logprobs"), 403) == ("logprobs",)
    assert named(openai_message("temperature"), 403) == ()


def test_odd_bodies_name_nothing():
    for raw in (b"", b"\xff\xfe", b"[" * 5000, b"null", b'{"error": 7}', b'{"param": {"a": [1]}}'):
        assert settings_named(400, raw) == ()
