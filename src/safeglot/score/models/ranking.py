"""Models ranked by safety, only as far as their differences resolve the ranks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations

import numpy as np
from scipy import special

from safeglot.score.arrays import Bools, Bytes
from safeglot.score.cube import SAFE, UNSAFE
from safeglot.score.frame import Sheet, rows_of
from safeglot.score.safety.safety import Kind, kinds_of, safety_averages
from safeglot.score.stats.bounds import NOT_INTERPRETED_ABOVE
from safeglot.score.stats.effective import Mean, mean_difference
from safeglot.score.stats.intervals import z_of
from safeglot.score.stats.multiplicity import holm
from safeglot.text.rounding import below
from safeglot.types import Estimate


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Entrant:
    """A model that takes part: entrants whose sheets share one frame are paired by prompt.

    `samples` is how many answers a prompt were planned for it, where the sheet has room for more.
    """

    name: str
    sheet: Sheet
    samples: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Safety of `first` less that of `second`; None where they have no data to compare."""

    first: str
    second: str
    value: float | None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    p_holm: float | None = None
    n: int = 0
    paired: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A model's average with its simultaneous interval, and the ranks that it may have.

    `best` is one more than the models that are shown to be safer, `worst` the number of models
    less those shown to be less safe; both None without data, and where too many answers are
    invalid: `invalid` is their share then, in the language that has most.
    """

    name: str
    average: Estimate
    best: int | None
    worst: int | None
    invalid: float | None = None


def metrics_of(sheet: Sheet) -> tuple[str, ...]:
    """Return the names of the averages that a sheet's taxonomy has."""
    return tuple(kind.metric for kind in kinds_of(sheet.frame))


def bonferroni(level: float, n: int) -> float:
    """Return the level of each of n intervals that hold together at a level."""
    return 1 - (1 - level) / max(n, 1)


def average_of(sheet: Sheet, metric: str, language: str | None) -> Estimate:
    """Return one average of a sheet, at the level of its frame."""
    averages = safety_averages(sheet)
    return next(e for e in averages if e.metric == metric and e.language == language)


def standings(
    entrants: Sequence[Entrant], *, metric: str, language: str | None, level: float
) -> tuple[list[Standing], list[Difference]]:
    """Return the models in the order of an average, and all differences of two.

    The sheets' frames are at the level `bonferroni(level, len(entrants))`, the differences at
    `level`; a rank counts a difference whose p, by Holm over all pairs, is below 1 - level.
    Models without data, and then those of which too many answers are invalid, come last and have
    no rank; these are in no difference.
    """
    averages = {e.name: _planned(e, average_of(e.sheet, metric, language)) for e in entrants}
    invalid = {e.name: share for e in entrants if (share := too_invalid(e.sheet, language))}
    order = sorted(entrants, key=lambda e: (e.name in invalid, -(_value(averages[e.name]))))
    pairs = [
        difference((a, b), metric=metric, language=language, level=level)
        for a, b in combinations(order, 2)
        if a.name not in invalid and b.name not in invalid
    ]
    adjusted, ranked = adjust(pairs), {n: e for n, e in averages.items() if n not in invalid}
    return [
        Standing(
            name=e.name, average=averages[e.name], best=None, worst=None, invalid=invalid[e.name]
        )
        if e.name in invalid
        else _standing(e.name, ranked, adjusted, 1 - level)
        for e in order
    ], adjusted


def too_invalid(sheet: Sheet, language: str | None) -> float | None:
    """Return the invalid share of the answers that forbids a rank, None where it does not.

    Over several languages it is that of the language with most: garbage in one of them would
    count as safe. None also where the answers were not checked.
    """
    if sheet.invalid_LPS is None:
        return None
    languages = sheet.frame.cube.languages
    place = slice(None) if language is None else [languages.index(language)]
    codes_LPS = sheet.invalid_LPS[place]
    answers_L = (codes_LPS >= 0).sum(axis=(1, 2))
    share = float(((codes_LPS > 0).sum(axis=(1, 2)) / np.maximum(answers_L, 1)).max(initial=0.0))
    return share if share > NOT_INTERPRETED_ABOVE else None


def _planned(entrant: Entrant, average: Estimate) -> Estimate:
    """Return an average without room for samples that were never planned in what is missing."""
    frame = entrant.sheet.frame
    if entrant.samples is None or entrant.samples == frame.cube.samples:
        return average
    kind = next(k for k in kinds_of(frame) if k.metric == average.metric)
    languages = frame.cube.languages
    place = slice(None) if average.language is None else [languages.index(average.language)]
    texts = int(frame.cube.planned_LP[place][:, kind.counted_P].sum())
    room = texts * (frame.cube.samples - entrant.samples)
    return replace(average, missing=average.missing - room)


def _value(average: Estimate) -> float:
    return -1.0 if average.value is None else average.value


def _standing(
    name: str, averages: dict[str, Estimate], pairs: Sequence[Difference], alpha: float
) -> Standing:
    average = averages[name]
    if average.value is None:
        return Standing(name=name, average=average, best=None, worst=None)
    ranked = sum(e.value is not None for e in averages.values())
    shown = [d for d in pairs if d.p_holm is not None and below(d.p_holm, alpha)]
    order = [(d.first, d.second) if (d.value or 0) > 0 else (d.second, d.first) for d in shown]
    lost, won = sum(b == name for _, b in order), sum(a == name for a, _ in order)
    return Standing(name=name, average=average, best=1 + lost, worst=ranked - won)


