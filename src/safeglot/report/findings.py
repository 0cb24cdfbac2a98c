"""The main findings in words, computed from the numbers and never beyond them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from safeglot.report.category_gaps import carried, widest
from safeglot.report.finding.qualifiers import in_place_of_point, shown_bounds
from safeglot.report.numbers.interpretation import (
    LIMIT,
    LIMIT_WORDS,
    NO_EVIDENCE,
    NOT_INTERPRETED,
    gap_bounds_words,
    is_interpretable,
    reading,
    why_not,
    within_bounds,
)
from safeglot.report.numbers.percent import (
    NBSP,
    count,
    gap_interval,
    interval,
    level,
    n_of,
    number,
    p_equals,
    percent,
    points,
    shortfalls,
)
from safeglot.report.page import Index, Page, PanelScope, Run, averages, macro_metric, of_average
from safeglot.report.sections.gaps import macro_gaps
from safeglot.report.sections.missing import blocked_anything
from safeglot.report.sections.thoughts import thought_sentences
from safeglot.types import Estimate

MAX_MODELS = 3
"""With more models than this the findings are counted, not printed one by one."""
MAX_NAMED = 4
NO_HARMFUL = "No harmful prompts were run: there is no safety to tell, only over-refusal."
QUALIFIERS = {
    "competent_safe": "competent-safe",
    "safety_corrected": "safe after correction by labels",
    "over_refusal": "of the benign prompts refused",
}
"""What belongs to a rate, by metric."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentences:
    """The finding on one model in sentences; `model` is "" for a finding over all models."""

    model: str
    sentences: tuple[str, ...]


def findings(page: Page, index: Index, judge: str) -> list[Sentences]:
    """Return what one judge's verdicts show, model by model or counted."""
    run = page.run
    by_model = [PanelScope(run=run, index=index, judge=judge, model=model) for model in run.models]
    if len(by_model) > MAX_MODELS:
        return [Sentences(model="", sentences=tuple(_counted(run, index, by_model)))]
    return [Sentences(model=scope.model, sentences=tuple(_of_model(scope))) for scope in by_model]


def ranking_note(page: Page) -> str:
    """Return why languages are not put in an order."""
    if len(page.run.languages) < 2:
        return ""
    name = page.run.language_name(page.run.reference)
    return (
        f"Languages are not ranked: each was tested only against {name}, on the same prompts, "
        "and an order among the others was not tested."
    )


def _of_model(scope: PanelScope) -> list[str]:
    run, index = scope.run, scope.index
    metric = macro_metric(index)
    base = scope.get(metric, run.reference)
    if not index.has(metric, "safety_micro", "safety", "gap"):
        return [text for text in (NO_HARMFUL, _qualifiers(scope)) if text]
    if base is None or base.value is None:
        name = averages(index).get(metric, metric)
        none = f"There is no {name} number for {run.language_name(run.reference)}."
        return [none, *([text] if (text := _blocked(scope)) else [])]
    first = _first(scope, base, averages(index)[metric])
    qualifiers = _qualifiers(scope)
    more = [text for text in (qualifiers, _blocked(scope)) if text]
    return [
        first,
        *more,
        *_differences(scope, macro_gaps(scope)),
        *carried(scope),
        *thought_sentences(scope),
    ]


def _first(scope: PanelScope, base: Estimate, average: str) -> str:
    run, places = scope.run, scope.index.decimals
    name = run.language_name(run.reference)
    metric = macro_metric(scope.index)
    if (bounds := shown_bounds(scope, run.reference, metric)) is not None:
        invalid = of_average(scope, "invalid_rate", metric, run.reference)
        return f"{name}: {in_place_of_point(bounds, invalid)}, {n_of(bounds.n)}."
    return (
        f"{name}: {percent(base.value, places)}% labelled safe "
        f"({', '.join([average, *shortfalls(base)])}, {level(base)} interval "
        f"{interval(base, places)}%, {n_of(base.n)}{_open(scope, base)})."
    )


def _open(scope: PanelScope, base: Estimate) -> str:
    """Return the bounds over all that was planned, where more than the limit of it is missing."""
    bounds = of_average(scope, "safety_bounds", base.metric, scope.run.reference)
    planned = base.n + base.missing
    if bounds is None or not planned or base.missing / planned <= LIMIT:
        return ""
    return (
        f"; {percent(base.missing / planned)}% of the planned verdicts are missing, over all of them "
        f"between {interval(bounds)}%"
    )


def _qualifiers(scope: PanelScope) -> str:
    """Return what belongs to the reference's rate, in the same average: classes, labels, over-refusal."""
    average = macro_metric(scope.index)
    parts = [
        f"{percent(e.value)}% {words} ({interval(e)}%, {n_of(e.n)})"
        for metric, words in QUALIFIERS.items()
        if (e := of_average(scope, metric, average, scope.run.reference)) is not None
        and e.value is not None
    ]
    return f"Beside it: {_join(parts)}." if parts else ""


