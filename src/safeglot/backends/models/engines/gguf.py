"""`gguf/PATH` and `embedded/NAME`: models of one GGUF file, run by llama.cpp."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from safeglot.backends.files.fingerprints import file_fingerprint
from safeglot.backends.models import weights
from safeglot.backends.models.engines.base import gguf_fault, require
from safeglot.errors import UsageError
from safeglot.types import Model

_PACKAGES = ("xllamacpp",)


class GgufFile:
    """The model of a GGUF file that the user names."""

    slots: ClassVar[int] = 4
    """A context is reserved for each, which in large models takes much memory."""

    def __init__(self, path: str) -> None:
        self.name = f"gguf/{path}"
        require(self.name, _PACKAGES, "embedded")
        self.file = Path(path).expanduser()
        if fault := gguf_fault(self.file):
            raise UsageError(f"{self.name}: {fault}. Give the path of a .gguf file after gguf/.")

    @property
    def place(self) -> str:
        """The file."""
        return str(self.file.resolve())

    @property
    def revision(self) -> str:
        """A hash of its bytes."""
        return file_fingerprint(self.file)

    def open(self, parallel: int, progress: Callable[[str, int, int], None] | None = None) -> Model:
        """Return the model, which loads at its first request."""
        del progress
        return _opened(self.file, parallel, self.name)


class Embedded:
    """A model whose weights safeglot fetches at first use."""

    slots: ClassVar[int] = 16

    def __init__(self, path: str) -> None:
        self._weights = weights.known(path)
        self.name = f"embedded/{self._weights.name}"
        require(self.name, _PACKAGES, "embedded")

    @property
    def place(self) -> str:
        """Where the weights are, or will be."""
        return str(weights.weights_path(self._weights))

    @property
    def revision(self) -> str:
        """The beginning of the weights' hash."""
        return self._weights.sha256[:12]

    def open(self, parallel: int, progress: Callable[[str, int, int], None] | None = None) -> Model:
        """Return the model, its weights fetched. Raises: UsageError."""
        return _opened(weights.fetch(self._weights, progress=progress), parallel, self.name)


def _opened(file: Path, parallel: int, name: str) -> Model:
    from safeglot.backends.models.engines.local import LocalModel

    return LocalModel(file, parallel=parallel, name=name)
