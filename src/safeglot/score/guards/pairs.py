"""Guards and languages compared on the same ids, two at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TypeAlias

import numpy as np

from safeglot.score.arrays import Bools, Floats
from safeglot.score.frame import Extra
from safeglot.score.guards.draw_differences import of_guards, of_languages
from safeglot.score.guards.sheet import NONE, SAFE, UNSAFE, GuardSheet
from safeglot.score.guards.telling import About, Ends
from safeglot.score.stats.bounds import NOT_INTERPRETED_ABOVE
from safeglot.score.stats.gaps import mcnemar_midp
from safeglot.score.stats.mean_interval import score_interval, score_p
from safeglot.score.stats.multiplicity import holm
from safeglot.types import Estimate

TANGO = "Tango on differences within ids"
NO_PAIRS = "no id has a verdict in both"
Rates: TypeAlias = tuple[Floats, Floats, Floats]
"""The share of each id's texts that is called unsafe: as read (NaN without), and with all unread safe, or unsafe."""
KINDS = (("recall", UNSAFE), ("fpr", SAFE))


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardPair:
    """Two sets of rows of which the first is compared with the second, id by id."""

    metric: str
    guard: str
    language: str | None
    first: tuple[int, Bools]
    """Guard's place, and its texts."""
    second: tuple[int, Bools]
    than: str = ""
    variant: str = ""
    category: str | None = None


def language_gaps(sheet: GuardSheet, *, level: float) -> Iterator[Estimate]:
    """Yield recall and false alarms of each language less those of the reference, by guard; Holm over all of a kind.

    Answers that were drawn in each language by itself are no pairs: their rates are compared.
    """
    if sheet.reference not in sheet.languages:
        return
    reference = sheet.languages.index(sheet.reference)
    for kind, label in KINDS:
        pairs = [
            GuardPair(
                metric=f"guard_{kind}_gap",
                guard=guard,
                language=tag,
                first=(g, sheet.of(place, label)),
                second=(g, sheet.of(reference, label)),
            )
            for g, guard in enumerate(sheet.guards)
            for place, tag in sheet.others
        ]
        yield from compared(sheet, pairs, level=level)


def guard_differences(sheet: GuardSheet, *, level: float) -> Iterator[Estimate]:
    """Yield recall and false alarms of a guard less those of another in each language; Holm over all of a kind."""
    for kind, label in KINDS:
        pairs = [
            GuardPair(
                metric=f"guard_{kind}_difference",
                guard=sheet.guards[a],
                language=tag,
                first=(a, sheet.of(place, label)),
                second=(b, sheet.of(place, label)),
                than=sheet.guards[b],
            )
            for a, b in combinations(range(len(sheet.guards)), 2)
            for place, tag in enumerate(sheet.languages)
        ]
        yield from compared(sheet, pairs, level=level)


def compared(sheet: GuardSheet, pairs: Sequence[GuardPair], *, level: float) -> Iterator[Estimate]:
    """Yield the difference of each pair that shares ids, with p values corrected over all of them."""
    told = [e for pair in pairs if (e := _difference(sheet, pair, level)) is not None]
    known = [e for e in told if e.value is not None]
    corrected = iter(holm([float(e.extra["p"] or 0.0) for e in known]).tolist())
    for e in told:
        yield e if e.value is None else replace(e, extra={**e.extra, "p_holm": next(corrected)})


def _difference(sheet: GuardSheet, pair: GuardPair, level: float) -> Estimate | None:
    about = About(guard=pair.guard, language=pair.language, category=pair.category, level=level)
    found = _of_draw(sheet, pair, about) or _paired(sheet, pair, about)
    if found is None:
        return None
    extra: Extra = {
        **({"than": pair.than} if pair.than else {}),
        **({"variant": pair.variant} if pair.variant else {}),
        **found.extra,
    }
    sides = pair.first, pair.second
    lacks = [float((sheet.unsafe_GN[g, rows_N] == NONE).mean()) for g, rows_N in sides]
    if max(lacks) > NOT_INTERPRETED_ABOVE:
        extra["gap_not_interpretable"] = "missing"
        extra |= dict(zip(("missing_share", "missing_share_reference"), lacks, strict=True))
    return replace(found, extra=extra)


def _of_draw(sheet: GuardSheet, pair: GuardPair, about: About) -> Estimate | None:
    """Return the difference of what was drawn from more answers; None where ids can be compared."""
    if sheet.draw is None or not (pair.first[1].any() and pair.second[1].any()):
        return None
    if not pair.than and not pair.variant:
        return of_languages(sheet, pair.metric, (pair.first, pair.second), about)
    labels = sheet.labels(int(sheet.language_N[pair.first[1]][0]))
    if labels is None:
        return None
    return of_guards(sheet, pair.metric, (pair.first, pair.second), about, labels=labels)


def _paired(sheet: GuardSheet, pair: GuardPair, about: About) -> Estimate | None:
    first, second = (_by_prompt(sheet, *side) for side in (pair.first, pair.second))
    planned_P = ~np.isnan(first[1]) & ~np.isnan(second[1])
    if not planned_P.any():
        return None
    d_P = (first[0] - second[0])[planned_P]
    read_P = ~np.isnan(d_P)
    n, missing = int(read_P.sum()), int((~read_P).sum())
    extra: Extra = {
        "low_bound": float((first[1] - second[2])[planned_P].mean()),
        "high_bound": float((first[2] - second[1])[planned_P].mean()),
    }
    if not n:
        return about.number(pair.metric, Ends(), 0, missing, method=NO_PAIRS, extra=extra)
    d_P = d_P[read_P]
    low, high = score_interval(d_P, level=about.level)
    more, less = int((d_P > 0).sum()), int((d_P < 0).sum())
    single = bool(np.isin(d_P, (-1.0, 0.0, 1.0)).all())
    p = float(mcnemar_midp(less, more)) if single else score_p(d_P)
    extra |= {"more": more, "less": less, "p": p}
    if pair.variant:
        both = (rate_P[0][planned_P][read_P].mean() for rate_P in (first, second))
        extra |= dict(zip(("with_probe", "plain"), map(float, both), strict=True))
    ends = Ends(float(d_P.mean()), low, high)
    return about.number(pair.metric, ends, n, missing, method=TANGO, extra=extra)


def _by_prompt(sheet: GuardSheet, g: int, own_N: Bools) -> Rates:
    """Return the rates of each id; NaN for one that has no text here, in the first also where none was read."""
    size = int(sheet.prompt_N.max()) + 1
    said_N, prompt_N = sheet.unsafe_GN[g, own_N], sheet.prompt_N[own_N]
    n_P = np.bincount(prompt_N, minlength=size)
    read_P = np.bincount(prompt_N, said_N != NONE, size)
    unsafe_P = np.bincount(prompt_N, said_N == UNSAFE, size)
    with np.errstate(invalid="ignore", divide="ignore"):
        return unsafe_P / read_P, unsafe_P / n_P, (unsafe_P + n_P - read_P) / n_P
