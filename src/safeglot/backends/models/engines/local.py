"""Models in a GGUF file, run inside this process by llama.cpp (through xllamacpp).

One engine decodes many sequences together. Its calls block in C++, so each runs in a thread of
its own; answers are streamed, because between two tokens is the only place to stop a call.
"""

from __future__ import annotations

import os
import queue
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safeglot.backends.models.engines.base import gguf_fault, stopped
from safeglot.backends.models.engines.llamacpp import body_of, import_engine, load, reply_of
from safeglot.backends.models.engines.thread import (
    STOP_TIMEOUT_S,
    ModelThread,
    ThreadCall,
    ThreadedModel,
)
from safeglot.errors import ModelError, UsageError
from safeglot.types import Reply

DEFAULT_PARALLEL = 16
DEFAULT_CONTEXT_TOKENS = 2048
_THREADS = "OMP_NUM_THREADS"
"""The variable by which a cluster tells a process its share of the processors."""


class LocalModel(ThreadedModel):
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
        super().__init__(self._engine, self._engine.submit)


class _Engine(ModelThread):
    """The loaded model and the threads that wait for it.

    The threads are daemons, so that a program can come to its end while they are inside C++; `end`
    waits for them then. A model freed with calls in flight aborts the process: `server` is the
    only reference to it that outlives a call, in no local variable, since an error keeps the
    frames that it came through, and the model would be freed with it, whenever that is.
    """

    def __init__(self, *, path: Path, parallel: int, context_tokens: int, threads: int) -> None:
        super().__init__("llama.cpp", "llama.cpp", most=parallel)
        self.path = path
        self.parallel = parallel
        self.context_tokens = context_tokens
        self.threads = threads
        self.calls: queue.SimpleQueue[ThreadCall | None] = queue.SimpleQueue()
        self.server: Any = None
        self.load_error: ModelError | None = None

    def submit(self, call: ThreadCall) -> None:
        """Queue a call. Raises: ModelError after `stop`."""
        with self.changed:
            self.begin()
            self.calls.put(call)

    def refuse(self) -> None:
        """Let each thread come to its end."""
        for _ in self.workers:
            self.calls.put(None)

    def stop(self, timeout_s: float = STOP_TIMEOUT_S) -> int:
        """Return how many threads are left after a while; all calls are ended, the model is freed."""
        left = super().stop(timeout_s)
        if not left:
            self.server = None
        return left

    def run_calls(self) -> None:
        """Answer calls until there is none to come."""
        while (call := self.calls.get()) is not None:
            if not call.done.set_running_or_notify_cancel():
                continue
            try:
                call.done.set_result(self._answer(call))
            except BaseException as error:  # noqa: BLE001 - it belongs to whoever waits for the call
                call.done.set_exception(error)

    def _answer(self, call: ThreadCall) -> Reply:
        self._be_ready()
        chunks: list[Mapping[str, Any]] = []

        def take(chunk: Mapping[str, Any]) -> bool:
            chunks.append(chunk)
            return call.left or self.stopping

        if call.left or self.stopping:
            raise stopped()
        self._ask(body_of(call.request), take)
        if call.left or self.stopping:
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
            raise ModelError("bad_request", str(error)) from error
        except RuntimeError as error:
            if "surrogate" in str(error):
                message = "the text is not valid Unicode: it has half of a surrogate pair"
                raise ModelError("bad_request", message) from error
            raise ModelError("engine", str(error)) from error

    def _be_ready(self) -> None:
        with self.changed:
            if self.stopping:
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
