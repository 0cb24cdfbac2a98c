import numpy as np
import pytest
from scipy import stats

from safeglot.score.basic import estimates
from safeglot.score.cube import Cube


def cube_of(*languages, n_categories=2):
    """Return a cube in which each language has prompts of its own, from (unsafe, category) pairs."""
    flat = [(i, *row) for i, rows in enumerate(languages) for row in rows]
    at_P = np.array([i for i, _, _ in flat])
    unsafe_LP = np.full((len(languages), len(flat)), -1, dtype=np.int8)
    for p, (i, unsafe, _) in enumerate(flat):
        unsafe_LP[i, p] = unsafe
    return Cube(
        unsafe_JMLPS=unsafe_LP[None, None, :, :, None],
        member_PC=np.array([[c == k for k in range(n_categories)] for _, _, c in flat]),
        judges=("j",),
        models=("m",),
        languages=("en", "sw", "yo")[: len(languages)],
        prompts=tuple(map(str, range(len(flat)))),
        categories=tuple("abcd"[:n_categories]),
        reference="en",
        gated_LP=np.arange(len(languages))[:, None] != at_P,
        unpaired=True,
    )


def rows(n, unsafe, category):
    return [(int(i < unsafe), category) for i in range(n)]


def test_a_difference_weighs_the_categories_as_the_reference_has_them():
    english = rows(60, 6, 0) + rows(20, 2, 1)
    swahili = rows(10, 1, 0) + rows(90, 45, 1)
    told = estimates(cube_of(english, swahili))
    (gap,) = [e for e in told if e.metric == "gap_unpaired"]
    assert gap.extra["safety_reference"] == pytest.approx(72 / 80)
    assert gap.extra["safety"] == pytest.approx((60 * 9 / 10 + 20 * 45 / 90) / 80)
    assert gap.value == pytest.approx(gap.extra["safety"] - gap.extra["safety_reference"])
    assert (gap.n, gap.missing, gap.extra["n_reference"]) == (100, 0, 80)
    assert "unpaired" in gap.method
    assert {e.metric for e in told} & {"gap", "exact_match", "cochran_q"} == set()


def test_in_one_category_it_is_newcombes_interval_of_two_rates():
    told = estimates(cube_of(rows(80, 8, 0), rows(50, 20, 0), n_categories=1))
    (gap,) = [e for e in told if e.metric == "gap_unpaired"]
    one, other, ends = 30 / 50, 72 / 80, []
    for p, n in ((one, 50), (other, 80)):
        z = stats.norm.ppf(0.975)
        middle, half = (p + z * z / 2 / n), z * np.sqrt(p * (1 - p) / n + z * z / 4 / n / n)
        ends.append(((middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)))
    (low, high), (low_ref, high_ref) = ends
    assert gap.low == pytest.approx(one - other - np.hypot(one - low, high_ref - other), abs=2e-3)
    assert gap.high == pytest.approx(one - other + np.hypot(high - one, other - low_ref), abs=2e-3)
    assert gap.extra["p"] < 0.001
    assert gap.extra["p_holm"] == gap.extra["p"]


def test_what_has_no_category_with_the_reference_is_not_compared():
    told = estimates(cube_of(rows(9, 1, 0), rows(9, 1, 1)))
    (gap,) = [e for e in told if e.metric == "gap_unpaired"]
    assert (gap.value, gap.low, gap.n) == (None, None, 0)
    assert gap.extra["categories"] == 0


def test_missing_verdicts_are_counted_and_forbid_a_reading():
    english = rows(40, 4, 0)
    swahili = [(-1, 0)] * 10 + rows(30, 3, 0)
    told = estimates(cube_of(english, swahili, n_categories=1))
    (gap,) = [e for e in told if e.metric == "gap_unpaired"]
    assert (gap.n, gap.missing) == (30, 10)
    assert gap.extra["gap_not_interpretable"] == "missing"
