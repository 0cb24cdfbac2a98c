"""What people say of a set's translations: means, agreement, how estimators fare, thresholds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np

from safeglot.backends.files import rating_file
from safeglot.backends.files.manifest import SetManifest
from safeglot.backends.files.translation_folder import TranslationFolder
from safeglot.errors import UsageError
from safeglot.report.translation_set.view import RatedView, Statistic
from safeglot.score.arrays import Floats, floats
from safeglot.score.stats.association import NoFit, spearman
from safeglot.score.stats.intervals import wilson
from safeglot.score.translations.ratings import LEAST_UNITS, interval_alpha, mean_interval
from safeglot.translate.base import Scale
from safeglot.translate.choice.ratings import PRESERVED, Chosen, DrawnText, Rating
from safeglot.types import GATED, KEPT

LEAST_CORRELATION = 10
"""Rated texts from which on a rank correlation is told."""
LEAST_THRESHOLD = 100
"""Rated texts from which on a threshold is suggested (MEASUREMENT, quality gating)."""
LEAST_ABOVE = 30
"""Rated texts that must lie above a threshold for it to be suggested."""
PRECISION = 0.9
"""Share of the texts above a suggested threshold whose meaning is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rated:
    """The drawn texts that still stand in a set, and what of the draw no longer holds."""

    drawn: tuple[DrawnText, ...]
    texts: Mapping[str, Chosen]
    """Item -> the text as it stands now."""
    stale: int = 0
    """Rated texts that the set has no more: it was chosen anew, or another draw was made."""
    other_set: bool = False
    """Whether the set has changed since the draw."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """The least strict threshold that keeps the wanted share of meaning; `bound` None, and why."""

    language: str
    estimator: str
    rank: Statistic
    """Its rank correlation with the ratings."""
    bound: float | None
    share: float | None = None
    """Of the rated texts at or above it, the share whose meaning is kept, by their chances."""
    n: int = 0
    keeps: int = 0
    of: int = 0
    why: str = ""


# ---- the file


def read_drawn(folder: TranslationFolder) -> list[DrawnText]:
    """Return what was drawn from a set, with the ratings. Raises: UsageError."""
    found = []
    for row in rating_file.read_rows(folder.ratings):
        try:
            ratings = {name: Rating(**said) for name, said in row.pop("ratings", {}).items()}
            found.append(DrawnText(**row, ratings=ratings))
        except (TypeError, AttributeError):
            raise UsageError(
                f"{folder.ratings}: is of another version of safeglot. Move it away, and draw anew "
                "with `safeglot ratings sample`."
            ) from None
    return found


def write_drawn(folder: TranslationFolder, drawn: Sequence[DrawnText]) -> None:
    """Write what was drawn, with the ratings."""
    rating_file.write_rows(folder.ratings, [asdict(one) for one in drawn])


def chosen_texts(folder: TranslationFolder) -> Iterator[Chosen]:
    """Yield the texts of a set that are kept or gated."""
    for row in folder.read_translations():
        if row["outcome"] in (KEPT, GATED):
            yield Chosen(
                prompt=row["id"],
                language=row["language"],
                outcome=row["outcome"],
                source=row.get("source", ""),
                text=row["text"],
                quality=row["quality"],
            )


def read_rated(folder: TranslationFolder, about: SetManifest) -> Rated:
    """Return the draw as it bears on the set as it is now. Raises: UsageError."""
    drawn = read_drawn(folder)
    if not drawn:
        return Rated(drawn=(), texts={})
    places = {(one.prompt, one.language) for one in drawn}
    there = {one.item: one for one in chosen_texts(folder) if (one.prompt, one.language) in places}
    standing = tuple(one for one in drawn if one.drawn and one.item in there)
    return Rated(
        drawn=standing,
        texts=there,
        stale=sum(bool(one.ratings) for one in drawn) - sum(bool(o.ratings) for o in standing),
        other_set=any(one.digest != about.digest for one in standing),
    )


# ---- the table


def table(rated: Rated, languages: Sequence[str], scales: Mapping[str, Scale]) -> list[RatedView]:
    """Return a row for each language and outcome of which texts were drawn."""
    return [
        _row(rated, tag, outcome, scales)
        for tag in languages
        for outcome in (KEPT, GATED)
        if any(_is(rated, one, tag, outcome) for one in rated.drawn)
    ]


def _is(rated: Rated, one: DrawnText, tag: str, outcome: str) -> bool:
    return one.language == tag and rated.texts[one.item].outcome == outcome


def mean_grade(one: DrawnText) -> float:
    """Return the mean of a text's raters; it must have one."""
    return sum(r.adequacy for r in one.ratings.values()) / len(one.ratings)


