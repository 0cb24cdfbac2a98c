import itertools

import numpy as np
import pytest
from scipy import special, stats

from reference.factorial import Design, table_of
from reference.logistic import logistic_gee
from safeglot.score.probes.factorial import contrasts

RNG = np.random.default_rng(9)


def design(n, names):
    corners = list(itertools.product((0, 1), repeat=len(names)))
    return Design(
        prompt_R=np.repeat([f"p{i}" for i in range(n)], len(corners)),
        levels_RF=np.tile(corners, (n, 1)),
        names=names,
    )


def test_effects_by_brute_force():
    d = design(30, ("A", "B"))
    y = RNG.integers(0, 2, 120).astype(float)
    by_prompt = y.reshape(30, 2, 2)
    main = by_prompt[:, 1].mean(axis=1) - by_prompt[:, 0].mean(axis=1)
    did = by_prompt[:, 1, 1] - by_prompt[:, 1, 0] - by_prompt[:, 0, 1] + by_prompt[:, 0, 0]
    found = {"".join(e.factors): e for e in contrasts(table_of(d, y), "AB")}
    for name, effect in (("A", main), ("AB", did)):
        test = stats.ttest_1samp(effect, 0)
        low, high = test.confidence_interval(0.95)
        assert found[name].effect == pytest.approx(effect.mean())
        assert (found[name].p, found[name].low, found[name].high) == pytest.approx(
            (test.pvalue, low, high)
        )


def test_the_order_of_rows_and_samples_do_not_matter():
    d, y = design(10, ("A", "B")), RNG.integers(0, 2, 40).astype(float)
    order = RNG.permutation(80)
    twice = Design(
        prompt_R=np.tile(d.prompt_R, 2)[order],
        levels_RF=np.tile(d.levels_RF, (2, 1))[order],
        names=d.names,
    )
    assert np.array_equal(table_of(twice, np.tile(y, 2)[order]), table_of(d, y))


def test_prompts_without_a_combination_are_left_out_and_counted():
    table = RNG.integers(0, 2, (10, 4)).astype(float)
    table[0, 0] = table[1, 1] = np.nan
    found = contrasts(table, "AB")
    assert {effect.n for effect in found} == {8}
    assert found == contrasts(table[2:], "AB")


def test_limits_of_contrasts():
    (one,) = contrasts([[0, 1]], "A")
    assert (one.effect, one.se, one.low, one.p) == (1, None, None, None)
    (same,) = contrasts([[0, 1]] * 5, "A")
    assert (same.effect, same.se, same.low) == (1, 0, None)
    assert contrasts([[np.nan, 1]], "A") == []
    with pytest.raises(ValueError, match="from 0 to 1"):
        contrasts([[0, 2]], "A")
    with pytest.raises(ValueError, match="for 2 factors"):
        contrasts([[0, 1]], "AB")


def test_the_saturated_logistic_fit_is_that_of_the_cells():
    d = design(200, ("A", "B"))
    y = (RNG.random(800) < special.expit(d.levels_RF @ [0.8, -0.5] - 0.3)).astype(float)
    found = logistic_gee(d, y)
    cells = special.logit(y.reshape(200, 4).mean(axis=0))
    effects = {
        "Intercept": cells.mean(),
        "A": cells[2:].mean() - cells[:2].mean(),
        "B": cells[1::2].mean() - cells[::2].mean(),
        "A:B": cells[3] - cells[2] - cells[1] + cells[0],
    }
    assert dict(zip(found.names, found.coef, strict=True)) == pytest.approx(effects)


def test_the_robust_error_counts_prompts():
    """Each prompt twice over is no more knowledge of other prompts."""
    d, y = design(40, ("A",)), RNG.integers(0, 2, 80).astype(float)
    twice = Design(
        prompt_R=np.tile(d.prompt_R, 2), levels_RF=np.tile(d.levels_RF, (2, 1)), names=d.names
    )
    assert logistic_gee(twice, np.tile(y, 2)).robust_se == pytest.approx(
        logistic_gee(d, y).robust_se
    )


@pytest.mark.parametrize(
    ("y", "reason"),
    [
        ([0, 0] * 5, "no variation"),
        ([1, 1] * 5, "no variation"),
        ([0, 1, 0, 0] * 2 + [0, 1], "separation: the combination A=0 is never unsafe"),
        ([1, 1, 1, 0] * 2 + [1, 1], "separation: the combination A=0 is always unsafe"),
        ([np.nan, 1] * 5, "the combination A=0 has no verdict"),
        ([0, 1] + [np.nan] * 8, "fewer than two prompts"),
    ],
)
def test_no_fit_has_a_reason(y, reason):
    assert logistic_gee(design(5, ("A",)), y).startswith(reason)
