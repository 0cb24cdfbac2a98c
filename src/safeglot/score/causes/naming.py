"""Which causes of a gap may be named and read: those whose sign holds over the whole interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from safeglot.score.causes.attribution import ADAPTATION, TERMS, Part
from safeglot.score.frame import Extra
from safeglot.types import Estimate

CAUSES: Mapping[str, str] = {
    "translation": "the translation",
    "model": "the model",
    "judge": "the judge",
    ADAPTATION: "the adaptation",
}
MODEL_OR_REPAIRED = "the model, or damage that translating back repairs"
"""What is named for the model where no people's translations tell the two apart."""
_NO_SIGN = "its sign does not hold over the whole interval"
_FLAG = "gap_not_interpretable"
_WHY = (
    _FLAG,
    "missing_share",
    "missing_share_reference",
    "invalid_share",
    "invalid_share_reference",
)
_OF_CAUSES = (
    *(f"unsafe_gap_{name}" for name in ("total", ADAPTATION, *TERMS)),
    "translator_variance",
    "quality_slope",
    "gate_selection",
)
_BY_QUALITY = "gap_at_quality_"
_Place = tuple[str | None, str | None, str | None]


def cause(term: str, part: Part, *, by_people: bool) -> Extra:
    """Return what a term names as a cause, or why it names none, as keys of `extra`."""
    if not part.sign:
        return {"cause": None, "cause_reason": _NO_SIGN}
    name = MODEL_OR_REPAIRED if term == "model" and not by_people else CAUSES[term]
    return {"cause": name, "cause_reason": None}


def hold_back(estimates: Sequence[Estimate]) -> list[Estimate]:
    """Return the estimates, those on causes of a gap that may not be interpreted with its flag.

    They keep their values and name no cause.
    """
    reasons: dict[_Place, Extra] = {
        _place(e): {key: e.extra[key] for key in _WHY if key in e.extra}
        for e in estimates
        if e.metric == "gap" and e.category is None and e.extra.get(_FLAG)
    }
    return [_held_back(e, reasons) for e in estimates]


def _held_back(e: Estimate, reasons: Mapping[_Place, Extra]) -> Estimate:
    why = reasons.get(_place(e))
    of_causes = e.metric in _OF_CAUSES or e.metric.startswith(_BY_QUALITY)
    if why is None or e.value is None or not of_causes:
        return e  # without a value there is nothing to be read
    extra: Extra = {**e.extra, **why}
    if "cause" in e.extra:
        reason = f"the gap is not interpreted: over 5% {why[_FLAG]}"
        extra |= {"cause": None, "cause_reason": reason}
    return replace(e, extra=extra)


def _place(e: Estimate) -> _Place:
    return e.judge, e.model, e.language
