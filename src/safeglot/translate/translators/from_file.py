"""Translations that are there already: made by people, or bought."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from safeglot.types import Reply, Request, Source, Translated


@dataclass(frozen=True, slots=True, kw_only=True)
class FileTranslator:
    """Texts of a file by prompt and language; no model is asked."""

    name: str
    digest: str
    """Of the file's content."""
    source: str
    """The language that was translated from."""
    texts: Mapping[tuple[str, str], str]

    @property
    def id(self) -> str:
        """The name and the hash of the content."""
        return f"{self.name}@{self.digest}"

    def fault(self, source: str, target: str) -> str:
        """Return that the file has no text in a language, or was made from another; "" where it serves."""
        if source != self.source:
            return f"it was translated from {self.source}"
        there = sorted({tag for _, tag in self.texts})
        return (
            "" if target in there else f"it has no {target}, only {', '.join(there) or 'nothing'}"
        )

    def ask(self, item: Source) -> Sequence[Request]:  # noqa: ARG002 - a Step's contract
        """Return no request: the texts are there."""
        return ()

    def read(self, item: Source, replies: Sequence[Reply]) -> Translated:  # noqa: ARG002 - as above
        """Return the text of the file; a prompt without one is missing there."""
        text = self.texts.get((item.prompt, item.target))
        if text is None:
            return Translated(text="", fault="the file has no text of this prompt")
        return Translated(text=text)
