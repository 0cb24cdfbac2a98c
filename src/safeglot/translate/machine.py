"""A machine translator: one request a text, told from which language into which."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from safeglot.types import Reply, Request, Source, Translated


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineTranslator:
    """Apertium, or a neural model in this process; `model` pins what it runs on, for keys and routes."""

    name: str
    model: str
    faults: Callable[[str, str], str]
    """Says why a pair of languages is not known to the model; "" where it is."""
    version: int = 1

    @property
    def id(self) -> str:
        """The model with its revision."""
        return f"{self.model}/{self.version}"

    def fault(self, source: str, target: str) -> str:
        """Say why it cannot translate between two languages; "" where it can."""
        return self.faults(source, target)

    def ask(self, item: Source) -> Sequence[Request]:
        """One request with the text as it is."""
        languages = {"source": item.language, "target": item.target}
        return (Request(model=self.model, prompt=item.text, max_tokens=0, extra=languages),)

    def read(self, item: Source, replies: Sequence[Reply]) -> Translated:  # noqa: ARG002 - a Step's contract
        """Take the reply as it is; one that was cut off is no translation."""
        reply = replies[0]
        if reply.finish_reason == "length":
            return Translated(text="", fault="truncated: the model stopped at its greatest length")
        return Translated(text=reply.text)
