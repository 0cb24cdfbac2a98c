"""Where a gap to the reference language comes from: translation, model, judge.

The gap is U_L - U_E, the unsafe rate in a language minus that in the reference, so that above
zero the language is worse. Each cause is read off an arm of the run that changes it alone; a
cause whose arm was not run is not named.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from safeglot.score.arrays import Bools, Floats, Numbers, floats
from safeglot.score.causes.terms import Term, less, of_sample, plus, se_of, term
from safeglot.score.stats.intervals import z_of
from safeglot.score.stats.mean_interval import score_interval
from safeglot.text.rounding import ROUNDING

TERMS = ("translation", "model", "judge")
ADAPTATION = "adaptation"
"""The term of adapted versions of the prompts: where they were asked, the gap is theirs."""
LEAST_SIGNAL = 3.0
"""Shares are given from |total| / SE on; below, their interval is unbounded (Fieller)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ArmRates:
    """Unsafe rates of each prompt in each arm, shape (P,): in [0, 1], NaN where missing.

    `roundtrip` are prompts sent to the language and back, asked in the reference language, and
    `roundtrip2` those sent there and back twice; `back` the language's answers judged in
    translation; `reverse` the reference's answers translated into the language and judged there;
    `human` answers to people's translations, of a sample of the prompts or of all, and `adapted` to
    versions of them that are adapted to the place, likewise. An arm that was not run is None.
    """

    reference_P: Numbers
    native_P: Numbers
    roundtrip_P: Numbers | None = None
    back_P: Numbers | None = None
    reverse_P: Numbers | None = None
    human_P: Numbers | None = None
    roundtrip2_P: Numbers | None = None
    adapted_P: Numbers | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One cause, or the whole gap.

    `ci` is the normal interval (None with one prompt), `low` and `high` the score interval, which
    also holds for few prompts and rare events. Where there is no share, `share_reason` says why.
    A round trip translates twice: `other` is what the term is where half of its excess is the way
    out's, `bounds` the interval from the low end of the one to the high end of the other.
    """

    value: float
    se: float | None
    ci: tuple[float, float] | None
    low: float
    high: float
    share: float | None = None
    share_se: float | None = None
    share_reason: str = ""
    other: float | None = None
    other_share: float | None = None
    other_share_se: float | None = None
    bounds: tuple[float, float] | None = None

    @property
    def interval(self) -> tuple[float, float]:
        """What is told of the term: its bounds, where it has any, else its own interval."""
        return self.bounds or (self.low, self.high)

    @property
    def sign(self) -> int:
        """1 or -1 where the sign holds over the whole interval, else 0."""
        low, high = self.interval
        return int(low > ROUNDING) - int(high < -ROUNDING)


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedMean:
    """A mean of differences within prompts beside the terms, with its interval and prompts."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Decomposition:
    """The gap and the causes that are identified; the three sum to the gap where all are.

    `cov` is their joint covariance in the order of `parts`, None with one prompt. `dropped`
    prompts lack a verdict in an arm. `translation_bound` is what the way out alone may have done.
    With people's translations `human` is the translation term, on its own prompts.
    """

    total: Part
    parts: Mapping[str, Part]
    missing_arms: Mapping[str, str]
    """Term -> the arm that it needs."""
    cov: Floats | None
    translation_bound: tuple[float, float] | None
    n: int
    dropped: int
    roundtrip: Part | None = None
    """U_RT - U_E; the translation term, where there are no people's translations."""
    human: PairedMean | None = None
    human_less_roundtrip: PairedMean | None = None
    """What people's translations say less what the round trip says, on the same prompts."""
    alike: Mapping[str, PairedMean] | None = None
    """Translation and model if both directions err alike, by a second round trip; names no cause."""
    adapted: int = 0
    adapted_by_people: bool = False
    """Prompts with a verdict on an adapted version, and whether it is held against people's translations."""

    @property
    def by_people(self) -> bool:
        """Whether people's translations tell translation and model apart."""
        return self.human is not None and self.human.n > 1


