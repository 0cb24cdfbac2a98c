"""The contract of an engine in this process, which packages can add to, and what its members share."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar, Protocol

from safeglot.errors import ModelError, UsageError
from safeglot.keys import request_key
from safeglot.types import Model, Request


class InProcess(Protocol):
    """One model of an engine: made of what follows the slash, `path`, and of a `revision` where it takes one.

    Making it checks what can be checked without loading, and fetches nothing. Raises: UsageError.
    """

    slots: ClassVar[int]
    """Requests that are worked on together, where `--concurrency` names no lower number."""

    @property
    def place(self) -> str:
        """Where the weights are; models with one place are loaded once."""

    @property
    def revision(self) -> str:
        """What pins the weights: a hash of their bytes, or a commit. Raises: UsageError."""

    def open(self, parallel: int, progress: Callable[[str, int, int], None] | None = None) -> Model:
        """Return the model, which loads at its first request. Raises: UsageError."""


def require(model: str, packages: tuple[str, ...], extra: str) -> None:
    """Check that the packages of an engine are installed. Raises: UsageError."""
    lacking = [name for name in packages if importlib.util.find_spec(name) is None]
    if lacking:
        names = " and ".join(lacking)
        raise UsageError(
            f"{model}: models in this process need {names}: pip install 'safeglot[{extra}]', "
            "or name a server's model, as in vllm/owner/name."
        )


def seed_of(request: Request, below: int) -> int:
    """Return the request's seed, or one made of all that it asks: reproducible, never shared."""
    if request.seed is not None:
        return request.seed % below
    return int(request_key(request)[:8], 16) % below


def stopped() -> ModelError:
    """Return the error of a call that was ended before its answer."""
    return ModelError("engine", "the call was stopped before it was answered", transient=True)


def gguf_fault(file: Path) -> str:
    """Return why a path is no GGUF file; "" where it is one."""
    if not file.is_file():
        return "no such file"
    try:
        with file.open("rb") as data:
            magic = data.read(4)
    except OSError as error:
        return f"cannot be read ({error.strerror or error})"
    return "" if magic == b"GGUF" else f"is not a GGUF file (it begins with {magic!r})"
