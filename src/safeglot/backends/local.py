"""Models in a GGUF file, run inside this process by llama.cpp (through xllamacpp).

One engine decodes many sequences together. Its calls block in C++, so each runs in a thread of
its own; answers are streamed, because between two tokens is the only place to stop a call.
"""

from __future__ import annotations

import asyncio
import ctypes
import itertools
import os
import queue
import secrets
import signal
import threading
import time
import weakref
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safeglot.errors import ModelError, UsageError
from safeglot.keys import request_key
from safeglot.types import LOGPROB_POSITIONS, Alternatives, Reply, Request

DEFAULT_PARALLEL = 16
DEFAULT_CONTEXT_TOKENS = 2048

_BATCH_TOKENS = 128
"""Prompt tokens worked on at a time: a call can be stopped only between two batches."""
_STOP_TIMEOUT_S = 60.0
_RANDOM_SEED = 0xFFFFFFFF
"""What llama.cpp takes for 'any seed'."""

# llama.cpp's own defaults (top-k 40, min-p 0.05, top-p before temperature) are not what a request
# asks for. In the order of vLLM, and neutral unless the request's `extra` says otherwise.
_NEUTRAL_SAMPLING: Mapping[str, Any] = {
    "samplers": ["penalties", "temperature", "top_k", "top_p", "min_p"],
    "top_k": 0,
    "min_p": 0.0,
    "repeat_penalty": 1.0,
    "presence_penalty": 0.0,
    "frequency_penalty": 0.0,
}


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
        _check_gguf(Path(path), name)
        _import_engine()
        self.name = name
        self.parallel = parallel
        self._engine = _Engine(
            path=Path(path),
            parallel=parallel,
            context_tokens=context_tokens,
            threads=threads or os.cpu_count() or 1,
        )
        self._finalizer = weakref.finalize(self, self._engine.stop)

    async def answer(self, request: Request) -> Reply:
        """Answer one request. Raises: ModelError."""
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

    The threads are daemons, so that a program can end while they are inside C++; `stop` runs
    before that (weakref.finalize), because llama.cpp aborts the process where it is freed with
    calls in flight. `server` is the only reference to the loaded model that outlives a call, in no
    local variable: an error keeps the frames that it came through, and the model would be freed
    with it, by the garbage collector or at the end of the process, where that can be a fault.
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
                raise ModelError("engine", "the model has been closed", transient=False)
            if len(self.workers) < self.parallel:
                worker = threading.Thread(target=self._work, name="llama.cpp", daemon=True)
                self.workers.append(worker)
                worker.start()
            self.calls.put(call)

    def stop(self) -> None:
        """End all calls, wait for their threads, and free the model."""
        with self.lock:
            self.stopping.set()
            workers = list(self.workers)
        for _ in workers:
            self.calls.put(None)
        until = time.monotonic() + _STOP_TIMEOUT_S  # for all: the first may be the last to end
        for worker in workers:
            worker.join(max(0.0, until - time.monotonic()))
        if any(worker.is_alive() for worker in workers):
            _leave(self.server)
        self.server = None

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
            raise _stopped()
        self._ask(_body(call.request), take)
        if call.stop.is_set() or self.stopping.is_set():
            raise _stopped()
        return _read(chunks)

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
            if self.load_error is not None:
                raise self.load_error
            if self.server is None:
                try:
                    self.server = _load(self)
                except (RuntimeError, ValueError, MemoryError) as error:
                    self.load_error = ModelError(
                        "engine",
                        f"llama.cpp cannot load {self.path}: {error} The file may be damaged, its "
                        "architecture too new for this xllamacpp, or the memory too small for "
                        f"{self.parallel} x {self.context_tokens} tokens of context.",
                        transient=False,
                    )
                    raise self.load_error from error


def _leave(server: Any) -> None:
    """Leave an engine whose calls would not end in time: never free it, which would abort.

    llama.cpp computes on while the process ends and faults where C++ has taken its tables away,
    so the process leaves before that, with the status that it has.
    """
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(server))
    with suppress(AttributeError, TypeError, OSError):  # glibc has it
        c = ctypes.CDLL(None)
        c.on_exit(c["_exit"], None)


def _stopped() -> ModelError:
    return ModelError("engine", "the call was stopped before it was answered", transient=True)


def _check_sizes(parallel: int, context_tokens: int, threads: int | None) -> None:
    for what, got, low in (
        ("parallel", parallel, 1),
        ("context_tokens", context_tokens, 64),
        ("threads", 1 if threads is None else threads, 1),
    ):
        if got < low:
            raise UsageError(f"{what} of a local model is {got}; it must be {low} or more")


def _check_gguf(path: Path, name: str) -> None:
    if not path.is_file():
        raise UsageError(
            f"{name}: there is no file {path}. Give gguf/PATH the path of a GGUF file, "
            "or fetch the embedded model with: safeglot fetch-embedded"
        )
    try:
        with path.open("rb") as source:
            magic = source.read(4)
    except OSError as error:
        raise UsageError(f"{name}: cannot read {path}: {error.strerror or error}") from error
    if magic != b"GGUF":
        raise UsageError(
            f"{name}: {path} is not a GGUF file (it starts with {magic!r}, not b'GGUF'). Weights "
            "in another format must be converted to GGUF, or served by vLLM or another server."
        )


