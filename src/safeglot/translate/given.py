"""Translations that people made or that were bought: read from a file, asked of nobody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from safeglot.types import Reply, Request, Source, Translated

MISSING = "no translation in the file"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileTranslator:
    """Gives the texts of one file; `texts` goes from (prompt id, target tag) to the text.

    `revision` is a hash of the file. A text is never taken from another language or another prompt.
    """

    name: str
    revision: str
    source: str
    texts: Mapping[tuple[str, str], str] = field(repr=False)

    @property
    def id(self) -> str:
        """Name and the hash of the file."""
        return f"{self.name} sha256={self.revision}"

    @property
    def targets(self) -> frozenset[str]:
        """The languages that the file has a text in."""
        return frozenset(target for _, target in self.texts)

    def fault(self, source: str, target: str) -> str:
        """Say why the file has nothing between two languages; "" where it has."""
        if source != self.source:
            return f"{self.name} has translations from {self.source}, not from {source}"
        if target in self.targets:
            return ""
        has = ", ".join(sorted(self.targets)) or "none"
        return f"{self.name} has no text in {target}; it has {has}"

    def ask(self, _item: Source, /) -> Sequence[Request]:
        """Ask nothing: the file is read already."""
        return ()

    def read(self, item: Source, _replies: Sequence[Reply], /) -> Translated:
        """Give the file's text, or say that there is none."""
        text = self.texts.get((item.prompt, item.target))
        return Translated(text="", fault=MISSING) if text is None else Translated(text=text)
