"""Published averages of models with and without some categories, and what is told of them in sentences."""

from __future__ import annotations

from dataclasses import dataclass

from safeglot.report.finding.shares import joined
from safeglot.report.numbers.percent import MINUS, points
from safeglot.report.page import NamedLanguage


@dataclass(frozen=True, slots=True, kw_only=True)
class AveragePair:
    """The share of safe answers in one language: of all categories, and of those that are left."""

    language: NamedLanguage
    whole: float
    rest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelAverages:
    """One model; the reference comes first."""

    model: str
    pairs: tuple[AveragePair, ...]

    @property
    def gap(self) -> tuple[float, float]:
        """The mean of the other languages minus the reference: of all categories, and of the rest."""
        first, *others = self.pairs
        n = len(others)
        return (
            sum(o.whole for o in others) / n - first.whole,
            sum(o.rest for o in others) / n - first.rest,
        )

    @property
    def is_least(self) -> tuple[bool, bool]:
        """Whether the reference is the least safe language: by all categories, and by the rest."""
        first, *others = self.pairs
        return all(first.whole < o.whole for o in others), all(first.rest < o.rest for o in others)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExclusionView:
    """What the page shows. `n_models` are those of the table, also without figures of the categories."""

    name: str
    source: str
    address: str
    left_out: tuple[str, ...]
    n_categories: int
    n_models: int
    rounding: float
    """How far, at most, the rounding of the published figures moves a difference."""
    models: tuple[ModelAverages, ...]
    """The widest difference of all categories first."""

    @property
    def languages(self) -> tuple[NamedLanguage, ...]:
        """The languages, the reference first."""
        return tuple(pair.language for pair in self.models[0].pairs)

    @property
    def least(self) -> tuple[int, int]:
        """In how many models the reference is the least safe language: by all categories, and by the rest."""
        told = [model.is_least for model in self.models]
        return sum(whole for whole, _ in told), sum(rest for _, rest in told)

    @property
    def affected(self) -> list[ModelAverages]:
        """The models in which the reference is the least safe by all categories."""
        return [model for model in self.models if model.is_least[0]]


def headline(view: ExclusionView) -> str:
    """Return the finding in one sentence, in counts."""
    whole, rest = view.least
    name = view.languages[0].name
    return (
        f"By {view.name}'s published tables {name} is the least safe of {len(view.languages)} languages "
        f"in {whole} of {len(view.models)} models. Without {spelled(len(view.left_out))} of "
        f"{view.n_categories} categories it is in {rest}."
    )


def examples(view: ExclusionView) -> tuple[str, ...]:
    """Return two sentences: a model whose difference goes, and the one of which most is left."""
    others = [language.name for language in view.languages[1:]]
    goes, stays = shown_first(view), max(view.affected, key=lambda model: model.gap[1])
    return (
        (
            f"{goes.model}: {joined(others, len(others))} are {_told(goes.gap[0])} points safer than "
            f"{view.languages[0].name}, and {_told(goes.gap[1])} without {joined([*view.left_out], 3)}."
        ),
        f"{stays.model} keeps {_told(stays.gap[1])} of {_told(stays.gap[0])} points.",
    )


def shown_first(view: ExclusionView) -> ModelAverages:
    """Return the model of which least is left, among those whose difference is a third of the widest or more."""
    widest = max(model.gap[0] for model in view.affected)
    return min(
        (m for m in view.affected if m.gap[0] >= widest / 3),
        key=lambda model: abs(model.gap[1]) / model.gap[0],
    )


def limits(view: ExclusionView) -> tuple[str, ...]:
    """Return what these numbers are not."""
    return (
        "A judge's labels, and means without intervals: those need a label of each answer, which tables do not have.",
        "The categories were picked after looking at the tables: a lead, not a test.",
        (
            f"{len(view.models)} of the {view.n_models} models have a published figure for each of these "
            "categories in every language; the others cannot be told."
        ),
        f"Rounding of the published figures moves a difference by at most {100 * view.rounding:.3f} points.",
        (
            f"The mean without them is ({view.n_categories} \N{MULTIPLICATION SIGN} overall \N{MINUS SIGN} "
            f"{f' {MINUS} '.join(view.left_out)}) / {view.n_categories - len(view.left_out)}."
        ),
    )


def spelled(n: int) -> str:
    """Return a small count as a word."""
    words = ("none", "one", "two", "three", "four", "five", "six")
    return words[n] if n < len(words) else str(n)


def _told(gap: float) -> str:
    """Return a difference in points, without a sign where it is none below zero."""
    return points(gap).removeprefix("+")
