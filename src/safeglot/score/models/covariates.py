"""Safety on model size beside what goes with it: training tokens, alignment, year of release.

The unit is the model and the family a stratum: each has a level of its own, so that only models of
one family are compared. The fit is of these families; another may have another slope.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from safeglot.score.arrays import Floats, Ints, Numbers, floats
from safeglot.score.stats.association import NoFit, Permuted, permutation

MOST_INFLATION = 10.0
"""Above this variance inflation a slope is not told: the models cannot tell its term from others."""
LEAST_FREE = 3
"""Models that must be left when each slope and each family's level has had one."""
_NONE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeTerm:
    """What one term adds to safety, the others held: Student's interval, a permutation's p.

    `inflation` is how many times larger the other terms make its variance (VIF).
    """

    value: float
    low: float
    high: float
    p: Permuted
    inflation: float
    models: int


def size_terms(
    safety: Numbers,
    terms: Mapping[str, Numbers],
    families: Sequence[str],
    *,
    level: float = 0.95,
    draws: int = 20_000,
) -> dict[str, SizeTerm | NoFit]:
    """Return each term's slope by least squares with a level for each family; shapes (n,).

    Families of one model say nothing and are left out. A term has no slope where the families or
    the other terms give it wholly or nearly so, and where too few models are left for an error:
    the reason says which. p permutes within families what the other terms leave of safety.
    Source: Freedman and Lane 1983, Journal of Business and Economic Statistics 1.
    """
    names = np.asarray(families, dtype=np.str_)
    labels, counts = np.unique(names, return_counts=True)
    kept = np.isin(names, labels[counts > 1])
    if not kept.any():
        return dict.fromkeys(terms, NoFit(reason="no family has two models"))
    same = (names[kept][:, None] == names[kept]).astype(np.float64)
    freed = np.eye(int(kept.sum())) - same / same.sum(axis=0)  # of the level of each family
    whole_Tn = np.stack([floats(x)[kept] for x in terms.values()])
    within_Tn, y_n = floats(whole_Tn @ freed), floats(freed @ floats(safety)[kept])
    # what families give is nothing within them, and not what rounding leaves of it
    within_Tn[np.ptp(within_Tn, axis=1) <= _NONE * np.abs(whole_Tn).max(axis=1)] = 0
    least = int((counts > 1).sum()) + _rank(within_Tn) + LEAST_FREE
    found: dict[str, SizeTerm | NoFit] = {}
    for t, name in enumerate(terms):
        reason = _given(within_Tn, whole_Tn[t], t, list(terms))
        if not reason and y_n.size < least:
            reason = f"{y_n.size} models, at least {least} are needed for so many terms"
        if not reason and not np.ptp(y_n) > _NONE:
            reason = f"{y_n.size} models of one safety within each family"
        found[name] = NoFit(reason=reason)
        if not reason:
            own = names[kept].tolist()
            found[name] = _term((within_Tn, y_n, t), own, level=level, draws=draws)
    return found


def _without(within_Tn: Floats, t: int) -> Floats:
    """Return the projection that takes the terms but one away; shape (n, n)."""
    other_nT = np.delete(within_Tn, t, axis=0).T
    return floats(np.eye(len(other_nT)) - other_nT @ np.linalg.pinv(other_nT, rtol=_NONE))


def _inflation(within_Tn: Floats, t: int) -> float:
    x_n = within_Tn[t]
    left = float(((_without(within_Tn, t) @ x_n) ** 2).sum() / (x_n**2).sum())
    return 1 / left if left > _NONE else float("inf")


def _given(within_Tn: Floats, whole_n: Floats, t: int, names: Sequence[str]) -> str:
    """Return what a term cannot be told from, in words; "" where it can."""
    x_n, over = within_Tn[t], f"over {whole_n.size} models"
    if not x_n.any():
        one = "all models have" if np.ptp(whole_n) == 0 else "every family has"
        return f"{one} one value of {names[t]}, {over}"
    if _inflation(within_Tn, t) <= MOST_INFLATION:
        return ""
    norm_T = np.linalg.norm(within_Tn, axis=1)
    r_T = (within_Tn @ x_n) / np.where(norm_T > 0, norm_T * norm_T[t], 1)
    r_T[t] = 0
    near = int(np.argmax(np.abs(r_T)))
    if r_T[near] ** 2 < 1 - 1 / MOST_INFLATION:
        return f"these models cannot tell {names[t]} from the other terms together, {over}"
    first, second = (names[at] for at in sorted((t, near)))
    return f"these models cannot tell {first} from {second}: r = {r_T[near]:.3g} within families, {over}"


def _term(
    of: tuple[Floats, Floats, int], families: Sequence[str], *, level: float, draws: int
) -> SizeTerm:
    within_Tn, y_n, t = of
    freed_nn, n = _without(within_Tn, t), y_n.size
    x_n, rest_n = freed_nn @ within_Tn[t], freed_nn @ y_n
    square = float(x_n @ x_n)

    def correlation(places: Ints) -> Floats:
        drawn = rest_n[places]
        left = np.linalg.norm(drawn @ freed_nn, axis=1)
        return floats(np.abs(drawn @ x_n) / np.where(left > 0, left, 1))

    value = float(x_n @ rest_n) / square
    free = n - len(set(families)) - _rank(within_Tn)
    se = (float(((rest_n - value * x_n) ** 2).sum()) / free / square) ** 0.5
    half = float(special.stdtrit(free, 0.5 + level / 2)) * se
    p = permutation(correlation, n, families=families, draws=draws)
    vif = _inflation(within_Tn, t)
    return SizeTerm(value=value, low=value - half, high=value + half, p=p, inflation=vif, models=n)


def _rank(within_Tn: Floats) -> int:
    return int(np.linalg.matrix_rank(within_Tn, rtol=_NONE))
