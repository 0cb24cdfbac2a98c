"""A real OpenAI-compatible HTTP server on 127.0.0.1 whose answers and faults are scripted.

In a test:      with Loopback(script) as server: ... server.base_url, server.requests
As a process:   python tests/loopback.py [--delay-s 0.0] [--log FILE]   (prints its base URL)
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web

from waiting import HANG_S, soon


@dataclass
class Fault:
    """What goes wrong with one request; the defaults do nothing."""

    delay_s: float = 0.0
    until: Callable[[], object] | None = None
    """Hold the reply until this is so."""
    status: int = 200
    message: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    html: bool = False
    truncate: bool = False
    no_choices: bool = False
    hang: bool = False
    drop: bool = False
    finish_reason: str | None = None
    code: str | None = None
    body: Any = None
    """The whole JSON body of a reply or a refusal, in place of what is made of the rest."""


@dataclass
class Seen:
    """One request as the server saw it."""

    path: str
    body: dict[str, Any]
    key: str
    nth: int
    headers: Mapping[str, str]

    @property
    def model(self) -> str:
        return str(self.body.get("model"))

    @property
    def texts(self) -> list[str]:
        if "messages" in self.body:
            return [m["content"] for m in self.body["messages"]]
        return [self.body["prompt"]]


@dataclass
class Script:
    """The answer to a request, and its fault; both are functions of what was seen."""

    answer: Callable[[Seen], str | dict[str, Any]]
    fault: Callable[[Seen], Fault | None] = lambda _seen: None
    checks: bool = False
    """Whether the first check of judges is scripted too; else it is answered rightly and not counted."""


def check_answer(body: Mapping[str, Any]) -> str | None:
    """Return the right answer of a judge to an exchange of its first check, None to anything else."""
    from safeglot.judge.guards.exchange_texts import PLACEHOLDER, TEXTS

    texts = [m["content"] for m in body["messages"]] if "messages" in body else [body["prompt"]]
    whole = "\n".join(texts)
    is_placed = PLACEHOLDER in whole
    asked = (t for known in TEXTS.values() for t in (known.harmful, known.benign))
    answered = (t for known in TEXTS.values() for t in (known.refusal, known.answer))
    if not any(t in whole for t in asked) and texts[-1] not in {*answered, PLACEHOLDER}:
        return None
    if "Reply with one letter" in whole:
        return "A" if is_placed else "B"
    if "You are a classifier for analyzing" in whole:
        return f"Harmful request: no\nResponse refusal: no\nHarmful response: {'yes' if is_placed else 'no'}"
    if "You are a policy expert" in whole:
        return "Yes" if is_placed else "No"
    if "qwen" in str(body.get("model")):
        return "Safety: Unsafe\nCategories: Violent" if is_placed else "Safety: Safe"
    return "unsafe\nS1" if is_placed else "safe"


def default_answer(seen: Seen) -> str:
    """Targets answer with a placeholder of the prompt's hash; guards flag one in eight of them."""
    digest = hashlib.sha256("\x00".join(seen.texts).encode()).digest()
    if "guard" in seen.model.lower():
        return "unsafe\nS1" if "[unsafe" in seen.texts[-1] else "safe"
    kind = "unsafe" if digest[0] % 8 == 0 else "safe"
    return f"[{kind} answer {int.from_bytes(digest[1:4], 'big')}]"


