"""The main findings in words, computed from the numbers and never beyond them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from safeglot.report.numbers.percent import (
    NBSP,
    count,
    gap_interval,
    interval,
    level,
    n_of,
    number,
    p_value,
    percent,
    points,
    shortfalls,
)
from safeglot.report.page import Index, Page, Run, averages, macro_metric
from safeglot.report.sections.gaps import NO_EVIDENCE, NOT_INTERPRETED, macro_gaps, reading
from safeglot.report.sections.qualifiers import corrected_by, in_place_of_point, shown_bounds
from safeglot.types import Estimate

MAX_MODELS = 3
"""With more models than this the findings are counted, not told one by one."""
MAX_NAMED = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one model's numbers say; `model` is "" for a finding over all models."""

    model: str
    sentences: tuple[str, ...]


def subject(page: Page) -> str:
    """Say in one sentence what the page shows."""
    run = page.run
    judges = f"the judge {run.judges[0]} labels" if len(run.judges) == 1 else "each judge labels"
    models = run.models[0] if len(run.models) == 1 else f"{len(run.models)} models"
    languages = _plural(len(run.languages), "language")
    return f"The share of answers that {judges} safe, for {models} in {languages}."


def findings(page: Page, index: Index, judge: str) -> list[Finding]:
    """Return what one judge's verdicts show, model by model or counted."""
    run = page.run
    if len(run.models) > MAX_MODELS:
        return [Finding(model="", sentences=tuple(_counted(run, index, judge)))]
    return [
        Finding(model=model, sentences=tuple(_told(run, index, judge, model)))
        for model in run.models
    ]


def ranking_note(page: Page) -> str:
    """Return why languages are not put in an order."""
    if len(page.run.languages) < 2:
        return ""
    name = page.run.language_name(page.run.reference)
    return (
        f"Languages are not ranked: each was tested only against {name}, on the same prompts, "
        "and an order among the others was not tested."
    )


def _told(run: Run, index: Index, judge: str, model: str) -> list[str]:
    metric = macro_metric(index)
    base = index.get(metric, model, judge=judge, language=run.reference, category=None)
    name = run.language_name(run.reference)
    if base is None or base.value is None:
        return [f"There is no {averages(index).get(metric, metric)} number for {name}."]
    first = _first(run, index, base, averages(index)[metric])
    gaps = macro_gaps(run, index, judge=judge, model=model)
    beside = _beside(run, index, judge, model)
    return [first, *([beside] if beside else []), *_differences(run, index, gaps)]


def _first(run: Run, index: Index, base: Estimate, average: str) -> str:
    places, name = index.decimals, run.language_name(run.reference)
    names = {"judge": base.judge or "", "model": base.model or ""}
    if (shown := shown_bounds(index, **names, language=run.reference)) is not None:
        invalid = index.get(
            "invalid_rate", base.model, judge=names["judge"], language=run.reference, category=None
        )
        return f"{name}: {in_place_of_point(shown, invalid)}, {n_of(shown.n)}."
    return (
        f"{name}: {percent(base.value, places)}% labelled safe "
        f"({', '.join([average, *shortfalls(base)])}, {level(base)} interval "
        f"{interval(base, places)}%, {n_of(base.n)})."
    )


def _beside(run: Run, index: Index, judge: str, model: str) -> str:
    """Return what belongs to the reference's rate: classes, labels, over-refusal."""
    found = {
        "competent-safe": index.get(
            "competent_safe", model, judge=judge, language=run.reference, category=None
        ),
        "safe after correction by labels": corrected_by(
            index, judge=judge, model=model, language=run.reference
        ),
        "of the benign prompts refused": index.get(
            "over_refusal", model, judge=judge, language=run.reference, category=None
        ),
    }
    told = [
        f"{percent(one.value)}% {words} ({interval(one)}%, {n_of(one.n)})"
        for words, one in found.items()
        if one is not None and one.value is not None
    ]
    return f"Beside it: {_join(told)}." if told else ""


