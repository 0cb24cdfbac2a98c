import numpy as np
import pytest

from safeglot.score.stats.gaps import tango
from safeglot.score.stats.intervals import wilson_effective
from safeglot.score.stats.linear import Layout, Rows, cells, combine, design_effect, participants


def layout_of(prompts, strata):
    return Layout(
        prompt_E=np.array(prompts),
        stratum_E=np.array(strata),
        n_prompts=max(prompts) + 1,
        n_strata=max(strata) + 1,
    )


def rows_of(total, n=None, square=None):
    total = np.array(total)
    return Rows(
        n_E=np.ones_like(total) if n is None else np.array(n),
        total_E=total,
        square_E=np.array(total if square is None else square),
    )


def test_one_stratum_is_a_plain_proportion():
    mean = combine(layout_of(range(10), [0] * 10), rows_of([1] * 7 + [0] * 3), np.ones(1))
    assert mean.value == pytest.approx(0.7)
    assert mean.variance == pytest.approx(0.7 * 0.3 / 9)
    assert mean.n_eff == pytest.approx(10)
    assert mean.prompts == 10


def test_a_prompt_in_two_categories_is_not_two_prompts():
    safe = [1, 1, 0, 1]
    once = combine(layout_of(range(4), [0] * 4), rows_of(safe), np.ones(1))
    twice = combine(
        layout_of([0, 0, 1, 1, 2, 2, 3, 3], [0, 1] * 4),
        rows_of([1, 1, 1, 1, 0, 0, 1, 1]),
        np.array([0.5, 0.5]),
    )
    assert twice == once


def test_equal_languages_are_worth_one():
    layout, safe = layout_of(range(4), [0, 0, 1, 1]), [1, 0, 1, 1]
    weight = np.array([0.5, 0.5])
    once = combine(layout, rows_of(safe), weight)
    thrice = combine(layout.repeat(3), rows_of(safe * 3), np.tile(weight / 3, 3))
    assert thrice.variance == pytest.approx(once.variance)
    assert thrice.n_eff == pytest.approx(once.n_eff)
    assert thrice.prompts == 4


def test_equal_samples_are_worth_one():
    layout = layout_of(range(4), [0, 0, 1, 1])
    weight = np.array([0.5, 0.5])
    once = combine(layout, rows_of([1, 0, 1, 1]), weight)
    five = combine(layout, rows_of([5, 0, 5, 5], n=[5] * 4), weight)
    assert five.variance == pytest.approx(once.variance)
    assert five.n_eff == pytest.approx(once.n_eff)


def test_without_variance_over_prompts_n_eff_is_the_prompts():
    layout = layout_of(range(4), [0] * 4)
    mean = combine(layout.repeat(2), rows_of([1, 1, 0, 0, 0, 0, 1, 1]), np.array([0.5, 0.5]))
    assert mean.variance == 0.0
    assert mean.n_eff == 4.0


def test_the_design_effect_lies_between_what_is_seen_and_what_is_believed():
    assert design_effect(1.0, 5.0, 0.0) == 5.0  # nothing is known
    assert design_effect(1.0, 5.0, 1.0) == 5.0  # one prompt cannot tell
    assert design_effect(1.0, 5.0, 6.0) == 3.0  # five more: half and half
    assert design_effect(1.0, 5.0, 1e9) == pytest.approx(1.0)
    assert design_effect(7.0, 5.0, 3.0) == 7.0  # more than alike counts in full
    assert design_effect(0.2, 1.0, 50.0) == 1.0  # never worth more than its rows
    assert design_effect([1.0, 2.0], 2.0, [1e9, 1e9]) == pytest.approx([1.0, 2.0])


def test_a_row_in_two_categories_is_one_row():
    both = layout_of([0, 0, 1, 1, 2, 2, 3, 3], [0, 1] * 4)
    mean = combine(both, rows_of([1, 1, 0, 0, 1, 1, 0, 0]), np.array([0.5, 0.5]))
    once = combine(layout_of(range(4), [0] * 4), rows_of([1, 0, 1, 0]), np.ones(1))
    assert mean.n_eff == pytest.approx(once.n_eff) == pytest.approx(4)


def test_the_prompts_that_carry_a_variance():
    assert participants(4 * 9.0, 4 * 81.0) == 4.0  # four parts of 3
    assert participants(1.0 + 99e-4, 1.0 + 99e-8) == pytest.approx(1.0199, rel=1e-3)
    assert participants([0.0, 1.0], [0.0, 1.0]).tolist() == [0.0, 1.0]


def test_stratification_is_not_taken_for_independence():
    """Two categories, one all safe and one all unsafe: copies of the answers add nothing."""
    layout = layout_of(range(40), [0] * 20 + [1] * 20)
    safe = [1] * 19 + [0] + [0] * 19 + [1]
    once = combine(layout, rows_of(safe), np.array([0.5, 0.5]))
    thrice = combine(layout, rows_of([3 * x for x in safe], n=[3] * 40), np.array([0.5, 0.5]))
    assert thrice.n_eff == pytest.approx(once.n_eff) == pytest.approx(40)


def test_categories_of_one_prompt_are_pooled():
    mean = combine(layout_of(range(4), range(4)), rows_of([1, 1, 1, 0]), np.full(4, 0.25))
    # One stratum of four with p = 3/4: p (1 - p) / 3.
    assert mean.variance == pytest.approx(0.0625)
    assert mean.n_eff == pytest.approx(4)


