"""The loopback server with the batch APIs of OpenAI and Anthropic, in their documented shapes."""

from __future__ import annotations

import itertools
import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from loopback import Fault, Loopback, Script, Seen, completion

DONE, EXPIRED, ERRORED, CANCELLED, LOST = "done", "expired", "errored", "cancelled", "lost"


@dataclass
class Batch:
    """One batch as the server holds it."""

    id: str
    lines: list[dict[str, Any]]
    metadata: dict[str, str] = field(default_factory=dict)
    began: float = field(default_factory=time.time)
    known: bool = True
    failed: str = ""
    """The code of an error for which the whole batch fails."""


class BatchServer(Loopback):
    """`fate` says how the nth asking of a request ends; batches are at work until `released`."""

    def __init__(
        self,
        script: Script | None = None,
        *,
        fate: Callable[[Seen], str] = lambda _seen: DONE,
        released: bool = True,
    ) -> None:
        super().__init__(script)
        self.fate = fate
        self.released = released
        self.batches: dict[str, Batch] = {}
        self.files: dict[str, bytes] = {}
        self.polls: Counter[str] = Counter()
        self.keys: list[str] = []
        """The keys that came with requests of batches."""
        self.refuse: list[tuple[int, dict[str, Any]]] = []
        """(status, body) of the next requests to make a batch."""
        self.fail: list[str] = []
        """Codes for which the next batches fail as a whole."""
        self.drop_next = False
        """Whether the next batch is made and its maker not told."""
        self.results_url = ""
        self._numbers = itertools.count(1)
        self._asked: Counter[str] = Counter()
        self._results: dict[str, list[tuple[dict[str, Any], str, Any]]] = {}

    def routes(self, app: web.Application) -> None:
        app._client_max_size = 2**28
        app.router.add_post("/v1/files", self._upload)
        app.router.add_get("/v1/files/{id}/content", self._content)
        app.router.add_post("/v1/batches", self._make_openai)
        app.router.add_get("/v1/batches", self._list_openai)
        app.router.add_get("/v1/batches/{id}", self._poll_openai)
        app.router.add_post("/v1/messages/batches", self._make_anthropic)
        app.router.add_get("/v1/messages/batches", self._list_anthropic)
        app.router.add_get("/v1/messages/batches/{id}", self._poll_anthropic)
        app.router.add_get("/v1/messages/batches/{id}/results", self._results_anthropic)

    @property
    def asked_in_batches(self) -> Counter[str]:
        """How often each text was asked for in batches."""
        return Counter(text_of(line) for batch in self.batches.values() for line in batch.lines)

    def _note_key(self, request: web.Request) -> None:
        self.keys.append(
            request.headers.get("x-api-key")
            or request.headers.get("Authorization", "").removeprefix("Bearer ")
        )

    def _begin(self, request: web.Request, batch: Batch) -> None:
        batch.failed = self.fail.pop(0) if self.fail else ""
        self.batches[batch.id] = batch
        if self.drop_next:
            self.drop_next = False
            assert request.transport is not None
            request.transport.abort()

    def _of(self, batch: Batch) -> list[tuple[dict[str, Any], str, Any]]:
        """Each line with its fate and the body of its reply; made once."""
        if batch.id not in self._results:
            made = []
            for line in batch.lines:
                body = chat_body(line)
                key = json.dumps(body, sort_keys=True)
                self._asked[key] += 1
                seen = Seen(
                    path="/v1/chat/completions",
                    body=body,
                    key=key,
                    nth=self._asked[key],
                    headers={},
                )
                fault = self.script.fault(seen) or Fault()
                made.append(
                    (line, self.fate(seen), completion(seen, self.script.answer(seen), fault))
                )
            self._results[batch.id] = made
        return self._results[batch.id]

    def _refusal(self) -> web.Response | None:
        if not self.refuse:
            return None
        status, body = self.refuse.pop(0)
        return web.json_response(body, status=status)

    # ---- OpenAI

    async def _upload(self, request: web.Request) -> web.Response:
        form = await request.post()
        assert form["purpose"] == "batch"
        name = f"file-{next(self._numbers)}"
        self.files[name] = form["file"].file.read()
        return web.json_response({"id": name, "object": "file", "purpose": "batch"})

    async def _make_openai(self, request: web.Request) -> web.Response:
        self._note_key(request)
        if refused := self._refusal():
            return refused
        about = await request.json()
        assert about["endpoint"] == "/v1/chat/completions"
        assert about["completion_window"] == "24h"
        lines = [json.loads(line) for line in self.files[about["input_file_id"]].splitlines()]
        assert all(set(line) == {"custom_id", "method", "url", "body"} for line in lines)
        batch = Batch(f"batch_{next(self._numbers)}", lines, about["metadata"])
        self._begin(request, batch)
        return web.json_response(self._openai(batch))

    def _openai(self, batch: Batch) -> dict[str, Any]:
        status = "completed" if self.released else "in_progress"
        errors = None
        counts = {"total": len(batch.lines), "completed": 0, "failed": 0}
        files: dict[str, str | None] = {"output_file_id": None, "error_file_id": None}
        if batch.failed:
            status = "failed"
            row = {"code": batch.failed, "message": f"scripted {batch.failed}", "line": None}
            errors = {"object": "list", "data": [row]}
        elif self.released:
            fates = Counter(fate for _, fate, _ in self._of(batch))
            status = "expired" if fates[EXPIRED] else "completed"
            counts["completed"] = fates[DONE]
            counts["failed"] = len(batch.lines) - fates[DONE]
            files = {"output_file_id": f"out-{batch.id}"}
            if counts["failed"]:
                files["error_file_id"] = f"err-{batch.id}"
            self._write(batch)
        return {
            "id": batch.id, "object": "batch", "endpoint": "/v1/chat/completions",
            "status": status, "errors": errors, "completion_window": "24h",
            "created_at": int(batch.began), "metadata": batch.metadata, "request_counts": counts,
            **files,
        }  # fmt: skip

    def _write(self, batch: Batch) -> None:
        out, err = [], []
        for line, fate, body in reversed(self._of(batch)):  # in any order
            row: dict[str, Any] = {"id": "batch_req_1", "custom_id": line["custom_id"]}
            if fate == DONE:
                response = {"status_code": 200, "request_id": "r", "body": body}
                out.append(row | {"response": response, "error": None})
            elif fate in (EXPIRED, CANCELLED):
                error = {"code": f"batch_{fate}", "message": "scripted"}
                err.append(row | {"response": None, "error": error})
            elif fate == ERRORED:
                refused = {"error": {"message": "scripted overload", "code": "server_error"}}
                response = {"status_code": 500, "request_id": "r", "body": refused}
                err.append(row | {"response": response, "error": None})
        for name, rows in (("out", out), ("err", err)):
            self.files[f"{name}-{batch.id}"] = "\n".join(map(json.dumps, rows)).encode()

    async def _list_openai(self, request: web.Request) -> web.Response:
        rows = [self._openai(b) for b in reversed(self.batches.values()) if b.known]
        return web.json_response(
            _page(rows, request.query.get("after"), int(request.query["limit"]))
        )

    async def _poll_openai(self, request: web.Request) -> web.Response:
        self._note_key(request)
        batch = self.batches.get(request.match_info["id"])
        self.polls[request.match_info["id"]] += 1
        if batch is None or not batch.known:
            error = {"error": {"message": "No such batch", "type": "invalid_request_error"}}
            return web.json_response(error, status=404)
        return web.json_response(self._openai(batch), headers={"Retry-After": "0.02"})

    async def _content(self, request: web.Request) -> web.Response:
        self._note_key(request)
        return web.Response(body=self.files[request.match_info["id"]])

    # ---- Anthropic

    async def _make_anthropic(self, request: web.Request) -> web.Response:
        self._note_key(request)
        assert request.headers["anthropic-version"] == "2023-06-01"
        if refused := self._refusal():
            return refused
        lines = (await request.json())["requests"]
        assert all(set(line) == {"custom_id", "params"} for line in lines)
        assert all({"model", "max_tokens", "messages"} <= set(line["params"]) for line in lines)
        batch = Batch(f"msgbatch_{next(self._numbers)}", lines)
        self._begin(request, batch)
        return web.json_response(self._anthropic(batch))

    def _anthropic(self, batch: Batch) -> dict[str, Any]:
        counts = dict.fromkeys(("processing", "succeeded", "errored", "canceled", "expired"), 0)
        if self.released:
            names = {
                DONE: "succeeded",
                ERRORED: "errored",
                CANCELLED: "canceled",
                LOST: "succeeded",
            }
            for _, fate, _ in self._of(batch):
                counts[names.get(fate, fate)] += 1
        else:
            counts["processing"] = len(batch.lines)
        url = self.results_url or f"{self.base_url}/messages/batches/{batch.id}/results"
        return {
            "id": batch.id, "type": "message_batch",
            "processing_status": "ended" if self.released else "in_progress",
            "request_counts": counts, "created_at": datetime.fromtimestamp(batch.began, UTC).isoformat(),
            "results_url": url if self.released else None,
        }  # fmt: skip

    async def _list_anthropic(self, request: web.Request) -> web.Response:
        rows = [self._anthropic(b) for b in reversed(self.batches.values()) if b.known]
        after = request.query.get("after_id")
        return web.json_response(_page(rows, after, int(request.query["limit"])))

    async def _poll_anthropic(self, request: web.Request) -> web.Response:
        self._note_key(request)
        batch = self.batches.get(request.match_info["id"])
        self.polls[request.match_info["id"]] += 1
        if batch is None or not batch.known:
            error = {"type": "error", "error": {"type": "not_found_error", "message": "No batch"}}
            return web.json_response(error, status=404)
        return web.json_response(self._anthropic(batch), headers={"Retry-After": "0.02"})

    async def _results_anthropic(self, request: web.Request) -> web.Response:
        self._note_key(request)
        rows = []
        for line, fate, body in reversed(self._of(self.batches[request.match_info["id"]])):
            if fate == DONE:
                result = {"type": "succeeded", "message": message_of(body)}
            elif fate == ERRORED:
                error = {"type": "overloaded_error", "message": "scripted overload"}
                result = {"type": "errored", "error": {"type": "error", "error": error}}
            else:
                result = {"type": "canceled" if fate == CANCELLED else "expired"}
            if fate != LOST:
                rows.append({"custom_id": line["custom_id"], "result": result})
        return web.Response(body="\n".join(map(json.dumps, rows)).encode())


