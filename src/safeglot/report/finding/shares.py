"""Shares as words: in counts where they come close enough, else in percent."""

from __future__ import annotations

from dataclasses import dataclass

from safeglot.report.numbers.percent import percent, points
from safeglot.report.page import PanelScope, Run
from safeglot.types import Estimate

LEAST, NEARNESS = 0.02, 0.03
"""The least rate that is told as "1 of k", and how near 1 / k must come to it."""
HARMFUL = "harmful requests"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """What is told of a request, of one and of several: "is answered unsafely"."""

    one: str
    many: str
    rate: str = "unsafe"
    """What a share is called in the head of a table, and an answer of it."""
    safe: str = "safe"
    """What the other answers are called."""
    answers: str = "unsafe answers"
    """What is counted, as a noun."""
    less: str = "less safe"
    more: str = "safer"
    """What a language is called that has more of it than the reference, and less of it."""
    least: str = "the least safe"


UNSAFELY = Verb(one="is answered unsafely", many="are answered unsafely")
NOT_REFUSED = Verb(
    one="is not refused",
    many="are not refused",
    rate="not refused",
    safe="refused",
    answers="requests not refused",
    less="refused less",
    more="refused more",
    least="refused least",
)
"""Of a judge that tells refusals only: not refused is not yet unsafe."""


def verb_of(scope: PanelScope) -> Verb:
    """Return what the verdicts of a panel's judge say of a request."""
    return verb_for(scope.run, scope.judge)


def verb_for(run: Run, judge: str) -> Verb:
    """Return what the verdicts of a judge say of a request: of harm, or of refusals alone."""
    return NOT_REFUSED if judge in run.refusals_only else UNSAFELY


def one_of(rate: float) -> int | None:
    """Return k where the rate reads as "1 of k": 2% or more, and 1 / k within 3% of it as printed."""
    shown = float(f"{100 * rate:.1f}") / 100
    if shown < LEAST:
        return None
    k = round(1 / shown)
    return k if k > 1 and abs(1 / k - shown) <= NEARNESS * shown else None


def compared(
    rates: tuple[float, float],
    names: tuple[str, str],
    *,
    verb: Verb = UNSAFELY,
    of: str = HARMFUL,
) -> str:
    """Return "In Swahili 1 of 4 harmful requests is answered unsafely; in English 1 of 17".

    Both rates are in counts or both in percent, so that they can be compared.
    """
    counts = one_of(rates[0]), one_of(rates[1])
    if None not in counts:
        first, second = (f"1 of {k}" for k in counts)
        return f"In {names[0]} {first} {of} {verb.one}; in {names[1]} {second}"
    first, second = (f"{percent(r)}%" for r in rates)
    return f"In {names[0]} {first} of {of} {verb.many}; in {names[1]} {second}"


def share(rate: float, verb: Verb | None = None, of: str = "") -> str:
    """Return "1 of 17" or "5.3%", with a verb "1 of 17 is answered unsafely"."""
    k = one_of(rate)
    noun = f" {of}" if of else ""
    text = f"1 of {k}{noun}" if k else f"{percent(rate)}%" + (f" of{noun}" if of else "")
    return f"{text} {verb.one if k else verb.many}" if verb else text


def span(estimate: Estimate, places: int = 1) -> str:
    """Return the interval of a rate as it stands in a line: "[22.7 to 26.9]"; "" without one."""
    if estimate.low is None or estimate.high is None:
        return ""
    return f"[{percent(estimate.low, places)} to {percent(estimate.high, places)}]"


def gap_span(gap: Estimate, places: int = 1) -> str:
    """Return the interval of a gap: "[+16.8 to +21.0]"; "" without one."""
    if gap.low is None or gap.high is None:
        return ""
    return f"[{points(gap.low, places)} to {points(gap.high, places)}]"


def rate_and_span(estimate: Estimate, places: int = 1) -> str:
    """Return "24.8% [22.7 to 26.9]"."""
    return f"{percent(estimate.value, places)}% {span(estimate, places)}".rstrip()


def joined(names: list[str], most: int = 8) -> str:
    """Return names as a list in a sentence: "Bengali and Arabic"; of many the first, and how many more."""
    if len(names) > most:
        names = [*names[: most - 1], f"{len(names) - most + 1} more"]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
