import numpy as np
import pytest

from safeglot.score.stats.gaps import tango
from safeglot.score.translations.quality import (
    THRESHOLDS,
    gap_curve,
    gate_selection,
    slope_of_pairs,
    within_prompt_slope,
)

RNG = np.random.default_rng(2)


def test_the_slope_is_that_within_prompts_not_between():
    """Hard prompts have low quality and are safer; within a prompt better texts are safer."""
    hard = RNG.random((300, 1))
    q = 0.8 - 0.5 * hard + RNG.normal(0, 0.05, (300, 3))
    dq = q - q.mean(axis=1, keepdims=True)
    y = 0.5 - 0.4 * hard - 0.6 * dq
    found = within_prompt_slope(q, y)
    assert found.beta == pytest.approx(-0.6)
    assert found.pooled_beta > 0.5
    assert found.unsafe_adjusted == pytest.approx(
        y.mean() - 0.6 * (np.quantile(q, 0.95) - q.mean())
    )


def test_cells_that_are_missing_leave_their_prompt():
    q, y = RNG.random((50, 3)), RNG.integers(0, 2, (50, 3)).astype(float)
    whole = within_prompt_slope(q[5:], y[5:])
    q[:3, 0], y[3:5, 1] = np.nan, np.nan
    found = within_prompt_slope(q, y)
    assert (found.beta, found.se, found.prompts, found.dropped) == (whole.beta, whole.se, 45, 5)


@pytest.mark.parametrize(
    ("q", "y", "reason"),
    [
        ([[0.5, 0.5], [0.7, 0.7]], [[0, 1], [1, 0]], "quality is the same"),
        ([[0.5], [0.7]], [[0], [1]], "two translations or more"),
        ([[np.nan, 0.7]], [[0, 1]], "no prompt"),
    ],
)
def test_no_slope_has_a_reason(q, y, reason):
    assert reason in within_prompt_slope(np.array(q, dtype=float), np.array(y, dtype=float))


def test_no_variation_of_verdicts_is_no_slope_and_no_error():
    found = within_prompt_slope(RNG.random((20, 2)), np.ones((20, 2)))
    assert (found.beta, found.low, found.high, found.unsafe_adjusted) == (0, None, None, 1)


def test_the_adjusted_rate_stays_a_rate():
    found = within_prompt_slope([[0.1, 0.9, 0.2]] * 30, [[0.4, 0.0, 0.3]] * 30)
    assert found.unsafe_mean + found.beta * (found.q95 - 0.4) < 0 == found.unsafe_adjusted


def test_one_prompt_has_a_slope_and_no_interval():
    found = within_prompt_slope([[0.2, 0.4, 0.9]], [[1, 0, 0]])
    assert found.beta < 0
    assert (found.low, found.varying) == (None, 1)


def test_the_interval_covers_for_few_prompts():
    hits = 0
    for _ in range(500):
        q = RNG.random((12, 3))
        y = (RNG.random((12, 3)) < 0.5 - 0.3 * (q - 0.5)).astype(float)
        found = within_prompt_slope(q, y)
        hits += found.low <= -0.3 <= found.high
    assert hits >= 0.93 * 500


def test_shapes_must_agree():
    with pytest.raises(ValueError, match="two equal"):
        within_prompt_slope(np.zeros((3, 2)), np.zeros((2, 3)))


def test_a_gate_shifts_the_wrong_gap_by_what_it_selects():
    reference, other = np.array([1, 1, 0, 1, 0.0]), np.array([1, 0, 0, 1, np.nan])
    found = gate_selection(reference, other, [1, 1, 0, 0, 1])
    assert (found.n, found.kept, found.dropped) == (4, 2, 1)
    assert found.gap_wrong - found.gap_paired == pytest.approx(found.selection)
    assert (found.p_en_all, found.p_en_kept, found.drop_rate) == (0.75, 1, 0.5)


def test_a_gate_that_keeps_nothing_and_no_prompts():
    found = gate_selection([1, 0], [1, 1], [0, 0])
    assert (found.p_kept, found.gap_paired, found.drop_rate) == (None, None, 1)
    assert gate_selection([], [], []).drop_rate is None


def test_the_curve_is_paired_at_every_threshold():
    reference, other = (RNG.integers(0, 2, 200).astype(float) for _ in range(2))
    quality = RNG.random(200)
    other[:5], quality[5:9] = np.nan, np.nan
    found = gap_curve(reference, other, quality)
    assert [p.threshold for p in found] == list(THRESHOLDS)
    for point in found:
        kept = ~np.isnan(other) & (quality >= point.threshold)
        d = (other - reference)[kept]
        assert (point.kept, point.of) == (kept.sum(), 191)
        assert point.gap == pytest.approx(d.mean())
        low, high = tango((d < 0).sum(), (d > 0).sum(), d.size)
        assert (point.low, point.high) == pytest.approx((float(low), float(high)))


def test_the_curve_ends_where_no_prompt_is_left():
    (point,) = gap_curve([1, 0], [1, 1], [0.2, 0.3], thresholds=(0.8,))
    assert (point.gap, point.low, point.kept, point.of) == (None, None, 0, 2)


def pairs(x, y, prompt, weight, beside=None):
    columns = np.zeros((len(x), 1)) if beside is None else np.array(beside, dtype=float)
    xy = np.column_stack([x, y]).astype(float)
    return slope_of_pairs(xy, columns, np.array(prompt), np.array(weight, dtype=float))


def test_a_pair_weighs_what_both_its_answers_stand_for():
    """Slopes 1 and -1/2, weights 1 x 2 and 1 x 3: (2 x 1 - 3 x 2) / (2 x 1 + 3 x 4)."""
    assert pairs([0, 1, 0, 2], [0, 1, 1, 0], [0, 0, 1, 1], [1, 2, 1, 3])[0] == pytest.approx(-2 / 7)


def test_of_whole_prompts_it_is_the_slope_within_prompts():
    q, y = RNG.random((40, 3)), RNG.integers(0, 2, (40, 3)).astype(float)
    whole = within_prompt_slope(q, y)
    found = pairs(q.ravel(), y.ravel(), np.repeat(np.arange(40), 3), np.ones(120))
    assert found == pytest.approx((whole.beta, whole.se, whole.high - whole.beta))


def test_what_goes_with_a_language_is_taken_out():
    """Both move with the language alone, and x by chance beside."""
    language = np.tile([0, 1, 2], 50)
    x, prompt = language + RNG.random(150), np.repeat(np.arange(50), 3)
    beside = language[:, np.newaxis] == np.arange(3)
    assert pairs(x, language, prompt, np.ones(150))[0] > 0.5
    assert pairs(x, language, prompt, np.ones(150), beside)[0] == pytest.approx(0, abs=1e-12)
    assert pairs(x, language - 0.3 * x, prompt, np.ones(150), beside)[0] == pytest.approx(-0.3)


def test_one_pair_has_a_slope_and_no_interval():
    assert pairs([0, 1], [0, 1], [0, 0], [1, 1]) == (1, 0, None)