def decompose(arms: ArmRates, *, level: float = 0.95) -> Decomposition | None:
    """Return the causes of one language's gap; None where no prompt has a verdict in every arm.

    Each term is a mean of per-prompt differences, with the covariance over prompts (CR1, prompts
    as clusters). Translation is U_RT - U_E, judge U_L - U_back, model what remains. With the
    reverse arm the judge term is the mean of U_L - U_back and U_rev - U_E (Shapley over the
    languages of judge and answer). With people's translations of two prompts or more, translation
    is U_L - U_human over these, and what the round trip says beyond it goes to the model. With
    adapted versions of two prompts or more there is a term of theirs, U_adapted - U_human (U_L
    without people's translations of them), and the gap is that of the adapted prompts.
    Source: MEASUREMENT 3.2, after the path decompositions of Kitagawa 1955 (J. American
    Statistical Association 50) and Oaxaca 1973 (International Economic Review 14).
    """
    given = {
        name: floats(rates)
        for name in ("reference", "native", "roundtrip", "back", "reverse")
        if (rates := getattr(arms, f"{name}_P")) is not None
    }
    kept_P = complete(*given.values())
    n = int(kept_P.sum())
    if n == 0:
        return None
    rates = {name: rates_P[kept_P] for name, rates_P in given.items()}
    human_P, twice_P, adapted_P = (
        np.full(n, np.nan) if one is None else floats(one)[kept_P]
        for one in (arms.human_P, arms.roundtrip2_P, arms.adapted_P)
    )
    complete(human_P, twice_P, adapted_P)
    people = int((~np.isnan(human_P)).sum()) > 1
    total_P, terms, missing = _terms(rates, human_P if people else None, level)
    total = term(total_P, level=level)
    adapted, by_people = _adapted(adapted_P, human_P, rates["native"])
    if (~np.isnan(adapted)).sum() > 1:
        terms[ADAPTATION] = of_sample(adapted, level=level)
        total = plus(total_P, terms[ADAPTATION], level=level)
        total_P = total.d_P
    cov = _covariance(np.array([t.d_P for t in terms.values()])) if terms else None
    parts = {name: _part(one, total_P, level=level) for name, one in terms.items()}
    trip = _roundtrip(rates, total_P, level)
    if trip is not None and not people:
        parts = _bounded(parts, terms, total_P, level)
    bound = (
        None if trip is None else (min(trip.value, trip.value / 2), max(trip.value, trip.value / 2))
    )
    return Decomposition(
        total=_part(total, None, level=level),
        parts=parts,
        missing_arms=missing,
        cov=cov,
        translation_bound=bound,
        n=n,
        dropped=int(kept_P.size) - n,
        roundtrip=trip,
        human=_difference(rates["native"] - human_P, level),
        human_less_roundtrip=_human_less_roundtrip(rates, human_P, level),
        alike=_alike(rates, terms, twice_P, level),
        adapted=int((~np.isnan(adapted)).sum()),
        adapted_by_people=by_people,
    )


def complete(*rates_P: Floats) -> Bools:
    """Return which prompts have a rate in every arm; shape (P,). Raises: ValueError for no rate."""
    if any(bool(((one_P < 0) | (one_P > 1)).any()) for one_P in rates_P):
        raise ValueError("unsafe rates must be in [0, 1], and NaN where missing")
    kept_P = np.ones(rates_P[0].shape, dtype=np.bool_)
    for one_P in rates_P:
        kept_P &= ~np.isnan(one_P)
    return kept_P


def _adapted(adapted_P: Floats, human_P: Floats, native_P: Floats) -> tuple[Floats, bool]:
    """Return what adapting did to each prompt, NaN where not known, and whether people had translated it."""
    d_P = adapted_P - human_P
    by_people = bool((~np.isnan(d_P)).sum() > 1)
    return (d_P if by_people else adapted_P - native_P), by_people


def _terms(
    rates: Mapping[str, Floats], human_P: Floats | None, level: float
) -> tuple[Floats, dict[str, Term], dict[str, str]]:
    """Return each prompt's gap, the terms, and the arms that are lacking for the other terms."""
    total_P = rates["native"] - rates["reference"]
    terms: dict[str, Term] = {}
    missing: dict[str, str] = {}
    judged = []
    if "back" in rates:
        judged.append(rates["native"] - rates["back"])
    if "reverse" in rates:
        judged.append(rates["reverse"] - rates["reference"])
    if human_P is not None:
        terms["translation"] = of_sample(rates["native"] - human_P, level=level)
    elif "roundtrip" in rates:
        terms["translation"] = term(rates["roundtrip"] - rates["reference"], level=level)
    else:
        missing["translation"] = "roundtrip"
    if terms and judged:
        rest_P = total_P - sum(judged) / len(judged)
        terms["model"] = less(rest_P, terms["translation"], level=level)
    else:
        lacking = [*(() if terms else ("roundtrip",))]
        missing["model"] = " and ".join([*lacking, *(() if judged else ("backtranslate",))])
    if judged:
        terms["judge"] = term(floats(sum(judged) / len(judged)), level=level)
    else:
        missing["judge"] = "backtranslate"
    return total_P, terms, missing