def _blocked(scope: PanelScope) -> str:
    """Return what the service blocked in each language, and what that makes of the system's safety."""
    run = scope.run
    if not any(blocked_anything(scope, language.tag) for language in run.languages):
        return ""
    parts = []
    for language in run.languages:
        blocked, system = (
            scope.get(metric, language.tag) for metric in ("blocked_rate", "safety_system")
        )
        if blocked is None or blocked.value is None:
            continue
        share = f"{percent(blocked.value)}% in {language.name}"
        if system is not None and system.value is not None:
            share += (
                f" (system {percent(system.value)}% safe, {interval(system)}%, {n_of(system.n)})"
            )
        parts.append(share)
    gaps = [scope.get("safety_system_gap", language.tag) for language in run.others()]
    named = [
        f"{run.language_name(gap.language or '')} {points(gap.value)} points ({gap_interval(gap)}, "
        f"{n_of(gap.n, 'pairs')})"
        for gap in gaps
        if gap is not None and gap.value is not None and is_interpretable(gap)
    ]
    more = f" Gap of the system: {_join(named)}." if named else ""
    return (
        f"Blocked by the service: {_join(parts)}. Blocked counts as no harm of the system and is "
        f"unknown of the model.{more}"
    )


def _differences(scope: PanelScope, gaps: Sequence[Estimate]) -> list[str]:
    run, places = scope.run, scope.index.decimals
    by_reading: dict[str, list[Estimate]] = {}
    for gap in gaps:
        by_reading.setdefault(reading(gap), []).append(gap)
    sentences = [
        _direction(run, by_reading[word], word, places)
        for word in ("lower", "higher")
        if word in by_reading
    ]
    if quiet := by_reading.get(NO_EVIDENCE):
        sentences.append(
            f"No evidence of a difference for {_names(run, quiet)}: that is not evidence that "
            f"there is none{_unseen(quiet)}."
        )
    sentences += [_mute(run, gap, places) for gap in by_reading.get(NOT_INTERPRETED, ())]
    return sentences


def _mute(run: Run, gap: Estimate, places: int) -> str:
    """Return why a gap is not interpreted, with its bounds in place of a number."""
    name = run.language_name(gap.language or "")
    why = why_not(gap, name, run.language_name(run.reference))
    bounds = gap_bounds_words(gap, places)
    over = f" Over all planned pairs it lies anywhere from {bounds} points." if bounds else ""
    return f"The gap of {name} is not interpreted: {why}.{over}"


def _names(run: Run, gaps: Sequence[Estimate]) -> str:
    return _join([run.language_name(gap.language or "") for gap in gaps])


def _unseen(gaps: Sequence[Estimate]) -> str:
    """Return which true drops the tests often miss, and which drops the data allow."""
    missed = _span([drop for gap in gaps if (drop := number(gap, "mdd")) is not None])
    allowed = _span([max(-gap.low, 0.0) for gap in gaps if gap.low is not None])
    parts = [f"a true drop of {missed} would be missed in 1 run of 5"] if missed else []
    parts += [f"the data allow a drop of up to {allowed}"] if allowed else []
    return "".join(f"; {part}" for part in parts)


def _span(drops: Sequence[float]) -> str:
    """Return the least and the largest of some drops; "" for none."""
    if not drops:
        return ""
    least, most = (f"{100 * abs(drop):.1f}" for drop in (min(drops), max(drops)))
    return f"{least} pp" if least == most else f"{least} to {most} pp (by language)"


def _direction(run: Run, gaps: Sequence[Estimate], word: str, places: int) -> str:
    largest = sorted(gaps, key=lambda gap: -abs(gap.value or 0.0))
    named = [
        f"{run.language_name(gap.language or '')} ({points(gap.value, places)} points, "
        f"{gap_interval(gap, places)}, p{NBSP}{p_equals(number(gap, 'p_holm'))}, "
        f"{n_of(gap.n, 'pairs')}{within_bounds(gap, places)})"
        for gap in largest[:MAX_NAMED]
    ]
    rest = len(largest) - MAX_NAMED
    more = [_plural(rest, "further language")] if rest > 0 else []
    return f"{word.capitalize()} in {_join(named + more)}."


def _counted(run: Run, index: Index, by_model: Sequence[PanelScope]) -> list[str]:
    gaps = [gap for scope in by_model for gap in macro_gaps(scope)]
    mute = [gap for gap in gaps if reading(gap) == NOT_INTERPRETED]
    tested = [
        gap
        for gap in gaps
        if number(gap, "p_holm") is not None and gap.value is not None and gap not in mute
    ]
    if not tested:
        if mute:
            return [f"No gap between languages is interpreted: {_limit(run)}."]
        return ["No gap between languages could be tested."]
    lower = [gap for gap in tested if reading(gap) == "lower"]
    higher = [gap for gap in tested if reading(gap) == "higher"]
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
            f"{_plural(len(mute), 'further gap')} {_are(len(mute))} not interpreted: {_limit(run)}."
        )
    if lower:
        lowest = min(lower, key=lambda gap: gap.value or 0.0)
        sentences.append(_largest(run, lowest, index.decimals))
    return [*sentences, *widest(by_model)]


def _limit(run: Run) -> str:
    return (
        f"more than {LIMIT_WORDS} of the planned verdicts are missing or of the answers invalid, "
        f"in that language or in {run.language_name(run.reference)}"
    )


def _largest(run: Run, gap: Estimate, places: int) -> str:
    return (
        f"The largest of the lower ones by point estimate: {gap.model} in "
        f"{run.language_name(gap.language or '')}, {points(gap.value, places)} points "
        f"({gap_interval(gap, places)}, {n_of(gap.n, 'pairs')})."
    )


def _are(n: int) -> str:
    return "is" if n == 1 else "are"


def _plural(n: int, noun: str) -> str:
    return f"{count(n)} {noun}" if n == 1 else f"{count(n)} {noun}s"


def _join(parts: Sequence[str]) -> str:
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"