def _differences(run: Run, index: Index, gaps: Sequence[Estimate]) -> list[str]:
    said = {one.language: reading(one, index) for one in gaps}
    sentences = [
        sentence
        for word in ("lower", "higher")
        if (
            sentence := _direction(
                run, [g for g in gaps if said[g.language] == word], word, index.decimals
            )
        )
    ]
    quiet = [one for one in gaps if said[one.language] == NO_EVIDENCE]
    if quiet:
        names = _join([run.language_name(one.language or "") for one in quiet])
        sentences.append(
            f"No evidence of a difference for {names}: that is not evidence that there is "
            f"none{_unseen(quiet)}."
        )
    mute = [run.language_name(t or "") for t, word in said.items() if word == NOT_INTERPRETED]
    if mute:
        sentences.append(
            f"Not interpreted for {_join(mute)}: the share of invalid answers differs from that in "
            f"{run.language_name(run.reference)} by more than 5 points."
        )
    return sentences


def _unseen(gaps: Sequence[Estimate]) -> str:
    """Return which drops the tests would have missed."""
    drops = [f"{100 * abs(drop):.1f}" for one in gaps if (drop := number(one, "mdd")) is not None]
    if not drops:
        return ""
    least, most = min(drops, key=float), max(drops, key=float)
    span = f"{least} pp" if least == most else f"{least} to {most} pp, by language,"
    return f"; a drop of less than {span} could not have been seen"


def _direction(run: Run, gaps: Sequence[Estimate], word: str, places: int) -> str:
    if not gaps:
        return ""
    largest = sorted(gaps, key=lambda one: -abs(one.value or 0.0))
    named = [
        f"{run.language_name(one.language or '')} ({points(one.value, places)} points, "
        f"{gap_interval(one, places)}, p{NBSP}{_equals(number(one, 'p_holm'))}, "
        f"{n_of(one.n, 'pairs')})"
        for one in largest[:MAX_NAMED]
    ]
    rest = len(largest) - MAX_NAMED
    more = [_plural(rest, "further language")] if rest > 0 else []
    return f"{word.capitalize()} in {_join(named + more)}."


def _counted(run: Run, index: Index, judge: str) -> list[str]:
    gaps = [gap for model in run.models for gap in macro_gaps(run, index, judge=judge, model=model)]
    mute = [one for one in gaps if reading(one, index) == NOT_INTERPRETED]
    tested = [
        one
        for one in gaps
        if number(one, "p_holm") is not None and one.value is not None and one not in mute
    ]
    if not tested:
        return ["No gap between languages could be tested."]
    lower = [one for one in tested if reading(one, index) == "lower"]
    higher = [one for one in tested if reading(one, index) == "higher"]
    name = run.language_name(run.reference)
    first = (
        f"Of {count(len(tested))} gaps to {name} ({_plural(len(run.models), 'model')}), "
        f"{count(len(lower))} {_are(len(lower))} lower and {count(len(higher))} higher after Holm's adjustment "
        f"within each model; for {count(len(tested) - len(lower) - len(higher))} there is "
        "no evidence of a difference."
    )
    sentences = [first]
    if mute:
        sentences.append(
            f"{_plural(len(mute), 'further gap')} not interpreted: the share of invalid answers "
            f"differs from that in {name} by more than 5 points."
        )
    if lower:
        sentences.append(_widest(run, min(lower, key=lambda one: one.value or 0.0), index.decimals))
    return sentences


def _widest(run: Run, gap: Estimate, places: int) -> str:
    return (
        f"The largest of the lower ones by point estimate: {gap.model} in "
        f"{run.language_name(gap.language or '')}, {points(gap.value, places)} points "
        f"({gap_interval(gap, places)}, {n_of(gap.n, 'pairs')})."
    )


def _equals(p: float | None) -> str:
    text = p_value(p)
    return text if text.startswith("<") else f"={NBSP}{text}"


def _are(n: int) -> str:
    return "is" if n == 1 else "are"


def _plural(n: int, noun: str) -> str:
    return f"{count(n)} {noun}" if n == 1 else f"{count(n)} {noun}s"


def _join(parts: Sequence[str]) -> str:
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"
