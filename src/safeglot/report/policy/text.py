"""The decision on a release policy for a terminal: the conclusion first, then what is not met."""

from __future__ import annotations

from collections.abc import Iterator

from safeglot.report.policy.view import (
    HEADS,
    Decision,
    PolicyView,
    basis,
    conclusion,
    name_of,
    sentence,
)
from safeglot.report.width import wrapped
from safeglot.text.control import one_line

MOST = 12
"""So many claims of one decision are shown."""
_SHOWN: tuple[Decision, ...] = ("not met", "inconclusive")


def to_text(view: PolicyView, *, width: int) -> str:
    """Return the conclusion, what is not met, what cannot be decided, and how it was decided."""
    return "\n".join(_lines(view, width)) + "\n"


def _lines(view: PolicyView, width: int) -> Iterator[str]:
    told = f"{conclusion(view)} ({view.policy} on {view.run})."
    yield from wrapped(one_line(told), width)
    for decision in _SHOWN:
        claims = view.of(decision)
        if claims:
            yield from ("", HEADS[decision])
        for claim in claims[:MOST]:
            first, *rest = wrapped(f"{name_of(claim, view)}: {sentence(claim)}", width - 4)
            yield f"  {first}"
            yield from (f"    {line}" for line in rest)
        if len(claims) > MOST:
            yield f"  and {len(claims) - MOST} more: --junit FILE has all"
    yield ""
    for text in basis(view):
        yield from wrapped(one_line(text), width)
