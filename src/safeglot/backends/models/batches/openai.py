"""OpenAI's batch API: a file of requests goes up, a batch is made of it, files of results come down.

Source: platform.openai.com/docs/guides/batch and /docs/api-reference/batch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import aiohttp
import msgspec

from safeglot.backends.engine.batches import FailedList
from safeglot.backends.engine.lists import Asked, Running, Told
from safeglot.backends.models.batches.service import BatchApi, count, momentary, name
from safeglot.backends.models.error_bodies import error_of
from safeglot.backends.store.tries import OpenBatch
from safeglot.errors import ModelError
from safeglot.types import Reply

_MARK = "safeglot"
_OVER = ("completed", "expired", "cancelled")
_NOT_ASKED = {
    "batch_expired": "the day that a batch has was over",
    "batch_cancelled": "the batch was cancelled",
    "request_timeout": "the model took too long",
}
_TOO_MUCH = ("token_limit_exceeded", "rate_limit_exceeded")


class OpenAIBatches(BatchApi):
    """Batches of chat completions."""

    most = 50_000
    most_bytes = 200 * 10**6
    path = "batches"
    cursor = "after"

    def headers(self) -> dict[str, str]:
        """Return the headers of every request, with the key."""
        return {"Authorization": f"Bearer {self.endpoint.key}"} if self.endpoint.key else {}

    def line(self, asked: Asked) -> dict[str, Any]:
        """Return a request as it stands in a batch."""
        key, request = asked
        return {
            "custom_id": key,
            "method": "POST",
            "url": "/v1/chat/completions",
            "body": self.model.body(request),
        }

    async def submit(self, asked: Sequence[Asked], mark: str = "") -> str:
        """Return the service's name of a new batch. Raises: ModelError."""
        async with self.written(asked) as file:
            form = aiohttp.FormData()
            form.add_field("purpose", "batch")
            form.add_field("file", file, filename="batch.jsonl", content_type="application/jsonl")
            uploaded, _ = await self.json("POST", "files", form, kind="")
        about = {
            "input_file_id": name(uploaded.get("id")),
            "endpoint": "/v1/chat/completions",
            "completion_window": "24h",
            "metadata": {_MARK: mark},
        }
        batch, _ = await self.json("POST", self.path, msgspec.json.encode(about))
        return name(batch.get("id"))

    async def outcome(self, batch: Mapping[str, Any]) -> Iterable[Told] | Running | FailedList:
        """Return what came of a batch as the service describes it. Raises: ModelError."""
        status = batch.get("status")
        if status == "failed":
            return FailedList(error=self.model.without_key(_failed(batch)))
        if status not in _OVER:
            return Running(done=count(batch, "completed", "failed"))
        files = (batch.get("output_file_id"), batch.get("error_file_id"))
        return await self.results(f"files/{name(file)}/content" for file in files if file)

    def is_ours(self, batch: Mapping[str, Any], mark: str, sought: OpenBatch) -> bool:  # noqa: ARG002 - the mark says all
        """Return whether a batch in the service's list is the one that is sought."""
        marks = batch.get("metadata")
        return isinstance(marks, dict) and marks.get(_MARK) == mark

    def began(self, batch: Mapping[str, Any]) -> float:
        """Return when a batch was made, in seconds of Unix time."""
        at = batch.get("created_at")
        return float(at) if isinstance(at, (int, float)) else 0.0

    def reply(self, line: Mapping[str, Any]) -> Reply:
        """Return the reply in one line of results. Raises: ModelError."""
        error, response = line.get("error"), line.get("response")
        if isinstance(response, dict):
            status = response.get("status_code")
            return self.model.read(response.get("body"), status if isinstance(status, int) else 200)
        code = error.get("code") if isinstance(error, dict) else None
        if code in _NOT_ASKED:
            raise momentary(_NOT_ASKED[str(code)])
        raise self.model.without_key(error_of(200, {"error": error}))


def _failed(batch: Mapping[str, Any]) -> ModelError:
    """Return the error of a batch that failed before any of its requests was asked."""
    errors = batch.get("errors")
    rows = errors.get("data") if isinstance(errors, dict) else None
    first = rows[0] if isinstance(rows, list) and rows and isinstance(rows[0], dict) else {}
    why = f"the batch failed: {first.get('message') or first.get('code') or 'no reason is given'}"
    return ModelError("rate_limited" if first.get("code") in _TOO_MUCH else "bad_request", why)
