"""The terms of one language's gap as estimates: translation, model and judge."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from safeglot.score.causes.attribution import (
    ADAPTATION,
    TERMS,
    ArmRates,
    Decomposition,
    Part,
    decompose,
)
from safeglot.score.causes.cell import METHOD, Cell, known, mean_of, nothing, paired, rate_of
from safeglot.score.causes.naming import cause
from safeglot.score.frame import Extra
from safeglot.score.stats.intervals import z_of
from safeglot.types import Estimate, is_human

TWICE = "roundtrip2"
"""The arm of a second round trip: a line beside the terms, which hang on no verdict of it."""
ADAPTED = "adapted"
"""The arm of adapted versions, of all prompts or a sample of them."""
SAMPLED = (TWICE, ADAPTED)
TOO_FEW = "fewer than two prompts have a verdict on their adapted version and their own text"


def of_gap(cell: Cell) -> list[Estimate]:
    """Return `unsafe_gap_total` and its terms; nothing without an arm, None where one is lacking."""
    rates = _arms(cell)
    if not cell.arms and rates.human_P is None:
        return []
    terms = TERMS if rates.adapted_P is None else (TERMS[0], ADAPTATION, *TERMS[1:])
    split = decompose(rates, level=cell.level)
    names = "+".join([*cell.arms, *(() if rates.human_P is None else ("human",))])
    planned_P = np.all(
        [np.ones(len(cell.native_PS), dtype=np.bool_) if cell.asked_P is None else cell.asked_P]
        + [planned for name, (_, planned) in cell.arms.items() if name not in SAMPLED],
        axis=0,
    )
    planned = int(planned_P.sum())
    if split is None:
        why = f"no prompt has a verdict in every arm ({names})"
        return [nothing(cell, f"unsafe_gap_{name}", why, planned) for name in ("total", *terms)]
    counts = split.n, max(planned - split.n, 0)
    asked = len(planned_P) if cell.asked_P is None else int(cell.asked_P.sum())
    about: Extra = {"arms": names, "prompts": asked}
    whole = _term(cell, "total", split.total, counts, about)
    if ADAPTATION in split.parts:
        whole = replace(whole, method=f"{METHOD}; the reference against the adapted versions")
    rows = [whole]
    for name in terms:
        if name not in split.parts:
            needed = split.missing_arms.get(name)
            why = f"not identified: needs the arm {needed}" if needed else TOO_FEW
            rows.append(nothing(cell, f"unsafe_gap_{name}", why, 0))
            continue
        part = split.parts[name]
        by_people = split.by_people
        extra = about | _share(part, cell.level) | cause(name, part, by_people=by_people)
        extra |= _pair(part) | _alike(split, name)
        if name == "translation":
            extra |= _bound(split) | _people(split)
        term = _term(cell, name, part, counts, extra)
        if name == "translation" and by_people and split.human is not None:
            term = replace(term, n=split.human.n, missing=0)
        if name == ADAPTATION:
            lacking = int(cell.arms[ADAPTED][1].sum()) - split.adapted
            term = replace(term, n=split.adapted, missing=max(lacking, 0))
        rows.append(replace(term, method=_method(name, split)))
    return rows


def _method(name: str, split: Decomposition) -> str:
    if name == "judge":
        return METHOD
    if name == ADAPTATION:
        whose = "people's translations" if split.adapted_by_people else "the texts of the run"
        return f"{METHOD}; against {whose}"
    if not split.by_people:
        ends = {
            "translation": "from half of the round trip's excess to all of it",
            "model": "from all of the round trip's excess taken off to half of it",
        }
        return f"{METHOD}; {ends[name]}"
    if name == "translation":
        return f"{METHOD}; people's translations"
    whole = split.human is not None and split.human.n == split.n
    return f"{METHOD if whole else 'square and add of tango intervals'}; people's translations"


def _arms(cell: Cell) -> ArmRates:
    """Return the mean of each arm over its translators and samples; a judge's arms on the same answers only."""
    tables = {name: mean_of(given, cell.native_PS) for name, (given, _) in cell.arms.items()}
    native_PS, reference_PS = known(cell.native_PS), known(cell.reference_PS)
    native_P, reference_P = rate_of(native_PS), rate_of(reference_PS)
    back_P = reverse_P = None
    if "backtranslate" in tables:
        native_P, back_P = paired(native_PS, tables["backtranslate"])
    if "reverse" in tables:
        reference_P, reverse_P = paired(reference_PS, tables["reverse"])
    people = [table for name, table in cell.translators.items() if is_human(name)]
    people = [table for table in people if (table >= 0).any()]
    return ArmRates(
        reference_P=reference_P,
        native_P=native_P,
        roundtrip_P=rate_of(tables["roundtrip"]) if "roundtrip" in tables else None,
        back_P=back_P,
        reverse_P=reverse_P,
        human_P=rate_of(mean_of(people, cell.native_PS)) if people else None,
        roundtrip2_P=rate_of(tables[TWICE]) if TWICE in tables else None,
        adapted_P=rate_of(tables[ADAPTED]) if ADAPTED in tables else None,
    )