def _page(rows: list[dict[str, Any]], after: str | None, limit: int) -> dict[str, Any]:
    ids = [row["id"] for row in rows]
    rows = rows[ids.index(after) + 1 :] if after else rows
    return {"data": rows[:limit], "has_more": len(rows) > limit}


def chat_body(line: dict[str, Any]) -> dict[str, Any]:
    """The body of a line as a chat completion, which the script answers."""
    if "body" in line:
        return line["body"]
    params = line["params"]
    system = [{"role": "system", "content": params["system"]}] if "system" in params else []
    return params | {"messages": [*system, *params["messages"]]}


def text_of(line: dict[str, Any]) -> str:
    return chat_body(line)["messages"][-1]["content"]


def message_of(body: dict[str, Any]) -> dict[str, Any]:
    """A chat completion in the shape of Messages."""
    (choice,) = body["choices"]
    reasons = {"stop": "end_turn", "length": "max_tokens", "content_filter": "refusal"}
    usage = body["usage"]
    return {
        "id": "msg_1", "type": "message", "role": "assistant", "model": body["model"],
        "content": [{"type": "text", "text": choice["message"]["content"]}],
        "stop_reason": reasons[choice["finish_reason"]], "stop_sequence": None,
        "usage": {"input_tokens": usage["prompt_tokens"], "output_tokens": usage["completion_tokens"]},
    }  # fmt: skip
