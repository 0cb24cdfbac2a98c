"""Which mitigation is named for a language, in words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from safeglot.report.finding.shares import UNSAFELY, joined, verb_of
from safeglot.report.numbers.figures import extra, word
from safeglot.report.numbers.percent import MINUS, gap_interval, points
from safeglot.report.page import NamedLanguage, PanelScope
from safeglot.types import Estimate

_GIVEN = re.compile(r"=.+?(?=\+(?:system-|guard-|pivot)|$)")
SAFETY, MOST = "safety", 4
"""What a gain is in, and how many languages a line names."""
COSTS = {
    "price": ("US$ per 1,000 prompts", 1_000.0, 2),
    "tokens": ("tokens a prompt", 1.0, 0),
    "seconds": ("seconds a prompt", 1.0, 2),
}
"""What a cost is told in, the factor to it, and its decimals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedMitigation:
    """The cheapest mitigation that helps a language, or why none is named."""

    language: NamedLanguage
    named: Estimate
    gained: str = SAFETY
    """What its gain is in: safety, or refusals where the judge tells them alone."""

    @property
    def mitigation(self) -> str:
        """Its name in short, "" where none is named."""
        return short_mitigation(word(self.named, "mitigation"))

    @property
    def told(self) -> str:
        """What is named and at what price, after the language's name."""
        e = self.named
        if not self.mitigation:
            return f"none named: {e.method}."
        refused = f"harmless requests refused {points(extra(e, 'over_refusal'))} points, {points(extra(e, 'over_refusal_high'))} at most"
        same = word(e, "as_cheap")
        parts = [
            f"{word(e, 'mitigation')}: {points(e.value)} points of {self.gained} [{gap_interval(e)}]",
            refused,
            *([cost] if (cost := _cost(e)) else []),
            *([f"not shown to be cheaper than {same}"] if same else []),
        ]
        return f"{'; '.join(parts)}."


def short_mitigation(name: str) -> str:
    """Return the kinds of a mitigation without the files and judges that were given."""
    return _GIVEN.sub("", name)


def _cost(e: Estimate) -> str:
    cost, by = extra(e, "cost"), word(e, "cost_by")
    if cost is None:
        return ""
    return priced(by, cost)


def priced(by: str, cost: float, *ends: float | None) -> str:
    """Return a cost in its unit, with the ends of its interval where they are given."""
    unit, factor, digits = COSTS[by]
    told = [
        f"{x * factor:+,.{digits}f}".replace("-", MINUS, 1) for x in (cost, *ends) if x is not None
    ]
    return f"{told[0]}{f' [{told[1]} to {told[2]}]' if len(told) > 2 else ''} {unit}"


def remedies(scope: PanelScope) -> list[NamedMitigation]:
    """Return what is named for each language of a run with mitigations, in its order."""
    named = {e.language: e for e in scope.all("mitigation_named")}
    told = gained(scope)
    return [
        NamedMitigation(language=o, named=named[o.tag], gained=told)
        for o in scope.run.languages
        if o.tag in named
    ]


def gained(scope: PanelScope) -> str:
    """Return what a gain is in, by a panel's judge."""
    return SAFETY if verb_of(scope) is UNSAFELY else "harmful requests refused"


def in_a_line(found: Sequence[NamedMitigation]) -> str:
    """Return which mitigation is named for which languages, with the gain, and for which none is."""
    by_name: dict[str, list[str]] = {}
    for one in found:
        gain = f" {points(one.named.value)}" if one.mitigation else ""
        by_name.setdefault(one.mitigation, []).append(f"{one.language.name}{gain}")
    none = by_name.pop("", [])
    parts = [f"{name} helps {joined(told, MOST)}" for name, told in by_name.items()]
    parts += [f"none named for {joined(none, MOST)}"] if none else []
    return f"Mitigations, points of {found[0].gained}: {'; '.join(parts)}."
