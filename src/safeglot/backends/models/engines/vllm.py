"""`vllm-local/NAME`: vLLM's own engine, started by this process; a server of vLLM's is `vllm/NAME`."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import importlib
import itertools
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from safeglot.backends.models.ending import closed
from safeglot.backends.models.engines.base import seed_of
from safeglot.backends.models.engines.hub import HubEngine, WeightsAt
from safeglot.backends.models.engines.loading import first_line, is_out_of_memory, out_of_memory
from safeglot.backends.models.engines.sampling import sampling_of
from safeglot.backends.models.engines.texts import TokenTexts, Written
from safeglot.errors import ModelError, UsageError
from safeglot.types import LOGPROB_POSITIONS, Model, Reply, Request

_SEEDS = 2**63
_MOST_LOGPROBS = 20
# Nothing leaves the machine: vLLM would report what runs where to its makers.
_QUIET = {"VLLM_NO_USAGE_STATS": "1", "VLLM_LOGGING_LEVEL": "ERROR"}


class VllmEngine(HubEngine):
    """The model of a folder or a name of the Hub."""

    name = "vllm-local"
    packages = ("vllm",)
    extra = "vllm"

    def __init__(self, path: str, revision: str = "") -> None:
        super().__init__(path, revision)
        if self.origin.file:
            raise UsageError(f"vllm-local/{path}: GGUF files are for gguf/{path} or hf/{path}.")

    def open(self, parallel: int, progress: Callable[[str, int, int], None] | None = None) -> Model:
        """Return the model, its weights fetched, which loads at its first request. Raises: UsageError."""
        del progress  # the Hub's own bars tell
        return VllmModel(self.origin, parallel=parallel, folder=self.origin.folder())


class VllmModel:
    """Answers requests with vLLM's engine, at most `parallel` of them together.

    What several prompts begin with, such as a judge's policy, is read once (prefix caching).
    """

    def __init__(self, origin: WeightsAt, *, parallel: int, folder: Path) -> None:
        self.name = origin.model
        self._folder, self._parallel = folder, parallel
        self._numbers = itertools.count()
        self._loading = asyncio.Lock()
        self._loaded: tuple[Any, TokenTexts] | None = None
        self._fault: ModelError | None = None

    async def answer(self, request: Request) -> Reply:
        """Return the reply to one request. Raises: ModelError."""
        engine, texts = await self.ready()
        ids = texts.ids(request)
        last = None
        try:
            params = _params(request, texts.room(request, ids))
            name = f"{next(self._numbers)}"
            async for output in engine.generate({"prompt_token_ids": ids}, params, name):
                last = output.outputs[0]
        except ValueError as error:
            raise ModelError("bad_request", first_line(error)) from error
        except Exception as error:
            raise ModelError("engine", f"vLLM: {first_line(error)}") from error
        if last is None or last.finish_reason not in ("stop", "length"):
            ending = getattr(last, "finish_reason", None)
            raise ModelError("engine", f"vLLM ended with {ending}", transient=True)
        written = Written(
            n_prompt=len(ids),
            tokens=list(last.token_ids),
            logprobs=_pairs(last.logprobs, request.top_logprobs),
            ended=last.finish_reason == "stop",
        )
        return texts.reply(request, written)

    async def close(self) -> None:
        """End the engine and free its memory. It can be closed twice, not used again."""
        loaded, self._loaded, self._fault = self._loaded, None, closed()
        if loaded:
            if handler := getattr(loaded[0], "output_handler", None):
                handler.cancel()  # before the engine goes, whose end it would print as a fault
                await asyncio.wait([handler])
            await asyncio.to_thread(loaded[0].shutdown)
            del handler, loaded
            gc.collect()

    async def ready(self) -> tuple[Any, TokenTexts]:
        """Return vLLM's engine and the tokenizer, loaded once. Raises: ModelError."""
        async with self._loading:
            if self._fault:
                fault = self._fault
                raise ModelError(fault.kind, fault.message, transient=fault.transient)
            if self._loaded is None:
                try:
                    await asyncio.to_thread(_imports)
                    self._loaded = await asyncio.to_thread(self._load)
                except ModelError as error:
                    self._fault = error
                    raise
            return self._loaded

    def _load(self) -> tuple[Any, TokenTexts]:
        try:
            from transformers import AutoTokenizer
            from vllm.engine.arg_utils import AsyncEngineArgs
            from vllm.v1.engine.async_llm import AsyncLLM

            tokenizer = AutoTokenizer.from_pretrained(self._folder, local_files_only=True)
            engine = AsyncLLM.from_engine_args(
                AsyncEngineArgs(
                    model=str(self._folder),
                    max_num_seqs=self._parallel,
                    max_logprobs=_MOST_LOGPROBS,
                    enable_prefix_caching=True,
                    disable_log_stats=True,
                )
            )
        except Exception as error:
            if is_out_of_memory(error):
                raise out_of_memory(self.name, "cuda", "the weights") from error
            raise ModelError(
                "setting",
                f"{self.name}: vLLM cannot start on {self._folder}: {first_line(error)} Where it is the "
                "memory: nvidia-smi tells what else is on the GPU; or start a server with settings "
                f"of your own and name vllm/…: vllm serve {self._folder} --gpu-memory-utilization 0.8",
            ) from error
        longest = int(engine.vllm_config.model_config.max_model_len)
        return engine, TokenTexts(tokenizer, name=self.name, longest=longest)


def _imports() -> None:
    """Import vLLM before it is used: what it imports keeps the frames of that moment, and all they hold."""
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    with contextlib.suppress(Exception):  # loading meets it again, and says it
        importlib.import_module("vllm.v1.engine.async_llm")


def _params(request: Request, room: int) -> Any:
    from vllm.sampling_params import RequestOutputKind, SamplingParams

    how = sampling_of(request, seed_of(request, _SEEDS))
    return SamplingParams(
        max_tokens=room,
        temperature=how.temperature,
        top_p=how.top_p,
        top_k=how.top_k,
        min_p=how.min_p,
        seed=how.seed if how.temperature > 0 else None,
        stop=list(request.stop),
        logprobs=min(how.n_logprobs, _MOST_LOGPROBS) or None,
        detokenize=bool(request.stop),
        output_kind=RequestOutputKind.FINAL_ONLY,
    )


def _pairs(
    positions: Sequence[Mapping[int, Any]] | None, most: int
) -> list[list[tuple[int, float]]]:
    """Return the alternatives of the first positions, most likely first; vLLM adds the token that was drawn."""
    found = []
    for position in (positions or ())[:LOGPROB_POSITIONS]:
        pairs = [(int(token), float(one.logprob)) for token, one in position.items()]
        found.append(sorted(pairs, key=lambda pair: -pair[1])[:most])
    return found
