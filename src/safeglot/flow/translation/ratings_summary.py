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
from safeglot.translate.choice.ratings import GRADES, PRESERVED, Chosen, DrawnText, Rating
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
class SuggestedThreshold:
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
    drawn = []
    for row in rating_file.read_rows(folder.ratings):
        try:
            ratings = {name: Rating(**rating) for name, rating in row.pop("ratings", {}).items()}
            drawn.append(DrawnText(**row, ratings=ratings))
        except (TypeError, AttributeError):
            raise UsageError(
                f"{folder.ratings}: is of another version of safeglot. Move it away, and draw anew "
                "with `safeglot ratings sample`."
            ) from None
        if wrong := _wrong(drawn[-1]):
            raise UsageError(
                f"{folder.ratings}: holds {wrong}. Put back the file that was there, or delete it and "
                "draw anew with `safeglot ratings sample`."
            )
    return drawn


def _wrong(text: DrawnText) -> str:
    """Return what a row has that was never drawn or given; "" for nothing."""
    for rating in text.ratings.values():
        if type(rating.adequacy) is not int or rating.adequacy not in GRADES:
            return f"{rating.adequacy!r:.40} as adequacy"
    if type(text.chance) not in (int, float) or not 0 < text.chance <= 1:
        return f"{text.chance!r:.40} as chance"
    if type(text.raters) is not int or text.raters < 0:
        return f"{text.raters!r:.40} as raters"
    return ""


def write_drawn(folder: TranslationFolder, drawn: Sequence[DrawnText]) -> None:
    """Write what was drawn, with the ratings."""
    rating_file.write_rows(folder.ratings, [asdict(text) for text in drawn])


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
    places = {(text.prompt, text.language) for text in drawn}
    there = {
        text.item: text for text in chosen_texts(folder) if (text.prompt, text.language) in places
    }
    standing = tuple(text for text in drawn if text.drawn and text.item in there)
    return Rated(
        drawn=standing,
        texts=there,
        stale=sum(bool(text.ratings) for text in drawn) - sum(bool(o.ratings) for o in standing),
        other_set=any(text.digest != about.digest for text in standing),
    )


# ---- the table


def table(rated: Rated, languages: Sequence[str], scales: Mapping[str, Scale]) -> list[RatedView]:
    """Return a row for each language and outcome of which texts were drawn."""
    return [
        _row(rated, tag, outcome, scales)
        for tag in languages
        for outcome in (KEPT, GATED)
        if any(_is(rated, text, tag, outcome) for text in rated.drawn)
    ]


def _is(rated: Rated, text: DrawnText, tag: str, outcome: str) -> bool:
    return text.language == tag and rated.texts[text.item].outcome == outcome


def mean_grade(text: DrawnText) -> float:
    """Return the mean of a text's raters; it must have one."""
    return sum(r.adequacy for r in text.ratings.values()) / len(text.ratings)


def _row(rated: Rated, tag: str, outcome: str, scales: Mapping[str, Scale]) -> RatedView:
    drawn = [text for text in rated.drawn if _is(rated, text, tag, outcome)]
    graded = [text for text in drawn if text.ratings]
    grades = floats([mean_grade(text) for text in graded])
    span, sd = mean_interval(grades)
    whole = [text for text in rated.drawn if text.language == tag and text.ratings]
    return RatedView(
        language=tag,
        outcome=outcome,
        drawn=len(drawn),
        adequacy=Statistic(
            number=float(grades.mean()) if graded else None,
            low=max(span[0], 1.0) if span else None,
            high=min(span[1], 5.0) if span else None,
            n=len(graded),
        ),
        sd=sd,
        preserved=_preserved(grades),
        alpha=_alpha(whole) if outcome == KEPT else Statistic(number=None),
        correlation={
            name: _correlation(rated, whole, name, scale) for name, scale in scales.items()
        }
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


def _alpha(texts: Sequence[DrawnText]) -> Statistic:
    names = sorted({name for text in texts for name in text.ratings})
    grade_AU = np.full((len(names), len(texts)), np.nan)
    for u, text in enumerate(texts):
        for a, name in enumerate(names):
            if name in text.ratings:
                grade_AU[a, u] = text.ratings[name].adequacy
    alpha = interval_alpha(grade_AU) if texts else None
    if alpha is None or alpha.units < LEAST_UNITS:
        n = alpha.units if alpha else 0
        return Statistic(number=None, n=n, why=f"{n} texts rated twice, told from {LEAST_UNITS} on")
    why = "" if alpha.value is not None else "all grades are alike"
    return Statistic(number=alpha.value, low=alpha.low, high=alpha.high, n=alpha.units, why=why)


def _correlation(
    rated: Rated, texts: Sequence[DrawnText], estimator: str, scale: Scale
) -> Statistic:
    """Return Spearman's rho, turned so that 1 says that the estimator ranks as people do."""
    sign = 1.0 if scale.higher_is_better else -1.0
    pairs = list(_pairs(rated, texts, estimator))
    if len(pairs) < LEAST_CORRELATION:
        why = f"{len(pairs)} texts, told from {LEAST_CORRELATION} on" if pairs else "no values"
        return Statistic(number=None, n=len(pairs), why=why)
    correlation = spearman([sign * v for v, _, _ in pairs], [g for _, g, _ in pairs], unit="texts")
    if isinstance(correlation, NoFit):
        return Statistic(number=None, n=len(pairs), why=correlation.reason)
    return Statistic(number=correlation.value, n=correlation.n)


def _pairs(
    rated: Rated, texts: Sequence[DrawnText], estimator: str
) -> Iterator[tuple[float, float, float]]:
    """Yield (estimate, mean grade, weight) of the texts that have both."""
    for text in texts:
        value = rated.texts[text.item].quality.get(estimator)
        if value is not None:
            yield value, mean_grade(text), 1 / text.chance


# ---- thresholds


def thresholds(
    rated: Rated, scales: Mapping[str, Scale], values: Mapping[tuple[str, str], Floats]
) -> list[SuggestedThreshold]:
    """Return the suggested threshold of each language and estimator that has values.

    `values` are all chosen texts' estimates by (language, estimator), to count what is kept.
    """
    suggestions = []
    for (tag, name), whole in values.items():
        texts = [text for text in rated.drawn if text.language == tag and text.ratings]
        pairs = floats(list(_pairs(rated, texts, name))).reshape(-1, 3)
        if len(pairs):
            rank = _correlation(rated, texts, name, scales[name])
            none = SuggestedThreshold(
                language=tag, estimator=name, rank=rank, bound=None, n=len(pairs), of=whole.size
            )
            sign = 1.0 if scales[name].higher_is_better else -1.0
            suggestions.append(_suggest(none, pairs, sign, whole))
    return suggestions


def _suggest(
    none: SuggestedThreshold, pairs: Floats, sign: float, whole: Floats
) -> SuggestedThreshold:
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


def gate_lines(suggestions: Sequence[SuggestedThreshold]) -> list[str]:
    """Return lines for a gate file: in each language the estimator that keeps the most texts.

    Of those that keep as many, the one that ranks more as people do.
    """
    lines = []
    for tag in dict.fromkeys(
        suggestion.language for suggestion in suggestions if suggestion.bound is not None
    ):
        best = max(
            (
                suggestion
                for suggestion in suggestions
                if suggestion.language == tag and suggestion.bound is not None
            ),
            key=lambda suggestion: (suggestion.keeps, suggestion.rank.number or 0.0),
        )
        lines += [f"[{tag}]", f'"{best.estimator}" = {best.bound!r}']
    return lines
