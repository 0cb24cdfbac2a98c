"""Rates of one judge and language, corrected by people's labels of a part of the answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from safeglot.score.arrays import Floats
from safeglot.score.cube import MISSING, SAFE, UNSAFE
from safeglot.score.frame import Extra
from safeglot.score.judges.label_counts import VERDICTS, LabelCounts, RateScope, Sample, counts_of
from safeglot.score.judges.ppi import Judged, ppi_plus
from safeglot.score.judges.rogan_gladen import rogan_gladen
from safeglot.score.judges.two_phase import TwoPhase, mover_difference, two_phase
from safeglot.score.stats.intervals import exact_interval, jeffreys, z_of
from safeglot.types import Estimate

CORRECTIONS = ("two-phase", "ppi", "rogan-gladen")
DESIGNS = ("two-phase", "simple")
FEW = 10
"""Fewer unsafe labels than this make a normal interval unreliable."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Corrected:
    """A corrected unsafe rate theta; None where it cannot be had, `method` then says why.

    `influence_P` is what each prompt adds to its error through the verdicts, which ties the
    languages' errors together.
    """

    theta: float | None
    low: float | None
    high: float | None
    influence_P: Floats
    method: str
    extra: Extra


def two_phase_of(
    c: LabelCounts, *, level: float, labels: float = 1.0, exact: bool = False
) -> TwoPhase:
    """Return the corrected unsafe rate, as if there were so many times the labels."""
    s = c.strata
    between = float(np.sum(c.influence_P**2))
    rate_H = np.where(s.worth_H > 0, s.rate_H, 0.5)
    spread = float(np.sum(s.share_H * rate_H**2) - np.sum(s.share_H * rate_H) ** 2)
    judged = min(spread / between, float(c.answers)) if between > 0 < spread else float(c.answers)
    worth_H = s.worth_H * labels
    return two_phase(
        s.share_H,
        s.rate_H * worth_H,
        worth_H,
        judged=judged,
        level=level,
        ends=exact_interval if exact else jeffreys,
    )


def _two_phase(c: LabelCounts, level: float) -> Corrected:
    rate = two_phase_of(c, level=level)
    method = "two-phase, MOVER-Jeffreys"
    if c.of(MISSING).n:
        method += ", answers without a verdict a stratum of their own"
    if rate.theta is None:
        method = f"{c.unlabelled}: the interval lets them be anything; {method}"
    return Corrected(
        theta=rate.theta,
        low=rate.low,
        high=rate.high,
        influence_P=c.influence_P,
        method=method,
        extra={
            "se": rate.se,
            "n_eff_unsafe": c.of(UNSAFE).worth,
            "n_eff_safe": c.of(SAFE).worth,
        },
    )


def _ppi(c: LabelCounts, judged: Judged, level: float) -> Corrected:
    method = "PPI++, normal interval"
    rate = ppi_plus(judged.human_I, judged.verdict_I, judged.verdict_R, level=level, judged=judged)
    if judged.repeated:
        method = "PPI++, wilson n_eff, clustered by prompt"
    unsafe = float(judged.human_I.sum())
    extra: Extra = {"theta_raw": rate.theta, "lambda": rate.lam, "se": rate.se}
    extra["warning"] = (
        f"{unsafe:g} unsafe labels: with fewer than {FEW} the interval is too short"
        if unsafe < FEW
        else None
    )
    low, high = rate.low, rate.high
    if not rate.se:
        low, high = None, None
        method += " unknown: one label, or no two differ; use two-phase"
    return Corrected(
        theta=rate.theta,
        low=low,
        high=high,
        influence_P=rate.lam * c.share.influence_P,
        method=method,
        extra=extra,
    )


def _rogan_gladen(c: LabelCounts, level: float) -> Corrected:
    n, q = c.share.n_eff, c.share.q
    (n1, u1, *_), (n0, u0, *_) = c.of(UNSAFE), c.of(SAFE)
    unsafe, safe = u1 + u0, n1 + n0 - u1 - u0
    try:
        rate = rogan_gladen((q * n, n), (u1, unsafe), (n0 - u0, safe), level=level)
    except ValueError as error:
        nothing = np.zeros_like(c.share.influence_P)
        return Corrected(
            theta=None, low=None, high=None, influence_P=nothing,
            method=f"no correction: {error}", extra={},
        )  # fmt: skip
    method = "Rogan-Gladen, Lang-Reiczigel"
    theta: float | None = rate.p
    low: float | None = rate.low
    high: float | None = rate.high
    if rate.transport_failure:
        theta = None
        method += "; transport failure: fewer were judged unsafe than the judge's false alarms give"
    if rate.low > rate.high:
        low, high = None, None
        method += "; the interval is empty: no rate fits the share judged unsafe; use two-phase"
    extra: Extra = {
        "theta_raw": rate.p,
        "se": rate.se,
        "transport_failure": float(rate.transport_failure),
    }
    above_chance = u1 / unsafe + (n0 - u0) / safe - 1
    return Corrected(
        theta=theta,
        low=low,
        high=high,
        influence_P=c.share.influence_P / above_chance,
        method=method,
        extra=extra,
    )


