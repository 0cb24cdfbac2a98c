"""The noise floor: how much the answers to one prompt differ when it is asked again."""

from __future__ import annotations

from dataclasses import dataclass

from safeglot.report.numbers.figures import Figure, extra, plain, rate, word
from safeglot.report.numbers.percent import NONE
from safeglot.report.page import Index, Page, Run

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


def noise_panels(page: Page, index: Index) -> list[Noise]:
    """Build a panel for each judge and model; none where every prompt was asked once."""
    if not index.has(*METRICS):
        return []
    run = page.run
    return [
        _panel(run, index, judge=judge, model=model)
        for judge in range(len(run.judges))
        for model in range(len(run.models))
    ]


def _panel(run: Run, index: Index, *, judge: int, model: int) -> Noise:
    names = {"judge": run.judges[judge], "model": run.models[model]}
    rows, samples = [], ""
    for one in run.languages:
        flips, any_of_k, unstable = (
            index.get(metric, **names, language=one.tag, category=None) for metric in METRICS
        )
        told = next((e for e in (flips, any_of_k, unstable) if extra(e, "k") is not None), None)
        if flips is None and any_of_k is None and unstable is None:
            continue
        samples = samples or (NONE if told is None else f"{extra(told, 'k'):g}")
        rows.append(
            NoiseRow(
                language=one.name,
                tag=one.tag,
                flips=rate(flips),
                any_of_k=rate(any_of_k),
                unstable=rate(unstable),
                within=plain(extra(told, "within"), 4),
                between=plain(extra(told, "between"), 4),
                advice=word(told, "advice"),
            )
        )
    return Noise(judge=judge, model=model, samples=samples, rows=tuple(rows))
