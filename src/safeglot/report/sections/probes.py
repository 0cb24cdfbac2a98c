"""What probes show: each variant of the prompts against the prompts themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from safeglot.report.numbers.axis import Axis, Mark, ends, gap_axis, mark
from safeglot.report.numbers.figures import Figure, difference, extra, rate, word
from safeglot.report.numbers.percent import count, level, p_value
from safeglot.report.page import Page, Run
from safeglot.types import Estimate

NAMES = {
    "framing": "framing",
    "codeswitch": "code-switching",
    "translit": "transliteration",
    "context": "local context",
    "dialect": "dialect",
}
"""Name of a factor as it is printed; others go by their own."""
METRICS = ("probe_unsafe", "probe_effect", "probe_interaction", "factor_effect")
OWN_PX, OTHER_PX = 13, 31


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeRow:
    """One variant in one language: against the language's own texts, and the reference's."""

    language: str
    tag: str
    unsafe: Figure
    own: Figure
    other: Figure
    interaction: Figure
    unkept: str
    marks: tuple[Mark, ...]
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantTable:
    """One variant in all languages."""

    name: str
    both_parents: bool
    rows: tuple[ProbeRow, ...]
    left_out: tuple[str, ...]
    """Languages where the variant means nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorRow:
    """One effect of crossed factors in one language."""

    language: str
    tag: str
    factor: str
    effect: Figure
    p: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Probes:
    """One panel."""

    judge: int
    model: int
    level: str
    axis: Axis
    variants: tuple[VariantTable, ...]
    factors: tuple[FactorRow, ...]
    unkept: bool


def probe_panels(page: Page) -> list[Probes]:
    """Build a panel for each judge and model that has any; none for a run without probes.

    Several estimates are alike but for the variant in `extra`: they are read from the list.
    """
    found: dict[tuple[str | None, str | None], list[Estimate]] = {}
    for one in page.estimates:
        if one.metric in METRICS:
            found.setdefault((one.judge, one.model), []).append(one)
    return [
        _panel(page.run, found[judge, model], at=(j, m))
        for j, judge in enumerate(page.run.judges)
        for m, model in enumerate(page.run.models)
        if (judge, model) in found
    ]


def spelled(variant: str) -> str:
    """Print a variant's factors as a reader knows them: "framing: story + code-switching: word"."""
    return " + ".join(_level(level) for level in variant.split("+"))


def _level(level: str) -> str:
    name, _, value = level.partition("=")
    shown = NAMES.get(name, name)
    return f"{shown}: {value}" if value else shown


def _panel(run: Run, told: Sequence[Estimate], *, at: tuple[int, int]) -> Probes:
    effects = [one for one in told if one.metric == "probe_effect"]
    axis = gap_axis(ends(effects))
    names = dict.fromkeys(word(one, "variant") for one in effects)
    return Probes(
        judge=at[0],
        model=at[1],
        level=level(next((one for one in effects if one.low is not None), None)),
        axis=axis,
        variants=tuple(_variant(run, told, name, axis) for name in names),
        factors=tuple(_factors(run, told)),
        unkept=any(extra(one, "unkept") for one in effects),
    )


def _variant(run: Run, told: Sequence[Estimate], name: str, axis: Axis) -> VariantTable:
    own = [one for one in told if word(one, "variant") == name and one.metric != "factor_effect"]
    rows, left_out = [], []
    for language in run.languages:
        here = {
            (one.metric, word(one, "parent")): one for one in own if one.language == language.tag
        }
        if ("probe_unsafe", "") in here:
            rows.append(_row(language.name, language.tag, here, axis))
        elif here:
            left_out.append(language.name)
    return VariantTable(
        name=spelled(name),
        both_parents=any(word(one, "parent") == "reference" for one in own),
        rows=tuple(rows),
        left_out=tuple(left_out),
    )


def _row(name: str, tag: str, here: dict[tuple[str, str], Estimate], axis: Axis) -> ProbeRow:
    own, other = (here.get(("probe_effect", parent)) for parent in ("language", "reference"))
    found = [(own, OWN_PX if other else (OWN_PX + OTHER_PX) / 2, 0), (other, OTHER_PX, 1)]
    marks = (mark(axis, one, y=y, symbol=symbol) for one, y, symbol in found)
    unkept = extra(own, "unkept")
    said = [
        f"against {words} {difference(one).text} points ({difference(one).interval})"
        for words, one in (("its own texts", own), ("the reference's", other))
        if one is not None
    ]
    return ProbeRow(
        language=name,
        tag=tag,
        unsafe=rate(here["probe_unsafe", ""]),
        own=difference(own),
        other=difference(other),
        interaction=difference(here.get(("probe_interaction", ""))),
        unkept=count(int(unkept)) if unkept else "–",
        marks=tuple(one for one in marks if one is not None),
        words="; ".join(said),
    )


def _factors(run: Run, told: Sequence[Estimate]) -> Iterator[FactorRow]:
    for one in told:
        if one.metric != "factor_effect":
            continue
        yield FactorRow(
            language=run.language_name(one.language or ""),
            tag=one.language or "",
            factor=" × ".join(_level(level) for level in word(one, "factor").split(" x ")),
            effect=difference(one),
            p=p_value(extra(one, "p_holm")),
        )