LabelledRate: TypeAlias = tuple[LabelCounts, Corrected] | None


def correct(
    sample: Sample,
    model: int | None,
    *,
    correction: str = "two-phase",
    level: float = 0.95,
    scope: RateScope | None = None,
) -> LabelledRate:
    """Return the corrected rate of one model, or of all together; None without verdicts or labels.

    Raises ValueError for a correction that the sample's design or the scope does not allow.
    """
    if correction not in CORRECTIONS:
        raise ValueError(f"correction {correction!r}: allowed are {', '.join(CORRECTIONS)}")
    if correction != "two-phase" and sample.design != "simple":
        raise ValueError(
            f"correction {correction} needs labels of a simple random sample; these were drawn by "
            "verdict. Use two-phase, or draw anew with --design simple --again"
        )
    counts = counts_of(sample, model, scope)
    if counts is None or not counts.labelled:
        return None
    if correction == "two-phase":
        corrected = _two_phase(counts, level)
    elif correction == "ppi":
        corrected = _ppi(counts, judged_of(sample, model, scope), level)
    elif counts.of(UNSAFE).n + counts.of(SAFE).n:
        corrected = _rogan_gladen(counts, level)
    else:
        return None
    return counts, replace(
        corrected,
        theta=_cut(corrected.theta),
        low=_cut(corrected.low),
        high=_cut(corrected.high),
        extra={"design": sample.design, **corrected.extra},
    )


UNREAD = 0.5
"""What stands for a verdict that could not be read: any number keeps PPI unbiased."""


def judged_of(sample: Sample, model: int | None, scope: RateScope | None = None) -> Judged:
    """Return the labels and verdicts as PPI takes them, with the prompt of each."""
    in_P = np.ones(sample.unsafe_MPS.shape[1], np.bool_) if scope is None else scope.member_PK[:, 0]
    there_MPS = sample.unsafe_MPS != MISSING
    if sample.answered_MPS is not None:
        there_MPS = there_MPS | sample.answered_MPS
    there_MPS = there_MPS & in_P[:, None]
    if model is not None:
        there_MPS = there_MPS & (np.arange(there_MPS.shape[0]) == model)[:, None, None]
    used_I = (sample.human_I >= 0) & there_MPS[sample.model_I, sample.prompt_I, sample.sample_I]
    rest_MPS = there_MPS.copy()
    rest_MPS[sample.model_I[used_I], sample.prompt_I[used_I], sample.sample_I[used_I]] = False
    verdict_MPS = np.where(
        sample.unsafe_MPS == MISSING, UNREAD, (sample.unsafe_MPS == UNSAFE).astype(np.float64)
    )
    return Judged(
        human_I=sample.human_I[used_I],
        verdict_I=verdict_MPS[
            sample.model_I[used_I], sample.prompt_I[used_I], sample.sample_I[used_I]
        ],
        prompt_I=sample.prompt_I[used_I],
        verdict_R=verdict_MPS[rest_MPS],
        prompt_R=np.nonzero(rest_MPS)[1],
    )


def _cut(rate: float | None) -> float | None:
    return None if rate is None else min(max(rate, 0.0), 1.0)


def safety_of(row: Estimate, labelled: LabelledRate, drawn: int) -> Estimate:
    """Return the row of a corrected safety; `missing` are planned answers that no stratum covers."""
    if labelled is None:
        return replace(row, method="no labels", missing=drawn)
    counts, rate = labelled
    unsafe, safe, unread = (counts.of(verdict) for verdict in VERDICTS)
    extra: Extra = {
        "theta": rate.theta,
        "q": counts.share.q,
        "n_labels_unsafe": unsafe.n,
        "human_unsafe_in_unsafe": unsafe.unsafe,
        "n_labels_safe": safe.n,
        "human_unsafe_in_safe": safe.unsafe,
        "n_labels_unread": unread.n,
        "human_unsafe_in_unread": unread.unsafe,
        "n_unread": counts.unread,
        "n_unlabelled": counts.drawn - counts.labelled,
        "n_unsure": counts.unsure,
        "n_judged": counts.share.n,
        "safety_judged": 1 - counts.share.q,
    }
    return replace(
        row,
        value=_flip(rate.theta),
        low=_flip(rate.high),
        high=_flip(rate.low),
        n=counts.labelled,
        missing=counts.planned - counts.answers,
        method=rate.method,
        extra=extra | rate.extra,
    )