def _term(cell: Cell, name: str, part: Part, counts: tuple[int, int], extra: Extra) -> Estimate:
    return replace(
        cell.row,
        metric=f"unsafe_gap_{name}",
        value=part.value,
        low=part.interval[0],
        high=part.interval[1],
        level=cell.level,
        method=METHOD,
        n=counts[0],
        missing=counts[1],
        extra={
            **extra,
            "se": part.se,
            "ci_low": part.ci[0] if part.ci else None,
            "ci_high": part.ci[1] if part.ci else None,
        },
    )


def _share(part: Part, level: float) -> Extra:
    """Return a term's share, its interval over both ends of the pair, or why there is none."""
    if part.share is None or part.share_se is None:
        return {"share": None, "share_low": None, "share_high": None,
                "share_reason": part.share_reason}  # fmt: skip
    ends = [(part.share, part.share_se)]
    if part.other_share is not None and part.other_share_se is not None:
        ends.append((part.other_share, part.other_share_se))
    z = z_of(level)
    return {
        "share": part.share,
        "share_low": min(share - z * se for share, se in ends),
        "share_high": max(share + z * se for share, se in ends),
        "share_reason": None,
    }


def _pair(part: Part) -> Extra:
    """Return the interval of the value alone, and the term at the other end of the pair."""
    if part.bounds is None:
        return {}
    return {
        "own_low": part.low,
        "own_high": part.high,
        "other_end": part.other,
        "share_other_end": part.other_share,
    }


def _bound(split: Decomposition) -> Extra:
    if split.roundtrip is None or split.translation_bound is None:
        return {}
    trip, bound = split.roundtrip, split.translation_bound
    low, high = trip.interval
    return {"roundtrip": trip.value, "roundtrip_low": low, "roundtrip_high": high,
            "bound_half": trip.value / 2, "bound_low": bound[0], "bound_high": bound[1]}  # fmt: skip


def _alike(split: Decomposition, name: str) -> Extra:
    """Return what a second round trip says of the term if both directions err alike."""
    found = None if split.alike is None else split.alike.get(name)
    if found is None:
        return {}
    return {
        "alike": found.value,
        "alike_low": found.low,
        "alike_high": found.high,
        "alike_n": found.n,
    }


def _people(split: Decomposition) -> Extra:
    """Return what people's translations show of the translation, and less the round trip."""
    extra: Extra = {}
    if (own := split.human) is not None:
        extra |= {
            "human": own.value,
            "human_low": own.low,
            "human_high": own.high,
            "human_n": own.n,
        }
    if (beyond := split.human_less_roundtrip) is not None:
        extra |= {
            "human_less_roundtrip": beyond.value,
            "human_less_roundtrip_low": beyond.low,
            "human_less_roundtrip_high": beyond.high,
        }
    return extra
