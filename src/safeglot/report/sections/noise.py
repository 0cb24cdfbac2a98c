"""The noise floor: how much the answers to one prompt differ when it is asked again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from safeglot.report.numbers.figures import Figure, extra, plain, rate, word
from safeglot.report.numbers.percent import NONE
from safeglot.report.page import Index, NamedLanguage, Page, PanelScope, scopes
from safeglot.types import Estimate

METRICS = ("flip_rate", "unsafe_any_of_k", "unstable_prompts")


@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseRow:
    """One language."""

    language: str
    tag: str
    flips: Figure
    any_of_k: Figure
    unstable: Figure
    within: str
    between: str
    advice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """One panel; `samples` is how many answers were drawn for a prompt."""

    judge: int
    model: int
    samples: str
    rows: tuple[NoiseRow, ...]


def context(page: Page, index: Index) -> dict[str, Any] | None:
    """Return what the template needs, None where every prompt was asked once."""
    panels = noise_panels(page, index)
    return {"panels": panels} if panels else None


def noise_panels(page: Page, index: Index) -> list[Noise]:
    """Return a panel for each judge and model; none where every prompt was asked once."""
    if not index.has(*METRICS):
        return []
    return [_panel(scope) for scope in scopes(page.run, index)]


def _panel(scope: PanelScope) -> Noise:
    by_language = [
        (language, [scope.get(metric, language.tag) for metric in METRICS])
        for language in scope.run.languages
    ]
    measured = [(language, shares) for language, shares in by_language if any(shares)]
    return Noise(
        judge=scope.judge_position,
        model=scope.model_position,
        samples=_samples(measured[0][1]) if measured else "",
        rows=tuple(_row(language, shares) for language, shares in measured),
    )


def _samples(shares: Sequence[Estimate | None]) -> str:
    repeated = _repeated(shares)
    return NONE if repeated is None else f"{extra(repeated, 'k'):g}"


def _repeated(shares: Sequence[Estimate | None]) -> Estimate | None:
    """Return the first share that says of how many answers to a prompt it is."""
    return next((share for share in shares if extra(share, "k") is not None), None)


def _row(language: NamedLanguage, shares: Sequence[Estimate | None]) -> NoiseRow:
    flips, any_of_k, unstable = map(rate, shares)
    repeated = _repeated(shares)
    return NoiseRow(
        language=language.name,
        tag=language.tag,
        flips=flips,
        any_of_k=any_of_k,
        unstable=unstable,
        within=plain(extra(repeated, "within"), 4),
        between=plain(extra(repeated, "between"), 4),
        advice=word(repeated, "advice"),
    )