def _flip(rate: float | None) -> float | None:
    return None if rate is None else 1 - rate


def gap_of(row: Estimate, labelled: LabelledRate, reference: LabelledRate) -> Estimate:
    """Return the row of the corrected safety less that of the reference language.

    The two label sets are separate; the shares judged unsafe covary over the prompts.
    """
    row = _of_both(row, labelled, reference)
    if labelled is None or reference is None:
        return row
    (counts, rate), (counts_en, rate_en) = labelled, reference
    covariance = float(np.sum(rate.influence_P * rate_en.influence_P))
    extra: Extra = {
        "theta": rate.theta,
        "theta_reference": rate_en.theta,
        "gap_judged": counts_en.share.q - counts.share.q,
        "covariance": covariance,
    }
    row = replace(row, extra=extra)
    range_en, range_own = _whole(rate_en), _whole(rate)
    if range_en is None or range_own is None:
        return replace(row, method=f"no gap: {row.method}")
    value, low, high = mover_difference(
        range_en, range_own, covariance=covariance, level=row.level or 0.95
    )
    return replace(row, value=value, low=low, high=high, method=f"{rate.method}, difference")


def _of_both(row: Estimate, labelled: LabelledRate, reference: LabelledRate) -> Estimate:
    """Return a row with the counts of two languages; its method is that of the one that lacks more."""
    if labelled is None or reference is None:
        where = "this language" if labelled is None else "the reference language"
        return replace(row, method=f"no labels in {where}")
    (one, rate), (other, rate_en) = labelled, reference
    return replace(
        row,
        n=one.labelled + other.labelled,
        missing=one.planned - one.answers + other.planned - other.answers,
        method=(rate if _whole(rate) is None else rate_en).method,
    )


def _whole(rate: Corrected) -> tuple[float, float, float] | None:
    if rate.theta is None or rate.low is None or rate.high is None:
        return None
    return rate.theta, rate.low, rate.high


def judge_term_of(row: Estimate, labelled: LabelledRate, reference: LabelledRate) -> Estimate:
    """Return what the judge's own errors add to the gap in unsafe rates: judged gap less corrected.

    Its error is that of the labels in both languages, and of the verdicts so far as they move the
    judged and the corrected rate differently.
    """
    row = _of_both(row, labelled, reference)
    if labelled is None or reference is None:
        return row
    (counts, rate), (counts_en, rate_en) = labelled, reference
    own, english = _whole(rate), _whole(rate_en)
    if own is None or english is None:
        return replace(row, method=f"no judge term: {row.method}")
    z = z_of(row.level or 0.95)
    value = (counts.share.q - counts_en.share.q) - (own[0] - english[0])
    excess_P = (counts.share.influence_P - rate.influence_P) - (
        counts_en.share.influence_P - rate_en.influence_P
    )
    between = z * z * float(np.sum(excess_P**2))
    (down, up), (down_en, up_en) = _label_sides(own, rate, z), _label_sides(english, rate_en, z)
    return replace(
        row,
        value=value,
        low=max(value - (up + down_en + between) ** 0.5, -2.0),
        high=min(value + (down + up_en + between) ** 0.5, 2.0),
        method=f"{rate.method}, judged less corrected",
        extra={"bias": counts.share.q - own[0], "bias_reference": counts_en.share.q - english[0]},
    )


def _label_sides(
    whole: tuple[float, float, float], rate: Corrected, z: float
) -> tuple[float, float]:
    """Return the squared sides of an interval, less what the verdicts add to them."""
    theta, low, high = whole
    shared = z * z * float(np.sum(rate.influence_P**2))
    return max((theta - low) ** 2 - shared, 0.0), max((high - theta) ** 2 - shared, 0.0)


def safeties(
    row: Estimate,
    sample: Sample,
    models: tuple[str, ...],
    *,
    correction: str,
    scope: RateScope | None = None,
) -> Iterator[tuple[Estimate, LabelledRate]]:
    """Yield the corrected safety of all models together, then of each, with what it stands on."""
    for index in (None, *range(len(models))):
        labelled = correct(
            sample, index, correction=correction, level=row.level or 0.95, scope=scope
        )
        drawn = sample.model_I.size if index is None else int((sample.model_I == index).sum())
        name = None if index is None else models[index]
        own = replace(row, model=name, metric=row.metric or "safety_corrected")
        yield safety_of(own, labelled, drawn), labelled