def _import_engine() -> Any:
    # Threads that spin while they wait make a busy machine ten times slower. OpenMP reads this
    # when the library is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    try:
        import xllamacpp
    except ModuleNotFoundError as error:
        raise UsageError(
            "models in this process (embedded/..., gguf/...) need the package xllamacpp: "
            "pip install 'safeglot[embedded]'"
        ) from error
    except ImportError as error:
        raise UsageError(
            f"the package xllamacpp is there, but cannot be loaded: {error}. Where libgomp.so.1 is "
            "missing, install it (Debian and Ubuntu: apt install libgomp1)."
        ) from error
    return xllamacpp


def _load(engine: _Engine) -> Any:
    xllamacpp = _import_engine()
    params = xllamacpp.CommonParams()
    params.model.path = str(engine.path)
    params.n_parallel = engine.parallel
    params.n_ctx = engine.parallel * engine.context_tokens
    params.n_batch = params.n_ubatch = max(_BATCH_TOKENS, engine.parallel)
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = engine.threads
    params.warmup = False
    params.verbosity = 0
    # An answer must not hang on what was asked before it, nor 8 GB of old prompts stay in memory.
    params.cache_prompt = params.cache_idle_slots = False
    params.cache_ram_mib = 0
    # A guard model judges a conversation that ends with an answer; it must not continue it.
    params.prefill_assistant = False
    # The engine brings an HTTP server on a free port of the loopback, which nobody is to use.
    params.api_keys = [secrets.token_hex(16)]
    params.ui = params.endpoint_slots = params.endpoint_props = False
    with _own_signals():
        return xllamacpp.Server(params)


@contextmanager
def _own_signals() -> Iterator[None]:
    """Put back the handlers of Ctrl-C and SIGTERM, which llama.cpp takes for itself.

    Through Python's C interface, because signal.signal works in the main thread only.
    """
    getsig, setsig = ctypes.pythonapi.PyOS_getsig, ctypes.pythonapi.PyOS_setsig
    getsig.argtypes, getsig.restype = [ctypes.c_int], ctypes.c_void_p
    setsig.argtypes, setsig.restype = [ctypes.c_int, ctypes.c_void_p], ctypes.c_void_p
    before = {number: getsig(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            setsig(number, handler)


def _body(request: Request) -> dict[str, Any]:
    """Return the body that llama.cpp's server takes for a request."""
    body: dict[str, Any] = {
        "max_tokens": request.max_tokens,
        "temperature": request.temperature,
        "top_p": request.top_p,
        "seed": _seed(request),
        "stop": list(request.stop),
        "stream": True,
        "stream_options": {"include_usage": True},
        "timings_per_token": True,
        "return_progress": True,
        **_NEUTRAL_SAMPLING,
    }
    if request.prompt is None:
        body["messages"] = [{"role": role, "content": text} for role, text in request.messages]
        if request.top_logprobs:
            body |= {"logprobs": True, "top_logprobs": request.top_logprobs}
    else:
        body["prompt"] = request.prompt
        if request.top_logprobs:
            body["logprobs"] = request.top_logprobs
    return body | dict(request.extra)


def _seed(request: Request) -> int:
    """Return the request's seed, or one made of all that it asks: reproducible, never shared."""
    if request.seed is not None:
        return request.seed % _RANDOM_SEED
    return int(request_key(request)[:8], 16) % _RANDOM_SEED


def _read(chunks: Sequence[Mapping[str, Any]]) -> Reply:
    """Join the chunks of one streamed answer. Raises: ModelError."""
    for chunk in chunks:
        if "error" in chunk:
            raise _refused(chunk["error"])
    choices = [choice for chunk in chunks for choice in chunk.get("choices", ())]
    usages = [chunk["usage"] for chunk in chunks if chunk.get("usage")]
    reasons = [choice["finish_reason"] for choice in choices if choice.get("finish_reason")]
    if not reasons:
        raise ModelError("engine", "llama.cpp ended without a finish reason", transient=False)
    return Reply(
        text="".join(_text(choice) for choice in choices),
        finish_reason=reasons[-1],
        n_tokens=usages[-1].get("completion_tokens") if usages else None,
        n_prompt_tokens=usages[-1].get("prompt_tokens") if usages else None,
        logprobs=_logprobs(chunks),
    )


def _refused(error: Mapping[str, Any]) -> ModelError:
    code, message = error.get("code", 500), str(error.get("message", error))
    if error.get("type") == "exceed_context_size_error":
        message = (
            f"the request has {error.get('n_prompt_tokens')} tokens and the context of a sequence "
            f"holds {error.get('n_ctx')}: give the model a larger context_tokens"
        )
    if 400 <= code < 500:
        return ModelError("bad_request", message, transient=False)
    return ModelError("engine", message, transient=code == 503)


def _text(choice: Mapping[str, Any]) -> str:
    return choice.get("text") or choice.get("delta", {}).get("content") or ""


def _logprobs(chunks: Sequence[Mapping[str, Any]]) -> tuple[Alternatives, ...]:
    """Return the alternatives of the first positions.

    A chunk says with `predicted_n` which token it is. Where the engine held a token back (part of
    a character, or of a stop string), its position is empty.
    """
    found: dict[int, Alternatives] = {}
    for chunk in chunks:
        place = chunk.get("timings", {}).get("predicted_n", 0) - 1
        for choice in chunk.get("choices", ()):
            entries = (choice.get("logprobs") or {}).get("content") or ()
            for position, entry in zip(itertools.count(place), entries, strict=False):
                found[position] = tuple((o["token"], o["logprob"]) for o in entry["top_logprobs"])
    last = min(max(found, default=-1), LOGPROB_POSITIONS - 1)
    return tuple(found.get(position, ()) for position in range(last + 1))