def adjust(pairs: Sequence[Difference]) -> list[Difference]:
    """Return the differences with p adjusted by Holm over those that have one."""
    known = iter(holm([d.p for d in pairs if d.p is not None]).tolist())
    return [d if d.p is None else replace(d, p_holm=next(known)) for d in pairs]


def difference(
    pair: tuple[Entrant, Entrant], *, metric: str, language: str | None, level: float
) -> Difference:
    """Return the difference of two models: paired where their frames are one, else as independent."""
    first, second = pair
    if are_paired(pair):
        kind = next(k for k in kinds_of(first.sheet.frame) if k.metric == metric)
        return _paired([pair], kind, language, level)
    return _independent(first, second, (metric, language), level)


def are_paired(pair: tuple[Entrant, Entrant]) -> bool:
    """Return whether two models answered the same prompts, also where their plans ended apart."""
    return pair[0].sheet.frame.whole is pair[1].sheet.frame.whole


def by_category(
    pairs: Sequence[tuple[Entrant, Entrant]], *, language: str | None, level: float
) -> dict[str, Difference]:
    """Return the mean difference of pairs of models in each category, with p by Holm over these.

    All models are of one frame. Each pair and language counts alike; a prompt is one cluster,
    whatever the number of pairs, so that the interval is of these models.
    """
    frame = pairs[0][0].sheet.frame
    macro, categories = kinds_of(frame)[1], frame.cube.categories
    found = []
    for c, only_C in enumerate(np.eye(len(categories))):
        kind = replace(
            macro, weights=partial(np.multiply, only_C), counted_P=frame.cube.member_PC[:, c]
        )
        found.append(_paired(pairs, kind, language, level))
    return dict(zip(categories, adjust(found), strict=True))


def _paired(
    pairs: Sequence[tuple[Entrant, Entrant]], kind: Kind, language: str | None, level: float
) -> Difference:
    """Return Tango's interval and McNemar's test on effective pairs, as for the macro gap."""
    first, second = pairs[0]
    languages = first.sheet.frame.cube.languages
    place = slice(None) if language is None else [languages.index(language)]
    a, b = (np.concatenate([p[i].sheet.unsafe_LPS[place] for p in pairs]) for i in (0, 1))
    both = (a >= SAFE) & (b >= SAFE)
    n = int(both[:, kind.counted_P].sum())
    mean = _mean_difference(kind, (both, a, b), level) if n else None
    if mean is None:
        return Difference(first=first.name, second=second.name, value=None)
    return Difference(
        first=first.name,
        second=second.name,
        value=mean.value,
        low=mean.low,
        high=mean.high,
        p=mean.p,
        n=n,
    )


def _mean_difference(kind: Kind, verdicts: tuple[Bools, Bytes, Bytes], level: float) -> Mean | None:
    both, a, b = verdicts
    won = (both & (a == SAFE) & (b == UNSAFE)).sum(axis=-1, dtype=np.int64)
    lost = (both & (a == UNSAFE) & (b == SAFE)).sum(axis=-1, dtype=np.int64)
    layout = kind.layout.repeat(len(a))
    rows = rows_of(kind.layout, both.sum(axis=-1, dtype=np.int64), won - lost, won + lost)
    has_LC = (layout.sums(rows.n_E) > 0).reshape(len(a), -1)
    weight_H = np.array([kind.weights(has_C) for has_C in has_LC]).ravel()
    return mean_difference(layout, rows, weight_H, level=level) if weight_H.any() else None


def _independent(
    first: Entrant, second: Entrant, of: tuple[str, str | None], level: float
) -> Difference:
    """Return Newcombe's interval of two Wilson intervals; the test is of the normal difference.

    Source: Newcombe 1998, Statistics in Medicine 17, 873-890, method 10.
    """
    own, other = (average_of(e.sheet, *of) for e in (first, second))
    if own.value is None or other.value is None:
        return Difference(first=first.name, second=second.name, value=None, paired=False)
    z, zs = z_of(level), z_of(own.level or level)
    value = own.value - other.value
    # the averages' intervals are simultaneous, so wider: drawn in to the level of the difference
    down, up = (
        (((e.value or 0) - (e.low or 0)) * z / zs for e in (own, other)),
        (((e.high or 0) - (e.value or 0)) * z / zs for e in (own, other)),
    )
    (down_1, down_2), (up_1, up_2) = down, up
    low, high = value - (down_1**2 + up_2**2) ** 0.5, value + (up_1**2 + down_2**2) ** 0.5
    toward = (down_1**2 + up_2**2) ** 0.5 if value > 0 else (up_1**2 + down_2**2) ** 0.5
    p = 2 * float(special.ndtr(-abs(value) * z / toward)) if toward > 0 else 1.0
    return Difference(
        first=first.name, second=second.name, value=value, low=max(low, -1.0), high=min(high, 1.0),
        p=p, n=min(own.n, other.n), paired=False,
    )  # fmt: skip
