from __future__ import annotations

import json
from typing import Any

import pytest

from safeglot.backends.models.error_bodies import error_of, error_of_bytes


def openai(message: str = "", **fields: Any) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", **fields}}


XAI = {
    "code": "The caller does not have permission to execute the specified operation",
    "error": "Content violates usage guidelines. Team: t, API key ID: k, Failed check: SAFETY_CHECK",
}
MODERATED = {
    "reasons": ["violence"],
    "flagged_input": "[harmful request]",
    "provider_name": "x",
}
WRAPPED = openai(
    "Provider returned error",
    code=400,
    metadata={"raw": json.dumps(openai("Content Exists Risk")), "provider_name": "DeepSeek"},
)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, openai("Your prompt was flagged by the usage policy.", code="invalid_prompt")),
        (400, openai("The response was filtered", code="content_filter")),
        (400, openai("x", innererror={"code": "ResponsibleAIPolicyViolation"})),
        (400, openai("Content Exists Risk", code="invalid_request_error")),
        (
            400,
            openai("Input data may contain inappropriate content.", code="data_inspection_failed"),
        ),
        (400, {"code": "DataInspectionFailed", "message": "Output data may contain x"}),
        (400, openai("Output blocked by content filtering policy")),
        (400, openai("系统检测到输入或生成内容可能包含不安全或敏感内容", code="1301")),
        (400, openai("The request was rejected because it was considered high risk")),
        (400, {"error": {"code": "InputTextSensitiveContentDetected", "message": "x"}}),
        (400, {"detail": "Prompt blocked by guardrail"}),
        (400, {"success": False, "error": [{"code": 2016, "message": "Prompt blocked"}]}),
        (403, XAI),
        (
            403,
            openai("x requires moderation. Your input was flagged", code=403, metadata=MODERATED),
        ),
        (403, openai("forbidden", code=403, metadata=MODERATED)),
        (403, {"statusCode": 403, "message": "Request failed content safety check."}),
        (403, "Content violates usage guidelines"),
        (446, {"error": {"message": "The guardrail checks failed", "type": "hooks_failed"}}),
        (451, {"error": {"message": "no", "type": "x"}}),
        (422, openai("Your prompt contains prohibited content")),
        (500, openai("litellm.ContentPolicyViolationError", code="content_policy_violation")),
        (400, WRAPPED),
        (400, {"Response": {"Error": {"Code": "FailedOperation.ContentRisk", "Message": "no"}}}),
        (400, {"error": {"message": "bad request: prompt is blocked"}}),
        (400, {"message": "The generated text has been blocked by our content filters."}),
        (502, WRAPPED),
        (200, openai("The prompt was blocked", code="content_filter")),
        (200, openai("Provider returned error", code=403, metadata=MODERATED)),
        (200, {"base_resp": {"status_code": 1026, "status_msg": "input new_sensitive"}}),
    ],
)
def test_what_the_makers_will_not_let_through_is_blocked(status: int, body: Any) -> None:
    error = error_of(status, body)
    assert (error.kind, error.transient) == ("blocked", False)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (403, openai("Forbidden"), "auth"),
        (403, openai("Your account has been blocked for violating our usage policy"), "auth"),
        (403, openai("Country, region, or territory not supported"), "auth"),
        (403, "an HTML page", "auth"),
        (403, openai("The organization must be verified to use this model"), "auth"),
        (401, openai("Your prompt was flagged by the safety system"), "auth"),
        (400, openai("This model's maximum context length is 4096 tokens"), "bad_request"),
        (400, openai("temperature is not supported", param="temperature"), "bad_request"),
        (404, openai("No endpoints found matching your data policy"), "not_found"),
        (429, openai("You exceeded your current quota", code="insufficient_quota"), "quota"),
        (402, openai("Insufficient Balance"), "quota"),
        (400, openai("Your credit balance is too low to access the API"), "quota"),
        (429, openai("Rate limit reached", code="rate_limit_exceeded"), "rate_limited"),
        (429, openai("Your input was flagged too often"), "rate_limited"),
        (503, "overloaded", "rate_limited"),
        (500, openai("boom"), "server_error"),
        (418, "teapot", "bad_request"),
        (200, openai("Upstream broke off", code=502), "server_error"),
        (200, {"error": {"message": "slow down", "code": 429}}, "rate_limited"),
        (200, {"error": {"message": "bad key", "code": "invalid_api_key"}}, "auth"),
        (200, {"error": {"message": "bad luck"}}, "broken"),
        (200, {"error": "bad luck"}, "broken"),
    ],
)
def test_other_errors_are_what_they_are(status: int, body: Any, kind: str) -> None:
    assert error_of(status, body).kind == kind


def test_the_message_keeps_the_makers_words() -> None:
    shown = error_of(400, WRAPPED).message
    assert "Content Exists Risk" in shown
    assert "invalid_prompt" in error_of(400, openai("flagged", code="invalid_prompt")).message
    assert error_of(400, openai("flagged", code="invalid_prompt")).message.startswith("flagged")


@pytest.mark.parametrize("raw", [b"", b"\xff\xfe", b"<html>", b"[" * 100_000, b"{", b"null", b"7"])
def test_a_body_of_any_bytes_gives_an_error(raw: bytes) -> None:
    assert error_of_bytes(400, raw).kind == "bad_request"
    assert error_of_bytes(403, raw).kind == "auth"
