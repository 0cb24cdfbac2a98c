"""A chat-completions server on the loopback that goes wrong byte for byte, as a scenario says.

`loopback.py` speaks correct HTTP; this one writes to the socket itself, so that it can reset, cut,
trickle, or send a reply twice. Every reply has an id of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from waiting import HANG_S

REASONS = {200: "OK", 401: "Unauthorized", 429: "Too Many Requests", 500: "Internal Server Error"}


@dataclass(frozen=True)
class Asked:
    """One request as it arrived."""

    model: str
    text: str
    n: int
    """How many requests have arrived, this one included."""
    nth: int
    """How often this text has arrived."""


@dataclass(frozen=True)
class Act:
    """What is done with one request; the defaults answer it."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    """In place of the right answer."""
    delay_s: float = 0.0
    again_s: float | None = None
    """Send the whole reply a second time after so long, without waiting for anybody."""
    reset: bool = False
    pieces: int = 1
    pause_s: float = 0.0
    """Between the pieces."""
    cut: float = 1.0
    """The share of the body that the server takes for the whole."""
    keep: float = 1.0
    """The share of the body that is sent; then the connection ends."""


Scenario = Callable[[Asked], Act]


def right_answer(asked: Asked) -> str:
    """Return a placeholder of the text's hash; a guard flags one in eight of them."""
    digest = hashlib.sha256(asked.text.encode()).digest()
    if "guard" in asked.model:
        return "unsafe\nS1" if "[unsafe" in asked.text else "safe"
    kind = "unsafe" if digest[0] % 8 == 0 else "safe"
    return f"[{kind} answer {int.from_bytes(digest[1:5], 'big')}]"


def completion(text: str, n: int, **more: Any) -> dict[str, Any]:
    """Return the body of a reply; `n` makes its id."""
    message = {"role": "assistant", "content": text}
    return {
        "id": f"chatcmpl-{n:016x}",
        "object": "chat.completion",
        "created": 1_790_000_000 + n // 100,
        "model": "m",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
        **more,
    }


class FaultServer:
    """The server, in a thread with its own event loop; it can be taken down and brought back."""

    def __init__(self, scenario: Scenario = lambda _asked: Act()) -> None:
        self.scenario = scenario
        self.n = 0
        self.asked: Counter[tuple[str, str]] = Counter()
        self.acts: Counter[int] = Counter()
        self.open = 0
        self.connections = 0
        self.closed = 0
        self.answer: Callable[[Asked], dict[str, Any]] = lambda asked: completion(
            right_answer(asked), asked.n
        )
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._ready = threading.Event()
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._last: tuple[Any, bytes] = (None, b"")
        self.port = 0

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(HANG_S)
        return self

    def __exit__(self, *_: object) -> None:
        self.down()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(HANG_S)

    def down(self) -> None:
        """Refuse connections and break off those that are open."""
        asyncio.run_coroutine_threadsafe(self._down(), self._loop).result(HANG_S)

    def up(self) -> None:
        """Listen again at the same port."""
        asyncio.run_coroutine_threadsafe(self._up(), self._loop).result(HANG_S)

    def repeat(self) -> None:
        """Send the last reply once more on its connection."""
        self._loop.call_soon_threadsafe(lambda: _write(*self._last))

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._up())
        self._ready.set()
        self._loop.run_forever()
        left = asyncio.all_tasks(self._loop)
        for task in left:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        self._loop.close()

    async def _up(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, backlog=512)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _down(self) -> None:
        if self._server is not None:
            for listening in self._server.sockets:  # what is accepted already gets its transport
                self._loop.remove_reader(listening.fileno())
            for _ in range(5):
                await asyncio.sleep(0)
            self._server.close()
            self._server = None
        for writer in list(self._writers):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        self.connections += 1
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                while await self._one(reader, writer):
                    pass
        finally:
            self._writers.discard(writer)
            writer.close()
            self.closed += 1

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; return whether the connection stays."""
        head = await reader.readuntil(b"\r\n\r\n")
        lengths = [
            line.split(b":")[1]
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length")
        ]
        raw = await reader.readexactly(int(lengths[0])) if lengths else b"{}"
        asked = self._asked(json.loads(raw))
        self.open += 1
        try:
            act = self.scenario(asked)
            self.acts[act.status] += 1
            return await self._act(asked, act, writer)
        finally:
            self.open -= 1

    def _asked(self, body: dict[str, Any]) -> Asked:
        model = str(body.get("model"))
        text = body["messages"][-1]["content"] if "messages" in body else str(body.get("prompt"))
        self.n += 1
        self.asked[model, text] += 1
        return Asked(model=model, text=text, n=self.n, nth=self.asked[model, text])

    async def _act(self, asked: Asked, act: Act, writer: asyncio.StreamWriter) -> bool:
        if act.delay_s:
            await asyncio.sleep(act.delay_s)
        if act.reset:
            writer.transport.abort()
            return False
        data = act.body
        if data is None:
            said = self.answer(asked) if act.status == 200 else {"error": {"message": "scripted"}}
            data = json.dumps(said).encode()
        data = data[: int(len(data) * act.cut)]
        head = _head(act, len(data))
        data = data[: int(len(data) * act.keep)]
        self._last = writer, head + data  # before it is sent: who has it may ask for it again
        writer.write(head)
        step = -(-len(data) // act.pieces) or 1
        for start in range(0, len(data), step):
            if start and act.pause_s:
                await writer.drain()
                await asyncio.sleep(act.pause_s)
            writer.write(data[start : start + step])
        await writer.drain()
        if act.again_s is not None:
            self._loop.call_later(act.again_s, _write, writer, head + data)
        return act.keep == 1.0


def _head(act: Act, length: int) -> bytes:
    headers = {"Content-Type": "application/json", "Content-Length": str(length), **act.headers}
    lines = [f"HTTP/1.1 {act.status} {REASONS.get(act.status, 'Status')}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _write(writer: asyncio.StreamWriter, data: bytes) -> None:
    if not writer.is_closing():
        writer.write(data)
