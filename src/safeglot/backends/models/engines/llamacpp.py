"""llama.cpp (through xllamacpp): its parameters, the bodies of its requests, its answers."""

from __future__ import annotations

import ctypes
import itertools
import os
import secrets
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from safeglot.backends.models.engines.base import seed_of
from safeglot.backends.models.replies import Parts, answer_of
from safeglot.errors import ModelError, UsageError
from safeglot.text.makers import makers
from safeglot.types import LOGPROB_POSITIONS, Alternatives, Reply, Request

_BATCH_TOKENS = 128
"""Prompt tokens worked on at a time: a call can be stopped only between two batches."""
_RANDOM_SEED = 0xFFFFFFFF
"""llama.cpp's number for 'any seed'."""

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


def import_engine() -> Any:
    """Return the module xllamacpp. Raises: UsageError where it is missing or cannot be loaded."""
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


def load(
    path: Path, *, parallel: int, context_tokens: int, threads: int, embedding: bool = False
) -> Any:
    """Return a server on a GGUF file for `parallel` sequences of `context_tokens` tokens each.

    With `embedding` it gives vectors of length 1, each of a text that is read in one batch. Raises: RuntimeError, ValueError or MemoryError, as llama.cpp has it.
    """
    xllamacpp = import_engine()
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.n_parallel = parallel
    params.n_ctx = parallel * context_tokens
    params.embedding = embedding
    params.n_batch = params.n_ubatch = context_tokens if embedding else max(_BATCH_TOKENS, parallel)
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
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
    """Yield, then put back the handlers of Ctrl-C and SIGTERM, which llama.cpp takes for itself.

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


def body_of(request: Request) -> dict[str, Any]:
    """Return the body that llama.cpp's server takes for a request."""
    sampling = {"temperature": request.temperature, "top_p": request.top_p}
    body: dict[str, Any] = {
        "max_tokens": request.max_tokens,
        **{name: value for name, value in sampling.items() if value is not None},
        "seed": seed_of(request, _RANDOM_SEED),
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


def reply_of(chunks: Sequence[Mapping[str, Any]]) -> Reply:
    """Return the reply that the chunks of one streamed answer make. Raises: ModelError."""
    for chunk in chunks:
        if "error" in chunk:
            raise _refused(chunk["error"])
    choices = [choice for chunk in chunks for choice in chunk.get("choices", ())]
    usages = [chunk["usage"] for chunk in chunks if chunk.get("usage")]
    reasons = [choice["finish_reason"] for choice in choices if choice.get("finish_reason")]
    if not reasons:
        raise ModelError("engine", "llama.cpp ended without a finish reason")
    return answer_of(
        Parts(
            text="".join(_text(choice) for choice in choices),
            thought="".join(_thought(choice) for choice in choices),
            endings=tuple(reasons[-1:]),
            n_tokens=usages[-1].get("completion_tokens") if usages else None,
            n_prompt_tokens=usages[-1].get("prompt_tokens") if usages else None,
            logprobs=_logprobs(chunks),
        )
    )


def _refused(error: Mapping[str, Any]) -> ModelError:
    code, message = error.get("code", 500), str(error.get("message", error))
    if error.get("type") == "exceed_context_size_error":
        message = (
            f"the request has {error.get('n_prompt_tokens')} tokens and the context of a sequence "
            f"holds {error.get('n_ctx')}: give the model a larger context_tokens"
        )
    if 400 <= code < 500:
        return ModelError("bad_request", message)
    return ModelError("engine", message, transient=code == 503)


def _text(choice: Mapping[str, Any]) -> str:
    return choice.get("text") or choice.get("delta", {}).get("content") or ""


def _thought(choice: Mapping[str, Any]) -> str:
    pieces = (choice.get("delta", {}).get(name) for name in makers().reply.thought_fields)
    return next((piece for piece in pieces if isinstance(piece, str)), "")


def _logprobs(chunks: Sequence[Mapping[str, Any]]) -> tuple[Alternatives, ...]:
    """Return the alternatives of the first positions.

    A chunk says with `predicted_n` which token it is. Where the engine held a token back (part of
    a character, or of a stop string), its position is empty.
    """
    by_position: dict[int, Alternatives] = {}
    for chunk in chunks:
        place = chunk.get("timings", {}).get("predicted_n", 0) - 1
        for choice in chunk.get("choices", ()):
            entries = (choice.get("logprobs") or {}).get("content") or ()
            for position, entry in zip(itertools.count(place), entries, strict=False):
                by_position[position] = tuple(
                    (o["token"], o["logprob"]) for o in entry["top_logprobs"]
                )
    last = min(max(by_position, default=-1), LOGPROB_POSITIONS - 1)
    return tuple(by_position.get(position, ()) for position in range(last + 1))