class Loopback:
    """The server, in a thread with its own event loop."""

    def __init__(self, script: Script | None = None) -> None:
        self.script = script or Script(answer=default_answer)
        self.requests: list[Seen] = []
        self.finished: Counter[str] = Counter()
        self.in_flight = 0
        self.most_in_flight = 0
        self._counts: Counter[str] = Counter()
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._runner: web.AppRunner | None = None
        self.base_url = ""

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(HANG_S)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(HANG_S)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._start())
        self._ready.set()
        self._loop.run_forever()
        assert self._runner is not None
        self._loop.run_until_complete(self._runner.cleanup())
        left = asyncio.all_tasks(self._loop)
        for task in left:  # requests that were scripted to hang
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        self._loop.close()

    async def _start(self, port: int = 0) -> None:
        app = web.Application(client_max_size=2**24)
        app.router.add_post("/v1/chat/completions", self.handle)
        app.router.add_post("/v1/completions", self.handle)
        app.router.add_get("/v1/models", self.models)
        self.routes(app)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self.base_url = f"http://127.0.0.1:{self.port}/v1"

    def routes(self, app: web.Application) -> None:
        """Add what a server has more."""

    async def models(self, _request: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [{"id": "target", "object": "model"}]})

    async def handle(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        checked = None if self.script.checks else check_answer(json.loads(raw))
        if checked is not None:
            body, key = json.loads(raw), hashlib.sha256(raw).hexdigest()
            about = Seen(path=request.path, body=body, key=key, nth=1, headers={})
            return web.json_response(completion(about, checked, Fault()))
        key = hashlib.sha256(request.path.encode() + raw).hexdigest()
        self._counts[key] += 1
        seen = Seen(
            path=request.path,
            body=json.loads(raw),
            key=key,
            nth=self._counts[key],
            headers=dict(request.headers),
        )
        self.requests.append(seen)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            return await self._respond(request, seen)
        finally:
            self.in_flight -= 1

    async def _respond(self, request: web.Request, seen: Seen) -> web.StreamResponse:
        fault = self.script.fault(seen) or Fault()
        if fault.hang:
            await asyncio.sleep(3600)
        if fault.until:
            await soon(fault.until)
        if fault.delay_s:
            await asyncio.sleep(fault.delay_s)
        if fault.drop and request.transport is not None:
            request.transport.abort()
        if fault.html:
            return web.Response(
                text="<!DOCTYPE html><p>gateway</p>",
                content_type="text/html",
                status=fault.status,
                headers=fault.headers,
            )
        if fault.status != 200:
            error = {"error": {"message": fault.message or "scripted", "code": fault.code}}
            error = error if fault.body is None else fault.body
            return web.json_response(error, status=fault.status, headers=fault.headers)
        body = fault.body
        if body is None:
            body = completion(seen, self.script.answer(seen), fault)
        if fault.truncate:
            return web.Response(
                body=json.dumps(body).encode()[:-30], content_type="application/json"
            )
        self.finished[seen.key] += 1
        return web.json_response(body)


def completion(seen: Seen, answer: str | dict[str, Any], fault: Fault) -> dict[str, Any]:
    given = {"text": answer} if isinstance(answer, str) else answer
    text = given["text"]
    choice: dict[str, Any] = {
        "index": 0,
        "finish_reason": fault.finish_reason or given.get("finish", "stop"),
    }
    if seen.path.endswith("/chat/completions"):
        choice["message"] = {"role": "assistant", "content": text}
    else:
        choice["text"] = text
    if "logprobs" in given:
        choice["logprobs"] = {
            "content": [
                {
                    "token": alternatives[0][0],
                    "logprob": alternatives[0][1],
                    "top_logprobs": [{"token": t, "logprob": p} for t, p in alternatives],
                }
                for alternatives in given["logprobs"]
            ]
        }
    n_in = sum(len(t) for t in seen.texts) // 4 + 1
    n_out = len(text or "") // 4 + 1
    return {
        "id": "x",
        "object": "completion",
        "model": seen.model,
        "choices": [] if fault.no_choices else [choice],
        "usage": {"prompt_tokens": n_in, "completion_tokens": n_out, "total_tokens": n_in + n_out},
    }


async def _serve(arguments: argparse.Namespace) -> None:
    script = Script(answer=default_answer, fault=lambda _seen: Fault(delay_s=arguments.delay_s))
    server = Loopback(script)
    await server._start(arguments.port)
    print(server.base_url, flush=True)
    while True:
        await asyncio.sleep(1)
        server.requests.clear()
        server._counts.clear()
        server.finished.clear()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--delay-s", type=float, default=0.0)
    asyncio.run(_serve(parser.parse_args()))