def test_a_lone_category_of_one_prompt_gets_the_deviation_of_the_whole():
    mean = combine(layout_of(range(3), [0, 0, 1]), rows_of([1, 0, 1]), np.array([0.5, 0.5]))
    # p = 3/4; 1/4 (1/4) / (2 - 1) from the first, 1/4 (3/16) from the second.
    assert mean.variance == pytest.approx(0.0625 + 0.046875)


def test_all_safe_is_worth_kishs_size():
    layout = layout_of(range(6), [0, 0, 0, 0, 0, 1])
    mean = combine(layout, rows_of([1] * 6), np.array([0.5, 0.5]))
    assert (mean.value, mean.variance) == (1.0, 0.0)
    assert mean.n_eff == pytest.approx(1 / (0.25 / 5 + 0.25 / 1))


def test_a_stratum_of_weight_zero_changes_nothing():
    layout = layout_of(range(4), [0, 0, 0, 1])
    with_it = combine(layout, rows_of([1, 0, 1, 0]), np.array([1.0, 0.0]))
    without = combine(layout_of(range(3), [0] * 3), rows_of([1, 0, 1]), np.ones(1))
    assert with_it == without


def test_gaps_keep_their_squares():
    mean = combine(
        layout_of(range(4), [0] * 4), rows_of([1, -1, 0, 0], square=[1, 1, 0, 0]), np.ones(1)
    )
    assert (mean.value, mean.square) == (0.0, 0.5)
    assert mean.variance == pytest.approx(0.5 / 3)
    assert mean.n_eff == pytest.approx(4)


def test_cells_of_single_samples_are_worth_their_prompts():
    table = cells(layout_of(range(5), [0, 0, 1, 1, 1]), rows_of([1, 0, 1, 1, 1]))
    assert table.n_eff_H.tolist() == [2, 3]


def test_cells_of_several_samples():
    layout = layout_of(range(7), [0, 0, 1, 1, 2, 2, 2])
    table = cells(layout, rows_of([2, 0, 2, 2, 1, 1, 1], n=[2] * 7))
    # Samples agree; nothing varies; every prompt is half and half: never above the prompts.
    assert table.n_eff_H.tolist() == [2, 2, 3]
    assert table.n_H.tolist() == [4, 4, 6]


REPETITIONS = 800
ALLOWED = 0.93 - 2.5 * (0.93 * 0.07 / REPETITIONS) ** 0.5
"""Coverage of 0.93 less the Monte Carlo error of the simulation."""
EQUAL, SKEWED = [3] * 32, [2] * 16 + [20] * 16


def simulated(sizes, lost, won=0.0):
    """Draw macro averages of rows that are -1, 0 or 1; give values, squares and n_eff."""
    strata = np.repeat(np.arange(len(sizes)), sizes)
    layout = layout_of(range(len(strata)), strata)
    weight = np.full(len(sizes), 1 / len(sizes))
    draws = np.random.default_rng(20241).random((REPETITIONS, len(strata)))
    for draw in draws:
        row = np.where(draw < lost, -1, np.where(draw > 1 - won, 1, 0))
        mean = combine(layout, rows_of(row, square=np.abs(row)), weight)
        yield mean.value, mean.square, mean.n_eff


@pytest.mark.parametrize("sizes", [EQUAL, SKEWED], ids=["equal", "skewed"])
@pytest.mark.parametrize("p", [0.97, 0.7])
def test_the_interval_of_a_macro_average_covers_the_truth(sizes, p):
    value, _, n_eff = np.array(list(simulated(sizes, 0.0, p))).T
    low, high = wilson_effective(value, n_eff)
    assert np.mean((low <= p) & (p <= high)) >= ALLOWED


@pytest.mark.parametrize("sizes", [EQUAL, SKEWED], ids=["equal", "skewed"])
@pytest.mark.parametrize(("lost", "won"), [(0.02, 0.02), (0.06, 0.02)])
def test_the_interval_of_a_macro_gap_covers_the_truth(sizes, lost, won):
    value, square, n_eff = np.array(list(simulated(sizes, lost, won))).T
    low, high = tango((square - value) / 2 * n_eff, (square + value) / 2 * n_eff, n_eff)
    assert np.mean((low <= won - lost) & (won - lost <= high)) >= ALLOWED


def test_the_scale_of_the_weights_does_not_matter():
    layout, rows = layout_of(range(5), [0, 0, 1, 1, 1]), rows_of([1, 0, 1, 1, 0])
    unit, five = (combine(layout, rows, np.array([0.25, 0.75]) * scale) for scale in (1, 5))
    assert (five.value, five.variance, five.n_eff) == (
        pytest.approx(unit.value),
        pytest.approx(unit.variance),
        pytest.approx(unit.n_eff),
    )


def test_the_interval_of_a_difference_does_not_hang_on_its_direction():
    """A lone prompt whose mean is that of the whole may lie to either side of it."""
    layout = layout_of([0, 0, 0, 1, 1, 2], [0, 1, 2, 0, 1, 0])
    one, other = (
        combine(layout, rows_of([s, s, 0, -s, -s, 0], square=[1, 1, 0, 1, 1, 0]), np.ones(3))
        for s in (1, -1)
    )
    assert one.value == other.value == 0
    assert (one.n_eff, one.variance) == (other.n_eff, other.variance)
