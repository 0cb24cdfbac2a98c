"""What guards lose on variants of the labelled texts: the same texts, plain and with a probe."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import TypeAlias

import numpy as np

from safeglot.score.arrays import Bools
from safeglot.score.frame import Extra
from safeglot.score.guards.pairs import KINDS, GuardPair, compared
from safeglot.score.guards.sheet import GuardSheet
from safeglot.score.guards.telling import About, Ends
from safeglot.types import Estimate

_Place: TypeAlias = tuple[str | None, str | None, str | None, str]
"""(guard, language, category, variant)."""
NOT_VARIED = "no text with that label could be varied"


def probe_differences(sheet: GuardSheet, *, level: float) -> Iterator[Estimate]:
    """Yield recall and false alarms on each probe's variants less those on the same texts as they came.

    Of a language, and of each category in it. Holm over all guards, languages and levels of a factor;
    over their categories as well where these are told. Texts of which there is no variant are in
    neither rate; they are counted.
    """
    for kind, label in KINDS:
        found = [
            one
            for at in range(1, len(sheet.variants))
            for one in _pairs(sheet, f"guard_{kind}_probe", label, at)
        ]
        told: dict[_Place, Estimate] = {}
        for family in dict.fromkeys(_family(pair) for pair, _ in found):
            own = [pair for pair, _ in found if _family(pair) == family]
            told |= {
                (e.judge, e.language, e.category, str(e.extra["variant"])): e
                for e in compared(sheet, own, level=level)
            }
        for pair, n in found:
            place = pair.guard, pair.language, pair.category, pair.variant
            e = told.get(place) or _nothing(pair, level)
            why = sheet.unmade.get((str(pair.language), pair.variant), "")
            yield replace(e, extra={**e.extra, "unmade": n, "reasons": why if n else ""})


def _family(pair: GuardPair) -> tuple[tuple[str, ...], bool]:
    factors = tuple(level.partition("=")[0] for level in pair.variant.split("+"))
    return factors, pair.category is None


def _pairs(sheet: GuardSheet, metric: str, label: int, at: int) -> Iterator[tuple[GuardPair, int]]:
    """Yield what is compared under one probe, all categories together first, and how many texts it lacks."""
    made_N = np.isin(sheet.text_N, sheet.text_N[sheet.variant_N == at])
    parts: list[tuple[str | None, Bools]] = [(None, np.ones_like(made_N))]
    if len(sheet.categories) > 1:
        parts += [(name, sheet.category_N == c) for c, name in enumerate(sheet.categories)]
    for (g, guard), (place, tag), (category, part_N) in product(
        enumerate(sheet.guards), enumerate(sheet.languages), parts
    ):
        plain_N = sheet.of(place, label) & part_N
        if plain_N.any():
            pair = GuardPair(
                metric=metric,
                guard=guard,
                language=tag,
                category=category,
                first=(g, sheet.of(place, label, variant=at) & part_N),
                second=(g, plain_N & made_N),
                variant=sheet.variants[at],
            )
            yield pair, int((plain_N & ~made_N).sum())


def _nothing(pair: GuardPair, level: float) -> Estimate:
    """Return the number of a pair without a variant."""
    about = About(guard=pair.guard, language=pair.language, category=pair.category, level=level)
    extra: Extra = {"variant": pair.variant}
    return about.number(pair.metric, Ends(), 0, 0, method=NOT_VARIED, extra=extra)
