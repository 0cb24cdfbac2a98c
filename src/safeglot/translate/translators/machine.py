"""A machine translator: one request a text, with both languages in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from safeglot.keys import digest
from safeglot.types import Reply, Request, Source, Translated


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineTranslator:
    """Apertium, or a neural model in this process; `model` is what routes know it by."""

    name: str
    model: str
    faults: Callable[[str, str], str]
    """Says why a pair of languages is not known to the model; "" where it is."""
    revisions: Callable[[str, str], str]
    """Gives the pin of a pair's data or weights; it is in the key of each request."""
    pairs: tuple[tuple[str, str], ...] = ()
    """The pairs that it is asked for; those that it knows are in its id."""
    version: int = 1

    @property
    def id(self) -> str:
        """The model with the revisions of all pairs that it is asked for."""
        known = [pair for pair in self.pairs if not self.faults(*pair)]
        pinned = dict.fromkeys(self.revisions(*pair) for pair in known)
        return f"{self.model}/{self.version}@{digest('revisions', list(pinned))[:12]}"

    def fault(self, source: str, target: str) -> str:
        """Return why it cannot translate between two languages; "" where it can."""
        return self.faults(source, target)

    def ask(self, item: Source) -> Sequence[Request]:
        """Return one request with the text as it is."""
        pair = (item.language, item.target)
        extra = {"source": pair[0], "target": pair[1], "revision": self.revisions(*pair)}
        return (Request(model=self.model, prompt=item.text, max_tokens=0, extra=extra),)

    def read(self, item: Source, replies: Sequence[Reply]) -> Translated:  # noqa: ARG002 - a Step's contract
        """Return the reply as it is; one that was cut off is no translation."""
        reply = replies[0]
        if reply.finish_reason == "length":
            return Translated(text="", fault="truncated: the model stopped at its greatest length")
        return Translated(text=reply.text)
