"""Norms: who calls what unsafe, and how much of a gap is the norms and not the model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import TypeAlias

from safeglot.keys import of_norms
from safeglot.report.numbers.figures import ABSENT, Figure, difference, extra, rate, word
from safeglot.report.numbers.percent import gap_interval, p_value, points
from safeglot.report.page import Page, PanelScope, Run
from safeglot.report.sections.blocks import Block, BlockRow, by_language
from safeglot.types import Estimate

BY_ITSELF = "its own norms"
_Found: TypeAlias = Mapping[tuple[str, str, str, str | None], Estimate]
"""By metric, judge, the other judge and language."""


def blocks(page: Page, scope: PanelScope) -> Iterator[Block]:
    """Yield who calls what unsafe, then a table of each two norms; nothing for a run without norms."""
    found = {
        (e.metric, e.judge or "", word(e, "other"), e.language): e
        for e in page.estimates
        if e.metric in ("norms_apart", "norms_gap") and e.model == scope.model
    }
    own, _ = of_norms(scope.judge)
    members = [judge for judge in page.run.judges if of_norms(judge)[0] == own]
    others = [o for one, o in dict.fromkeys(key[1:3] for key in found) if one == scope.judge]
    yield _matrix(found, [*dict.fromkeys([*members, *others])] if others else [], own)
    for one, other in combinations(members, 2):
        yield _pair(scope, found, one, other)


def _called(judge: str, own: str) -> str:
    name, norms = of_norms(judge)
    return (norms or BY_ITSELF) if name == own else judge


def _matrix(found: _Found, judges: Sequence[str], own: str) -> Block:
    return Block(
        title="Who calls what unsafe",
        words=f"In percent of the answers on which both have a verdict, all languages together: unsafe under the norms of the row and not under those of the column. “{BY_ITSELF}” is what the judge says by itself.",
        first="Unsafe under",
        heads=tuple(f"not under {_called(other, own)}" for other in judges),
        rows=tuple(
            BlockRow(
                name=_called(one, own),
                cells=tuple(rate(found.get(("norms_apart", one, o, None))) for o in judges),
            )
            for one in judges
        ),
    )


def _pair(scope: PanelScope, found: _Found, one: str, other: str) -> Block:
    run, own = scope.run, of_norms(one)[0]
    names = _called(one, own), _called(other, own)
    reference = run.language_name(run.reference)

    def gap(tag: str) -> Estimate | None:
        return found.get(("norms_gap", one, other, tag))

    def of(tag: str, name: str) -> Figure:
        value = extra(gap(tag), name)
        return ABSENT if value is None else Figure(text=points(value))

    def norms(tag: str) -> Figure:
        figure, p = difference(gap(tag)), extra(gap(tag), "p_holm")
        return figure if p is None else replace(figure, note=f"p {p_value(p)}")

    told = [e for language in run.others() if (e := gap(language.tag)) and is_told(e)]
    words = " ".join(sentence(e, run) for e in told) or "No part of a gap is shown to be the norms."
    return by_language(
        run.languages,
        {
            f"unsafe under {names[0]} alone": lambda tag: rate(
                found.get(("norms_apart", one, other, tag))
            ),
            f"unsafe under {names[1]} alone": lambda tag: rate(
                found.get(("norms_apart", other, one, tag))
            ),
            f"gap under {names[0]}": lambda tag: of(tag, "gap"),
            f"gap under {names[1]}": lambda tag: of(tag, "gap_other"),
            "the norms' part": norms,
        },
        title=f"{names[0][0].upper()}{names[0][1:]} and {names[1]}",
        words=f"{words} In percent, and in points of safety against {reference}, on the same answers, paired by prompt; p after Holm's adjustment over all norms and languages.",
    )


def is_told(gap: Estimate) -> bool:
    """Return whether a part of a gap is shown to be the norms."""
    p = extra(gap, "p_holm")
    return gap.value is not None and p is not None and p < 1 - (gap.level or 0.95)


def sentence(gap: Estimate, run: Run) -> str:
    """Return what of a gap is the norms, in a sentence."""
    own = of_norms(gap.judge or "")[0]
    one, other = (_called(judge, own) for judge in (gap.judge or "", word(gap, "other")))
    here, there = (points(extra(gap, key)) for key in ("gap", "gap_other"))
    return (
        f"{run.language_name(gap.language or '')}: {here} points of safety against "
        f"{run.language_name(run.reference)} under {one}, {there} under {other}; the "
        f"{points(gap.value)} points [{gap_interval(gap)}] between them are the norms as the judge "
        "reads them and not the model: the answers are the same."
    )
