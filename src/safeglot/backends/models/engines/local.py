"""Models in a GGUF file, run inside this process by llama.cpp (through xllamacpp).

One engine decodes many sequences together. Its calls block in C++, so each runs in a thread of
its own; answers are streamed, because between two tokens is the only place to stop a call.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import queue
import threading
import time
import weakref
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safeglot.backends.models.ending import closed, wait_or_leave
from safeglot.backends.models.engines.base import gguf_fault, stopped
from safeglot.backends.models.engines.llamacpp import body_of, import_engine, load, reply_of
from safeglot.backends.models.engines.thread import STOP_TIMEOUT_S
from safeglot.errors import ModelError, UsageError
from safeglot.types import Reply, Request

DEFAULT_PARALLEL = 16
DEFAULT_CONTEXT_TOKENS = 2048
_THREADS = "OMP_NUM_THREADS"
"""The variable by which a cluster tells a process its share of the processors."""


class LocalModel:
    """Answers requests with the model of one GGUF file; loads it at the first request.

    `parallel` requests are decoded together, each with a context of `context_tokens` tokens.
    Raises: UsageError for a file that is missing or no GGUF, and where xllamacpp is missing.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        parallel: int = DEFAULT_PARALLEL,
        context_tokens: int = DEFAULT_CONTEXT_TOKENS,
        threads: int | None = None,
        name: str = "embedded/smollm2-135m",
    ) -> None:
        _check_sizes(parallel, context_tokens, threads)
        if fault := gguf_fault(Path(path)):
            raise UsageError(f"{name}: {path}: {fault}")
        import_engine()
        self.name = name
        self.parallel = parallel
        self._engine = _Engine(
            path=Path(path),
            parallel=parallel,
            context_tokens=context_tokens,
            threads=threads or int(os.environ.get(_THREADS) or 0) or os.cpu_count() or 1,
        )
        self._finalizer = weakref.finalize(self, self._engine.stop)
        self._finalizer.atexit = False  # the engine sees to that

    async def answer(self, request: Request) -> Reply:
        """Return the reply to one request. Raises: ModelError."""
        call = _Call(request)
        self._engine.submit(call)
        try:
            return await asyncio.wrap_future(call.done)
        finally:
            call.stop.set()

    async def close(self) -> None:
        """Stop the calls in flight and free the model. It can be closed twice, not used again."""
        await asyncio.to_thread(self._finalizer)


@dataclass(slots=True, eq=False)
class _Call:
    """One request on its way through a thread; `stop` ends it at its next token."""

    request: Request
    done: Future[Reply] = field(default_factory=Future)
    stop: threading.Event = field(default_factory=threading.Event)


@dataclass(slots=True, eq=False)
class _Engine:
    """The loaded model and the threads that wait for it.

    The threads are daemons, so that a program can come to its end while they are inside C++; `end`
    waits for them then. A model freed with calls in flight aborts the process: `server` is the
    only reference to it that outlives a call, in no local variable, since an error keeps the
    frames that it came through, and the model would be freed with it, whenever that is.
    """

    path: Path
    parallel: int
    context_tokens: int
    threads: int
    lock: threading.Lock = field(default_factory=threading.Lock)
    calls: queue.SimpleQueue[_Call | None] = field(default_factory=queue.SimpleQueue)
    workers: list[threading.Thread] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)
    server: Any = None
    load_error: ModelError | None = None

    def submit(self, call: _Call) -> None:
        """Queue a call. Raises: ModelError after `stop`."""
        with self.lock:
            if self.stopping.is_set():
                raise closed()
            if not self.workers:
                atexit.register(self.end)
            if len(self.workers) < self.parallel:
                worker = threading.Thread(target=self._work, name="llama.cpp", daemon=True)
                self.workers.append(worker)
                worker.start()
            self.calls.put(call)

    def stop(self, timeout_s: float = STOP_TIMEOUT_S) -> int:
        """Return how many threads are left after a while; all calls are ended, the model is freed."""
        with self.lock:
            self.stopping.set()
            workers = list(self.workers)
        for _ in workers:
            self.calls.put(None)
        # One deadline for all: the first may be the last to end.
        until = time.monotonic() + timeout_s
        for worker in workers:
            worker.join(max(0.0, until - time.monotonic()))
        left = sum(worker.is_alive() for worker in workers)
        if not left:
            self.server = None
            atexit.unregister(self.end)
        return left

    def end(self) -> None:
        """Stop before the process ends."""
        wait_or_leave("llama.cpp", self.stop)

    def _work(self) -> None:
        while (call := self.calls.get()) is not None:
            if not call.done.set_running_or_notify_cancel():
                continue
            try:
                call.done.set_result(self._answer(call))
            except BaseException as error:  # noqa: BLE001 - it belongs to whoever waits for the call
                call.done.set_exception(error)

    def _answer(self, call: _Call) -> Reply:
        self._be_ready()
        chunks: list[Mapping[str, Any]] = []

        def take(chunk: Mapping[str, Any]) -> bool:
            chunks.append(chunk)
            return call.stop.is_set() or self.stopping.is_set()

        if call.stop.is_set() or self.stopping.is_set():
            raise stopped()
        self._ask(body_of(call.request), take)
        if call.stop.is_set() or self.stopping.is_set():
            raise stopped()
        return reply_of(chunks)

    def _ask(self, body: dict[str, Any], take: Any) -> None:
        """Have the model answer. Raises: ModelError."""
        try:
            if "messages" in body:
                self.server.handle_chat_completions(body, take)
            else:
                self.server.handle_completions(body, take)
        except (ValueError, TypeError) as error:
            raise ModelError("bad_request", str(error), transient=False) from error
        except RuntimeError as error:
            if "surrogate" in str(error):
                message = "the text is not valid Unicode: it has half of a surrogate pair"
                raise ModelError("bad_request", message, transient=False) from error
            raise ModelError("engine", str(error), transient=False) from error

    def _be_ready(self) -> None:
        with self.lock:
            if self.stopping.is_set():
                raise stopped()
            if self.load_error is not None:
                raise self.load_error
            if self.server is None:
                try:
                    self.server = load(
                        self.path,
                        parallel=self.parallel,
                        context_tokens=self.context_tokens,
                        threads=self.threads,
                    )
                except (RuntimeError, ValueError, MemoryError) as error:
                    self.load_error = ModelError(
                        "engine",
                        f"llama.cpp cannot load {self.path}: {error} The file may be damaged, its "
                        "architecture too new for this xllamacpp, or the memory too small for "
                        f"{self.parallel} x {self.context_tokens} tokens of context.",
                        transient=False,
                    )
                    raise self.load_error from error


def _check_sizes(parallel: int, context_tokens: int, threads: int | None) -> None:
    for what, got, low in (
        ("parallel", parallel, 1),
        ("context_tokens", context_tokens, 64),
        ("threads", 1 if threads is None else threads, 1),
    ):
        if got < low:
            raise UsageError(f"{what} of a local model is {got}; it must be {low} or more")
