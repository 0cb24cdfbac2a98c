"""Machine translators: a text in, its translation out, by a model that is told the two languages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from safeglot.types import Reply, Request, Source, Translated

MAX_TOKENS = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineTranslator:
    """Asks one request a text, with the tags of both languages beside it.

    `model` is what requests name, `revision` what pins it, `refuse` says why it cannot translate
    between two languages ("" where it can). A translator that has ways over a pivot tells them in
    `revision`, since its text hangs on them.
    """

    name: str
    model: str
    revision: str
    refuse: Callable[[str, str], str]
    max_tokens: int = MAX_TOKENS

    @property
    def id(self) -> str:
        """Name, model, revision and the limit of the answer."""
        return (
            f"{self.name} model={self.model} revision={self.revision} max_tokens={self.max_tokens}"
        )

    def fault(self, source: str, target: str) -> str:
        """Say why it cannot translate between two languages; "" where it can."""
        return self.refuse(source, target)

    def ask(self, item: Source, /) -> Sequence[Request]:
        """One request: the text, and what it is to become."""
        return [
            Request(
                model=self.model,
                prompt=item.text,
                max_tokens=self.max_tokens,
                extra={"source": item.language, "target": item.target},
            )
        ]

    def read(self, item: Source, replies: Sequence[Reply], /) -> Translated:
        """Take the text as it is: what is wrong with it, an empty one too, the hard checks say."""
        (reply,) = replies
        if reply.finish_reason == "length":
            fault = (
                f"truncated: stopped at {self.max_tokens} tokens before its end in {item.target}"
            )
            return Translated(text="", fault=fault)
        if reply.finish_reason != "stop":
            return Translated(text="", fault=f"stopped: finish reason {reply.finish_reason!r}")
        return Translated(text=reply.text)