def _row(rated: Rated, tag: str, outcome: str, scales: Mapping[str, Scale]) -> RatedView:
    drawn = [one for one in rated.drawn if _is(rated, one, tag, outcome)]
    told = [one for one in drawn if one.ratings]
    grades = floats([mean_grade(one) for one in told])
    span, sd = mean_interval(grades)
    whole = [one for one in rated.drawn if one.language == tag and one.ratings]
    return RatedView(
        language=tag,
        outcome=outcome,
        drawn=len(drawn),
        adequacy=Statistic(
            number=float(grades.mean()) if told else None,
            low=max(span[0], 1.0) if span else None,
            high=min(span[1], 5.0) if span else None,
            n=len(told),
        ),
        sd=sd,
        preserved=_preserved(grades),
        alpha=_alpha(whole) if outcome == KEPT else Statistic(number=None),
        correlation={name: _correlation(rated, whole, name, one) for name, one in scales.items()}
        if outcome == KEPT
        else {},
    )


def _preserved(grades: Floats) -> Statistic:
    n = grades.size
    if not n:
        return Statistic(number=None)
    kept = int((grades >= PRESERVED).sum())
    low, high = wilson(kept, n)
    return Statistic(number=kept / n, low=float(low), high=float(high), n=n)


def _alpha(told: Sequence[DrawnText]) -> Statistic:
    names = sorted({name for one in told for name in one.ratings})
    grade_AU = np.full((len(names), len(told)), np.nan)
    for u, one in enumerate(told):
        for a, name in enumerate(names):
            if name in one.ratings:
                grade_AU[a, u] = one.ratings[name].adequacy
    found = interval_alpha(grade_AU) if told else None
    if found is None or found.units < LEAST_UNITS:
        n = found.units if found else 0
        return Statistic(number=None, n=n, why=f"{n} texts rated twice, told from {LEAST_UNITS} on")
    why = "" if found.value is not None else "all grades are alike"
    return Statistic(number=found.value, low=found.low, high=found.high, n=found.units, why=why)


def _correlation(
    rated: Rated, told: Sequence[DrawnText], estimator: str, scale: Scale
) -> Statistic:
    """Return Spearman's rho, turned so that 1 says that the estimator ranks as people do."""
    sign = 1.0 if scale.higher_is_better else -1.0
    pairs = list(_pairs(rated, told, estimator))
    if len(pairs) < LEAST_CORRELATION:
        why = f"{len(pairs)} texts, told from {LEAST_CORRELATION} on" if pairs else "no values"
        return Statistic(number=None, n=len(pairs), why=why)
    found = spearman([sign * v for v, _, _ in pairs], [g for _, g, _ in pairs], unit="texts")
    if isinstance(found, NoFit):
        return Statistic(number=None, n=len(pairs), why=found.reason)
    return Statistic(number=found.value, n=found.n)


def _pairs(
    rated: Rated, told: Sequence[DrawnText], estimator: str
) -> Iterator[tuple[float, float, float]]:
    """Yield (estimate, mean grade, weight) of the texts that have both."""
    for one in told:
        value = rated.texts[one.item].quality.get(estimator)
        if value is not None:
            yield value, mean_grade(one), 1 / one.chance


# ---- thresholds


def thresholds(
    rated: Rated, scales: Mapping[str, Scale], values: Mapping[tuple[str, str], Floats]
) -> list[Threshold]:
    """Suggest a threshold for each language and estimator that has values.

    `values` are all chosen texts' estimates by (language, estimator), to tell what is kept.
    """
    found = []
    for (tag, name), whole in values.items():
        told = [one for one in rated.drawn if one.language == tag and one.ratings]
        pairs = floats(list(_pairs(rated, told, name))).reshape(-1, 3)
        if len(pairs):
            rank = _correlation(rated, told, name, scales[name])
            none = Threshold(
                language=tag, estimator=name, rank=rank, bound=None, n=len(pairs), of=whole.size
            )
            sign = 1.0 if scales[name].higher_is_better else -1.0
            found.append(_suggest(none, pairs, sign, whole))
    return found


def _suggest(none: Threshold, pairs: Floats, sign: float, whole: Floats) -> Threshold:
    if len(pairs) < LEAST_THRESHOLD:
        return replace(none, why=f"{len(pairs)} rated, needs {LEAST_THRESHOLD}")
    value, good, weight = sign * pairs[:, 0], pairs[:, 1] >= PRESERVED, pairs[:, 2]
    for bound in np.unique(np.floor(value * 1000) / 1000):
        over = value >= bound
        if over.sum() < LEAST_ABOVE:
            break
        share = float((weight * good)[over].sum() / weight[over].sum())
        if share >= PRECISION:
            return replace(
                none,
                bound=round(float(sign * bound), 3) + 0.0,
                share=share,
                n=int(over.sum()),
                keeps=int((sign * whole >= bound).sum()),
            )
    return replace(none, why=f"none with {LEAST_ABOVE} rated texts above it reaches {PRECISION:g}")


def gate_lines(found: Sequence[Threshold]) -> list[str]:
    """Return lines for a gate file: in each language the estimator that keeps the most texts.

    Of those that keep as many, the one that ranks more as people do.
    """
    lines = []
    for tag in dict.fromkeys(one.language for one in found if one.bound is not None):
        best = max(
            (one for one in found if one.language == tag and one.bound is not None),
            key=lambda one: (one.keeps, one.rank.number or 0.0),
        )
        lines += [f"[{tag}]", f'"{best.estimator}" = {best.bound!r}']
    return lines
