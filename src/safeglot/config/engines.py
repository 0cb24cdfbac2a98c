"""Engines in this process by the name before the slash; entry points of other packages join in."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from safeglot.backends.models.providers import providers
from safeglot.config.model_strings import ModelConfig
from safeglot.config.plug_ins import plug_ins
from safeglot.config.registry import call

if TYPE_CHECKING:
    from safeglot.backends.models.engines.base import InProcess

ENGINES: dict[str, str] = {
    "embedded": "safeglot.backends.models.engines.gguf:Embedded",
    "gguf": "safeglot.backends.models.engines.gguf:GgufFile",
    "hf": "safeglot.backends.models.engines.hf:HfEngine",
    "vllm-local": "safeglot.backends.models.engines.vllm:VllmEngine",
}
"""Name -> "module:object", an `InProcess` each."""
ENGINE_POINTS = "safeglot.engines"


@functools.cache
def engines() -> dict[str, str]:
    """Return name -> "module:object" of all engines; none takes the name of a provider."""
    added = plug_ins(ENGINE_POINTS)
    return {**ENGINES, **{name: at for name, at in added.items() if name not in providers()}}


def runs_here(provider: str) -> bool:
    """Return whether models of a provider run in this process."""
    return provider in engines()


def engine_of(model: ModelConfig) -> InProcess:
    """Return what opens a model in this process; nothing is loaded. Raises: UsageError."""
    made: InProcess = call(
        engines()[model.provider], {"path": model.path, "revision": model.revision}
    )
    return made


def model_providers() -> tuple[str, ...]:
    """Return what may stand before the slash of a model string."""
    return (*engines(), *providers())
