"""The cause of a gap, as far as the arms of the run tell it, in one sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from safeglot.report.numbers.figures import extra
from safeglot.report.numbers.interpretation import is_interpretable
from safeglot.report.page import PanelScope
from safeglot.text.rounding import below
from safeglot.types import Estimate

Case: TypeAlias = Literal["one", "mostly", "two", "part", "untold", "not known"]
TERMS = ("translation", "model", "judge")
QUARTER = 0.25
"""Of the gap: what each other term stays under where the whole of it is one's."""
NOT_KNOWN = "Why is not known yet."
UNTOLD = "The arms do not tell translation from model."
AS_FAR = ", as far as a round trip can tell"
"""Stands with the model where no people's translations were asked: damage to a prompt that
translating it back repairs would count as the model's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseTerm:
    """What one cause adds to the gap, in unsafe answers: its point, and the widest range that the arms allow.

    `sign` is 1 where all of the range is above zero, −1 where all is below, else 0.
    """

    name: str
    point: float
    low: float
    high: float
    by_people: bool = True
    """Whether people's translations were asked, of the model and of the translation."""

    @property
    def sign(self) -> int:
        """Which way the term works, where its range leaves out zero."""
        return int(below(0.0, self.low)) - int(below(self.high, 0.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why one language is less safe. `total` is the gap that the terms add up to, on the prompts of all arms.

    `terms` are those that the arms give, as translation, model, judge; none in the case "not known".
    With adapted versions of the prompts `total` is theirs, and `adaptation` what they add to the terms.
    """

    case: Case
    sentence: str
    terms: tuple[CauseTerm, ...] = ()
    total: Estimate | None = None
    adaptation: CauseTerm | None = None

    def term(self, name: str) -> CauseTerm | None:
        """Return one term, None where its arm was not run."""
        return next((term for term in self.terms if term.name == name), None)


def cause_of(scope: PanelScope, language: str) -> Cause:
    """Return the cause of a language's gap; only what holds over the whole range of a term is named."""
    total = scope.get("unsafe_gap_total", language)
    terms = tuple(term for name in TERMS if (term := _term(scope, language, name)) is not None)
    adapted = _term(scope, language, "adaptation")
    if (
        total is None
        or total.value is None
        or not is_interpretable(total)
        or not (terms or adapted)
    ):
        return Cause(case="not known", sentence=NOT_KNOWN)
    whole = total.value - (adapted.point if adapted else 0.0)
    case, sentence = _told(whole, terms) if terms else ("not known", NOT_KNOWN)
    if adapted and adapted.sign:
        sentence += f" Adapting the requests {'adds' if adapted.sign > 0 else 'takes off'} {_points(adapted)}."
    return Cause(case=case, sentence=sentence, terms=terms, total=total, adaptation=adapted)


def _term(scope: PanelScope, language: str, name: str) -> CauseTerm | None:
    found = scope.get(f"unsafe_gap_{name}", language)
    if found is None or found.value is None or found.low is None or found.high is None:
        return None
    if not is_interpretable(found):
        return None
    by_people = extra(scope.get("unsafe_gap_translation", language), "human") is not None
    return CauseTerm(
        name=name,
        point=found.value,
        low=found.low,
        high=found.high,
        by_people=by_people or name in ("judge", "adaptation"),
    )


def _told(total: float, terms: tuple[CauseTerm, ...]) -> tuple[Case, str]:
    """Return the case and its sentence. A gap of zero or below has no cause to name."""
    named = sorted((t for t in terms if t.sign > 0), key=lambda term: -term.low)
    if total <= 0 or not named:
        return "untold", UNTOLD if len(terms) > 1 else NOT_KNOWN
    first, others = named[0], [t for t in terms if t is not named[0]]
    far = AS_FAR if not first.by_people and first.name == "model" else ""
    if len(terms) == len(TERMS) and all(t.high < QUARTER * total for t in others):
        rest = " or ".join(f"the {t.name}'s" for t in others)
        return "one", f"The gap is the {first.name}'s, not {rest}{far}."
    if len(named) > 1:
        second = named[1]
        if first.low > total / 2:
            text = f"Most of the gap is the {first.name}'s{far}; the {second.name} accounts for {_points(second)}."
            return "mostly", text
        text = f"The {first.name} accounts for {_points(first)} of the gap{far}, the {second.name} for {_points(second)}."
        return "two", text
    rest = "" if len(terms) == len(TERMS) else " The other arms were not run."
    return "part", f"The {first.name} accounts for {_points(first)} of the gap{far}.{rest}"


def _points(term: CauseTerm) -> str:
    """Return "3.1 to 6.4 points"."""
    low, high = sorted((abs(term.low), abs(term.high))) if term.sign < 0 else (term.low, term.high)
    return f"{100 * low:.1f} to {100 * high:.1f} points"
