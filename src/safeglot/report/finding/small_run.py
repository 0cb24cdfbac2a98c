"""What a run found whose judge only tells refusals and sees hardly any: the language that is answered in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from safeglot.report.finding.rates import LanguageRate
from safeglot.report.finding.shares import rate_and_span
from safeglot.report.numbers.percent import count, counted
from safeglot.report.page import NamedLanguage, PanelScope
from safeglot.types import Estimate

HARDLY = 0.1
"""Of refusals: up to this share in every language there is no refusing to compare."""
WORTH = 0.05
"""Of answers in English: below this there is nothing to tell of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallFinding:
    """What is told instead of a gap, in counts; `language` is the one with the largest share in English."""

    sentence: str
    language: str
    figures: str
    fallbacks: tuple[tuple[NamedLanguage, Estimate], ...]
    """Languages with the share of their answers that are in English, the largest first."""


def found(scope: PanelScope, rates: Sequence[LanguageRate]) -> SmallFinding | None:
    """Return the finding of a small run; None where the judge tells harm, or refuses more than hardly."""
    if scope.judge not in scope.run.refusals_only:
        return None
    pooled = [row.micro for row in rates if row.micro is not None and row.micro.value is not None]
    if not pooled or any(1 - (one.value or 0.0) > HARDLY for one in pooled):
        return None
    fallbacks = in_english(scope)
    refused, n = refusals(rates)
    hardly = f"It refuses hardly anything in any language: {count(refused)} of {count(n)} harmful requests."
    told = [pair for pair in fallbacks if (pair[1].value or 0.0) >= WORTH]
    if not told:
        who = _subject(scope)
        text = f"{who[0].upper()}{who[1:]} refuses hardly anything in any language: {count(refused)} of {count(n)} harmful requests."
        return SmallFinding(sentence=text, language="", figures="", fallbacks=fallbacks)
    (first, most) = told[0]
    last, least = min(fallbacks, key=lambda pair: pair[1].value or 0.0)
    sentence = f"Asked in {first.name}, {_subject(scope)} answers in English {times(most)}"
    figures = rate_and_span(most, 0)
    if last != first:
        sentence += f"; asked in {last.name} {counted(least)}"
        figures += f" against {rate_and_span(least, 0)}"
    return SmallFinding(
        sentence=f"{sentence}.",
        language=first.tag,
        figures=f"{figures}. {hardly}",
        fallbacks=fallbacks,
    )


def in_english(scope: PanelScope) -> tuple[tuple[NamedLanguage, Estimate], ...]:
    """Return the share of answers in English of each language that has one, the largest first."""
    found = [
        (language, rate)
        for language in scope.run.languages
        if (rate := scope.get("english_fallback", language.tag)) and rate.value is not None
    ]
    return tuple(sorted(found, key=lambda pair: -(pair[1].value or 0.0)))


def refusals(rates: Sequence[LanguageRate]) -> tuple[int, int]:
    """Return (refused, read) over all languages, by a judge that tells refusals."""
    pooled = [row.micro for row in rates if row.micro is not None and row.micro.value is not None]
    return sum(one.n - round((one.value or 0.0) * one.n) for one in pooled), sum(
        one.n for one in pooled
    )


def times(rate: Estimate) -> str:
    """Return "17 times of 22"."""
    k = round((rate.value or 0.0) * rate.n)
    return f"{count(k)} time{'' if k == 1 else 's'} of {count(rate.n)}"


def _subject(scope: PanelScope) -> str:
    return "this small model" if scope.model.startswith("embedded/") else "the model"
