"""The decision on a release policy in words: the conclusion, and a sentence for each of its claims."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from safeglot.report.numbers.percent import count, percent, points
from safeglot.text.control import one_line

Decision: TypeAlias = Literal["met", "not met", "inconclusive"]
Means: TypeAlias = Literal["answers", "labels", "pairs", "samples"]
"""What was counted: answers, labels of people, the same prompts twice, or other prompts on either side."""
How: TypeAlias = Literal["tested", "estimate", "count"]
"""Whether a claim was tested, decided by its estimate alone, or is a count of the run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimView:
    """A limit beside what was found, on the scale of the limit; `short` is how far it is missed by.

    With `in_points` the numbers are differences, else shares; `beside` is how many other prompts an
    unpaired difference is from.
    """

    rule: str
    words: str
    limit: float
    least: bool
    in_points: bool
    how: How
    language: str
    part: str | None
    model: str | None
    judge: str | None
    decision: Decision
    value: float | None
    low: float | None
    high: float | None
    short: float
    n: int
    unknown: int
    needed: int | None
    reason: str
    means: Means = "answers"
    beside: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyView:
    """The claims of a policy on a run, with what they were decided by."""

    run: str
    policy: str
    earlier: str | None
    judges: tuple[str, ...]
    models: tuple[str, ...]
    level: float
    decision: Decision
    claims: tuple[ClaimView, ...]
    notes: tuple[str, ...] = ()

    def of(self, decision: Decision) -> list[ClaimView]:
        """Return the claims with a decision, the farthest from their limit first, unmeasured ones last."""
        given = (claim for claim in self.claims if claim.decision == decision)
        return sorted(given, key=lambda claim: (claim.value is None, -claim.short))


HEADS: dict[Decision, str] = {
    "not met": "Not met",
    "inconclusive": "Cannot be decided",
    "met": "Met",
}
"""Decision -> what stands over the claims that have it."""
_SAID: dict[Decision, str] = {
    "not met": "is not met",
    "inconclusive": "cannot be decided",
    "met": "is met",
}


_UNITS: dict[Means, str] = {
    "answers": "answers",
    "labels": "labels",
    "pairs": "pairs",
    "samples": "prompts, and as many times those they are compared with,",
}


def conclusion(view: PolicyView) -> str:
    """Return the decision on the policy as a sentence with the counts of its claims."""
    n = {decision: len(view.of(decision)) for decision in HEADS}
    counts = [f"{count(n['not met'])} not met"] if n["not met"] else []
    counts += [f"{count(n['inconclusive'])} not decided"] if n["inconclusive"] else []
    counts += [f"{count(n['met'])} met"]
    return f"The policy {_SAID[view.decision]}: of {count(len(view.claims))} claims {', '.join(counts)}"


def limit_of(claim: ClaimView) -> str:
    """Return a claim's limit: "at least 90.0%"."""
    return f"at {'least' if claim.least else 'most'} {_amount(claim.limit, claim)}"


def name_of(claim: ClaimView, view: PolicyView) -> str:
    """Return a claim's name: its rule, language and part, the model and judge where there are several."""
    model = claim.model if len(view.models) > 1 else None
    judge = claim.judge if len(view.judges) > 1 else None
    parts = (claim.rule, claim.language, claim.part, model, judge)
    return one_line(", ".join(part for part in parts if part))


def sentence(claim: ClaimView) -> str:
    """Return what was found of a claim, beside its limit, and what would settle it."""
    limit = limit_of(claim)
    if claim.value is None:
        return one_line(f"{claim.reason or 'nothing could be read'} (limit {limit} {claim.words})")
    found = f"{_amount(claim.value, claim)} {claim.words}{_interval(claim)}"
    missed = f", missed by {_plain(claim.short)} points" if claim.decision == "not met" else ""
    return one_line(f"{found}; limit {limit}{missed}. {_basis(claim)}{_settles(claim)}.")


def _interval(claim: ClaimView) -> str:
    if claim.low is None or claim.high is None:
        return ""
    shown = points if claim.in_points else percent
    return f" [{shown(claim.low)} to {shown(claim.high)}]"


def _amount(number: float, claim: ClaimView) -> str:
    return f"{_plain(number)} points" if claim.in_points else f"{percent(number)}%"


def _plain(difference: float) -> str:
    return points(difference).lstrip("+")


def _basis(claim: ClaimView) -> str:
    text = f"n = {count(claim.n)} {_UNITS[claim.means]}"
    if claim.means == "samples":
        text = f"n = {count(claim.n)} beside {count(claim.beside)}, unpaired: not the same requests"
    elif claim.unknown and claim.how != "count":
        text = f"n = {count(claim.n)}, {count(claim.unknown)} of them unusable or missing"
    return f"{text}; by the estimate alone" if claim.how == "estimate" else text


def _settles(claim: ClaimView) -> str:
    if claim.needed:
        return f"; about {count(claim.needed)} {_UNITS[claim.means]} would settle it"
    return f"; {claim.reason}" if claim.reason else ""


def _times(factor: float) -> str:
    return f"{factor:.1f}" if factor < 10 else count(round(factor))


def basis(view: PolicyView) -> Iterator[str]:
    """Yield what the decisions stand on: the judge, how sure they are, and what two runs do not share."""
    by_labels = any(claim.means == "labels" for claim in view.claims)
    of = (
        "labels of people correct them in `corrected` rules"
        if by_labels
        else "labels of people do not"
    )
    yield f"Judged by {', '.join(view.judges)}. Verdicts decide, {of}."
    if tested := sum(claim.how == "tested" and claim.low is not None for claim in view.claims):
        yield (
            f"Certified at {100 * view.level:g}% for {count(tested)} claims together (Holm): [ ] are the bounds "
            "that decide, each at its claim's level. Unusable and missing answers are in them for "
            "whichever is worst, and safe for none."
        )
    if more := sorted(
        c.needed / c.n for c in view.claims if c.needed and c.n and c.means != "labels"
    ):
        half, every = (_times(x) for x in (more[(len(more) - 1) // 2], more[-1]))
        yield (
            f"If rates stay as they are, {every} times the prompts would settle all that prompts can settle"
            + (f", {half} times half of that" if half != every else "")
            + " (power 80%)."
        )
    if view.earlier is not None:
        means = {c.means for c in view.claims if c.rule.startswith("worse") and c.value is not None}
        apart = " where most prompts are the same, else unpaired" if "pairs" in means else ""
        how = "unpaired" if means == {"samples"} else "paired by prompt"
        yield f"Compared with {view.earlier}, {how}{apart if 'samples' in means else ''}."
    yield from (f"Note: {note.rstrip('.')}." for note in view.notes)
