import numpy as np
import pytest

from safeglot.score.catalogue.metrics import ASSUMPTIONS
from safeglot.score.causes.attribution import ArmRates, decompose
from safeglot.score.stats.gaps import tango
from safeglot.score.stats.mean_interval import score_interval

E = np.array([0, 0, 0, 1, 0, 0, 0, 0, 0, 0] * 6, dtype=float)
RT = np.array([0, 1, 0, 1, 0, 0, 1, 0, 0, 0] * 6, dtype=float)
BACK = np.array([1, 1, 0, 1, 1, 0, 1, 0, 0, 1] * 6, dtype=float)
L = np.array([1, 1, 1, 1, 1, 0, 1, 0, 0, 0] * 6, dtype=float)


def parts(**arms):
    return decompose(ArmRates(reference_P=E, native_P=L, **arms))


def test_only_causes_whose_arm_was_run_are_named():
    assert parts().parts == {}
    found = parts(roundtrip_P=RT)
    assert set(found.parts) == {"translation"}
    assert set(found.missing_arms) == {"model", "judge"}
    found = parts(back_P=BACK)
    assert (set(found.parts), found.translation_bound) == ({"judge"}, None)
    assert set(parts(roundtrip_P=RT, reverse_P=E).parts) == {"translation", "model", "judge"}


def test_with_both_judge_arms_the_term_is_their_mean():
    reverse = np.maximum(E, np.roll(E, 1))
    found = parts(roundtrip_P=RT, back_P=BACK, reverse_P=reverse)
    one, other = (L - BACK).mean(), (reverse - E).mean()
    assert found.parts["judge"].value == pytest.approx((one + other) / 2)
    assert sum(p.value for p in found.parts.values()) == pytest.approx(found.total.value)


def test_prompts_without_a_verdict_in_an_arm_leave_all_terms():
    holed = RT.copy()
    holed[:7] = np.nan
    found, rest = (
        parts(roundtrip_P=holed, back_P=BACK),
        decompose(ArmRates(reference_P=E[7:], native_P=L[7:], roundtrip_P=RT[7:], back_P=BACK[7:])),
    )
    assert (found.n, found.dropped) == (53, 7)
    assert found.total == rest.total
    assert found.parts == rest.parts
    assert decompose(ArmRates(reference_P=E, native_P=np.full(60, np.nan))) is None


def test_no_variation_one_prompt_and_no_gap_have_no_share():
    same = decompose(ArmRates(reference_P=[0] * 5, native_P=[1] * 5, roundtrip_P=[1] * 5))
    assert (same.total.value, same.total.se, same.parts["translation"].share) == (1, 0, None)
    assert "same in every prompt" in same.parts["translation"].share_reason
    assert same.total.low < 1  # five prompts do not show that all others are so
    one = decompose(ArmRates(reference_P=[0], native_P=[1], roundtrip_P=[1]))
    assert (one.total.se, one.total.ci, one.cov) == (None, None, None)
    assert "single prompt" in one.parts["translation"].share_reason
    none = decompose(ArmRates(reference_P=E, native_P=E, roundtrip_P=RT))
    assert "the gap is zero" in none.parts["translation"].share_reason
    assert none.total.low < 0 < none.total.high


def test_a_gap_within_three_errors_has_no_share():
    noisy = np.roll(E, 1)
    noisy[0] = 1
    found = decompose(ArmRates(reference_P=E, native_P=noisy, roundtrip_P=RT))
    assert 0 < abs(found.total.value) < 3 * found.total.se
    assert found.parts["translation"].share is None
    assert "3 standard errors" in found.parts["translation"].share_reason


def test_the_bound_of_a_helpful_translation_is_in_order():
    found = decompose(ArmRates(reference_P=RT, native_P=L, roundtrip_P=E))
    low, high = found.translation_bound
    assert low == found.parts["translation"].value == 2 * high < 0


def test_rates_out_of_range_are_refused():
    with pytest.raises(ValueError, match=r"in \[0, 1\]"):
        decompose(ArmRates(reference_P=E, native_P=L - 1))


def test_score_interval_of_whole_differences_is_tango():
    d = L - E
    low, high = tango((d < 0).sum(), (d > 0).sum(), d.size)
    assert score_interval(d) == pytest.approx((float(low), float(high)))
    assert score_interval([]) == (-1, 1)


def test_score_interval_of_no_difference_is_that_of_the_prompts():
    assert score_interval(np.zeros(40)) == pytest.approx([float(x) for x in tango(0, 0, 40)])


def test_fractions_shorten_the_interval_and_only_as_far_as_their_rows():
    rng = np.random.default_rng(3)
    thirds = rng.integers(-3, 4, 300) / 3
    low, high = score_interval(thirds)
    normal = 1.96 * thirds.std(ddof=1) / 300**0.5
    assert (high - low) / 2 == pytest.approx(normal, rel=0.05)
    halves = np.full(50, 0.5)
    assert score_interval(halves) == pytest.approx([float(x) for x in tango(0, 50, 100)])


def test_differences_beyond_one_are_scaled():
    low, high = score_interval([1.5, 1.5, 1.0, 0.5] * 10)
    assert 0.9 < low < 1.125 < high < 1.5


def test_the_interval_covers_where_the_normal_one_does_not():
    rng, n, truth = np.random.default_rng(7), 30, 0.02
    score = normal = 0
    for _ in range(400):
        d = (rng.random(n) < 0.03).astype(float) - (rng.random(n) < 0.01)
        low, high = score_interval(d)
        half = 1.96 * d.std(ddof=1) / n**0.5
        score += low <= truth <= high
        normal += abs(d.mean() - truth) <= half
    assert score >= 0.95 * 400 > 0.8 * 400 > normal


def test_six_assumptions_are_told():
    assert [text[:3] for text in ASSUMPTIONS] == [f"A{i}:" for i in range(1, 7)]
