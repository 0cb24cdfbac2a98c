"""Anthropic's batch API: requests and results in the shape of its Messages API.

Single requests go to its OpenAI-compatible address; a batch cannot, so that bodies are put into this
shape, and replies into that of a completion, which the one reader of replies reads.
Source: docs.anthropic.com, Message Batches and Messages; OpenAI SDK compatibility.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from safeglot.backends.engine.lists import Asked, Running, Told
from safeglot.backends.models.batches.service import BatchApi, count, momentary, name
from safeglot.backends.models.bodies import LIMITS
from safeglot.backends.store.tries import OpenBatch
from safeglot.types import Reply

_COUNTS = ("processing", "succeeded", "errored", "canceled", "expired")
_NOT_ASKED = {
    "expired": "the day that a batch has was over",
    "canceled": "the batch was cancelled",
}
_STATUS = {
    "invalid_request_error": 400, "authentication_error": 401, "billing_error": 402,
    "permission_error": 403, "not_found_error": 404, "request_too_large": 413,
    "rate_limit_error": 429, "api_error": 500, "timeout_error": 504, "overloaded_error": 529,
}  # fmt: skip
_IGNORED = frozenset({
    "audio", "frequency_penalty", "logit_bias", "logprobs", "metadata", "modalities", "n",
    "parallel_tool_calls", "prediction", "presence_penalty", "reasoning_effort", "response_format",
    "seed", "service_tier", "store", "stream_options", "top_logprobs", "user",
})  # fmt: skip
"""Fields that the OpenAI-compatible address takes and leaves without effect; Messages refuses them."""
_AROUND_S = 600.0
"""A batch that was made so long after it was begun here is another one."""


class AnthropicBatches(BatchApi):
    """Batches of messages."""

    most = 100_000
    most_bytes = 256 * 10**6
    path = "messages/batches"
    cursor = "after_id"

    def headers(self) -> dict[str, str]:
        """Return the headers of every request, with the key."""
        key = {"x-api-key": self.endpoint.key} if self.endpoint.key else {}
        return {"anthropic-version": "2023-06-01", **key}

    def line(self, asked: Asked) -> dict[str, Any]:
        """Return a request as it stands in a batch."""
        key, request = asked
        return {"custom_id": key, "params": params(self.model.body(request))}

    async def submit(self, asked: Sequence[Asked], mark: str = "") -> str:  # noqa: ARG002 - it takes none
        """Return the service's name of a new batch. Raises: ModelError."""
        async with self.written(asked, b'{"requests":[', b",", b"]}") as file:
            batch, _ = await self.json("POST", self.path, file)
        return name(batch.get("id"))

    async def outcome(self, batch: Mapping[str, Any]) -> Iterable[Told] | Running:
        """Return what came of a batch as the service describes it. Raises: ModelError."""
        if batch.get("processing_status") != "ended":
            return Running(done=count(batch, *_COUNTS[1:]))
        # results_url may name any host, and the key goes to this one
        return await self.results([f"{self.path}/{name(batch.get('id'))}/results"])

    def is_ours(self, batch: Mapping[str, Any], mark: str, sought: OpenBatch) -> bool:  # noqa: ARG002 - it takes none
        """Return whether a batch in the service's list is the one that is sought: made then, as large.

        Another's has no request of ours in its results, so that all of ours are asked again.
        """
        after_s = self.began(batch) - sought.began
        return count(batch, *_COUNTS) == sought.requests and -_AROUND_S < after_s < _AROUND_S

    def began(self, batch: Mapping[str, Any]) -> float:
        """Return when a batch was made, in seconds of Unix time."""
        try:
            return datetime.fromisoformat(str(batch.get("created_at"))).timestamp()
        except (ValueError, OverflowError, OSError):
            return 0.0

    def reply(self, line: Mapping[str, Any]) -> Reply:
        """Return the reply in one line of results. Raises: ModelError."""
        result = line.get("result")
        result = result if isinstance(result, dict) else {}
        kind = str(result.get("type"))
        if kind == "succeeded":
            return self.model.read(completion(result.get("message")))
        if kind in _NOT_ASKED:
            raise momentary(_NOT_ASKED[kind])
        error = result.get("error")
        inner = error.get("error", error) if isinstance(error, dict) else None
        said = inner.get("type") if isinstance(inner, dict) else None
        return self.model.read({"error": inner or kind}, _STATUS.get(str(said), 500))


def params(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body of a chat completion as one of Messages, as the OpenAI-compatible address takes it."""
    limit = next(body[field] for field in LIMITS if field in body)
    messages = body["messages"]
    system = "\n".join(m["content"] for m in messages if m["role"] in ("system", "developer"))
    made: dict[str, Any] = {"max_tokens": limit}
    for field, value in body.items():
        if field == "messages":
            made[field] = [m for m in messages if m["role"] not in ("system", "developer")]
        elif field == "stop":
            made["stop_sequences"] = [value] if isinstance(value, str) else value
        elif field == "temperature":
            made[field] = min(value, 1.0)
        elif field not in (*LIMITS, *_IGNORED):
            made[field] = value
    return made | ({"system": system} if system else {})


def completion(message: Any) -> dict[str, Any]:
    """Return a reply of Messages in the shape of a chat completion, for the one reader."""
    if not isinstance(message, dict):
        return {}
    usage = message.get("usage")
    usage = usage if isinstance(usage, dict) else {}
    choice = {
        "message": {"content": message.get("content")},
        "finish_reason": message.get("stop_reason"),
    }
    return {
        "model": message.get("model"),
        "choices": [choice],
        "usage": {
            "prompt_tokens": usage.get("input_tokens"),
            "completion_tokens": usage.get("output_tokens"),
        },
    }
