import numpy as np
import pytest

from safeglot.score.translations.translators import dependability, sign_robust, variance_components

RNG = np.random.default_rng(5)


def test_components_of_an_additive_table():
    """Without interaction the residual is 0, and the rest is the spread of the margins."""
    rows, columns = np.array([0.0, 1.0, 2.0, 3.0]), np.array([0.0, 0.5])
    found = variance_components(rows[:, None] + columns)
    assert found.var_residual == pytest.approx(0)
    assert found.var_prompt == pytest.approx(rows.var(ddof=1))
    assert found.var_translator == pytest.approx(columns.var(ddof=1))
    assert found.var_mean == pytest.approx(columns.var(ddof=1) / 2)


def test_mean_squares_by_brute_force():
    table = RNG.integers(0, 2, (9, 4)).astype(float)
    found = variance_components(table)
    cells = [
        (table[i, k] - table[i].mean() - table[:, k].mean() + table.mean()) ** 2
        for i in range(9)
        for k in range(4)
    ]
    assert found.ms_residual == pytest.approx(sum(cells) / (8 * 3))
    assert found.ms_translator == pytest.approx(9 * table.mean(axis=0).var(ddof=1))


def test_rows_that_lack_a_cell_are_left_out_and_counted():
    table = RNG.integers(0, 2, (9, 3)).astype(float)
    holed = np.vstack([table, [[np.nan, 1, 0]]])
    found, whole = variance_components(holed), variance_components(table)
    assert (found.prompts, found.dropped) == (9, 1)
    assert (found.var_mean, found.se) == (whole.var_mean, whole.se)


@pytest.mark.parametrize(
    ("shape", "reason"),
    [((5, 1), "two translators"), ((1, 3), "two prompts"), ((0, 3), "no prompt")],
)
def test_too_few_have_a_reason(shape, reason):
    assert reason in variance_components(np.zeros(shape))
    assert sign_robust(np.zeros(shape)) is None


def test_no_variation_has_no_interval_and_claims_nothing():
    found = variance_components(np.full((6, 3), 0.25))
    assert (found.var_mean, found.se, found.interval()) == (0, 0, None)
    assert sign_robust(np.full((6, 3), 0.25)) is False


def test_a_gap_is_robust_only_where_all_translators_agree():
    prompts = RNG.random((200, 1)) < 0.3
    same = np.repeat(prompts, 4, axis=1).astype(float)
    assert sign_robust(same) is True
    one_other = same.copy()
    one_other[:, 3] *= -0.2
    assert sign_robust(one_other) is False
    few = same[:3] * 0
    few[0] = 1
    assert sign_robust(few) is False


def test_one_translator_of_the_other_sign_is_enough_to_refuse():
    rates = np.array([0.3] * 7 + [-0.02])
    table = (RNG.random((300, 8)) < np.abs(rates)) * np.sign(rates)
    low, _ = variance_components(table).interval()
    assert low > 0
    assert sign_robust(table) is False
    assert sign_robust(table[:, :7]) is True


def test_translators_that_add_nothing_leave_the_error_of_the_prompts():
    table = np.array([[0.0, 1.0], [1.0, 0.0], [0.0, 0.0], [1.0, 1.0], [1.0, 1.0]])
    found = variance_components(table)
    assert found.var_translator < 0
    assert found.se == pytest.approx(table.mean(axis=1).std(ddof=1) / 5**0.5)
    assert found.df == 4


def test_the_interval_covers_over_prompts_and_translators():
    """Drawn translators and prompts: an interval over prompts alone would miss far more often."""
    hits = alone = 0
    for _ in range(400):
        table = (
            RNG.normal(0, 0.3, (60, 1)) + RNG.normal(0, 0.2, (1, 4)) + RNG.normal(0, 0.3, (60, 4))
        )
        low, high = variance_components(table).interval()
        hits += low <= 0 <= high
        rows = table.mean(axis=1)
        alone += abs(rows.mean()) <= 1.96 * rows.std(ddof=1) / 60**0.5
    assert hits >= 0.93 * 400
    assert alone < 0.7 * 400


def test_dependability():
    assert dependability([0.1, 0.3], [0.0, 0.0]) == 1
    assert dependability([0.2, 0.2], [0.1, 0.3]) == 0
    means = np.array([0.1, 0.2, 0.6])
    spread = means.var(ddof=1) - 0.01
    assert dependability(means, [0.01] * 3) == pytest.approx(spread / (spread + 0.01))
    assert dependability([0.2], [0.1]) is None
    assert dependability([0.2, 0.2], [0, 0]) is None


def test_other_shapes_are_refused():
    with pytest.raises(ValueError, match="prompts by translators"):
        variance_components([1, 2, 3])
