"""Prompts that a server cut to its context, known by the tokens that it counted."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable
from typing import NamedTuple

FAR_UNDER = 2
"""Times that a longer text has fewer tokens: texts of one language differ by less."""
LEAST_TOKENS = 8
"""A smaller difference is the template's or a rounding."""

LEAST_TEXTS = 3
"""Texts no longer that say what is usual."""
MANY_TEXTS = 20
"""As many say it better than all do, of which most may be cut."""


class PromptSize(NamedTuple):
    """A text's length and the tokens that its server counted, of `n` texts alike."""

    chars: int
    tokens: int
    n: int = 1


class CutPrompt(NamedTuple):
    """A text that was probably cut, and the tokens that are usual for texts no longer."""

    size: PromptSize
    usual: int


def cut_prompts(sizes: Iterable[PromptSize]) -> list[CutPrompt]:
    """Return the texts with far fewer tokens than the same server counted for texts no longer.

    Fewer than half of what most of these have, and than half a character, so that a few texts of
    odd characters make nothing of the others. All are of one language: writing systems differ in
    their tokens a character.
    """
    ordered = sorted(sizes, key=lambda s: (s.chars, -s.tokens))
    overall = sorted(_rate(size) for size in ordered for _ in range(_weight(size)))
    cut: list[CutPrompt] = []
    tokens: list[int] = []
    rates: list[float] = []
    for size in ordered:
        known = rates if len(rates) >= MANY_TEXTS else overall
        usual = tokens[3 * len(tokens) // 4] if len(tokens) >= LEAST_TEXTS else 0
        is_lower = _rate(size) * FAR_UNDER < known[(len(known) - 1) // 2]
        if is_lower and size.tokens * FAR_UNDER < usual and usual - size.tokens >= LEAST_TOKENS:
            cut.append(CutPrompt(size, usual))
            continue
        for _ in range(_weight(size)):
            insort(tokens, size.tokens)
            insort(rates, _rate(size))
    return cut


def _rate(size: PromptSize) -> float:
    return size.tokens / max(size.chars, 1)


def _weight(size: PromptSize) -> int:
    return min(size.n, LEAST_TEXTS)