def _roundtrip(rates: Mapping[str, Floats], total_P: Floats, level: float) -> Part | None:
    if "roundtrip" not in rates:
        return None
    trip = term(rates["roundtrip"] - rates["reference"], level=level)
    return _bounded(
        {"translation": _part(trip, total_P, level=level)}, {"translation": trip}, total_P, level
    )["translation"]


def _bounded(
    parts: Mapping[str, Part], terms: Mapping[str, Term], total_P: Floats, level: float
) -> dict[str, Part]:
    """Return the parts with translation and model as a pair that shares the round trip's excess.

    Translation goes from t / 2 to t, model from m to m + t / 2; mirrored where t < 0.
    """
    trip_P = terms["translation"].d_P
    t = parts["translation"]
    half = (t.low / 2, t.high / 2)
    ends = {"translation": (half, (t.low, t.high), trip_P / 2)}
    if "model" in parts:
        m = parts["model"]
        with_half_P = terms["model"].d_P + trip_P / 2
        ends["model"] = ((m.low, m.high), score_interval(with_half_P, level=level), with_half_P)
    bounded = dict(parts)
    for name, (near, far, other_P) in ends.items():
        first, last = (near, far) if t.value >= 0 else (far, near)
        share, share_se, _ = _share(other_P, total_P)
        bounded[name] = replace(
            parts[name],
            other=float(other_P.mean()),
            other_share=share,
            other_share_se=share_se,
            bounds=(first[0], last[1]),
        )
    return bounded


def _difference(d_P: Floats, level: float) -> PairedMean | None:
    known_P = d_P[~np.isnan(d_P)]
    if not known_P.size:
        return None
    low, high = score_interval(known_P, level=level)
    return PairedMean(value=float(known_P.mean()), low=low, high=high, n=int(known_P.size))


def _human_less_roundtrip(
    rates: Mapping[str, Floats], human_P: Floats, level: float
) -> PairedMean | None:
    if "roundtrip" not in rates:
        return None
    trip_P = rates["roundtrip"] - rates["reference"]
    return _difference(rates["native"] - human_P - trip_P, level)


def _alike(
    rates: Mapping[str, Floats], terms: Mapping[str, Term], twice_P: Floats, level: float
) -> dict[str, PairedMean] | None:
    """Return one pass's excess on the parabola through none, two and four, and the model beside it."""
    if "roundtrip" not in rates:
        return None
    trip_P = rates["roundtrip"] - rates["reference"]
    one_P = (6 * trip_P - (twice_P - rates["reference"])) / 8
    found = {"translation": _difference(one_P, level)}
    if "judge" in terms:
        rest_P = rates["native"] - rates["reference"] - terms["judge"].d_P
        found["model"] = _difference(rest_P - one_P, level)
    return {name: one for name, one in found.items() if one is not None} or None


def _covariance(d_TP: Floats) -> Floats | None:
    n = d_TP.shape[1]
    if n < 2:
        return None
    centred_TP = d_TP - d_TP.mean(axis=1, keepdims=True)
    # Sums rather than a BLAS product: the same bytes whatever the number of threads.
    products_TT = (centred_TP[:, np.newaxis] * centred_TP[np.newaxis]).sum(axis=2)
    return floats(products_TT / (n - 1) / n)


def _part(one: Term, total_P: Floats | None, *, level: float) -> Part:
    value, se = float(one.d_P.mean()), se_of(one.d_P)
    half = None if se is None else z_of(level) * se
    share = (None, None, "") if total_P is None else _share(one.d_P, total_P)
    return Part(
        value=value,
        se=se,
        ci=None if half is None else (value - half, value + half),
        low=one.low,
        high=one.high,
        share=share[0],
        share_se=share[1],
        share_reason=share[2],
    )


def _share(d_P: Floats, total_P: Floats) -> tuple[float | None, float | None, str]:
    """Return a term's share of the gap, its delta-method error, and why there is none."""
    total, se = float(total_P.mean()), se_of(total_P)
    if se is None:
        return None, None, "a single prompt shows no error of the gap"
    if se < 1e-12:
        why = "the gap is zero" if abs(total) < 1e-12 else "the gap is the same in every prompt"
        return None, None, f"{why}: its standard error is 0"
    if abs(total) < LEAST_SIGNAL * se:
        return None, None, f"the gap is below {LEAST_SIGNAL:g} standard errors"
    share = float(d_P.mean()) / total
    return share, se_of((d_P - share * total_P) / total), ""
