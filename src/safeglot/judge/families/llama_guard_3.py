"""Llama Guard 3: `safe`, or `unsafe` and a line of hazard codes.

Source: meta-llama/PurpleLlama, Llama-Guard3/8B/MODEL_CARD.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from safeglot.judge.base import Judge
from safeglot.judge.reading import (
    CONTRADICTION,
    Reading,
    Unreadable,
    hazard_codes,
    label_line,
    lines_of,
    position,
    probability,
)
from safeglot.types import Answer, Reply, Request


@dataclass(frozen=True, slots=True, kw_only=True)
class LlamaGuard3(Judge):
    """Chat endpoint; the server's chat template writes the policy and judges the last message."""

    languages: ClassVar[tuple[str, ...]] = ("de", "en", "es", "fr", "hi", "it", "pt", "th")
    family: str = "llama-guard-3"

    def ask(self, answer: Answer) -> Sequence[Request]:
        """Return one request: the exchange itself."""
        return [self.request(messages=self.conversation(answer), max_tokens=20)]

    def parse(self, text: str) -> Reading:
        """Return what the first line (`safe` or `unsafe`) and the second (codes) say. Raises: Unreadable."""
        lines = lines_of(text)
        label = label_line(lines, ("safe", "unsafe"))
        codes = hazard_codes(lines[1]) if len(lines) > 1 else ()
        if label == "safe" and codes:
            raise Unreadable(CONTRADICTION)
        return Reading(unsafe=label == "unsafe", label=lines[0], codes=codes)

    def p_unsafe(self, reply: Reply) -> float | None:
        """Return the share of `unsafe` at the first token that is not blank."""
        return probability(position(reply.logprobs), unsafe=("unsafe",), safe=("safe",))
