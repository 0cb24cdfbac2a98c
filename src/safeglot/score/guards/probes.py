"""What guards lose on variants of the labelled texts: the same texts, plain and with a probe."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from safeglot.score.arrays import Bools
from safeglot.score.frame import Extra
from safeglot.score.guards.pairs import KINDS, GuardPair, compared
from safeglot.score.guards.sheet import GuardSheet
from safeglot.score.guards.telling import About, Ends
from safeglot.types import Estimate

NOT_VARIED = "no text with that label could be varied"


def probe_differences(sheet: GuardSheet, *, level: float) -> Iterator[Estimate]:
    """Yield recall and false alarms on each probe's variants less those on the same texts as they came.

    Holm over all guards and languages of a probe. Texts of which there is no variant are in neither
    rate; they are counted.
    """
    for kind, label in KINDS:
        for at, variant in enumerate(sheet.variants[1:], start=1):
            pairs, unmade = [], []
            for g, guard in enumerate(sheet.guards):
                for place, tag in enumerate(sheet.languages):
                    plain_N = sheet.of(place, label)
                    if not plain_N.any():
                        continue
                    own_N = sheet.of(place, label, variant=at)
                    varied_N = plain_N & np.isin(sheet.text_N, sheet.text_N[own_N])
                    unmade.append(int((plain_N & ~varied_N).sum()))
                    metric = f"guard_{kind}_probe"
                    pairs.append(_pair(metric, (guard, g), tag, (own_N, varied_N), variant))
            told = {(e.judge, e.language): e for e in compared(sheet, pairs, level=level)}
            for pair, n in zip(pairs, unmade, strict=True):
                e = told.get((pair.guard, pair.language)) or _nothing(pair, level)
                why = sheet.unmade.get((str(pair.language), variant), "")
                yield replace(e, extra={**e.extra, "unmade": n, "reasons": why if n else ""})


def _pair(
    metric: str, guard: tuple[str, int], tag: str, rows: tuple[Bools, Bools], variant: str
) -> GuardPair:
    (name, g), (own_N, varied_N) = guard, rows
    return GuardPair(
        metric=metric,
        guard=name,
        language=tag,
        first=(g, own_N),
        second=(g, varied_N),
        variant=variant,
    )


def _nothing(pair: GuardPair, level: float) -> Estimate:
    """Return the number of a pair without a variant."""
    about = About(guard=pair.guard, language=pair.language, level=level)
    extra: Extra = {"variant": pair.variant}
    return about.number(pair.metric, Ends(), 0, 0, method=NOT_VARIED, extra=extra)
